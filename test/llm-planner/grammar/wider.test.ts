/** What only training says: patterns stand for what they should, and nothing held out is among it. */

import { createHash } from "node:crypto";
import { describe, expect, it } from "vitest";
import { createRng } from "../../../core/rng.ts";
import { buildVocabulary, sampleFitting } from "../../../llm-planner/embedded/batches.ts";
import { MOST_TOKENS } from "../../../llm-planner/embedded/encoding.ts";
import { isClass } from "../../../llm-planner/embedded/words.ts";
import { isInvented } from "../../../llm-planner/grammar/invented.ts";
import * as lexicon from "../../../llm-planner/grammar/lexicon.ts";
import * as phrases from "../../../llm-planner/grammar/phrases.ts";
import { variants } from "../../../llm-planner/grammar/wider.ts";

const { verbs, openings, closings, anyNouns, extremeWords } = lexicon;
const { directionPhrases, referencePhrases, chatter: _, ...clauses } = phrases;
const lists: readonly lexicon.Halves<string>[] = [
  ...[verbs, openings, closings, anyNouns, ...Object.values(extremeWords)],
  ...Object.values(directionPhrases),
  ...Object.values(clauses),
  ...Object.values(referencePhrases),
];
const wordsOf = (texts: readonly string[]) =>
  texts.flatMap(
    (text) =>
      text
        .toLowerCase()
        .replaceAll(/\{[^}]*\}/g, " ")
        .match(/[a-z]+/g) ?? [],
  );

it("spells patterns out", () => {
  expect(variants("(a|the big) box", "{?}")).toEqual(["a box", "the big box", "{?}"]);
  expect(variants("(|far) (left|right)")).toEqual(["left", "right", "far left", "far right"]);
});

describe("the wider lists of training", () => {
  it("use no word that only what is judged has", () => {
    const trained = new Set(wordsOf(lists.flatMap(({ train }) => train)));
    const heldOut = new Set(wordsOf(lists.flatMap((list) => list.heldOut)));
    const wider = new Set(wordsOf(lists.flatMap((list) => list.wider ?? [])));
    expect(wider.size).toBeGreaterThan(100);
    const said = [...wider].filter((word) => heldOut.has(word) && !trained.has(word));
    expect(said).toEqual([]);
  });

  it("say nothing as what is judged says it, articles aside", () => {
    const plain = (text: string) =>
      text
        .replaceAll(/\b(the|a|an) /g, "")
        .replaceAll(/\s+/g, " ")
        .trim();
    for (const { heldOut, wider = [] } of lists) {
      const judged = new Set(heldOut.map(plain));
      expect(wider.map(plain).filter((text) => judged.has(text))).toEqual([]);
    }
  });

  it("leave no invented word in a vocabulary", () => {
    const vocabulary = buildVocabulary(createRng(2), 600);
    expect(vocabulary.filter((word) => !isClass(word) && isInvented(word))).toEqual([]);
    const rng = createRng(3);
    const texts = Array.from(
      { length: 40 },
      () => sampleFitting(rng, { split: "train" }, MOST_TOKENS).example.instruction,
    );
    expect(wordsOf(texts).some(isInvented)).toBe(true);
  });
});

it("judges by the same instructions, whatever training says", () => {
  const rng = createRng(0x7e57 + 1).split("heldOut");
  const judged = Array.from({ length: 2000 }, () => {
    const { example } = sampleFitting(rng, { split: "heldOut" }, MOST_TOKENS);
    return [example.instruction, example.world, example.status, example.meaning];
  });
  // recorded when nothing but the "train" lists was trained on
  expect(createHash("sha256").update(JSON.stringify(judged)).digest("hex")).toBe(
    "0e86a99b02d0cd507ecef7e8a6fe54fc4465791a8a6412df0cfa80554aeea3d9",
  );
});
