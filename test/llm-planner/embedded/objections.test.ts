/** What the words have to say against a plan: nothing where it is what they mean. */

import { expect, it } from "vitest";
import { createRng } from "../../../core/rng.ts";
import { objectionTo } from "../../../llm-planner/embedded/objections.ts";
import { readPieces } from "../../../llm-planner/embedded/reader-targets.ts";
import { readInstruction } from "../../../llm-planner/embedded/words.ts";
import type { Goal } from "../../../llm-planner/grammar/goals.ts";
import { sampleInstruction } from "../../../llm-planner/grammar/instructions.ts";
import { object, worldWith } from "./worlds.ts";

/** One box that is red, so that "the red box" names it. */
const world = worldWith(
  object("blue-cube", "cube", "blue", 0, 0),
  object("red-box", "box", "red", 0.2, 0.6),
  object("green-can", "cylinder", "green", 0.1, -0.6),
  object("object-4", "prism", "yellow", 1, 0.1),
);
/** What the reader is taken to have read. */
const left: Goal = { object: 1, anchor: 0, direction: "left", place: 1 };
const untaught: ReadonlySet<string> = new Set();
const objection = (words: string, ...goals: readonly Goal[]) =>
  objectionTo(readInstruction(words, world), goals, untaught);

it.each(["train", "heldOut"] as const)(
  "has next to nothing against what the grammar means: %s",
  (split) => {
    const rng = createRng(11);
    const objected = Array.from({ length: 1500 }, () =>
      sampleInstruction(rng, { split, refusable: 0 }),
    ).filter((example) => {
      const { instruction, meaning } = example;
      // in training an instruction is read piece by piece
      const read = [readInstruction(instruction, example.world), readPieces(example).tokens];
      return read.some((tokens) => objectionTo(tokens, meaning.goals, untaught));
    });
    // of several thousand instructions one calls three boxes "the two crates"
    expect(objected.map(({ instruction }) => instruction).slice(2)).toEqual([]);
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
    `The instruction says "${named}", which the embedded planner reads neither`,
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

it.each([
  ["never put the red box left of the blue cube", "never put"],
  ["do not ever put the red box left of the blue cube", "not ever put"],
  ["don't push the red box left of the blue cube", "not push"],
  ["the red box must never be placed left of the blue cube", "never be placed"],
  ["the red box must not be left of the blue cube", "not be left"],
  ["I don't want the red box left of the blue cube", "not want"],
  ["avoid putting the red box left of the blue cube", "avoid"],
  ["put the red box not left of the blue cube", "not left"],
  ["put the red box not 30 cm left of the blue cube", "not"],
  ["put the red box double 30 cm left of the blue cube", "double"],
  ["put the red box anywhere but left of the blue cube", "anywhere"],
  ["put the red box left of the blue cube unless the can moves", "unless"],
  ["if the can is green, put the red box left of the blue cube", "if"],
  ["put the red box left of the blue cube when I say so", "when"],
  ["put the red box left of the blue cube until I say stop", "until"],
  ["put the red box left or right of the blue cube", "or"],
  ["put the red box left/right of the blue cube", "/"],
  ["put the red box left of the blue cube twice", "twice"],
  ["put the red box between the blue cube and the can", "between"],
  ["put the red box on the blue cube", "on"],
  ["put the red box on the other side of the blue cube", "other side"],
  ["put the red box in front of the robot", "robot"],
  ["put the red box away from the blue cube", "away from"],
  ["put the second box left of the blue cube", "second"],
  ["push the red box towards the blue cube", "towards"],
  ["put the red box so that the blue cube is left of it", "so that"],
  ["put several boxes left of the blue cube", "several"],
  ["swap the red box and the blue cube", "swap"],
  ["rotate the red box left of the blue cube", "rotate"],
  ["is the red box left of the blue cube?", "is"],
  ["the red box was left of the blue cube", "was"],
])("knows what no plan can mean: %s", (words, named) => {
  expect(objection(words, left)).toContain(`cannot plan for "${named}":`);
});

it.each([
  ["put the red box left of the blue cube, then right of it", 'says "right" more often'],
  ["put the red box left of the blue cube, then put it back", 'says "back" more often'],
  ["put the red box left of the left of the blue cube", 'says "left" more often'],
  ["put the red box left of it", "does not name what the objects are placed by"],
  ["put the red ball left of the blue cube", 'names "ball", which the scene does not have'],
  ["put the tan box left of the blue cube", 'names "tan", which'],
  ["put the green box left of the blue cube", 'names "green box", which'],
  ["leave the red box where it is and put the red box left of the blue cube", '"red box" stay'],
  ["never move the red box left of the blue cube", '"red box" stay'],
  ["put everything except the red box left of the blue cube", '"red box" stay'],
  ["put the two red boxes left of the blue cube", '"two red boxes", which are not as many'],
  ["put the three boxes left of the blue cube", '"three boxes", which'],
])("compares the plan with the words: %s", (words, reason) => {
  expect(objection(words, left)).toContain(reason);
});

it("misses a side that nothing says, but for words that corrections have taught", () => {
  const corner: Goal = { ...left, direction: "behind-left" };
  const right: Goal = { ...left, direction: "right" };
  const beside: Goal = { ...left, direction: "beside" };
  const plain = "put the red box left of the blue cube";
  expect(objection(plain, corner)).toContain('read as if it said "behind"');
  expect(objection(plain, left, { ...beside, object: 3 })).toContain('as if it said "beside"');
  const words = readInstruction("put the red box starboard of the blue cube", world);
  expect(objectionTo(words, [right], untaught)).toContain('as if it said "right"');
  expect(objectionTo(words, [right], new Set(["starboard"]))).toBeUndefined();
  const north = readInstruction("put the red box north of the blue cube", world);
  expect(objectionTo(north, [right], untaught)).toContain('cannot plan for "north"');
  expect(objectionTo(north, [right], new Set(["north"]))).toBeUndefined();
  // around an object, and in a row, no side need be named
  const can: Goal = { object: 2, anchor: 0, direction: "right", place: 1 };
  expect(objection("put the red box and the can around the blue cube", left, can)).toBeUndefined();
});

it("misses objects of a group, and an object by which nothing is placed", () => {
  const row = "line up the box, the can and the prism in a row left of the blue cube";
  expect(objection(row, left)).toContain("several objects, but the plan that was read moves one");
  const two = "put the red box left of the blue cube and right of the can";
  const right: Goal = { object: 2, anchor: 0, direction: "right", place: 1 };
  expect(objection(two, left, right)).toContain('has something placed by "can"');
});

it.each([
  "put the red box left of the blue cube, if you can",
  "never touch the can, and put the red box left of the blue cube",
  "don't move object-4. Put the red box left of the blue cube",
  "put the red box on the blue cube's left",
  "put the red box to its place left of the blue cube",
  "all right, put the red box left of the blue cube",
  "leave the can where it was, put the red box left of the blue cube",
  "put the box that is not blue left of the blue cube",
])("has nothing against %s", (words) => {
  expect(objection(words, left)).toBeUndefined();
});
