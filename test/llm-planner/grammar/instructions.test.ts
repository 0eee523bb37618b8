/** Generated instructions: what they ask for can be asked for, and the held-out half stays apart. */

import { describe, expect, it } from "vitest";
import { createRng } from "../../../core/rng.ts";
import { sampleInstruction } from "../../../llm-planner/grammar/instructions.ts";
import {
  colours,
  nounsOf,
  plural,
  type Split,
  verbs,
} from "../../../llm-planner/grammar/lexicon.ts";
import { isUnseenPair } from "../../../llm-planner/grammar/references.ts";

function sample(split: Split, count: number, seed = 3) {
  const rng = createRng(seed).split(split);
  return Array.from({ length: count }, () => sampleInstruction(rng, { split }));
}

describe.each(["train", "heldOut"] as const)("instructions of the %s half", (split) => {
  const examples = sample(split, 400);
  const tasks = examples.filter(({ status }) => status === "ok");

  it("move every object once, to a place of its own, by another object", () => {
    for (const { meaning, instruction } of tasks) {
      const { goals } = meaning;
      expect(goals.length, instruction).toBeGreaterThan(0);
      expect(new Set(goals.map((goal) => goal.object)).size, instruction).toBe(goals.length);
      for (const goal of goals) expect(goal.anchor, instruction).not.toBe(goal.object);
      const places = goals.map((g) => `${g.anchor} ${g.direction} ${g.place} ${g.distance_m}`);
      expect(new Set(places).size, instruction).toBe(places.length);
    }
  });

  it("can be done in the order they are listed in, which keeps every demand", () => {
    for (const { meaning, instruction } of tasks) {
      const { goals, before } = meaning;
      for (const [first, second] of before) expect(first, instruction).toBeLessThan(second);
      goals.forEach(({ anchor }, i) => {
        const moved = goals.findIndex((goal) => goal.object === anchor);
        if (moved >= 0) expect(moved, instruction).toBeLessThan(i);
      });
    }
  });

  it("name in a phrase of colour and noun one object only, unless they are ambiguous", () => {
    let seen = 0;
    for (const { world, pieces, instruction, status } of examples) {
      if (status === "ambiguous") continue;
      for (const { text, refers } of pieces) {
        const [, colour, noun] = /^the (\w+) (cylinder|prism)$/.exec(text) ?? [];
        if (!refers || noun === undefined || !world.objects.some((o) => o.colour === colour))
          continue;
        const named = world.objects.flatMap((o, i) =>
          o.colour === colour && o.shape === noun ? [i] : [],
        );
        expect(named, instruction).toEqual(refers);
        seen++;
      }
    }
    expect(seen).toBeGreaterThan(20);
  });

  it("have all lengths, and some that cannot be followed", () => {
    const lengths = new Set(tasks.map(({ meaning }) => meaning.goals.length));
    expect([...lengths].sort()).toEqual([1, 2, 3, 4, 5]);
    const others = new Set(examples.map(({ status }) => status));
    expect([...others].sort()).toEqual(["ambiguous", "ok", "unclear", "unknown-object"]);
  });
});

it("says no held-out word, and no held-out pair, in training", () => {
  const kinds = Object.values(nounsOf);
  const known = kinds.flatMap(({ train }) => train);
  const nouns = kinds.flatMap(({ heldOut }) => heldOut.filter((noun) => !known.includes(noun)));
  const plurals = nouns.map(plural);
  const banned = new Set([...colours.heldOut, ...verbs.heldOut, ...nouns, ...plurals]);
  let pairs = 0;
  for (const { instruction, pieces, status } of sample("train", 600)) {
    const words = instruction.toLowerCase().match(/[a-z]+/g) ?? [];
    for (const word of words) expect(banned.has(word), `${word} in ${instruction}`).toBe(false);
    // what is not there may be called anything
    if (status === "unknown-object") continue;
    for (const { text } of pieces) {
      const [, colour, noun] = /^the (\w+) (\w+)$/.exec(text) ?? [];
      if (!colours.train.includes(colour) || !known.includes(noun)) continue;
      expect(isUnseenPair(colour, noun), text).toBe(false);
      pairs++;
    }
  }
  expect(pairs).toBeGreaterThan(100);
});

it("is the same for the same seed", () => {
  const first = sample("train", 20).map(({ instruction }) => instruction);
  expect(sample("train", 20).map(({ instruction }) => instruction)).toEqual(first);
  expect(sample("train", 20, 4).map(({ instruction }) => instruction)).not.toEqual(first);
});
