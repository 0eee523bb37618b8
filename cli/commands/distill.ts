/** `understudy distill`: a visual student from a teacher's checkpoint, into a checkpoint. */

import { withChanges } from "../../core/config.ts";
import { networkSettings } from "../../student/config.ts";
import { readTeacher } from "../../teacher/checkpoint.ts";
import { readAnyStudent } from "../any-student.ts";
import { distillLink } from "../chain.ts";
import { defineCommand } from "../command.ts";
import { learnerOptions, outOption, runLearner } from "../learner.ts";
import { conditionsOf, configureRun, runSettings, simulationOf } from "../run-config.ts";
import { presetBase } from "../run-options.ts";

export const distill = defineCommand({
  examples: [
    ["distill --teacher runs/teacher.ckpt --out runs/student.ckpt", "distil with the defaults"],
    ["distill --teacher runs/teacher.ckpt --set student.memory=64", "a student with a GRU"],
    [
      "distill --teacher runs/teacher.ckpt --from policies/students/push-cross",
      "go on with a student, from this teacher",
    ],
  ],
  options: {
    teacher: { type: "string", required: true, description: "the teacher's checkpoint" },
    from: {
      type: "string",
      description:
        "student to begin with, a checkpoint or the folder of a bundle, of this scene or one like it",
    },
    out: outOption("runs/student.ckpt"),
    ...learnerOptions,
  },
  config: runSettings(["student"]),
  async run(context) {
    const { options } = context;
    const { out, seed } = options;
    const teacher = readTeacher(options.teacher);
    const { simulation: taught } = teacher;
    const { scene } = taught;
    const preset = presetBase(scene, options.preset);
    const from = options.from === undefined ? undefined : readAnyStudent(options.from);
    // what its teacher reads of what it remembers, a student must, too
    const { near } = teacher.config;
    const own = { scene: taught.config, ...conditionsOf(taught), teacher: teacher.config };
    const student = from ? networkSettings(from.config) : { near };
    const base = withChanges({ ...preset, ...own }, { student });
    const config = configureRun(context, scene, ["student"], base);
    const simulation = simulationOf(scene, config, seed);
    await runLearner(context, {
      bar: "student",
      simulation,
      config,
      learn: async (chain) =>
        (await distillLink({ ...chain, ...(from ? { from } : {}) }, teacher, out)).student,
      learner: "Student",
    });
  },
});
