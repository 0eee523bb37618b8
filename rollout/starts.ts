/** Environments at numbered starts that training never sees: the same ones whoever drives from them. */

import { SceneBatch, type SceneBatchOptions } from "../sim/scene-batch.ts";
import { findScene } from "../sim/scenes/index.ts";
import type { SimulationSpec } from "./shard.ts";

export interface StartsOptions extends Pick<SceneBatchOptions, "groups" | "onEnd" | "saveReport"> {
  readonly firstStart: number;
  /** How many, from there on; one unless given. */
  readonly starts?: number;
}

/** Opens a batch whose first episodes begin there; `reset` it to begin. */
export function openStarts(
  { scene, ...simulation }: SimulationSpec,
  { firstStart, starts = 1, ...options }: StartsOptions,
): Promise<SceneBatch> {
  return SceneBatch.create({
    ...simulation,
    ...options,
    scene: findScene(scene),
    envs: starts,
    firstEnv: firstStart,
    purpose: "evaluation",
  });
}
