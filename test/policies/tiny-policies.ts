/** Policies small enough to work out by hand, written as ONNX node by node. */

import { createRng } from "../../core/rng.ts";
import {
  type Attribute,
  encodeModel,
  type InitializerDef,
  type NodeDef,
  type ValueDef,
} from "../../nn/onnx.ts";
import { completeManifest } from "../../policies/bundle.ts";
import type {
  CameraSpec,
  ManifestDraft,
  PolicyInput,
  PolicyManifest,
  PolicyOutput,
} from "../../policies/manifest.ts";
import { posesOutput } from "../../student/interface.ts";

export const provenance = {
  command: "understudy export --policy runs/tiny",
  commit: "0123456789ab",
  seed: 1,
  environmentSteps: 1000,
  versions: { understudy: "0.1.0" },
};

/** What a robot of two columns does: forward 0.4 m/s, turn 2.84 rad/s. */
export const drive: PolicyOutput = {
  name: "action",
  shape: [2],
  low: -1,
  high: 1,
  columns: [
    { name: "forward", width: 1, unit: "m/s", scale: 0.4 },
    { name: "turn", width: 1, unit: "rad/s", scale: 2.84 },
  ],
};

/** A camera of four by two pixels and two roles. */
export const smallCamera: CameraSpec = {
  width: 4,
  height: 2,
  horizontalFov_rad: 1,
  verticalFov_rad: 0.5,
  baseFromCamera: { position: [0, 0, 0], rotation: [0, 0, 0, 1] },
  layers: ["active", "anchor"],
  inverseDepthScale_m: 1,
  minDepth_m: 0.1,
  maxDepth_m: 10,
};

/** The images of that camera, as an input. */
export const smallLayers: PolicyInput = {
  name: "layers",
  shape: [2, 2, 4],
  dtype: "float32",
  camera: smallCamera,
};

/** A manifest of such a robot whose network is not in a file: what is under test is in front of it. */
export function drivenBy(
  inputs: readonly PolicyInput[],
  more: Partial<ManifestDraft> = {},
): PolicyManifest {
  const draft = { name: "tiny", scene: "push-pair", controlStep_s: 0.1, output: drive, provenance };
  return completeManifest({ ...draft, inputs: [...inputs], ...more }, Uint8Array.of(0));
}

/** action = clip([x + 2y, 0.5 - z], -limit, limit) of state [x, y, z]. */
export function linearPolicy(limit = 1): { onnx: Uint8Array; manifest: ManifestDraft } {
  const onnx = model(
    [
      node("Gemm", ["state", "weight", "bias"], "sum"),
      node("Clip", ["sum", "low", "high"], "action"),
    ],
    [
      tensor("weight", [3, 2], [1, 0, 2, 0, 0, -1]),
      tensor("bias", [2], [0, 0.5]),
      ...limits(limit),
    ],
    [value("state", 3)],
    [value("action", 2)],
  );
  const columns = ["x", "y", "z"].map((name) => ({ name, width: 1, unit: "m" }));
  const inputs = [{ name: "state", shape: [3], dtype: "float32" as const, columns }];
  const manifest = { name: "linear", scene: "reach-box", controlStep_s: 0.1, inputs };
  const output = { ...drive, low: -limit, high: limit };
  return { onnx, manifest: { ...manifest, output, provenance } };
}

/** Three actions in one answer: forward = x, 2x and 3x of state [x], turn 0. */
export function chunkPolicy(): { onnx: Uint8Array; manifest: ManifestDraft } {
  const onnx = model(
    [
      node("MatMul", ["state", "weight"], "flat"),
      node("Clip", ["flat", "low", "high"], "clipped"),
      node("Reshape", ["clipped", "shape"], "action"),
    ],
    [
      tensor("weight", [1, 6], [1, 0, 2, 0, 3, 0]),
      { name: "shape", dtype: "int64", shape: [3], data: BigInt64Array.of(-1n, 3n, 2n) },
      ...limits(),
    ],
    [value("state", 1)],
    [value("action", 3, 2)],
  );
  const inputs = [{ name: "state", shape: [1], dtype: "float32" as const }];
  const manifest = { name: "chunks", scene: "reach-box", controlStep_s: 0.1, steps: 3, inputs };
  return { onnx, manifest: { ...manifest, output: drive, provenance } };
}

/** The state is the sum of all inputs so far; action = clip(that sum, -1, 1). */
export function summingPolicy(): { onnx: Uint8Array; manifest: ManifestDraft } {
  const onnx = model(
    [
      node("Add", ["push", "total"], "next_total"),
      node("Clip", ["next_total", "low", "high"], "action"),
    ],
    limits(),
    [value("push", 2), value("total", 2)],
    [value("action", 2), value("next_total", 2)],
  );
  const inputs = [{ name: "push", shape: [2], dtype: "float32" as const }];
  const recurrent = [{ input: "total", output: "next_total", shape: [2] }];
  const manifest = { name: "summing", scene: "reach-box", controlStep_s: 0.1, inputs, recurrent };
  return { onnx, manifest: { ...manifest, output: drive, provenance } };
}

