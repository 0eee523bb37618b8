/** How much of what is judged is held out, and how much of that training says in other ways. Lists are marked here, so no other test may share them. */

import { expect, it } from "vitest";
import { createRng } from "../../../core/rng.ts";
import { sampleInstruction } from "../../../llm-planner/grammar/instructions.ts";
import * as lexicon from "../../../llm-planner/grammar/lexicon.ts";
import * as phrases from "../../../llm-planner/grammar/phrases.ts";
import { isUnseenPair } from "../../../llm-planner/grammar/references.ts";

const { colours, nounsOf, plural } = lexicon;
const COUNT = 1500;

function texts(split: lexicon.Split): string[] {
  const rng = createRng(7).split(split);
  return Array.from({ length: COUNT }, () =>
    sampleInstruction(rng, { split }).instruction.toLowerCase(),
  );
}

const anyOf = (words: readonly string[]) => new RegExp(`\\b(${words.join("|")})\\b`);

it("training says about one in fifty times a pair of colour and noun that is held out", () => {
  const nouns = [...new Set(Object.values(nounsOf).flatMap(({ train }) => train))];
  const pairs = colours.train.flatMap((colour) =>
    nouns
      .filter((noun) => isUnseenPair(colour, noun))
      .flatMap((noun) => [`${colour} ${noun}`, `${colour} ${plural(noun)}`]),
  );
  const share = texts("train").filter((text) => anyOf(pairs).test(text)).length / COUNT;
  expect(share).toBeGreaterThan(0);
  expect(share).toBeLessThan(0.04);
});

it("one in a hundred judged instructions has nothing that is held out", () => {
  const nouns = Object.values(nounsOf);
  const known = nouns.flatMap(({ train }) => train);
  const fresh = nouns.flatMap(({ heldOut }) => heldOut).filter((noun) => !known.includes(noun));
  const words = [
    ...colours.heldOut,
    ...[...fresh, ...lexicon.anyNouns.heldOut].flatMap((noun) => [noun, plural(noun)]),
    ...colours.train.flatMap((colour) =>
      known.filter((noun) => isUnseenPair(colour, noun)).map((noun) => `${colour} ${noun}`),
    ),
  ];
  const { verbs, openings, closings, extremeWords } = lexicon;
  for (const list of halvesIn([phrases, verbs, openings, closings, extremeWords])) {
    list.heldOut = list.heldOut.map((text) => (list.train.includes(text) ? text : `§ ${text}`));
  }
  const judged = texts("heldOut");
  const share =
    judged.filter((text) => !text.includes("§") && !anyOf(words).test(text)).length / COUNT;
  expect(share).toBeGreaterThan(0);
  expect(share).toBeLessThan(0.02);
});

interface Marked {
  readonly train: readonly string[];
  heldOut: readonly string[];
}

/** All lists in two halves within a value. */
function halvesIn(value: unknown): Marked[] {
  if (typeof value !== "object" || value === null) return [];
  if ("train" in value && "heldOut" in value) return [value as Marked];
  return Object.values(value).flatMap(halvesIn);
}
