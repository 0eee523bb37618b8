/** What the words have to say against a plan: nothing where it is what they mean. */

import { expect, it } from "vitest";
import { createRng } from "../../../core/rng.ts";
import { objectionTo } from "../../../llm-planner/embedded/objections.ts";
import { readPieces } from "../../../llm-planner/embedded/reader-targets.ts";
import { readInstruction } from "../../../llm-planner/embedded/words.ts";
import type { Goal } from "../../../llm-planner/grammar/goals.ts";
import { sampleInstruction } from "../../../llm-planner/grammar/instructions.ts";
import { table } from "./worlds.ts";

const left: Goal = { object: 1, anchor: 0, direction: "left", place: 1 };
const objection = (words: string, ...goals: readonly Goal[]) =>
  objectionTo(readInstruction(words, table), goals);

it.each(["train", "heldOut"] as const)(
  "has nothing against what the grammar means: %s",
  (split) => {
    const rng = createRng(11);
    for (let i = 0; i < 1500; i++) {
      const example = sampleInstruction(rng, { split, refusable: 0 });
      const { instruction, meaning, world } = example;
      // in training an instruction is read piece by piece
      for (const tokens of [readInstruction(instruction, world), readPieces(example).tokens]) {
        expect(objectionTo(tokens, meaning.goals), instruction).toBeUndefined();
      }
    }
  },
);

it.each([
  ["-30 cm", "-30 cm"],
  ["30cmm", "30 cmm"],
  ["30 degrees", "30 degrees"],
  ["30°", "30 °"],
  ["30", "30 left"],
  ["4", "4 left"],
  ["ten", "ten left"],
  ["20-30 cm", "20 30 cm"],
  ["20 to 30 cm", "20 to"],
  ["a few centimetres", "centimetres"],
])("names the measure that cannot be read: %s", (measure, named) => {
  const goal = { ...left, distance_m: 0.3 };
  expect(objection(`put the red box ${measure} left of the blue cube`, goal)).toContain(
    `The instruction says "${named}", which is no distance`,
  );
});

it("takes the size of a thing for no distance", () => {
  const goal = { ...left, distance_m: 0.2 };
  expect(objection("put the 20 cm box left of the blue cube", goal)).toContain('"20 cm box"');
  expect(objection("put the 20 cm red box left of the blue cube", goal)).toContain('"20 cm red"');
});

it("misses a length that no goal has", () => {
  const words = "put the red box 40 cm left and 20 cm behind the blue cube";
  const goal = { ...left, distance_m: 0.4 };
  expect(objection(words, goal)).toContain('"20 cm", which is the distance of no object');
  expect(objection(words, left)).toContain('"40 cm", which is');
  // the same length twice, for one object
  const twice = "put the red box 40 cm left of the cube and the can 40 cm right of it";
  expect(objection(twice, goal)).toContain('"40 cm", which is');
  const can: Goal = { object: 2, anchor: 0, direction: "right", place: 1, distance_m: 0.4 };
  expect(objection(twice, goal, can)).toBeUndefined();
});
