/** Options that several commands share, and what they stand for. */

import { planModule } from "../llm-planner/register.ts";
import { defaultWorkers, WorkerPool } from "../rollout/pool.ts";
import type { Options } from "./command.ts";
import { moduleUrl } from "./modules.ts";
import { type PresetName, presetNames, presetOf } from "./presets.ts";

export const sceneOption = {
  scene: { type: "string", required: true, description: "name of the scene; see `scenes`" },
} as const satisfies Options;

export const presetOption = {
  preset: {
    type: "string",
    choices: presetNames,
    description: "tuned settings to start from; without it the defaults",
  },
} as const satisfies Options;

export const computeOptions = {
  workers: {
    type: "number",
    integer: true,
    min: 1,
    max: 64,
    description: "threads that simulate; one a core unless given. Never changes the result",
  },
  threads: {
    type: "number",
    integer: true,
    min: 1,
    max: 64,
    default: 2,
    description: "threads inside the learner; more of them may round a large sum otherwise",
  },
  device: {
    type: "string",
    choices: ["cpu", "webgpu"],
    default: "cpu",
    description: "what learns",
  },
} as const satisfies Options;

/** @param modules files that `--module` was given, whose scenes the workers know, too */
export function openPool(workers: number | undefined, modules: readonly string[] = []): WorkerPool {
  return new WorkerPool(workers ?? defaultWorkers(), [planModule, ...modules.map(moduleUrl)]);
}

export function presetBase(scene: string, preset: PresetName | undefined): object {
  return preset ? presetOf(scene, preset) : {};
}
