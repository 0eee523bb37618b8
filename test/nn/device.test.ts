/** What is said when a device is missing or a file is not whole. */

import { expect, it } from "vitest";
import { DeviceError, FileError } from "../../core/errors.ts";
import { createRng } from "../../core/rng.ts";
import { createSession, type Device } from "../../nn/device.ts";
import { encodeInference } from "../../nn/inference.ts";
import { Trainer } from "../../nn/trainer.ts";
import { ppoModel } from "./support/ppo-model.ts";

const model = ppoModel({ obs: 3, hidden: 4, actions: 1 });
const theta = model.params.init(createRng(1));
const inputs = { obs: { shape: [3] } };
const bytes = encodeInference({ ...model, inputs, theta, outputs: ["mean", "value"] });

it("trains on a GPU, or says in one sentence that none answers", async () => {
  const options = { ...model, rows: 4, batch: 4, clipNorm: 1, theta, device: "webgpu" as const };
  const outcome = await Trainer.create(options).catch((error: unknown) => error);
  if (outcome instanceof Trainer) {
    await outcome.close();
    return;
  }
  expect(outcome).toBeInstanceOf(DeviceError);
  expect((outcome as Error).message).toBe(
    'Device "webgpu" was asked for, but no GPU adapter answers here. Install its Vulkan driver, or use the device "cpu".',
  );
});

it("refuses to loop on a GPU", async () => {
  const options = { ...model, rows: 4, batch: 4, clipNorm: 1, device: "webgpu" as const };
  await expect(Trainer.create({ ...options, mode: "loop" })).rejects.toThrow(
    'Device "webgpu" trains in mode "step" and float32 only.',
  );
});

it("names an unknown device", async () => {
  await expect(createSession(bytes, { device: "tpu" as Device })).rejects.toThrow(
    'Unknown device "tpu". Devices: cpu, webgpu.',
  );
});

it.each([0, 10, 200])("names a model file of which only %i bytes are left", async (length) => {
  const outcome = createSession(bytes.slice(0, length), { name: '"policy.onnx"' });
  await expect(outcome).rejects.toBeInstanceOf(FileError);
  await expect(createSession(bytes.slice(0, length), { name: '"policy.onnx"' })).rejects.toThrow(
    '"policy.onnx" is not a whole ONNX model: it cannot be read to its end. Export or copy it again.',
  );
});
