/** Training as a whole: it learns, the same bits come out however it runs, and bad input is named. */

import { describe, expect, it } from "vitest";
import { ConfigError, TrainingDivergedError } from "../../core/errors.ts";
import { createRng } from "../../core/rng.ts";
import { linear } from "../../nn/layers.ts";
import type { Objective } from "../../nn/model.ts";
import { Params } from "../../nn/params.ts";
import { Trainer } from "../../nn/trainer.ts";
import type { TrainerOptions } from "../../nn/training-graph.ts";
import { watchSessions } from "../support/open-sessions.ts";
import { studentModel } from "./support/cnn-model.ts";
import { fakeRollout, ppoModel } from "./support/ppo-model.ts";

const sizes = { obs: 7, hidden: 32, actions: 3 };
const model = ppoModel(sizes);
const rows = 256;
const batch = 64;
const rollout = fakeRollout(rows, sizes, createRng(1));
const theta = model.params.init(createRng(2));
const index = Int32Array.from({ length: 2 * rows }, (_, i) => (i * 37) % rows);
const rates = Array.from({ length: 8 }, (_, i) => 1e-3 * (1 - i / 10));

const open = (options: Partial<TrainerOptions> = {}) =>
  Trainer.create({ ...model, rows, batch, clipNorm: 0.5, theta, ...options });

async function bitsAfterTraining(options: Partial<TrainerOptions> = {}): Promise<string> {
  const trainer = await open(options);
  const { stats } = await trainer.train(rollout, index, rates);
  const bits = Buffer.from(trainer.theta.buffer).toString("base64");
  await trainer.close();
  return `${bits} ${Object.values(stats).join()}`;
}

it("gives the same bits as a loop, as steps, and on two threads", async () => {
  const expected = await bitsAfterTraining({ mode: "loop" });
  expect(await bitsAfterTraining({ mode: "step" })).toBe(expected);
  expect(await bitsAfterTraining({ mode: "loop", threads: 2 })).toBe(expected);
  expect(await bitsAfterTraining({ mode: "step", threads: 2 })).toBe(expected);
});

it("gives the same bits for convolutions on two threads", async () => {
  const { params, objective, data } = studentModel();
  const rng = createRng(3);
  const frames = Uint8Array.from({ length: 40 * 2 * 32 * 32 }, () => 255 * rng.next());
  const target = Float32Array.from({ length: 40 * 2 }, () => rng.normal());
  const run = async (threads: number) => {
    const first = params.init(createRng(4));
    const options = { params, objective, data, rows: 40, batch: 20, clipNorm: 1, theta: first };
    const trainer = await Trainer.create({ ...options, threads });
    const order = Int32Array.from({ length: 80 }, (_, i) => (i * 7) % 40);
    await trainer.train({ frames, target }, order, [1e-3, 1e-3, 1e-3, 1e-3]);
    const bits = Buffer.from(trainer.theta.buffer).toString("base64");
    await trainer.close();
    return bits;
  };
  expect(await run(2)).toBe(await run(1));
});

it("continues from a saved state as if it had never stopped", async () => {
  const whole = await open();
  await whole.train(rollout, index, rates);
  const first = await open();
  await first.train(rollout, index.subarray(0, rows), rates.slice(0, 4));
  const saved = first.state();
  expect(saved.steps).toBe(4);
  const second = await open();
  second.load(saved);
  await second.train(rollout, index.subarray(rows), rates.slice(4));
  expect(second.state()).toEqual(whole.state());
  await Promise.all([whole.close(), first.close(), second.close()]);
});

it("keeps the mean of the weights after each call, of the latest the most, also from a saved state", async () => {
  const calls = [1, 2, 3, 4];
  const once = (trainer: Trainer, i: number) =>
    trainer.train(rollout, index.subarray((i - 1) * batch, i * batch), [1e-3]);
  const trainer = await open({ averageOver: 2 });
  expect(trainer.average).toEqual(theta);
  const weights: Float32Array[] = [];
  for (const i of calls) {
    await once(trainer, i);
    weights.push(trainer.theta);
  }
  // (w1 + w2) / 2 after two calls, half of that and half of w3 after three, and so on
  const [w1, w2, w3, w4] = weights;
  const mean = w1.map((_, i) => w1[i] / 8 + w2[i] / 8 + w3[i] / 4 + w4[i] / 2);
  expect(mean).not.toEqual(w4);
  expect([...trainer.average]).toEqual([...mean].map((x) => expect.closeTo(x, 6)));

  const [first, second] = [await open({ averageOver: 2 }), await open({ averageOver: 2 })];
  for (const i of [1, 2]) await once(first, i);
  second.load(first.state());
  for (const i of [3, 4]) await once(second, i);
  expect(second.average).toEqual(trainer.average);

  const plain = await open();
  for (const i of calls) await once(plain, i);
  expect(plain.average).toEqual(w4);
  expect(plain.state()).not.toHaveProperty("average");
  await Promise.all([trainer, first, second, plain].map((one) => one.close()));
});

