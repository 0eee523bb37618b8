import fc from "fast-check";
import { expect, it } from "vitest";
import { standardize } from "../../credit/standardize.ts";

const standardized = (values: readonly number[]) => {
  const array = Float32Array.from(values);
  standardize(array);
  return [...array];
};

it("puts a pair at -1 and 1", () => {
  expect(standardized([1, 3])).toEqual([-1, 1]);
});

it("leaves nothing of a constant, and nothing that is not finite", () => {
  expect(standardized([2, 2, 2])).toEqual([0, 0, 0]);
});

it("forgets shift and scale", () => {
  const value = fc.integer({ min: -50, max: 50 });
  const values = fc
    .array(value, { minLength: 2, maxLength: 40 })
    .filter((all) => new Set(all).size > 1);
  fc.assert(
    fc.property(values, fc.integer({ min: 1, max: 8 }), value, (all, scale, shift) => {
      const moved = standardized(all.map((x) => scale * x + shift));
      standardized(all).forEach((x, i) => {
        expect(moved[i]).toBeCloseTo(x, 3);
      });
    }),
  );
});