/** The linear policy, which also believes its "active" to be at (x, y), as surely as z. */
export function believingPolicy(): { onnx: Uint8Array; manifest: ManifestDraft } {
  const { manifest } = linearPolicy();
  const onnx = model(
    [
      node("Gemm", ["state", "weight", "bias"], "sum"),
      node("Clip", ["sum", "low", "high"], "action"),
      node("Gather", ["state", "order"], "line", { axis: { int: 1 } }),
      node("Unsqueeze", ["line", "axes"], "poses"),
    ],
    [
      tensor("weight", [3, 2], [1, 0, 2, 0, 0, -1]),
      tensor("bias", [2], [0, 0.5]),
      ...limits(),
      { name: "order", dtype: "int64", shape: [3], data: BigInt64Array.of(2n, 0n, 1n) },
      { name: "axes", dtype: "int64", shape: [1], data: BigInt64Array.of(1n) },
    ],
    [value("state", 3)],
    [value("action", 2), value("poses", 1, 3)],
  );
  return { onnx, manifest: { ...manifest, name: "believing", poses: posesOutput(["active"]) } };
}

/** Three role layers of `size` x `size` and the last action -> 8/4 and 4/2 convolutions -> tanh. */
export function cnnPolicy(size = 64): { onnx: Uint8Array; manifest: ManifestDraft } {
  const rng = createRng(3);
  const random = (name: string, shape: number[], scale: number) => {
    const length = shape.reduce((a, b) => a * b, 1);
    return tensor(
      name,
      shape,
      Array.from({ length }, () => scale * rng.normal()),
    );
  };
  const first = Math.floor((size - 8) / 4) + 1;
  const second = Math.floor((first - 4) / 2) + 1;
  const flat = 32 * second * second + 2;
  const strides = (k: number, s: number) => ({
    kernel_shape: { ints: [k, k] },
    strides: { ints: [s, s] },
  });
  const onnx = model(
    [
      node("Conv", ["layers", "c1", "b1"], "p1", strides(8, 4)),
      node("Relu", ["p1"], "h1"),
      node("Conv", ["h1", "c2", "b2"], "p2", strides(4, 2)),
      node("Relu", ["p2"], "h2"),
      node("Flatten", ["h2"], "f"),
      node("Concat", ["f", "last_action"], "g", { axis: { int: 1 } }),
      node("Gemm", ["g", "w3", "b3"], "p3"),
      node("Relu", ["p3"], "h3"),
      node("Gemm", ["h3", "w4", "b4"], "p4"),
      node("Tanh", ["p4"], "action"),
    ],
    [
      random("c1", [16, 3, 8, 8], 0.07),
      random("b1", [16], 0.1),
      random("c2", [32, 16, 4, 4], 0.06),
      random("b2", [32], 0.1),
      random("w3", [flat, 128], 0.03),
      random("b3", [128], 0.1),
      random("w4", [128, 2], 0.1),
      random("b4", [2], 0.1),
    ],
    [value("layers", 3, size, size), value("last_action", 2)],
    [value("action", 2)],
  );
  const camera = {
    width: size,
    height: size,
    horizontalFov_rad: 1.2,
    verticalFov_rad: 0.9,
    baseFromCamera: {
      position: [0.05, 0, 0.12] as [number, number, number],
      rotation: [-0.5, 0.5, -0.5, 0.5] as [number, number, number, number],
    },
    layers: ["target", "anchor", "other"],
    inverseDepthScale_m: 0.2,
    ...{ minDepth_m: 0.1, maxDepth_m: 10 },
  };
  const dtype = "float32" as const;
  const inputs = [
    { name: "layers", shape: [3, size, size], dtype, camera },
    { name: "last_action", shape: [2], dtype },
  ];
  const manifest = { name: "cnn", scene: "push-pair", controlStep_s: 0.1, inputs };
  return { onnx, manifest: { ...manifest, output: drive, provenance } };
}

function model(
  nodes: NodeDef[],
  initializers: InitializerDef[],
  inputs: ValueDef[],
  outputs: ValueDef[],
): Uint8Array {
  return encodeModel({ name: "tiny", nodes, initializers, inputs, outputs });
}

function node(
  op: string,
  inputs: string[],
  output: string,
  attributes: Record<string, Attribute> = {},
): NodeDef {
  return { op, inputs, outputs: [output], attributes };
}

function tensor(name: string, shape: number[], data: number[]): InitializerDef {
  return { name, dtype: "float32", shape, data: Float32Array.from(data) };
}

function limits(limit = 1): InitializerDef[] {
  return [tensor("low", [], [-limit]), tensor("high", [], [limit])];
}

function value(name: string, ...shape: number[]): ValueDef {
  return { name, dtype: "float32", shape: ["N", ...shape] };
}
