/** Layers against plain float64 loops written from their definitions. */

import { expect, it } from "vitest";
import { createRng } from "../../core/rng.ts";
import { conv2d, gru, layerNorm } from "../../nn/layers.ts";
import { sizeOf } from "../../nn/tensor.ts";
import { runGraph, type Shapes } from "./support/run-graph.ts";

const rng = createRng(11);
const randoms = (shapes: Shapes) =>
  Object.fromEntries(
    Object.entries(shapes).map(([name, shape]) => [
      name,
      Float64Array.from({ length: sizeOf(shape) }, () => rng.uniform(-1, 1)),
    ]),
  );

function naiveConvolution(
  x: Float64Array,
  w: Float64Array,
  b: Float64Array,
  o: { n: number; c: number; h: number; w: number; out: number; kernel: number; stride: number },
): number[] {
  const rows = Math.floor((o.h - o.kernel) / o.stride) + 1;
  const columns = Math.floor((o.w - o.kernel) / o.stride) + 1;
  const result: number[] = [];
  for (let n = 0; n < o.n; n++)
    for (let k = 0; k < o.out; k++)
      for (let i = 0; i < rows; i++)
        for (let j = 0; j < columns; j++) {
          let total = b[k];
          for (let c = 0; c < o.c; c++)
            for (let p = 0; p < o.kernel; p++)
              for (let q = 0; q < o.kernel; q++) {
                const pixel = ((n * o.c + c) * o.h + i * o.stride + p) * o.w + j * o.stride + q;
                total += x[pixel] * w[((k * o.c + c) * o.kernel + p) * o.kernel + q];
              }
          result.push(total);
        }
  return result;
}

it.each([
  { n: 2, c: 1, h: 20, w: 16, out: 3, kernel: 8, stride: 4 },
  { n: 2, c: 3, h: 9, w: 11, out: 4, kernel: 4, stride: 2 },
  { n: 1, c: 2, h: 6, w: 5, out: 2, kernel: 3, stride: 1 },
])("convolves as the sums say, kernel $kernel, stride $stride", async (o) => {
  const shapes = {
    x: [o.n, o.c, o.h, o.w],
    "c.w": [o.out, o.c, o.kernel, o.kernel],
    "c.b": [o.out],
  };
  const values = randoms(shapes);
  const expected = naiveConvolution(values.x, values["c.w"], values["c.b"], o);
  const trained = await runGraph(shapes, values, (g, v) => ({ y: conv2d(g, v, "c", v.x, o) }));
  expect(trained.y.length).toBe(expected.length);
  trained.y.forEach((y, i) => {
    expect(y).toBeCloseTo(expected[i], 12);
  });
  const native = await runGraph(shapes, values, (g, v) => ({ y: conv2d(g, v, "c", v.x, o) }), {
    mode: "infer",
  });
  native.y.forEach((y, i) => {
    expect(y).toBeCloseTo(expected[i], 4);
  });
});

it("refuses a kernel that training cannot cut into strides", async () => {
  const shapes = { x: [1, 1, 9, 9], "c.w": [1, 1, 3, 3], "c.b": [1] };
  const build = runGraph(shapes, randoms(shapes), (g, v) => ({
    y: conv2d(g, v, "c", v.x, { kernel: 3, stride: 2 }),
  }));
  await expect(build).rejects.toThrow("a kernel that is a multiple of its stride, got 3 and 2");
});

it("steps a GRU as its equations say", async () => {
  const [n, inputs, hidden] = [2, 3, 4];
  const shapes = {
    x: [n, inputs],
    h: [n, hidden],
    "r.input.w": [inputs, 3 * hidden],
    "r.input.b": [3 * hidden],
    "r.hidden.w": [hidden, 3 * hidden],
    "r.hidden.b": [3 * hidden],
  };
  const values = randoms(shapes);
  const { y } = await runGraph(shapes, values, (g, v) => ({ y: gru(g, v, "r", v.x, v.h) }));
  const sigmoid = (z: number) => 1 / (1 + Math.exp(-z));
  const affine = (from: "input" | "hidden", row: Float64Array, column: number) =>
    row.reduce(
      (total, z, k) => total + z * values[`r.${from}.w`][k * 3 * hidden + column],
      values[`r.${from}.b`][column],
    );
  for (let i = 0; i < n; i++) {
    const x = values.x.subarray(i * inputs, (i + 1) * inputs);
    const h = values.h.subarray(i * hidden, (i + 1) * hidden);
    for (let j = 0; j < hidden; j++) {
      const reset = sigmoid(affine("input", x, j) + affine("hidden", h, j));
      const update = sigmoid(affine("input", x, hidden + j) + affine("hidden", h, hidden + j));
      const proposal = Math.tanh(
        affine("input", x, 2 * hidden + j) + reset * affine("hidden", h, 2 * hidden + j),
      );
      expect(y[i * hidden + j]).toBeCloseTo((1 - update) * proposal + update * h[j], 13);
    }
  }
});

it("normalises each row to mean 0 and variance 1, then scales and shifts", async () => {
  const shapes = { x: [2, 4], "n.scale": [4], "n.shift": [4] };
  const values = {
    x: [1, 3, 5, 7, 10, 10, 10, 10],
    "n.scale": [1, 1, 1, 2],
    "n.shift": [0, 0, 5, 0],
  };
  const { y } = await runGraph(shapes, values, (g, v) => ({ y: layerNorm(g, v, "n", v.x, 0) }));
  // mean 4, deviation sqrt(5); the constant row divides zero by zero without an epsilon
  const unit = 1 / Math.sqrt(5);
  [-3 * unit, -unit, unit + 5, 6 * unit].forEach((expected, i) => {
    expect(y[i]).toBeCloseTo(expected, 13);
  });
  const flat = await runGraph(shapes, values, (g, v) => ({ y: layerNorm(g, v, "n", v.x) }));
  expect([...flat.y.slice(4)]).toEqual([0, 0, 5, 0]);
});
