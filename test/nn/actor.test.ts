/** Acting and exporting: the same numbers by every way to them. */

import { describe, expect, it } from "vitest";
import { ConfigError } from "../../core/errors.ts";
import { createRng } from "../../core/rng.ts";
import { Actor } from "../../nn/actor.ts";
import { tensorOver } from "../../nn/arrays.ts";
import { runInBatches } from "../../nn/batches.ts";
import { createSession } from "../../nn/device.ts";
import { encodeInference } from "../../nn/inference.ts";
import { zeros } from "../../nn/initializers.ts";
import { gru, layerNorm, linear } from "../../nn/layers.ts";
import type { Forward } from "../../nn/model.ts";
import { Params } from "../../nn/params.ts";
import { studentModel } from "./support/cnn-model.ts";

const model = studentModel();
const theta = model.params.init(createRng(1));
const rng = createRng(2);
const frames = Uint8Array.from({ length: 5 * 2 * 32 * 32 }, () => 255 * rng.next());
const outputs = ["action", "latent"];

it("acts alike live, frozen, and exported at any batch size", async () => {
  const actor = await Actor.create({ ...model, outputs, batch: 5 });
  const live = await actor.run(theta, { frames });
  expect(live.action.length).toBe(10);
  expect(live.latent.length).toBe(80);
  await actor.freeze(theta);
  expectClose((await actor.run(theta, { frames })).action, live.action);
  const exported = await createSession(encodeInference({ ...model, theta, outputs }));
  for (const rows of [5, 1, 3]) {
    const part = frames.subarray(0, rows * 2 * 32 * 32);
    const { action } = await exported.run({ frames: tensorOver(part, [rows, 2, 32, 32]) });
    expect(action.dims).toEqual([rows, 2]);
    expectClose(action.data as Float32Array, live.action.subarray(0, 2 * rows));
  }
  await Promise.all([actor.close(), exported.release()]);
});

it("sees weights and inputs that change in place", async () => {
  const params = new Params().linear("line", 2, 1);
  const forward: Forward = (g, views, { x }) => ({ y: linear(g, views, "line", x) });
  const inputs = { x: { shape: [2] } };
  const actor = await Actor.create({ params, forward, inputs, outputs: ["y"], batch: 1 });
  const weights = Float32Array.of(1, 10, 100);
  const x = Float32Array.of(1, 1);
  expect([...(await actor.run(weights, { x })).y]).toEqual([111]);
  x[0] = 3;
  weights[1] = 20;
  expect([...(await actor.run(weights, { x })).y]).toEqual([123]);
  // frozen numbers are those of the moment, for that array only
  await actor.freeze(weights);
  weights[2] = 0;
  expect([...(await actor.run(weights, { x })).y]).toEqual([123]);
  expect([...(await actor.run(weights.slice(), { x })).y]).toEqual([23]);
  const shared = new Float32Array(new SharedArrayBuffer(12));
  shared.set([1, 1, 1]);
  expect([...(await actor.run(shared, { x })).y]).toEqual([5]);
  shared[2] = 2;
  expect([...(await actor.run(shared, { x })).y]).toEqual([6]);
  await actor.close();
});

it("runs any number of rows in batches, pixels as they are", async () => {
  const actor = await Actor.create({ ...model, outputs, batch: 5 });
  const whole = await actor.run(theta, { frames });
  const few = await Actor.create({ ...model, outputs, batch: 3 });
  const found = await runInBatches(few, theta, { frames }, { rows: 5, batch: 3 });
  expectClose(found.action, whole.action);
  expectClose(found.latent, whole.latent);
  await Promise.all([actor.close(), few.close()]);
});

describe("calls that do not wait for one another", () => {
  const params = new Params().linear("line", 1, 1);
  const forward: Forward = (g, views, { x }) => ({ y: linear(g, views, "line", x) });
  const inputs = { x: { shape: [1] } };
  const options = { params, forward, inputs, outputs: ["y"], batch: 1 };
  const plain = (...numbers: number[]) => Float32Array.from(numbers);
  const shared = (...numbers: number[]) => {
    const array = new Float32Array(new SharedArrayBuffer(4 * numbers.length));
    array.set(numbers);
    return array;
  };

  it.each<[string, boolean, (...numbers: number[]) => Float32Array]>([
    ["live", false, plain],
    ["live, on shared memory", false, shared],
    ["frozen", true, plain],
  ])("are answered each for itself (%s)", async (_, frozen, array) => {
    const actor = await Actor.create(options);
    // y = 10 x + 1
    const weights = array(10, 1);
    if (frozen) await actor.freeze(weights);
    const answers = await Promise.all([1, 2, 3].map((x) => actor.run(weights, { x: array(x) })));
    expect(answers.map(({ y }) => [...y])).toEqual([[11], [21], [31]]);
    const others = [array(10, 1), array(20, 2)];
    const both = await Promise.all(others.map((each) => actor.run(each, { x: array(1) })));
    expect(both.map(({ y }) => [...y])).toEqual([[11], [22]]);
    await actor.close();
  });

  it("are answered before weights are frozen anew, and before the actor closes", async () => {
    const actor = await Actor.create(options);
    const weights = Float32Array.of(10, 1);
    await actor.freeze(weights);
    const x = Float32Array.of(1);
    const before = actor.run(weights, { x });
    weights[1] = 2;
    const freezing = actor.freeze(weights);
    const after = actor.run(weights, { x });
    await Promise.all([freezing, actor.close()]);
    expect([(await before).y[0], (await after).y[0]]).toEqual([11, 12]);
  });

  it("go on after one that failed", async () => {
    const actor = await Actor.create(options);
    const weights = Float32Array.of(10, 1);
    const wrong = actor.run(weights, {});
    const right = actor.run(weights, { x: Float32Array.of(1) });
    await expect(wrong).rejects.toThrow("got nothing");
    expect([...(await right).y]).toEqual([11]);
    await actor.close();
  });
});

