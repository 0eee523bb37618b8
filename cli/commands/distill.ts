/** `understudy distill`: a visual student from a teacher's checkpoint, into a checkpoint. */

import { readTeacher } from "../../teacher/checkpoint.ts";
import { distillLink } from "../chain.ts";
import { defineCommand } from "../command.ts";
import { learnerOptions, outOption, runLearner } from "../learner.ts";
import { runConfigSchema, simulationOf } from "../run-config.ts";
import { presetBase } from "../run-options.ts";

export const distill = defineCommand({
  examples: [
    ["distill --teacher runs/teacher.ckpt --out runs/student.ckpt", "distil with the defaults"],
    ["distill --teacher runs/teacher.ckpt --set student.memory=64", "a student with a GRU"],
  ],
  options: {
    teacher: { type: "string", required: true, description: "the teacher's checkpoint" },
    out: outOption("runs/student.ckpt"),
    ...learnerOptions,
  },
  config: runConfigSchema(),
  async run(context) {
    const { options, configure } = context;
    const { out, seed } = options;
    const teacher = readTeacher(options.teacher);
    const { scene } = teacher.simulation;
    const preset = presetBase(scene, options.preset);
    const base = { ...preset, scene: teacher.simulation.config, teacher: teacher.config };
    const config = configure(runConfigSchema(scene), base);
    const simulation = simulationOf(scene, config, seed);
    await runLearner(context, {
      bar: "student",
      simulation,
      config,
      learn: async (chain) => (await distillLink(chain, teacher, out)).student,
      learner: `Student of "${scene}"`,
    });
  },
});
