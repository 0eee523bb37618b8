/** `understudy fine-tune`: reinforcement of a distilled student by what it earns, into a checkpoint of a student. */

import { readStudent } from "../../student/checkpoint.ts";
import { readTeacher } from "../../teacher/checkpoint.ts";
import { fineTuneLink } from "../chain.ts";
import { defineCommand, jsonOption, seedOption } from "../command.ts";
import { formatCount, formatPercent } from "../format.ts";
import { Progress } from "../progress.ts";
import { runConfigSchema, simulationOf } from "../run-config.ts";
import { computeOptions, openPool, presetBase, presetOption } from "../run-options.ts";

export const fineTune = defineCommand({
  examples: [
    [
      "fine-tune --student runs/student.ckpt --teacher runs/teacher.ckpt --out runs/tuned.ckpt",
      "go on with a student, by reward",
    ],
    [
      "fine-tune --student runs/student.ckpt --set fineTune.imitationWeight=0",
      "without a teacher: by reward alone",
    ],
  ],
  options: {
    student: { type: "string", required: true, description: "the student's checkpoint" },
    teacher: {
      type: "string",
      description: "its teacher's: labels, and a critic to begin with",
    },
    out: {
      type: "string",
      default: "runs/tuned.ckpt",
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
    const student = readStudent(options.student);
    const teacher = options.teacher === undefined ? undefined : readTeacher(options.teacher);
    const { scene } = student.simulation;
    const preset = presetBase(scene, options.preset);
    const base = { ...preset, scene: student.simulation.config, student: student.config };
    const config = configure(runConfigSchema(scene), base);
    const simulation = simulationOf(scene, config, seed);
    const pool = openPool(options.workers);
    const progress = new Progress(["fine-tuning"]);
    try {
      const chain = { simulation, config, pool, progress, signal, device, threads };
      const tuned = await fineTuneLink(chain, student, teacher, out);
      const { environmentSteps, metrics, iteration } = tuned.student.progress;
      report({ checkpoint: out, iteration, environmentSteps, metrics }, () =>
        [
          `Student of "${scene}" in ${out}: ${formatCount(environmentSteps)} environment steps in its life,`,
          `success while training ${formatPercent(metrics.success ?? Number.NaN)}.`,
        ].join(" "),
      );
    } finally {
      await pool.close();
    }
  },
});
