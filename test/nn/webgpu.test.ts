/** The WebGPU path against the CPU, where a GPU adapter (a software one will do) answers. */

import { expect, it } from "vitest";
import { createRng } from "../../core/rng.ts";
import { Actor } from "../../nn/actor.ts";
import { createSession, type Device } from "../../nn/device.ts";
import { Graph } from "../../nn/graph.ts";
import { encodeModel } from "../../nn/onnx.ts";
import { sizeOf } from "../../nn/tensor.ts";
import { Trainer } from "../../nn/trainer.ts";
import { studentModel } from "./support/cnn-model.ts";
import { layerCases, operationCases } from "./support/gradient-cases.ts";
import { fakeRollout, ppoModel } from "./support/ppo-model.ts";
import { runGraph } from "./support/run-graph.ts";

const hasGpu = await answers();

it.skipIf(!hasGpu)("trains to the CPU's weights, up to rounding, and resumes", async () => {
  const sizes = { obs: 16, hidden: 32, actions: 4 };
  const model = ppoModel(sizes);
  const rollout = fakeRollout(256, sizes, createRng(1));
  const theta = model.params.init(createRng(2));
  const index = Int32Array.from({ length: 512 }, (_, i) => (i * 7) % 256);
  const rates = Array<number>(8).fill(1e-3);
  const open = (device: Device) =>
    Trainer.create({ ...model, rows: 256, batch: 64, clipNorm: 0.5, theta, device });
  const [cpu, gpu, resumed] = [await open("cpu"), await open("webgpu"), await open("webgpu")];
  for (const trainer of [cpu, gpu]) await trainer.train(rollout, index, rates);
  resumed.load(gpu.state());
  for (const trainer of [cpu, gpu, resumed]) {
    const { stats } = await trainer.train(rollout, index, rates);
    expect(stats.loss.length).toBe(8);
  }
  expect(difference(gpu.theta, cpu.theta)).toBeLessThan(2e-6);
  expect(difference(cpu.theta, theta)).toBeGreaterThan(1e-3);
  expect(resumed.state()).toEqual(gpu.state());
  for (const trainer of [cpu, gpu, resumed]) await trainer.close();
});

it.skipIf(!hasGpu)("reads numbers of float64 as the CPU does", async () => {
  const sizes = { obs: 16, hidden: 32, actions: 4 };
  const model = ppoModel(sizes);
  const rollout = fakeRollout(64, sizes, createRng(1));
  const exact = Object.fromEntries(
    Object.entries(rollout).map(([name, array]) => [name, Float64Array.from(array)]),
  );
  const index = Int32Array.from({ length: 64 }, (_, i) => i);
  const trained = async (data: typeof rollout | typeof exact) => {
    const options = { ...model, rows: 64, batch: 64, clipNorm: 0.5, device: "webgpu" as const };
    const trainer = await Trainer.create({ ...options, theta: model.params.init(createRng(2)) });
    await trainer.train(data, index, [1e-3]);
    await trainer.close();
    return trainer.theta;
  };
  expect(await trained(exact)).toEqual(await trained(rollout));
});

it.skipIf(!hasGpu)("acts as the CPU does", async () => {
  const model = studentModel();
  const theta = model.params.init(createRng(3));
  const frames = Uint8Array.from({ length: 4 * 2 * 32 * 32 }, (_, i) => i % 251);
  const act = async (device: Device) => {
    const actor = await Actor.create({ ...model, outputs: ["action"], batch: 4, device });
    const { action } = await actor.run(theta, { frames });
    await actor.close();
    return action;
  };
  expect(difference(await act("webgpu"), await act("cpu"))).toBeLessThan(1e-5);
});

it.skipIf(!hasGpu).each([...operationCases, ...layerCases])("computes $name", async (row) => {
  const rng = createRng(4).split(row.name);
  const values = Object.entries(row.shapes).map(([name, shape]) => [
    name,
    Float64Array.from({ length: sizeOf(shape) }, () => rng.uniform(0.5, 2)),
  ]);
  const run = (device: Device) =>
    runGraph(
      row.shapes,
      Object.fromEntries(values),
      (g, inputs) => {
        const result = row.build(g, inputs);
        const gradients = g.gradients(g.sum(g.square(result)), Object.values(inputs));
        return { result, ...Object.fromEntries(gradients.map((x, i) => [`d${i}`, x])) };
      },
      { device },
    );
  const [cpu, gpu] = [await run("cpu"), await run("webgpu")];
  for (const [name, array] of Object.entries(cpu)) {
    const scale = Math.max(1, ...array.map(Math.abs));
    expect(difference(gpu[name], array) / scale).toBeLessThan(2e-5);
  }
});

function difference(a: ArrayLike<number>, b: ArrayLike<number>): number {
  return Array.from(a).reduce((worst, x, i) => Math.max(worst, Math.abs(x - b[i])), 0);
}

async function answers(): Promise<boolean> {
  const g = new Graph();
  g.output("y", g.neg(g.input("x", [1])));
  try {
    const session = await createSession(encodeModel(g.definition("probe")), { device: "webgpu" });
    await session.release();
    return true;
  } catch {
    return false;
  }
}
