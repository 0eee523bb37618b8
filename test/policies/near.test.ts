/** How close remembered things are, against numbers worked out by hand. */

import { expect, it } from "vitest";
import { nearColumns, nearness } from "../../policies/networks/near.ts";
import { runGraph } from "../nn/support/run-graph.ts";

/** Columns of a thing's memory: known, x_m, y_m, staleness. */
type Remembered = readonly [known: number, x_m: number, y_m: number, staleness: number];

async function rowOf(...things: readonly Remembered[]): Promise<number[][]> {
  const shape = [1, things.length * 4];
  const values = { lastSeen: Float64Array.from(things.flat()) };
  const { near } = await runGraph({ lastSeen: shape }, values, (g, { lastSeen }) => ({
    near: nearness(g, lastSeen),
  }));
  expect(near).toHaveLength(nearColumns(shape[1]));
  return Array.from({ length: near.length / 3 }, (_, i) => [...near.slice(i * 3, i * 3 + 3)]);
}

const close = (values: readonly number[]) => values.map((x) => expect.closeTo(x, 5));

it("says how close each thing is to the robot, and on which side", async () => {
  const [active, anchor, obstacle] = await rowOf(
    [1, 0.2, 0, 0],
    [1, 2, 1, 0.5],
    [1, -0.2, 0.1, 0.8],
  );
  // exp(-1 / 2): one range ahead
  expect(active).toEqual(close([0.60653, 0.60653, 0]));
  expect(anchor).toEqual(close([0, 0, 0]));
  // exp(-(1 + 0.25) / 2): one range behind, half a range to the left
  expect(obstacle).toEqual(close([0.53526, -0.53526, 0.26763]));
});

it("says how close the others are to the first, the active object", async () => {
  const rows = await rowOf([1, 0.5, 0, 0], [1, 0.5, 0.2, 0], [1, 0.1, 0.1, 0]);
  expect(rows.slice(3)).toEqual([
    close([0.60653, 0, 0.60653]),
    // exp(-(4 + 0.25) / 2): two ranges before it
    close([0.11943, -0.23887, 0.05972]),
  ]);
});

it("knows nothing of what was never seen", async () => {
  const rows = await rowOf([0, 0, 0, 1], [1, 0.2, 0, 0], [0, 0, 0, 1]);
  expect(rows.map(([closeness]) => closeness > 0)).toEqual([false, true, false, false, false]);
});

it("has nothing to say about others where there is one thing only", async () => {
  expect(await rowOf([1, 0, -0.2, 0])).toEqual([close([0.60653, 0, -0.60653])]);
});
