/** Every operation, layer and loss hands back the gradient that finite differences measure, in float64. */

import { expect, it } from "vitest";
import { createRng } from "../../core/rng.ts";
import { Graph } from "../../nn/graph.ts";
import { sizeOf, type Tensor } from "../../nn/tensor.ts";
import { type GradientCase, layerCases, operationCases } from "./support/gradient-cases.ts";
import { openGraph } from "./support/run-graph.ts";

it.each([...operationCases, ...layerCases])("$name", async (row) => {
  const worst = await worstGradientError(row);
  expect(worst).toBeLessThan(2e-8);
});

it("has a row for every operation of Graph", () => {
  const withoutGradient = ["constructor", "compare", "cast", "stopGradient", "leaf", "gradients"];
  const operations = Object.getOwnPropertyNames(Graph.prototype).filter(
    (name) => !withoutGradient.includes(name),
  );
  const rows = operationCases.map(({ name }) => name.split(/[ ,]/)[0]);
  for (const operation of operations) expect(rows).toContain(operation);
});

it("lets no gradient through stopGradient, compare and cast", async () => {
  const shapes = { x: [2] };
  const runner = await openGraph(shapes, (g, { x }) => {
    const stopped = g.mul(g.stopGradient(x), x);
    const counted = g.cast(g.compare("Greater", x, 0), "float64");
    return { gradient: g.gradients(g.sum(g.add(stopped, counted)), [x])[0] };
  });
  // d(stop(x) x) / dx = x, and nothing from the comparison
  expect([...(await runner.run({ x: Float64Array.of(3, -2) })).gradient]).toEqual([3, -2]);
  await runner.close();
});

it("keeps a leaf apart from what it was made of, and from other leaves of the same", async () => {
  const runner = await openGraph({ x: [1] }, (g, { x }) => {
    const square = g.square(x);
    const [a, b] = [g.leaf(square), g.leaf(square)];
    const parts = [g.mul(a, 2), g.mul(b, 3), g.mul(square, 5)];
    const [ofX, ofA, ofB] = g.gradients(g.sum(g.concat(parts, 0)), [x, a, b]);
    return { ofX, ofA, ofB };
  });
  // d(2 a + 3 b + 5 x^2) / dx = 10 x
  expect(await runner.run({ x: Float64Array.of(7) })).toEqual({
    ofX: Float64Array.of(70),
    ofA: Float64Array.of(2),
    ofB: Float64Array.of(3),
  });
  await runner.close();
});

it("refuses a gradient of a gradient, unless that is taken as a constant", async () => {
  const runner = await openGraph({ x: [1] }, (g, { x }) => {
    const [slope] = g.gradients(g.sum(g.square(x)), [x]);
    const loss = (gradient: Tensor) => g.sum(g.mul(g.square(gradient), x));
    expect(() => g.gradients(loss(slope), [x])).toThrow(
      "Gradients are of first order only, and the loss is made of one: pass that through stopGradient to take it as a constant.",
    );
    return { gradient: g.gradients(loss(g.stopGradient(slope)), [x])[0] };
  });
  // (2 x)^2
  expect([...(await runner.run({ x: Float64Array.of(3) })).gradient]).toEqual([36]);
  await runner.close();
});

it("shares the gradient of maxReduce among the elements that tie", async () => {
  const runner = await openGraph({ x: [2, 4] }, (g, { x }) => {
    const largest = g.maxReduce(x, { axes: [1] });
    return { gradient: g.gradients(g.sum(g.mul(largest, 6)), [x])[0] };
  });
  const { gradient } = await runner.run({ x: Float64Array.of(5, 5, 1, 5, 0, 1, 2, 3) });
  expect([...gradient]).toEqual([2, 2, 0, 2, 0, 0, 0, 6]);
  await runner.close();
});

/** Largest |analytic - numeric| over all inputs, relative to the largest gradient (or 1). */
async function worstGradientError({
  name,
  shapes,
  build,
  positive,
}: GradientCase): Promise<number> {
  const rng = createRng(7).split(name);
  const runner = await openGraph(shapes, (g, inputs) => {
    const result = build(g, inputs);
    const weights = Array.from({ length: sizeOf(result.shape) }, () => rng.uniform(-1, 1));
    const loss = g.sum(g.mul(result, g.constant(weights, result.shape)));
    const names = Object.keys(shapes);
    const gradients = g.gradients(
      loss,
      names.map((input) => inputs[input]),
    );
    return { loss, ...Object.fromEntries(names.map((input, i) => [`d ${input}`, gradients[i]])) };
  });
  const draw = () => (positive ? rng.uniform(0.5, 2) : rng.uniform(-2, 2));
  const values = Object.fromEntries(
    Object.entries(shapes).map(([input, shape]) => [
      input,
      Float64Array.from({ length: sizeOf(shape) }, draw),
    ]),
  );
  const analytic = await runner.run(values);
  let worst = 0;
  let scale = 1;
  const step = 1e-5;
  for (const [input, array] of Object.entries(values)) {
    for (let i = 0; i < array.length; i++) {
      const before = array[i];
      const at = async (x: number) => {
        array[i] = x;
        return (await runner.run(values)).loss[0];
      };
      const numeric = ((await at(before + step)) - (await at(before - step))) / (2 * step);
      array[i] = before;
      worst = Math.max(worst, Math.abs(numeric - analytic[`d ${input}`][i]));
      scale = Math.max(scale, Math.abs(numeric));
    }
  }
  await runner.close();
  return worst / scale;
}
