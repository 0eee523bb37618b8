/** `understudy train`: a privileged teacher by PPO, into a checkpoint. */

import { ConfigError } from "../../core/errors.ts";
import { type Plan, readPlan } from "../../llm-planner/plan.ts";
import { planScene } from "../../llm-planner/scene.ts";
import type { WorkerPool } from "../../rollout/pool.ts";
import type { SimulationSpec } from "../../rollout/shard.ts";
import { readTeacher } from "../../teacher/checkpoint.ts";
import { trainLink } from "../chain.ts";
import { defineCommand, jsonOption, seedOption } from "../command.ts";
import { formatCount, formatPercent } from "../format.ts";
import { Progress } from "../progress.ts";
import { runConfigSchema, simulationOf } from "../run-config.ts";
import { computeOptions, openPool, presetBase, presetOption, sceneOption } from "../run-options.ts";

export const train = defineCommand({
  examples: [
    ["train --scene push-pair --out runs/mine/teacher.ckpt", "train with the defaults"],
    ["train --scene push-pair --set teacher.observability=global", "a teacher that sees all"],
    ["train --scene push-pair --plan runs/plan.json", "for the stages of a plan"],
  ],
  options: {
    ...sceneOption,
    out: {
      type: "string",
      default: "runs/teacher.ckpt",
      description: "checkpoint to write; an existing one is resumed",
    },
    from: {
      type: "string",
      description: "checkpoint of a teacher of the same network whose weights to begin with",
    },
    plan: {
      type: "string",
      description: "train for the stages of this plan, a file that `plan --out` wrote",
    },
    ...presetOption,
    ...computeOptions,
    ...seedOption,
    ...jsonOption,
  },
  config: runConfigSchema(),
  async run({ options, configure, signal, report }) {
    const { scene, out, seed, device, threads } = options;
    const config = configure(runConfigSchema(scene), presetBase(scene, options.preset));
    const plan = options.plan === undefined ? undefined : readPlan(options.plan);
    const simulation = plannedSimulation(simulationOf(scene, config, seed), plan);
    const pool: WorkerPool = openPool(options.workers);
    const progress = new Progress(["teacher"]);
    try {
      const chain = { simulation, config, pool, progress, signal, device, threads };
      const from = options.from === undefined ? undefined : readTeacher(options.from);
      const { teacher } = await trainLink({ ...chain, ...(from ? { from } : {}) }, out);
      const { environmentSteps, metrics, iteration } = teacher.progress;
      report({ checkpoint: out, iteration, environmentSteps, metrics }, () =>
        [
          `Teacher of "${plan?.instruction ?? scene}" in ${out}: ${formatCount(environmentSteps)} environment steps,`,
          `success while exploring ${formatPercent(metrics.success ?? Number.NaN)}.`,
        ].join(" "),
      );
    } finally {
      await pool.close();
    }
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
