/** Changes to a configuration, there and back. */

import { describe, expect, it } from "vitest";
import { z } from "zod";
import { changesFrom, parseConfig, withChanges } from "../../core/config.ts";
import { ConfigError } from "../../core/errors.ts";

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

describe("what may be one of several kinds", () => {
  const objects = z.array(z.strictObject({ x_m: z.number() }));
  const schema = z.strictObject({
    made: z.union([z.literal("random"), z.strictObject({ objects })]),
  });

  it.each([
    ["foo", 'expected "random", or expected object, received string\n  → at made'],
    [{ shape: "cone", objects: [] }, 'Unrecognized key: "shape"\n  → at made'],
    [{}, "expected array, received undefined\n  → at made.objects"],
    [{ objects: [{ x_m: null }] }, "expected number, received null\n  → at made.objects[0].x_m"],
  ])("is refused by the kind that %j was meant for", (made, says) => {
    const parse = () => parseConfig(schema, { made }, "--set");
    expect(parse).toThrow(ConfigError);
    expect(parse).toThrow(says);
  });
});
