/** Where graphs run, and how onnxruntime is asked for it. */

import * as ort from "onnxruntime-node";
import { ConfigError, DeviceError, FileError } from "../core/errors.ts";

export type Device = "cpu" | "webgpu";
export const DEVICES: readonly Device[] = ["cpu", "webgpu"];

export interface SessionOptions {
  readonly device?: Device;
  /** Threads inside one operator. One and two give the same bits; more may round otherwise. */
  readonly threads?: number;
  /** Outputs that stay on the device. */
  readonly onDevice?: readonly string[];
  /** What the model is, for messages: a path, or what it does. */
  readonly name?: string;
}

/** Opens a model. A device that is not here and bytes that are no model each give one sentence. */
export async function createSession(
  model: Uint8Array,
  options: SessionOptions = {},
): Promise<ort.InferenceSession> {
  const { device = "cpu", threads = 1, onDevice = [], name = "The model" } = options;
  if (!DEVICES.includes(device)) {
    throw new ConfigError(`Unknown device "${device}". Devices: ${DEVICES.join(", ")}.`);
  }
  try {
    return await ort.InferenceSession.create(model, {
      executionProviders: [device],
      intraOpNumThreads: threads,
      interOpNumThreads: 1,
      logSeverityLevel: 3,
      // idle threads sleep rather than spin: the cores are shared with the workers that simulate
      // not set_denormal_as_zero: it changes the arithmetic of the whole thread, and Rapier's handles are
      // denormal numbers in JavaScript, which would all become 0
      extra: { session: { intra_op: { allow_spinning: "0" } } },
      ...(onDevice.length > 0 && {
        preferredOutputLocation: Object.fromEntries(
          onDevice.map((output) => [output, "gpu-buffer" as const]),
        ),
      }),
    });
  } catch (error) {
    throw explained(error, device, name);
  }
}

function explained(error: unknown, device: Device, name: string): Error {
  const reason = error instanceof Error ? error.message : String(error);
  if (/protobuf|ModelProto|data pointer is null/i.test(reason)) {
    return new FileError(
      `${name} is not a whole ONNX model: it cannot be read to its end. Export or copy it again.`,
    );
  }
  if (device === "webgpu" && /adapter|backend not found|not supported/i.test(reason)) {
    return new DeviceError(
      'Device "webgpu" was asked for, but no GPU adapter answers here. Install its Vulkan driver, or use the device "cpu".',
    );
  }
  return new Error(`internal: onnxruntime refused ${name}: ${reason}`);
}
