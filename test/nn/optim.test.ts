/** Adam against numbers worked out by hand or with 50-digit decimals. */

import { expect, it } from "vitest";
import { createRng } from "../../core/rng.ts";
import { constant } from "../../nn/initializers.ts";
import type { Objective } from "../../nn/model.ts";
import { Params } from "../../nn/params.ts";
import type { FloatType } from "../../nn/tensor.ts";
import { Trainer } from "../../nn/trainer.ts";
import { fakeRollout, ppoModel } from "./support/ppo-model.ts";

const params = new Params().add("x", [2], constant(1));
/** loss = rows . x, so the gradient is the mean row. */
const linearLoss: Objective = (g, { x }, { row }) => ({
  loss: g.sum(g.mul(g.mean(row, { axes: [0] }), x)),
  stats: {},
});
const quadraticLoss: Objective = (g, { x }) => ({
  loss: g.mul(g.sum(g.square(x)), 0.5),
  stats: {},
});

async function train(
  objective: Objective,
  row: readonly number[],
  rates: readonly number[],
  more = {},
) {
  const trainer = await Trainer.create({
    params,
    objective,
    data: { row: { shape: [2] } },
    rows: 1,
    batch: 1,
    clipNorm: 1e9,
    dtype: "float64",
    theta: Float32Array.of(1, 1),
    ...more,
  });
  const { stats } = await trainer.train(
    { row: Float32Array.from(row) },
    new Int32Array(rates.length),
    rates,
  );
  const theta = trainer.exactTheta();
  await trainer.close();
  return { theta, stats };
}

it("moves by the learning rate while the gradient stays the same", async () => {
  const rates = [0.1, 0.1, 0.1, 0.05];
  const { theta } = await train(linearLoss, [0.5, -2], rates);
  // bias correction makes both means exact: step = rate g / (|g| + epsilon)
  expect(theta[0]).toBeCloseTo(1 - (0.35 * 0.5) / (0.5 + 1e-5), 13);
  expect(theta[1]).toBeCloseTo(1 + (0.35 * 2) / (2 + 1e-5), 13);
});

it("takes the first four steps down a parabola", async () => {
  const expected = [0.9000009999900001, 0.800414268740382, 0.7015893881228683, 0.6039432751407503];
  for (const [i, after] of expected.entries()) {
    const { theta } = await train(quadraticLoss, [0, 0], Array(i + 1).fill(0.1), {
      clipNorm: 1e15,
    });
    expect(theta[0]).toBeCloseTo(after, 13);
    expect(theta[1]).toBe(theta[0]);
  }
});

it("clips the global norm, and reports the norm before that", async () => {
  const free = await train(linearLoss, [3, 4], [0.1], { clipNorm: 1, adam: { epsilon: 1 } });
  expect(free.stats.gradNorm[0]).toBe(5);
  // clipped to [0.6, 0.8] (times 5 / (5 + 1e-6)), then g / (|g| + 1)
  expect(free.theta[0]).toBeCloseTo(1 - (0.1 * 0.6) / 1.6, 6);
  expect(free.theta[1]).toBeCloseTo(1 - (0.1 * 0.8) / 1.8, 6);
  const below = await train(linearLoss, [3, 4], [0.1], { clipNorm: 10, adam: { epsilon: 1 } });
  expect(below.theta[0]).toBeCloseTo(1 - (0.1 * 3) / 4, 13);
});

it("decays weights apart from the gradient", async () => {
  const { theta } = await train(linearLoss, [0, 1], [0.1], { weightDecay: 0.5 });
  expect(theta[0]).toBeCloseTo(1 - 0.1 * 0.5, 13);
  expect(theta[1]).toBeCloseTo(1 - 0.1 * 0.5 - 0.1 / (1 + 1e-5), 13);
});

it("stays within rounding of float64 for twenty steps in float32", async () => {
  const sizes = { obs: 6, hidden: 16, actions: 2 };
  const model = ppoModel(sizes);
  const rollout = fakeRollout(64, sizes, createRng(4));
  const theta = model.params.init(createRng(5));
  const run = async (dtype: FloatType) => {
    const options = { ...model, rows: 64, batch: 64, clipNorm: 0.5, dtype, theta };
    const trainer = await Trainer.create(options);
    const index = Int32Array.from({ length: 64 * 20 }, (_, i) => i % 64);
    await trainer.train(rollout, index, Array(20).fill(1e-3));
    const result = trainer.exactTheta();
    await trainer.close();
    return result;
  };
  const [single, double] = [await run("float32"), await run("float64")];
  const squares = [...single].map((x, i) => (x - double[i]) ** 2);
  const rms = Math.sqrt(squares.reduce((a, b) => a + b) / squares.length);
  // 1 - 0.999^t in float32 would drift a hundred times further
  expect(rms).toBeLessThan(3e-7);
  expect(rms).toBeGreaterThan(0);
});
