/** `understudy train`: a privileged teacher by PPO, into a checkpoint. */

import type { WorkerPool } from "../../rollout/pool.ts";
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
  ],
  options: {
    ...sceneOption,
    out: {
      type: "string",
      default: "runs/teacher.ckpt",
      description: "checkpoint to write; an existing one is resumed",
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
    const simulation = simulationOf(scene, config, seed);
    const pool: WorkerPool = openPool(options.workers);
    const progress = new Progress(["teacher"]);
    try {
      const chain = { simulation, config, pool, progress, signal, device, threads };
      const { teacher } = await trainLink(chain, out);
      const { environmentSteps, metrics, iteration } = teacher.progress;
      report({ checkpoint: out, iteration, environmentSteps, metrics }, () =>
        [
          `Teacher of "${scene}" in ${out}: ${formatCount(environmentSteps)} environment steps,`,
          `success while exploring ${formatPercent(metrics.success ?? Number.NaN)}.`,
        ].join(" "),
      );
    } finally {
      await pool.close();
    }
  },
});
