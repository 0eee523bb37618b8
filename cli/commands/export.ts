/** `understudy export`: a student's checkpoint as a policy bundle, checked against the trainer. */

import path from "node:path";
import { readStudent } from "../../student/checkpoint.ts";
import { readTeacher } from "../../teacher/checkpoint.ts";
import { exportLink } from "../chain.ts";
import { defineCommand, jsonOption } from "../command.ts";
import { moduleOption } from "../modules.ts";

export const exportCommand = defineCommand({
  examples: [
    [
      "export --student runs/student.ckpt --out runs/student/bundle",
      "write policy.onnx and policy.json",
    ],
  ],
  options: {
    student: { type: "string", required: true, description: "the student's checkpoint" },
    out: {
      type: "string",
      default: "runs/student/bundle",
      description: "folder of the bundle; `view` lists runs/NAME/bundle",
    },
    teacher: {
      type: "string",
      description: "its teacher's checkpoint, whose steps the manifest counts, too",
    },
    command: { type: "string", description: "what made it, for the manifest" },
    ...moduleOption,
    ...jsonOption,
  },
  async run({ options, report }) {
    const student = readStudent(options.student);
    const command =
      options.command ?? `understudy export --student ${options.student} --out ${options.out}`;
    const { manifest, rows, maxDifference } = await exportLink(
      { simulation: student.simulation },
      student,
      options.out,
      options.teacher === undefined
        ? { command, teacherSteps: 0 }
        : { command, ...taughtBy(options.teacher) },
    );
    const { bytes, sha256 } = manifest.onnx;
    report({ bundle: options.out, bytes, sha256, rows, maxDifference }, () =>
      [
        `Bundle in ${options.out}: policy.onnx ${(bytes / 1024).toFixed(0)} KiB.`,
        `Its actions differ from the trainer's by at most ${maxDifference.toExponential(1)} over ${rows} observations.`,
      ].join(" "),
    );
  },
});

function taughtBy(file: string) {
  const { environmentSteps } = readTeacher(file).progress;
  return { teacher: path.basename(file), teacherSteps: environmentSteps };
}
