/** Credit for plans, against numbers worked out by hand. */

import { describe, expect, it } from "vitest";
import {
  groupAdvantages,
  preferencePairs,
  returnsOf,
  sharedCredit,
  type Trial,
} from "../../../llm-planner/embedded/advantages.ts";

/** Two stages, a then b or b then a; snapshots are what has been done. */
const trial = (order: string, ...rewards: number[]): Trial => ({
  snapshots: Array.from({ length: order.length + 1 }, (_, k) => order.slice(0, k)),
  choices: [...order],
  rewards,
});

it("adds up what is paid from each stage on", () => {
  expect(returnsOf([1, 2, 4])).toEqual([7, 6, 4, 0]);
});

describe("group-relative advantages", () => {
  it("compare whole trials, and stages that began in the same snapshot", () => {
    // totals 3, 1, 2: mean 2, deviation sqrt(2/3); "ab" twice: second stages begin at "a" with returns 2 and 0
    const trials = [trial("ab", 1, 2), trial("ab", 1, 0), trial("ba", 0, 2)];
    const s = Math.sqrt(1.5);
    const [first, second, third] = groupAdvantages(trials);
    // first stages all begin in the empty snapshot, so both parts agree there
    expect(first[0]).toBeCloseTo(2 * s, 9);
    expect(second[0]).toBeCloseTo(-2 * s, 9);
    expect(third[0]).toBeCloseTo(0, 9);
    // at "a" the returns 2 and 0 standardize to 1 and -1
    expect(first[1]).toBeCloseTo(s + 1, 9);
    expect(second[1]).toBeCloseTo(-s - 1, 9);
    // alone in its snapshot: only the trial counts
    expect(third[1]).toBeCloseTo(0, 9);
  });

  it("are zero where all trials are alike", () => {
    expect(groupAdvantages([trial("ab", 1, 1), trial("ba", 1, 1)]).flat()).toEqual([0, 0, 0, 0]);
  });
});

describe("credit shared between planner and executor", () => {
  // a first: the second stage works in one of two tries; b first never works
  const trials = [trial("ab", 0, 1), trial("ab", 0, 0), trial("ba", 0, 0), trial("ba", 0, 0)];
  const { planner, executor } = sharedCredit(trials);

  it("gives the planner what its choice is worth on average", () => {
    // V_high("") = 1/4; V_low("" > a) = 1/2, V_low("" > b) = 0; at "a" there is one choice only
    expect(planner).toEqual([
      [0.25, 0],
      [0.25, 0],
      [-0.25, 0],
      [-0.25, 0],
    ]);
  });

  it("gives the executor the rest: its luck does not reach the planner", () => {
    expect(executor).toEqual([
      [0, 0.5],
      [0, -0.5],
      [0, 0],
      [0, 0],
    ]);
  });

  it("adds up to the return of each trial", () => {
    trials.forEach(({ rewards }, i) => {
      const sum = [...planner[i], ...executor[i]].reduce((a, b) => a + b, 0);
      expect(0.25 + sum).toBeCloseTo(returnsOf(rewards)[0], 12);
    });
  });
});

it("pairs each plan with a worse one, if there is one", () => {
  const pairs = preferencePairs([1, 0.5, 0.95, 0.5], 0.1, () => 0);
  expect(pairs).toEqual([
    [0, 1],
    [2, 1],
  ]);
});
