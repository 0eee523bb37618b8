/** The configuration of a run: what `--set` may set for train, distill, fine-tune, evaluate and start. */

import { z } from "zod";
import { type Tree, withChanges } from "../core/config.ts";
import type { SimulationSpec } from "../rollout/shard.ts";
import { randomization } from "../sim/randomization.ts";
import { findScene } from "../sim/scenes/index.ts";
import { fineTuneConfig, studentConfig } from "../student/config.ts";
import { teacherConfig } from "../teacher/config.ts";
import type { Configuration, Given } from "./command.ts";
import type { PresetName } from "./presets.ts";
import { presetBase } from "./run-options.ts";

/** The schema for one scene; without a name, one that shows the main scene's settings in `--help`. */
export function runConfigSchema(scene?: string) {
  const { config } = findScene(scene ?? "push-pair");
  return z.strictObject({
    scene: config.prefault({}),
    randomization: randomization.prefault({}),
    teacher: teacherConfig.prefault({}),
    onward: teacherConfig
      .optional()
      .describe("how the teacher goes on when it has learnt: not at all unless given"),
    student: studentConfig.prefault({}),
    fineTune: fineTuneConfig.prefault({}),
    contact: z.enum(["planar", "coulomb"]).default("planar").describe("how bodies touch"),
  });
}
/** What `--set` may set, and what there is unless it is set: of the scene and by the preset that were asked for. */
export function runSettings({ scene = "push-pair", preset }: Given): Configuration {
  const [of, by] = [String(scene), preset as PresetName | undefined];
  return {
    schema: runConfigSchema(of),
    base: presetBase(of, by),
    whose: `, of scene "${of}" ${by ? `by preset "${by}"` : "without a preset"}`,
  };
}

export type RunConfig = z.output<ReturnType<typeof runConfigSchema>>;

/**
 * Settings to begin a configuration with for who goes on with a policy, or lets it drive: those that it was trained with in its scene.
 * To another scene, which has the settings of `base`, it brings its robot, where that is a setting of both.
 */
export function ownScene(
  policy: { readonly scene: string; readonly sceneConfig?: unknown },
  scene: string,
  base: { readonly scene?: Tree } = {},
): { readonly scene?: unknown } {
  const { sceneConfig } = policy;
  if (!sceneConfig) return base;
  if (policy.scene === scene) return { ...base, scene: sceneConfig };
  const { robot } = sceneConfig as { readonly robot?: unknown };
  const takesIt = findScene(scene).config.safeParse({ robot }).success;
  return robot !== undefined && takesIt ? withChanges(base, { scene: { robot } }) : base;
}

/** How bodies touched and what differed from episode to episode in a training, to begin with where one goes on from it. */
export function conditionsOf({
  contact,
  randomization,
}: Conditions): Pick<SimulationSpec, "contact" | "randomization"> {
  return { ...(contact ? { contact } : {}), ...(randomization ? { randomization } : {}) };
}

/** Where they are kept: a checkpoint has them, a bundle does not. */
export interface Conditions {
  readonly contact?: SimulationSpec["contact"] | undefined;
  readonly randomization?: SimulationSpec["randomization"] | undefined;
}

/** What is simulated under a configuration. */
export function simulationOf(scene: string, config: RunConfig, seed: number): SimulationSpec {
  return {
    scene,
    config: config.scene,
    contact: config.contact,
    randomization: config.randomization,
    seed,
  };
}
