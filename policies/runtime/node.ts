/** Policies on onnxruntime-node: what servers, evaluations and robots use. */

import { env, InferenceSession, Tensor } from "onnxruntime-node";
import { DeviceError } from "../../core/errors.ts";
import { readBundle } from "../bundle.ts";
import type { PolicyManifest } from "../manifest.ts";
import {
  type Backend,
  backendOf,
  createRuntime,
  notLoading,
  type PolicyRuntime,
} from "./runtime.ts";

export type Device = "cpu" | "webgpu" | "cuda";

export interface LoadOptions {
  /** `cpu` unless said otherwise; another device that is not here is an error, never a fallback. */
  readonly device?: Device;
  /** Threads inside one operator. One is fastest for small batches. */
  readonly threads?: number;
}

/**
 * Loads the bundle in `folder`; close it when done.
 * @throws FileError for a bad bundle, DeviceError for a device that is not here.
 */
export async function loadPolicy(
  folder: string,
  options: LoadOptions = {},
): Promise<PolicyRuntime> {
  const { manifest, onnx } = readBundle(folder);
  return createRuntime(manifest, await openSession(manifest, onnx, options));
}

/** The same from bytes that are not (yet) a bundle. */
export async function loadPolicyBytes(
  manifest: PolicyManifest,
  onnx: Uint8Array,
  options: LoadOptions = {},
): Promise<PolicyRuntime> {
  return createRuntime(manifest, await openSession(manifest, onnx, options));
}

async function openSession(
  manifest: PolicyManifest,
  onnx: Uint8Array,
  { device = "cpu", threads = 1 }: LoadOptions,
): Promise<Backend> {
  // what it has to say comes back as an error, which is ours to word
  env.logLevel = "fatal";
  const session = await InferenceSession.create(onnx, {
    executionProviders: [device],
    intraOpNumThreads: threads,
    interOpNumThreads: 1,
    logSeverityLevel: 4,
  }).catch((error: Error) => {
    if (device === "cpu") throw notLoading(manifest, error);
    const [reason] = error.message.split("\n");
    throw new DeviceError(
      `Policy "${manifest.name}" cannot run on device "${device}": ${reason}. Use device "cpu".`,
    );
  });
  return backendOf(session, ({ data, dims }) => new Tensor("float32", data, dims));
}
