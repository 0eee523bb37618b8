/** A distilled student as a policy bundle, checked against the weights it came from. */

import { isDeepStrictEqual } from "node:util";
import type { Axes } from "../core/arrays.ts";
import { changesFrom, parseConfig, type Tree } from "../core/config.ts";
import { Actor } from "../nn/engine.ts";
import { encodeInference } from "../nn/inference.ts";
import type { Forward } from "../nn/model.ts";
import { type ExportReport, exportBundle } from "../policies/export.ts";
import type { ManifestDraft } from "../policies/manifest.ts";
import {
  latentRoles,
  readablePoses,
  type StudentSpec,
  studentNetwork,
} from "../policies/networks/student.ts";
import { type PolicySource, provenanceOf } from "../policies/provenance.ts";
import type { SimulationSpec } from "../rollout/shard.ts";
import type { GroupName } from "../sim/observations.ts";
import { egoPushRobot } from "../sim/robots/diff-drive.ts";
import { assembleScene } from "../sim/scene.ts";
import { SceneBatch } from "../sim/scene-batch.ts";
import { findScene } from "../sim/scenes/index.ts";
import type { StudentConfig } from "./config.ts";
import { posesOutput, studentInterface } from "./interface.ts";
import { observedGroups } from "./student.ts";

/** A student, such as `{ ...student, folder, simulation, source }` of what `distillStudent` gives. */
export interface StudentExport {
  /** Where the bundle is to lie; one that is there is replaced. */
  readonly folder: string;
  readonly spec: StudentSpec;
  readonly theta: Float32Array;
  /** A pose head that nothing was asked of in training is left out. */
  readonly config: Pick<StudentConfig, "poseWeight">;
  /** What it was trained in: the manifest names its scene, settings and seed. */
  readonly simulation: SimulationSpec;
  readonly source: PolicySource;
}

/** Rows of real observations that the exported file must act on as the trainer does. */
const CHECK_ROWS = 64;

/** Writes `policy.onnx` and `policy.json`; refuses unless onnxruntime gives the trainer's actions. */
export async function exportStudent(request: StudentExport): Promise<ExportReport> {
  const { folder, spec, theta, config, simulation, source } = request;
  const network = studentNetwork(spec);
  const act = readableAnswers(network.act);
  const memory = spec.memory > 0;
  const reports = config.poseWeight > 0;
  const said = ["action", ...(reports ? ["poses"] : [])];
  const outputs = [...said, ...(memory ? ["nextMemory"] : [])];
  const onnx = encodeInference({
    params: network.params,
    theta,
    forward: act,
    inputs: network.inputs,
    outputs,
    metadata: { name: simulation.scene, producer: "understudy", network: JSON.stringify(spec) },
  });
  const inputs = await observations(simulation, observedGroups(spec));
  return exportBundle({
    folder,
    onnx,
    manifest: {
      name: simulation.scene,
      scene: simulation.scene,
      ...ownSettings(simulation),
      ...knownRobot(simulation),
      ...studentInterface(simulation.scene, simulation.config, {
        goal: Boolean(spec.goal),
        lastSeen: Boolean(spec.lastSeen),
      }),
      recurrent: memory ? [{ input: "memory", output: "nextMemory", shape: [spec.memory] }] : [],
      ...(reports ? { poses: posesOutput(latentRoles(spec)) } : {}),
      provenance: provenanceOf(source, simulation.seed),
    },
    check: { inputs, ...(await trainersAnswers(act, outputs, spec, theta, inputs)) },
  });
}

/** The robot's name, where a scene has the one that has a name. */
function knownRobot({ scene, config }: SimulationSpec): Pick<ManifestDraft, "robot"> {
  const { robot } = assembleScene(findScene(scene), config).cast;
  return isDeepStrictEqual(robot, egoPushRobot) ? { robot: "ego-push" } : {};
}

/** What the scene was set to, beyond its defaults. */
export function ownSettings({
  scene: name,
  config,
}: SimulationSpec): Pick<ManifestDraft, "sceneConfig"> {
  const scene = findScene(name);
  const whole = parseConfig(scene.config, config, `scene "${name}"`) as Tree;
  // a scene made for one plan has no defaults
  const defaults = (scene.config.safeParse({}).data ?? {}) as Tree;
  const sceneConfig = changesFrom(defaults, whole) as NonNullable<ManifestDraft["sceneConfig"]>;
  return Object.keys(sceneConfig).length > 0 ? { sceneConfig } : {};
}

/** The actor with its mean clipped to what a robot accepts, and poses that anybody can read. */
function readableAnswers(act: Forward): Forward {
  return (g, views, inputs) => {
    const { mean, poses, nextMemory } = act(g, views, inputs);
    const answers = { action: g.clip(mean, -1, 1), poses: readablePoses(g, poses) };
    return nextMemory ? { ...answers, nextMemory } : answers;
  };
}

/** What the student sees at the start of as many episodes. */
async function observations(
  simulation: SimulationSpec,
  groups: readonly GroupName[],
): Promise<Record<string, Float32Array>> {
  const batch = await SceneBatch.create({
    ...simulation,
    scene: findScene(simulation.scene),
    envs: CHECK_ROWS,
    purpose: "training",
    groups,
  });
  try {
    batch.reset();
    return Object.fromEntries(groups.map((group) => [group, batch.groups[group].slice()]));
  } finally {
    batch.free();
  }
}

interface Answers {
  readonly expected: Axes<"B,A">;
  readonly expectedNext?: Axes<"B,A">;
  readonly poses?: Axes<"B,R,3">;
}

/** The same rows through the trainer's own graph, with a memory once more. */
async function trainersAnswers(
  forward: Forward,
  outputs: readonly string[],
  spec: StudentSpec,
  theta: Float32Array,
  rows: Readonly<Record<string, Float32Array>>,
): Promise<Answers> {
  const { params, inputs } = studentNetwork(spec);
  const actor = await Actor.create({ params, forward, inputs, outputs, batch: CHECK_ROWS });
  try {
    const zero = spec.memory > 0 ? { memory: new Float32Array(CHECK_ROWS * spec.memory) } : {};
    const { action, poses, nextMemory } = await actor.run(theta, { ...rows, ...zero });
    const answers = { expected: action, ...(poses ? { poses } : {}) };
    if (!nextMemory) return answers;
    const next = await actor.run(theta, { ...rows, memory: nextMemory });
    return { ...answers, expectedNext: next.action };
  } finally {
    await actor.close();
  }
}
