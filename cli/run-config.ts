/** The configuration of a run: what `--set` may set for train, distill, fine-tune, evaluate and start. */

import { z } from "zod";
import { type Tree, withChanges } from "../core/config.ts";
import { ConfigError } from "../core/errors.ts";
import type { SimulationSpec } from "../rollout/shard.ts";
import { randomization } from "../sim/randomization.ts";
import { findScene } from "../sim/scenes/index.ts";
import { fineTuneConfig, studentConfig } from "../student/config.ts";
import { teacherConfig } from "../teacher/config.ts";
import type { Configuration, Context, Given } from "./command.ts";
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

export type RunConfig = z.output<ReturnType<typeof runConfigSchema>>;

/** How each learner learns, and the command that reads it; `start` reads all. */
const learners = {
  teacher: "train",
  onward: "train --onward",
  student: "distill",
  fineTune: "fine-tune",
} as const;
export type Learner = keyof typeof learners;

/** What `--set` may set, and what there is unless it is set: of the scene and by the preset that were asked for. @param reads all unless given */
export function runSettings(
  reads: readonly Learner[] = Object.keys(learners) as Learner[],
): (given: Given) => Configuration {
  return ({ scene = "push-pair", preset }) => {
    const [of, by] = [String(scene), preset as PresetName | undefined];
    const schema = runConfigSchema(of);
    const common = { scene: true, randomization: true, contact: true } as const;
    const mask = { ...common, ...Object.fromEntries(reads.map((name) => [name, true as const])) };
    return {
      schema: schema.pick(mask),
      base: presetBase(of, by),
      whose: `, of scene "${of}" ${by ? `by preset "${by}"` : "without a preset"}`,
    };
  };
}

/**
 * The configuration that `--set` makes of `base` for a command that reads how some learners learn, or none.
 *
 * @throws ConfigError for settings that there are not, and for those of a learner that it does not read
 */
export function configureRun(
  { sets, configure }: Pick<Context, "sets" | "configure">,
  scene: string,
  reads: readonly Learner[],
  base: object = {},
): RunConfig {
  for (const assignment of sets) {
    const [path] = assignment.split("=");
    const part = path.split(".")[0] as Learner;
    if (!Object.hasOwn(learners, part) || reads.includes(part)) continue;
    throw new ConfigError(
      `"${path}" decides nothing here: it is how "understudy ${learners[part]}" learns. Leave it out.`,
    );
  }
  return configure(runConfigSchema(scene), base);
}

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
