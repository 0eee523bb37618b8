import fc from "fast-check";
import { expect, it } from "vitest";
import {
  carryAlong,
  followCommand,
  memoryColumns,
  nearestKnown,
  noteFound,
  noteSighting,
  recall,
} from "../../core/last-seen.ts";

const remembered = (...places: readonly (readonly [number, number])[]) => {
  const memory = new Float32Array((places.length + 1) * memoryColumns.size);
  places.forEach(([x, y], row) => {
    noteSighting(memory, row, x, y);
  });
  return memory;
};
const close = (values: readonly number[]) => values.map((x) => expect.closeTo(x, 5));

it("sees a thing come nearer by as much as the robot drives", () => {
  const memory = remembered([1, 0.2]);
  carryAlong(memory, 0, 1, 0.4, 0, 0.5);
  expect([...memory.subarray(0, 4)]).toEqual(close([1, 0.8, 0.2, 0.5]));
});

it("sees it turn the other way when the robot turns on the spot", () => {
  const memory = remembered([1, 0]);
  carryAlong(memory, 0, 1, 0, Math.PI / 2, 1);
  expect([...memory.subarray(0, 3)]).toEqual(close([1, 0, -1]));
});

it("knows arcs: a quarter of a circle of radius 1 about a point to the left", () => {
  // the middle of the circle stays to the left; what was ahead of the middle is then behind it, to the right
  const memory = remembered([0, 1], [1, 1]);
  carryAlong(memory, 0, 2, Math.PI / 2, Math.PI / 2, 1);
  expect([...memory.subarray(0, 3)]).toEqual(close([1, 0, 1]));
  expect([...memory.subarray(4, 7)]).toEqual(close([1, 0, 0]));
});

it("comes to the same by many small steps of a constant twist as by one", () => {
  const speed = fc.double({ min: -0.4, max: 0.4, noNaN: true });
  const turn = fc.double({ min: -2.84, max: 2.84, noNaN: true });
  fc.assert(
    fc.property(speed, turn, (v, omega) => {
      const [once, often] = [remembered([0.7, -0.3]), remembered([0.7, -0.3])];
      carryAlong(once, 0, 1, v, omega, 1);
      for (let i = 0; i < 10; i++) carryAlong(often, 0, 1, v, omega, 0.1);
      for (let k = 0; k < 4; k++) expect(often[k]).toBeCloseTo(once[k], 4);
    }),
  );
});

it("expects a drive to make up 63 % of a change of command in its time constant", () => {
  // from rest to 1 m/s with a lag of 0.1 s: 1 - 1/e at the end, 1/e on average (0.1 s less the lag's share 1 - 1/e)
  const { mean, last } = followCommand(0, 1, 0.1, 0.1);
  expect([mean, last]).toEqual(close([0.367879, 0.632121]));
  const steady = followCommand(1, 1, 0.1, 0.1);
  expect([steady.mean, steady.last]).toEqual(close([1, 1]));
});

it("takes a thing that the image cuts for what is known of it only when that is a second old", () => {
  const memory = remembered([1, 0]);
  const known = () => [...memory.subarray(1, 3)];
  for (let i = 0; i < 9; i++) carryAlong(memory, 0, 1, 0, 0, 0.1);
  noteFound(memory, 0, "cut", 2, 0);
  expect(known()).toEqual([1, 0]);
  noteFound(memory, 0, undefined, 2, 0);
  expect(known()).toEqual([1, 0]);
  for (let i = 0; i < 2; i++) carryAlong(memory, 0, 1, 0, 0, 0.1);
  noteFound(memory, 0, "cut", 2, 0);
  expect(known()).toEqual([2, 0]);
  noteFound(memory, 0, "whole", 3, 0);
  expect(known()).toEqual([3, 0]);
  // row 1 was never seen, so that a part is better than nothing
  noteFound(memory, 1, "cut", 1, 1);
  expect([...memory.subarray(4, 8)]).toEqual([1, 1, 1, 0]);
});

it("tells the things that are known from the nearest on", () => {
  const memory = remembered([0, 0], [2, 0], [0, -1]);
  // rows 1 to 3 are things 0 to 2, the last of which was never seen
  expect(nearestKnown(memory, 1, [0, 1, 2])).toEqual([1, 0]);
});

it("fades with age, is fresh when seen again, and knows nothing of what was never seen", () => {
  const memory = remembered([1, 1]);
  const out = new Float32Array(9);
  recall(memory, 0, out, 1);
  expect([...out.subarray(1, 5)]).toEqual([1, 1, 1, 0]);
  for (let i = 0; i < 30; i++) carryAlong(memory, 0, 2, 0, 0, 0.1);
  recall(memory, 0, out, 1);
  // three seconds: 1 - 1/e
  expect([...out.subarray(1, 5)]).toEqual(close([1, 1, 1, 0.632121]));
  recall(memory, 1, out, 5);
  expect([...out]).toEqual(close([0, 1, 1, 1, 0.632121, 0, 0, 0, 1]));
  noteSighting(memory, 0, 2, 0);
  recall(memory, 0, out, 0);
  expect([...out.subarray(0, 4)]).toEqual([1, 2, 0, 0]);
});
