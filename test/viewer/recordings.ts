/** Episodes and policies for the viewer to show, made on the spot. */

import { mkdirSync, writeFileSync } from "node:fs";
import path from "node:path";
import { encodeModel } from "../../nn/onnx.ts";
import { completeManifest, writeBundle } from "../../policies/bundle.ts";
import type { ManifestDraft } from "../../policies/manifest.ts";
import { encodeReplay, type Replay } from "../../sim/replay.ts";
import { SceneBatch } from "../../sim/scene-batch.ts";
import { findScene } from "../../sim/scenes/index.ts";
import { drive, provenance } from "../policies/tiny-policies.ts";

/** Thirty steps of reach-box in a wide curve, straight out of a batch. */
export async function recordCurve(): Promise<Replay> {
  const batch = await SceneBatch.create({
    scene: findScene("reach-box"),
    envs: 1,
    seed: 5,
    purpose: "evaluation",
    groups: [],
  });
  const bodies = [...batch.world.bodies];
  const row = new Float32Array(bodies.length * 7);
  const poses: number[] = [];
  const actions: number[] = [];
  const keep = () => {
    batch.poses(0, row);
    poses.push(...row);
  };
  batch.reset();
  keep();
  for (let t = 0; t < 30; t++) {
    const action = Float32Array.of(0.5, 0.4);
    batch.step(action);
    if (batch.ends.length > 0) throw new Error("internal: the curve meets the box");
    actions.push(...action);
    keep();
  }
  batch.free();
  return {
    scene: "reach-box",
    config: {},
    policy: "a curve",
    seed: 5,
    start: 0,
    outcome: "timed out",
    controlStep_s: 0.1,
    bodies,
    steps: 30,
    return: 0.25,
    poses: Float32Array.from(poses),
    actions: Float32Array.from(actions),
  };
}

export function saveReplay(folder: string, name: string, replay: Replay): void {
  mkdirSync(folder, { recursive: true });
  writeFileSync(path.join(folder, `${name}.json`), encodeReplay(replay));
}

const servoDraft: ManifestDraft = {
  name: "servo",
  scene: "reach-box",
  controlStep_s: 0.1,
  inputs: [
    { name: "layers", shape: [1, 64, 64], dtype: "float32" },
    { name: "proprioception", shape: [2], dtype: "float32" },
  ],
  output: drive,
  provenance,
};

/** Of the servo, as if its file were empty. */
export const servoManifest = completeManifest(servoDraft, Uint8Array.of(0));

/** A student that turns towards what it sees: turn = 0.2 + sum of inverse depth * (31.5 - column) / 1000. */
export async function saveStudent(folder: string): Promise<void> {
  const pixels = 64 * 64;
  const weight = Float32Array.from({ length: pixels * 2 }, (_, i) =>
    i % 2 === 0 ? 0 : (31.5 - ((i >> 1) % 64)) / 1000,
  );
  const dtype = "float32" as const;
  const onnx = encodeModel({
    name: "servo",
    nodes: [
      { op: "Flatten", inputs: ["layers"], outputs: ["flat"], attributes: {} },
      { op: "Gemm", inputs: ["flat", "weight", "bias"], outputs: ["sum"], attributes: {} },
      {
        op: "Sub",
        inputs: ["proprioception", "proprioception"],
        outputs: ["zero"],
        attributes: {},
      },
      { op: "Add", inputs: ["sum", "zero"], outputs: ["all"], attributes: {} },
      { op: "Clip", inputs: ["all", "low", "high"], outputs: ["action"], attributes: {} },
    ],
    initializers: [
      { name: "weight", dtype, shape: [pixels, 2], data: weight },
      { name: "bias", dtype, shape: [2], data: Float32Array.of(0.3, 0.2) },
      { name: "low", dtype, shape: [], data: Float32Array.of(-1) },
      { name: "high", dtype, shape: [], data: Float32Array.of(1) },
    ],
    inputs: [
      { name: "layers", dtype, shape: ["N", 1, 64, 64] },
      { name: "proprioception", dtype, shape: ["N", 2] },
    ],
    outputs: [{ name: "action", dtype, shape: ["N", 2] }],
  });
  await writeBundle(folder, { onnx, manifest: servoDraft });
}
