/** Whether a bundle drives as it says in a simulation: its inputs' names and sizes do not tell. */

import { ConfigError } from "../core/errors.ts";
import type { PolicyManifest } from "../policies/manifest.ts";
import { roleNames } from "../sim/roles.ts";
import { assembleScene } from "../sim/scene.ts";
import { findScene } from "../sim/scenes/index.ts";
import type { SimulationSpec } from "./shard.ts";

/** @throws ConfigError naming the first of control step, actions and roles that is another than the scene's */
export function checkBundleFits(
  manifest: PolicyManifest,
  { scene, config }: Pick<SimulationSpec, "scene" | "config">,
): void {
  const assembled = assembleScene(findScene(scene), config);
  const { robot } = assembled.cast;
  const { low, high, columns } = manifest.output;
  const scales = columns.flatMap(({ scale, width }) => Array<number>(width).fill(scale));
  const camera = manifest.inputs.find(({ name }) => name === "layers")?.camera;
  const roles = roleNames(assembled);
  const compared = [
    ["control step in seconds", manifest.controlStep_s, assembled.timing.controlStep_s],
    ["scale of actions", scales, [robot.maxSpeed_mps, robot.maxTurnRate_radps]],
    // a policy may drive more gently than it could
    ["range of actions", [Math.min(low, -1), Math.max(high, 1)], [-1, 1]],
    ["roles", camera?.layers ?? roles, roles],
  ] as const;
  for (const [what, its, scenes] of compared) {
    if (String(its) === String(scenes)) continue;
    throw new ConfigError(
      `Policy "${manifest.name}" does not fit scene "${scene}": its ${what} should be ${scenes}, found ${its}.`,
    );
  }
}
