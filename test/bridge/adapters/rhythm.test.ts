import { expect, it } from "vitest";
import { Rhythm } from "../../../bridge/adapters/rhythm.ts";

/** Moments of `seconds` at which a picture of so many a second begins a step of 0.1 s. */
function begun(picturesPerSecond: number, seconds: number): number[] {
  const rhythm = new Rhythm(0.1);
  const moments = Array.from(
    { length: seconds * picturesPerSecond },
    (_, i) => i / picturesPerSecond,
  );
  return moments.filter((now_s) => rhythm.begins(now_s));
}

it("a policy of ten steps a second is asked ten times a second, or as often as there are pictures", () => {
  // the first picture begins a step, too
  expect(begun(30, 10)).toHaveLength(100);
  expect(begun(15, 10)).toHaveLength(100);
  // the last of them is early for the step at 10 s
  expect(begun(60, 10)).toHaveLength(101);
  expect(begun(10, 10)).toHaveLength(100);
  expect(begun(4, 10)).toHaveLength(40);
});

it("steps that were missed are not made up for", () => {
  const rhythm = new Rhythm(0.1);
  expect([0, 2, 2.01, 2.02, 2.09].map((now_s) => rhythm.begins(now_s))).toEqual([
    ...[true, true, false, false, true],
  ]);
});