describe("a mean of the weights", () => {
  const calls = [0, 1, 2, 3];
  const once = async (trainer: Trainer, i: number) => {
    await trainer.train(rollout, index.subarray(i * batch, (i + 1) * batch), [1e-3]);
    return trainer.theta;
  };
  const near = (weights: Float32Array) => [...weights].map((x) => expect.closeTo(x, 6));

  it("that begins with a saved state is over the calls since, of any number of updates", async () => {
    const [before, after] = [await open(), await open({ averageOver: 100 })];
    for (const i of calls) await once(before, i);
    after.load(before.state());
    const w1 = await once(after, 0);
    expect(after.average).toEqual(w1);
    await after.train(rollout, index.subarray(0, 2 * batch), [1e-3, 1e-3]);
    const mean = w1.map((x, i) => (x + after.theta[i]) / 2);
    expect([...after.average]).toEqual(near(mean));
    await Promise.all([before.close(), after.close()]);
  });

  it("is left behind by a training that keeps none", async () => {
    const [before, after] = [await open({ averageOver: 2 }), await open()];
    for (const i of calls) await once(before, i);
    after.load(before.state());
    expect(after.average).toEqual(before.theta);
    const last = await once(after, 0);
    expect(after.average).toEqual(last);
    expect(after.state()).not.toHaveProperty("average");
    await Promise.all([before.close(), after.close()]);
  });

  it("goes on from a state that does not say how many calls it is over as from one over all", async () => {
    const [before, after] = [await open({ averageOver: 100 }), await open({ averageOver: 100 })];
    for (const i of calls.slice(0, 3)) await once(before, i);
    const { averaged, ...old } = before.state();
    expect(averaged).toBe(3);
    after.load(old);
    await once(before, 3);
    await once(after, 3);
    expect(after.state()).toEqual(before.state());
    await Promise.all([before.close(), after.close()]);
  });
});

it.each(["loop", "step"] as const)(
  "stops at the first update that is not finite, and keeps the weights from before (%s)",
  async (mode) => {
    const trainer = await open({ mode, averageOver: 2 });
    await trainer.train(rollout, index.subarray(0, batch), [1e-3]);
    const before = trainer.state();
    // the first row of the third minibatch: an epoch, four minibatches long, has every row once
    const unseen = index[2 * batch];
    const broken = { ...rollout, return: rollout.return.with(unseen, Number.NaN) };
    const diverged = trainer.train(broken, index, rates);
    await expect(diverged).rejects.toThrow(TrainingDivergedError);
    await expect(diverged).rejects.toThrow(
      "The training diverged in update 4: its loss is NaN and the norm of its gradient NaN.",
    );
    expect(trainer.state()).toEqual(before);
    await trainer.train(rollout, index.subarray(batch, 2 * batch), [1e-3]);
    const other = await open({ mode });
    await other.train(rollout, index.subarray(0, 2 * batch), [1e-3, 1e-3]);
    expect(trainer.theta).toEqual(other.theta);
    await Promise.all([trainer.close(), other.close()]);
  },
);

it.each([Number.NaN, -1e-3, Number.POSITIVE_INFINITY])("refuses the rate %s", async (rate) => {
  const trainer = await open();
  const once = trainer.train(rollout, index.subarray(0, batch), [rate]);
  await expect(once).rejects.toThrow(
    new ConfigError(`Expected learning rates from 0 on, got ${rate}.`),
  );
  expect(trainer.theta).toEqual(theta);
  await trainer.close();
});

it("keeps the weights where the last update leaves none that are finite", async () => {
  const trainer = await open();
  const before = trainer.state();
  // beyond what float32 can hold; the loss before the update is finite
  const once = trainer.train(rollout, index.subarray(0, batch), [1e39]);
  await expect(once).rejects.toThrow(TrainingDivergedError);
  await expect(once).rejects.toThrow(
    "The training diverged in update 1: its weights are not finite.",
  );
  expect(trainer.state()).toEqual(before);
  await trainer.close();
});

