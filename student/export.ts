/** A distilled student as a policy bundle, checked against the weights it came from. */

import type { Axes } from "../core/arrays.ts";
import { Actor } from "../nn/engine.ts";
import { encodeInference } from "../nn/inference.ts";
import type { DataSpec, Forward } from "../nn/model.ts";
import { type ExportReport, exportBundle } from "../policies/export.ts";
import type { ManifestDraft } from "../policies/manifest.ts";
import { type StudentSpec, studentNetwork } from "../policies/networks/student.ts";
import type { SimulationSpec } from "../rollout/shard.ts";
import type { GroupName } from "../sim/observations.ts";
import { SceneBatch } from "../sim/scene-batch.ts";
import { findScene } from "../sim/scenes/index.ts";
import { studentInterface } from "./interface.ts";
import { observedGroups } from "./student.ts";

export interface StudentExport {
  readonly folder: string;
  readonly spec: StudentSpec;
  readonly theta: Float32Array;
  readonly simulation: SimulationSpec;
  readonly provenance: ManifestDraft["provenance"];
}

/** Rows of real observations that the exported file must act on as the trainer does. */
const CHECK_ROWS = 64;

/** Writes `policy.onnx` and `policy.json`; refuses unless onnxruntime gives the trainer's actions. */
export async function exportStudent(request: StudentExport): Promise<ExportReport> {
  const { folder, spec, theta, simulation, provenance } = request;
  const network = studentNetwork(spec);
  const act = clippedActions(network.act);
  const memory = spec.memory > 0;
  const outputs = ["action", ...(memory ? ["nextMemory"] : [])];
  const onnx = encodeInference({
    params: network.params,
    theta,
    forward: act,
    inputs: network.inputs,
    outputs,
    metadata: { name: simulation.scene, producer: "understudy" },
  });
  const inputs = await observations(simulation, observedGroups(spec));
  return exportBundle({
    folder,
    onnx,
    manifest: {
      name: simulation.scene,
      scene: simulation.scene,
      robot: "ego-push",
      ...studentInterface(simulation.scene, simulation.config, {
        goal: Boolean(spec.goal),
        lastSeen: Boolean(spec.lastSeen),
      }),
      recurrent: memory ? [{ input: "memory", output: "nextMemory", shape: [spec.memory] }] : [],
      provenance,
    },
    check: { inputs, expected: await trainersActions(network.params, act, spec, theta, inputs) },
  });
}

/** The actor with its mean clipped to what a robot accepts. */
function clippedActions(act: Forward): Forward {
  return (g, views, inputs) => {
    const { mean, nextMemory } = act(g, views, inputs);
    const action = g.clip(mean, -1, 1);
    return nextMemory ? { action, nextMemory } : { action };
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
  batch.reset();
  const rows = Object.fromEntries(groups.map((group) => [group, batch.groups[group].slice()]));
  batch.free();
  return rows;
}

/** The same rows through the trainer's own graph. */
async function trainersActions(
  params: ReturnType<typeof studentNetwork>["params"],
  forward: Forward,
  spec: StudentSpec,
  theta: Float32Array,
  rows: Readonly<Record<string, Float32Array>>,
): Promise<Axes<"B,A">> {
  const inputs: DataSpec = studentNetwork(spec).inputs;
  const outputs = ["action"];
  const actor = await Actor.create({ params, forward, inputs, outputs, batch: CHECK_ROWS });
  const zero = spec.memory > 0 ? { memory: new Float32Array(CHECK_ROWS * spec.memory) } : {};
  const { action } = await actor.run(theta, { ...rows, ...zero });
  const expected = action.slice();
  await actor.close();
  return expected;
}
