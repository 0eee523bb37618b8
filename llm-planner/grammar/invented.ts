/** Words that nobody knows, for a reader that must learn what can be inferred around one. */

import type { Rng } from "../../core/rng.ts";
import { choose } from "./worlds.ts";

const ONSETS = ["zw", "vr", "gn", "sk", "pf", "tl", "kn", "dj"];
const CODAS = ["lp", "rn", "mf", "gd", "zz", "bt", "lk", "ng"];

/** A word that no language has: "vralp", "gnuskebt". */
export function inventedWord(rng: Rng): string {
  const syllable = () => choose(rng, ONSETS) + choose(rng, ["a", "e", "i", "o", "u"]);
  return (rng.next() < 0.5 ? syllable() : "") + syllable() + choose(rng, CODAS);
}

const INVENTED = new RegExp(`^(?:(?:${ONSETS.join("|")})[aeiou])+(?:${CODAS.join("|")})s?$`);

/** Whether a word is one of those that stand for words nobody knows. */
export function isInvented(word: string): boolean {
  return INVENTED.test(word);
}
