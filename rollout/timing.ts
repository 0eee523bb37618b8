/** How long a scene's episodes may take. */

import { assembleScene } from "../sim/scene.ts";
import { findScene } from "../sim/scenes/index.ts";
import type { SimulationSpec } from "./shard.ts";

/** Control step, and the control steps that all stages together may take: what `summarize` counts a failure with. */
export function timingOf({ scene, config }: Pick<SimulationSpec, "scene" | "config">): {
  readonly controlStep_s: number;
  readonly budgetSteps: number;
} {
  const assembled = assembleScene(findScene(scene), config);
  return {
    controlStep_s: assembled.timing.controlStep_s,
    budgetSteps: assembled.stages.reduce((sum, stage) => sum + stage.budgetSteps, 0),
  };
}
