/** Changes to a configuration, there and back. */

import { expect, it } from "vitest";
import { changesFrom, withChanges } from "../../core/config.ts";

const base = { shape: "cube", reward: { slow: 0.015, align: 0 }, lessons: [{ steps: 1 }] };

it("replaces fields branch by branch, and lists whole", () => {
  const changes = { reward: { align: 3 }, lessons: [] };
  expect(withChanges(base, changes)).toEqual({
    shape: "cube",
    reward: { slow: 0.015, align: 3 },
    lessons: [],
  });
  expect(base.reward.align).toBe(0);
});

it("finds the changes again, and none where there are none", () => {
  const changes = { shape: "prism", reward: { slow: 0 }, lessons: [{ steps: 2 }], noise_m: 0.01 };
  expect(changesFrom(base, withChanges(base, changes))).toEqual(changes);
  expect(changesFrom(base, structuredClone(base))).toEqual({});
});
