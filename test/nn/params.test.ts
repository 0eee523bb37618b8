/** Parameters over one flat vector. */

import { expect, it } from "vitest";
import { createRng } from "../../core/rng.ts";
import { Graph } from "../../nn/graph.ts";
import { Params } from "../../nn/params.ts";

it("lays parameters out one after another", () => {
  const params = new Params().linear("a", 3, 2).conv("c", 1, 4, 2).layerNorm("n", 5);
  expect(params.size).toBe(6 + 2 + 16 + 4 + 5 + 5);
  expect(params.offsetOf("c.w")).toEqual({ at: 8, shape: [4, 1, 2, 2] });
  const theta = params.init(createRng(1));
  expect([...theta.subarray(6, 8)]).toEqual([0, 0]);
  expect([...theta.subarray(28)]).toEqual([1, 1, 1, 1, 1, 0, 0, 0, 0, 0]);
});

it.each([
  [4, 9],
  [9, 4],
])("makes the shorter side of a %i x %i matrix orthogonal, times the gain", (inputs, outputs) => {
  const params = new Params().linear("a", inputs, outputs, 3);
  const w = params.init(createRng(2)).subarray(0, inputs * outputs);
  const [count, length] = [Math.min(inputs, outputs), Math.max(inputs, outputs)];
  const at = (i: number, j: number) => (inputs < outputs ? w[i * outputs + j] : w[j * outputs + i]);
  for (let i = 0; i < count; i++) {
    for (let k = 0; k < count; k++) {
      let product = 0;
      for (let j = 0; j < length; j++) product += at(i, j) * at(k, j);
      expect(product).toBeCloseTo(i === k ? 9 : 0, 5);
    }
  }
});

it("draws the same numbers for a parameter whatever stands beside it", () => {
  const alone = new Params().linear("a", 3, 2).init(createRng(3));
  const beside = new Params().conv("c", 1, 2, 2).linear("a", 3, 2).init(createRng(3));
  expect(beside.subarray(10, 16)).toEqual(alone.subarray(0, 6));
});

it("names parameters that are unknown or defined twice", () => {
  const params = new Params().linear("a", 3, 2);
  expect(() => params.offsetOf("b.w")).toThrow('Unknown parameter "b.w". Parameters: a.w, a.b.');
  expect(() => params.linear("a", 1, 1)).toThrow('Parameter "a.w" is defined twice.');
});

it.each([
  [(g: Graph) => g.add(g.input("a", [2, 3]), g.input("b", [2])), "[2, 3] and [2] do not broadcast"],
  [(g: Graph) => g.reshape(g.input("a", [4]), [3, -1]), "[4] cannot be reshaped to [3, -1]"],
  [(g: Graph) => g.gemm(g.input("a", [2, 3]), g.input("b", [2, 3])), "do not fit for a product"],
  [(g: Graph) => g.slice(g.input("a", [4]), 0, 1, 5), "Cannot take 1 to 5 of axis 0 of [4]"],
  [
    (g: Graph) => g.concat([g.input("a", [2, 3, 4]), g.input("b", [3, 2, 4])], 2),
    "[2, 3, 4] and [3, 2, 4] cannot be joined along axis 2",
  ],
  [
    (g: Graph) => g.constant([1, 2, 3], [2, 2]),
    "Expected 4 numbers for a constant of shape [2, 2], got 3.",
  ],
  [
    (g: Graph) => g.constant(Float32Array.of(1, 2), []),
    "Expected 1 numbers for a constant of shape [], got 2.",
  ],
  [(g: Graph) => g.gradients(g.input("a", [4]), []), "must be a scalar, got shape [4]"],
  [(g: Graph) => g.sum(g.input("a", [4]), { axes: [1] }), "Axis 1 is outside a tensor of 1 axes"],
])("refuses shapes that do not fit (%#)", (build, says) => {
  expect(() => build(new Graph())).toThrow(says);
});