it("leaves nothing open where the first weights are another model's", async () => {
  const sessions = watchSessions();
  await expect(open({ theta: new Float32Array(5) })).rejects.toThrow(
    'Expected "theta" of 1447 numbers, got 5: the state belongs to another model.',
  );
  sessions.stop();
  expect(sessions.open.size).toBe(0);
});

it("reads numbers of float64, too", async () => {
  const exact = Object.fromEntries(
    Object.entries(rollout).map(([name, array]) => [name, Float64Array.from(array)]),
  );
  const [a, b] = [await open(), await open()];
  await a.train(rollout, index, rates);
  await b.train(exact, index, rates);
  expect(b.theta).toEqual(a.theta);
  await Promise.all([a.close(), b.close()]);
});

it("leaves an earlier theta as it was", async () => {
  const trainer = await open();
  const before = trainer.theta;
  await trainer.train(rollout, index, rates);
  expect(before).toEqual(theta);
  expect(trainer.theta).not.toEqual(theta);
  await trainer.close();
});

it("reads arrays on shared memory", async () => {
  const shared = Object.fromEntries(
    Object.entries(rollout).map(([name, array]) => {
      const copy = new Float32Array(new SharedArrayBuffer(array.byteLength));
      copy.set(array);
      return [name, copy];
    }),
  );
  const [a, b] = [await open(), await open()];
  await a.train(rollout, index, rates);
  await b.train(shared, index, rates);
  expect(b.theta).toEqual(a.theta);
  await Promise.all([a.close(), b.close()]);
});

it("finds the line that least squares gives", async () => {
  const params = new Params().linear("line", 1, 1);
  const objective: Objective = (g, views, { x, y }) => ({
    loss: g.mean(g.square(g.sub(linear(g, views, "line", x), y))),
    stats: {},
  });
  const data = { x: { shape: [1] }, y: { shape: [1] } };
  const options = { params, objective, data, rows: 4, batch: 4, clipNorm: 10 };
  const trainer = await Trainer.create({ ...options, theta: params.init(createRng(6)) });
  const rounds = 2000;
  const learningRates = Array.from({ length: rounds }, (_, i) => 0.05 * (1 - i / rounds));
  const order = Int32Array.from({ length: 4 * rounds }, (_, i) => i % 4);
  // x = 0, 1, 2, 3 and y = 1, 3, 2, 4: slope 4/5, intercept 13/10, mean squared error 0.45
  const points = { x: Float32Array.of(0, 1, 2, 3), y: Float32Array.of(1, 3, 2, 4) };
  const { stats } = await trainer.train(points, order, learningRates);
  expect(trainer.theta[0]).toBeCloseTo(0.8, 3);
  expect(trainer.theta[1]).toBeCloseTo(1.3, 3);
  expect(stats.loss[rounds - 1]).toBeCloseTo(0.45, 4);
  await trainer.close();
});

it.each([
  {
    what: "an array of another size",
    change: { obs: new Float32Array(3) },
    says: 'Expected "obs" as float32 [256, 7] (1792 numbers), got 3 numbers.',
  },
  {
    what: "an array nobody asked for",
    change: { reward: new Float32Array(rows) },
    says: 'Unknown array "reward". Arrays: obs, action, logProb, advantage, return.',
  },
  {
    what: "an array of another type",
    change: { obs: new Uint8Array(rows * 7) },
    says: 'Expected "obs" as float32 [256, 7], got a Uint8Array.',
  },
])("names $what", async ({ change, says }) => {
  const trainer = await open();
  await expect(trainer.train({ ...rollout, ...change }, index, rates)).rejects.toThrow(says);
  await trainer.close();
});

it("names an index that does not fill its minibatches, and rows that are not there", async () => {
  const trainer = await open();
  await expect(trainer.train(rollout, index.subarray(1), rates)).rejects.toThrow(
    "Expected an index of 8 minibatches of 64 rows (512 numbers), got 511 numbers.",
  );
  const beyond = index.with(5, 256);
  await expect(trainer.train(rollout, beyond, rates)).rejects.toThrow(
    "Expected rows 0 to 255 in the index, got 256.",
  );
  await trainer.close();
});

it("refuses the state of another model", async () => {
  const trainer = await open();
  const none = new Float32Array(5);
  // (7 + 1) 32 + (32 + 1) 32 + (32 + 1) 3 + (32 + 1) + 3 parameters
  expect(() => trainer.load({ theta: none, m: none, v: none, steps: 1 })).toThrow(
    "of 1447 numbers, got 5: the state belongs to another model.",
  );
  await trainer.close();
});
