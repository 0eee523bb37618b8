/** `understudy train`: a privileged teacher by PPO, into a checkpoint. */

import { ConfigError } from "../../core/errors.ts";
import { type Plan, readPlan } from "../../llm-planner/plan.ts";
import { planScene } from "../../llm-planner/scene.ts";
import type { SimulationSpec } from "../../rollout/shard.ts";
import { readTeacher } from "../../teacher/checkpoint.ts";
import { onwardLink, trainLink } from "../chain.ts";
import { defineCommand } from "../command.ts";
import { learnerOptions, outOption, runLearner } from "../learner.ts";
import { configureRun, runSettings, simulationOf } from "../run-config.ts";
import { presetBase, sceneOption } from "../run-options.ts";

export const train = defineCommand({
  examples: [
    ["train --scene push-pair --out runs/mine/teacher.ckpt", "train with the defaults"],
    ["train --scene push-pair --set teacher.observability=global", "a teacher that sees all"],
    ["train --scene push-pair --plan runs/plan.json", "for the stages of a plan"],
  ],
  options: {
    ...sceneOption,
    out: outOption("runs/teacher.ckpt"),
    from: {
      type: "string",
      description:
        "checkpoint of a teacher whose weights to begin with, of this scene or one like it",
    },
    onward: {
      type: "boolean",
      description:
        "with --from: by the settings with which that teacher goes on, those of `onward`",
    },
    plan: {
      type: "string",
      description: "train for the stages of this plan, a file that `plan --out` wrote",
    },
    ...learnerOptions,
  },
  config: runSettings(["teacher", "onward"]),
  async run(context) {
    const { options } = context;
    const { scene, out, seed } = options;
    const reads = options.onward ? "onward" : "teacher";
    const config = configureRun(context, scene, [reads], presetBase(scene, options.preset));
    const plan = options.plan === undefined ? undefined : readPlan(options.plan);
    const simulation = plannedSimulation(simulationOf(scene, config, seed), plan);
    const from = options.from === undefined ? undefined : readTeacher(options.from);
    if (options.onward && !(from && config.onward)) {
      throw new ConfigError(
        "--onward wants a teacher and settings to go on with. Use --from CHECKPOINT and, where the preset has none, --set onward.iterations=100.",
      );
    }
    await runLearner(context, {
      bar: "teacher",
      simulation,
      config,
      async learn(chain) {
        if (!from) return (await trainLink(chain, out)).teacher;
        const link = options.onward ? onwardLink : trainLink;
        return (await link({ ...chain, from }, out)).teacher;
      },
      learner: "Teacher",
    });
  },
});

/** The same simulation with the stages of a plan instead of the scene's own. */
function plannedSimulation(simulation: SimulationSpec, plan: Plan | undefined): SimulationSpec {
  if (!plan) return simulation;
  const { scene: base, config } = simulation;
  if (plan.scene !== base) {
    throw new ConfigError(
      `The plan is for scene "${plan.scene}", not for "${base}". Train with --scene ${plan.scene}.`,
    );
  }
  return { ...simulation, scene: planScene.name, config: { base, scene: config, plan } };
}
