/** `understudy distill`: a visual student from a teacher's checkpoint, into a checkpoint. */

import { readTeacher } from "../../teacher/checkpoint.ts";
import { distillLink } from "../chain.ts";
import { defineCommand, jsonOption, seedOption } from "../command.ts";
import { formatCount, formatPercent } from "../format.ts";
import { Progress } from "../progress.ts";
import { runConfigSchema, simulationOf } from "../run-config.ts";
import { computeOptions, openPool, presetBase, presetOption } from "../run-options.ts";

export const distill = defineCommand({
  examples: [
    ["distill --teacher runs/teacher.ckpt --out runs/student.ckpt", "distil with the defaults"],
    ["distill --teacher runs/teacher.ckpt --set student.memory=64", "a student with a GRU"],
  ],
  options: {
    teacher: { type: "string", required: true, description: "the teacher's checkpoint" },
    out: {
      type: "string",
      default: "runs/student.ckpt",
      description: "checkpoint to write; an existing one is resumed",
    },
    ...presetOption,
    ...computeOptions,
    ...seedOption,
    ...jsonOption,
  },
  config: runConfigSchema(),
  async run({ options, configure, signal, report }) {
    const { out, seed, device, threads } = options;
    const teacher = readTeacher(options.teacher);
    const { scene } = teacher.simulation;
    const preset = presetBase(scene, options.preset);
    const base = { ...preset, scene: teacher.simulation.config, teacher: teacher.config };
    const config = configure(runConfigSchema(scene), base);
    const simulation = simulationOf(scene, config, seed);
    const pool = openPool(options.workers);
    const progress = new Progress(["student"]);
    try {
      const chain = { simulation, config, pool, progress, signal, device, threads };
      const { student } = await distillLink(chain, teacher, out);
      const { environmentSteps, metrics, iteration } = student.progress;
      report({ checkpoint: out, iteration, environmentSteps, metrics }, () =>
        [
          `Student of "${scene}" in ${out}: ${formatCount(environmentSteps)} environment steps,`,
          `success while training ${formatPercent(metrics.success ?? Number.NaN)}.`,
        ].join(" "),
      );
    } finally {
      await pool.close();
    }
  },
});
