/** `understudy fine-tune`: reinforcement of a distilled student by what it earns, into a checkpoint of a student. */

import { withNear } from "../../student/with-near.ts";
import { readTeacher } from "../../teacher/checkpoint.ts";
import { readAnyStudent } from "../any-student.ts";
import { fineTuneLink } from "../chain.ts";
import { defineCommand } from "../command.ts";
import { learnerOptions, outOption, runLearner } from "../learner.ts";
import { conditionsOf, configureRun, ownScene, runSettings, simulationOf } from "../run-config.ts";
import { presetBase } from "../run-options.ts";

export const fineTune = defineCommand({
  examples: [
    [
      "fine-tune --student runs/student.ckpt --teacher runs/teacher.ckpt --out runs/tuned.ckpt",
      "go on with a student, by reward",
    ],
    [
      "fine-tune --student runs/student.ckpt --set fineTune.std=0.1",
      "without a teacher: held to what it did before",
    ],
    [
      "fine-tune --student policies/zoo/push-cross --scene push-line --preset long --set fineTune.std=0.2",
      "another scene for a student that ships",
    ],
  ],
  options: {
    student: {
      type: "string",
      required: true,
      description: "its checkpoint, or the folder of its bundle",
    },
    teacher: {
      type: "string",
      description: "its teacher's: labels, and a critic to begin with",
    },
    scene: {
      type: "string",
      description: "another scene than its own, with the same observations",
    },
    out: outOption("runs/tuned.ckpt"),
    ...learnerOptions,
  },
  config: runSettings(["student", "fineTune"]),
  async run(context) {
    const { options } = context;
    const { out, seed } = options;
    const student = readAnyStudent(options.student);
    const teacher = options.teacher === undefined ? undefined : readTeacher(options.teacher);
    const scene = options.scene ?? student.scene;
    const preset = presetBase(scene, options.preset);
    const own = { ...conditionsOf(student), student: student.config };
    const base = { ...ownScene(student, scene, preset), ...own };
    const config = configureRun(context, scene, ["student", "fineTune"], base);
    const simulation = simulationOf(scene, config, seed);
    const first = config.student.near ? withNear(student) : student;
    await runLearner(context, {
      bar: "fine-tuning",
      simulation,
      config,
      learn: async (chain) => (await fineTuneLink(chain, first, teacher, out)).student,
      learner: "Student",
    });
  },
});