it("keeps an input apart from the weights, whatever it is called", async () => {
  const params = new Params().linear("line", 1, 1);
  const forward: Forward = (g, views, { theta }) => ({ y: linear(g, views, "line", theta) });
  const inputs = { theta: { shape: [1] } };
  const actor = await Actor.create({ params, forward, inputs, outputs: ["y"], batch: 2 });
  const [weights, theta] = [10, 3].map((first) => {
    const array = new Float32Array(new SharedArrayBuffer(8));
    array.set([first, 1]);
    return array;
  });
  // 10 x + 1 of 3 and 1
  expect([...(await actor.run(weights, { theta })).y]).toEqual([31, 11]);
  await actor.close();
});

it.each([
  ["x", "y", '"x" is the name of two things, parameter and input'],
  ["y", "y", '"y" is the name of two things, parameter and output'],
  ["w", "x", '"x" is the name of two things, input and output'],
])("refuses names that are taken twice (%#)", async (parameter, output, says) => {
  const params = new Params().add(parameter, [1], zeros);
  const forward: Forward = (g, views, { x }) => ({ [output]: g.mul(x, views[parameter]) });
  const options = { params, forward, inputs: { x: { shape: [1] } }, outputs: [output] };
  const weights = Float32Array.of(1);
  expect(() => encodeInference({ ...options, theta: weights })).toThrow(ConfigError);
  expect(() => encodeInference({ ...options, theta: weights })).toThrow(says);
  await expect(Actor.create({ ...options, batch: 1 })).rejects.toThrow(says);
});

it("exports memory, normalisation and pooling over points with an unknown batch", async () => {
  const params = new Params()
    .linear("point", 3, 8)
    .layerNorm("norm", 8)
    .gru("memory", 8, 4)
    .linear("out", 4, 2);
  const forward: Forward = (g, views, { points, memory }) => {
    const rows = g.reshape(points, [points.shape[0] * 6, 3]);
    const each = g.reshape(g.relu(linear(g, views, "point", rows)), [-1, 6, 8]);
    const pooled = layerNorm(g, views, "norm", g.maxReduce(each, { axes: [1] }));
    const next = gru(g, views, "memory", pooled, memory);
    return { memory: next, mean: g.clip(linear(g, views, "out", next), -1, 1) };
  };
  const inputs = { points: { shape: [6, 3] }, memory: { shape: [4] } };
  const weights = params.init(createRng(3));
  const data = {
    points: Float32Array.from({ length: 4 * 18 }, () => rng.normal()),
    memory: Float32Array.from({ length: 4 * 4 }, () => rng.normal()),
  };
  const actor = await Actor.create({ params, forward, inputs, outputs: ["mean"], batch: 4 });
  const { mean } = await actor.run(weights, data);
  const bytes = encodeInference({
    ...{ params, theta: weights, forward, inputs },
    outputs: ["mean"],
    metadata: { step_s: "0.1" },
  });
  expect(Buffer.from(bytes).includes("step_s")).toBe(true);
  const exported = await createSession(bytes);
  const result = await exported.run({
    points: tensorOver(data.points, [4, 6, 3]),
    memory: tensorOver(data.memory, [4, 4]),
  });
  expectClose(result.mean.data as Float32Array, mean);
  await Promise.all([actor.close(), exported.release()]);
});

it("names a wrong input, a wrong theta and an output that is not there", async () => {
  const actor = await Actor.create({ ...model, outputs, batch: 5 });
  await expect(actor.run(theta, { frames: frames.subarray(1) })).rejects.toThrow(
    'Expected "frames" as uint8 [5, 2, 32, 32] (10240 numbers), got 10239 numbers.',
  );
  await expect(actor.run(theta, {})).rejects.toThrow("got nothing");
  await expect(actor.run(theta.subarray(1), { frames })).rejects.toThrow("Expected theta of");
  await actor.close();
  await expect(Actor.create({ ...model, outputs: ["value"], batch: 5 })).rejects.toThrow(
    'Unknown output "value". Known: action, latent.',
  );
});

function expectClose(found: Float32Array, expected: Float32Array): void {
  expect(found.length).toBe(expected.length);
  found.forEach((x, i) => {
    expect(x).toBeCloseTo(expected[i], 5);
  });
}
