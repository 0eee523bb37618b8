/** What is said where a simulation or a reward stops being finite. */

import { ConfigError, SimulationDivergedError } from "../core/errors.ts";
import type { EnvMemory } from "./env-memory.ts";
import type { AssembledScene, PlanarPose } from "./scene.ts";
import type { SceneBatchOptions } from "./scene-batch.ts";
import { poseText } from "./scene-checks.ts";

/**
 * The physics left the realm of finite numbers. What led there is reported, if somebody keeps the report.
 *
 * @param environment its number among those of the whole roll-out
 */
export function divergence(
  { scene, saveReport, ...options }: SceneBatchOptions,
  environment: number,
  memory: EnvMemory,
): SimulationDivergedError {
  const { seed, purpose, config = {}, engine = "rapier", contact = "planar" } = options;
  const { episode, steps, drawn, actions } = memory;
  const reproduce = {
    ...{ scene: scene.name, config, engine, contact, seed, purpose },
    ...{ environment, episode, step: steps },
    ...{ start: drawn.poses, firstStage: drawn.firstStage, plan: drawn.plan },
    ...{ randomization: options.randomization, actions },
  };
  const file = saveReport?.(`${JSON.stringify(reproduce, undefined, 2)}\n`) ?? "";
  const kept = file ? `"${file}" holds its start and its actions.` : "No report was kept.";
  return new SimulationDivergedError(
    `Scene "${scene.name}" stopped being finite in environment ${environment}, episode ${episode}, step ${steps}. ${kept}`,
    file,
  );
}

/** A target that nothing can be pushed to: observations of it would be no numbers. */
export function unfitTarget(
  { name, stages }: AssembledScene,
  stage: number,
  target: PlanarPose,
): ConfigError {
  return new ConfigError(
    `Scene "${name}" has a target in stage ${stage + 1}, "${stages[stage].name}", that is no place: ${poseText(target)}. Give x_m, y_m and yaw_rad as finite numbers, or none.`,
  );
}

/** A term of the reward is no finite number, though the physics are. @param termNames of the ledger's columns */
export function unfitTerm(
  scene: string,
  termNames: readonly string[],
  { machine: { ledger } }: EnvMemory,
): ConfigError {
  const term = termNames[ledger.findIndex((sum) => !Number.isFinite(sum))];
  return new ConfigError(
    `Scene "${scene}" pays what is no finite number for "${term}". Look for a division by zero, or a field of the reading that "measure" does not write.`,
  );
}
