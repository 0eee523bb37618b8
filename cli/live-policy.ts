/** A run's newest policy as a bundle in memory, for the page to run: a student's as it is exported, a teacher's likewise. */

import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import path from "node:path";
import { encodeInference } from "../nn/inference.ts";
import type { Forward } from "../nn/model.ts";
import { completeManifest, readBundle } from "../policies/bundle.ts";
import { readCheckpointKind } from "../policies/checkpoint.ts";
import type { ManifestDraft } from "../policies/manifest.ts";
import { teacherNetwork } from "../policies/networks/teacher.ts";
import { readBy } from "../rollout/actor.ts";
import { teacherActor } from "../rollout/teacher-actor.ts";
import { readStudent } from "../student/checkpoint.ts";
import { ownSettings } from "../student/export.ts";
import { studentInterface } from "../student/interface.ts";
import { readTeacher } from "../teacher/checkpoint.ts";
import { exportLink } from "./chain.ts";

export interface LiveBundle {
  /** policy.json */
  readonly manifest: string;
  readonly onnx: Uint8Array;
}

/** @throws FileError for a checkpoint that is damaged or of no policy. */
export async function bundleOfCheckpoint(file: string): Promise<LiveBundle> {
  return readCheckpointKind(file) === "teacher" ? teacherBundle(file) : studentBundle(file);
}

async function studentBundle(file: string): Promise<LiveBundle> {
  const student = readStudent(file);
  const { simulation } = student;
  const folder = mkdtempSync(path.join(tmpdir(), "understudy-live-"));
  try {
    const bundle = path.join(folder, "bundle");
    const source = { command: "understudy view", teacherSteps: 0 };
    await exportLink({ simulation }, student, bundle, source);
    const { manifest, onnx } = readBundle(bundle);
    return { manifest: JSON.stringify(manifest), onnx };
  } finally {
    rmSync(folder, { recursive: true });
  }
}

/** A teacher reads what no robot has, which the page has: its inputs are named like the observation groups. */
function teacherBundle(file: string): LiveBundle {
  const { spec, theta, observability, simulation, progress } = readTeacher(file);
  const network = teacherNetwork(spec);
  const actor = teacherActor(spec, observability);
  const read = Object.entries(actor.inputs);
  const forward: Forward = (g, views, groups) => {
    const { mean } = network.act(g, views, readBy(actor, { groups }));
    return { action: g.clip(mean, -1, 1) };
  };
  const onnx = encodeInference({
    params: network.params,
    theta,
    forward,
    inputs: Object.fromEntries(read.map(([input, group]) => [group, network.inputs[input]])),
    outputs: ["action"],
  });
  const known = studentInterface(simulation.scene, simulation.config, {
    lastSeen: spec.lastSeen !== undefined,
  });
  const { controlStep_s, output } = known;
  const draft: ManifestDraft = {
    name: `${simulation.scene} teacher`,
    scene: simulation.scene,
    ...ownSettings(simulation),
    controlStep_s,
    inputs: read.map(
      ([input, group]) =>
        known.inputs.find(({ name }) => name === group) ?? {
          name: group,
          shape: [...network.inputs[input].shape],
          dtype: "float32",
        },
    ),
    output,
    provenance: {
      command: "understudy view",
      commit: "unknown",
      seed: simulation.seed,
      environmentSteps: progress.environmentSteps,
      versions: {},
    },
  };
  return { manifest: JSON.stringify(completeManifest(draft, onnx)), onnx };
}
