/** Moments of images whose moments are known by hand. */

import { expect, it } from "vitest";
import { createRng } from "../../core/rng.ts";
import { Actor } from "../../nn/engine.ts";
import { Params } from "../../nn/params.ts";
import { imageMoments, MOMENTS } from "../../policies/networks/moments.ts";

const SIZE = 8;

async function momentsOf(images: readonly Float32Array[], firstRow = 0): Promise<Float32Array[]> {
  const params = new Params().linear("unused", 1, 1);
  const actor = await Actor.create({
    params,
    forward: (g, views, { layers }) => {
      const moments = imageMoments(g, layers, { width: SIZE, height: SIZE, firstRow });
      // every parameter must be read by something
      return { moments: g.add(moments, g.mul(g.reshape(views["unused.b"], [1, 1]), 0)) };
    },
    inputs: { layers: { shape: [1, SIZE - firstRow, SIZE] } },
    outputs: ["moments"],
    batch: images.length,
  });
  const layers = Float32Array.from(images.flatMap((image) => [...image]));
  const theta = params.init(createRng(1));
  const { moments } = await actor.run(theta, { layers });
  await actor.close();
  return images.map((_, i) => moments.slice(i * MOMENTS, (i + 1) * MOMENTS));
}

/** Inverse depth `w` in the pixels of these columns and rows. */
function image(columns: readonly number[], rows: readonly number[], w: (u: number) => number) {
  const out = new Float32Array(SIZE * SIZE);
  for (const row of rows) for (const c of columns) out[row * SIZE + c] = w((2 * c + 1) / SIZE - 1);
  return out;
}

it("is nothing for an empty image", async () => {
  const [row] = await momentsOf([new Float32Array(SIZE * SIZE)]);
  expect(row.every(Number.isFinite)).toBe(true);
  // columns: seen, share, u, v, variances and covariance of u and v, inverse depth and the rest
  expect(Math.max(...row.map(Math.abs))).toBeLessThan(0.01);
});

it("says where, how large and how near", async () => {
  const left = image([0, 1], [3, 4], () => 2);
  const right = image([6, 7], [3, 4], () => 2);
  const near = image([0, 1], [3, 4], () => 4);
  const [a, b, c] = await momentsOf([left, right, near]);
  expect(a[0]).toBe(1);
  // the middle of columns 0 and 1 is u = -0.75; rows 3 and 4 are centred
  expect(a[2]).toBeCloseTo(2 * -0.75, 2);
  expect(b[2]).toBeCloseTo(2 * 0.75, 2);
  expect(a[3]).toBeCloseTo(0, 6);
  expect(a[7]).toBeCloseTo(0.5 * 2, 2);
  expect(c[7]).toBeCloseTo(0.5 * 4, 2);
  // one pixel is 0.25 wide, so the two columns vary by (0.125)^2
  expect(a[4]).toBeCloseTo(30 * 0.125 ** 2, 2);
});

it("says which way a surface slopes", async () => {
  const columns = [2, 3, 4, 5];
  const flat = image(columns, [4], () => 1);
  const sloping = image(columns, [4], (u) => 1 + 0.5 * u);
  const [a, b] = await momentsOf([flat, sloping]);
  // covariance of w and u is 0.5 var(u), var(u) of -0.375, -0.125, 0.125, 0.375 is 0.078125
  expect(a[9]).toBeCloseTo(0, 3);
  expect(b[9]).toBeCloseTo(30 * 0.5 * 0.078125, 2);
});

it("is the same without the rows above, where nothing is", async () => {
  const whole = image([1, 2, 5], [4, 6], (u) => 1 + 0.5 * u);
  const [a] = await momentsOf([whole]);
  const [b] = await momentsOf([whole.subarray(3 * SIZE)], 3);
  expect([...b]).toEqual([...a].map((x) => expect.closeTo(x, 5)));
});
