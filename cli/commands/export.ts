/** `understudy export`: a student's checkpoint as a policy bundle, checked against the trainer. */

import path from "node:path";
import { ConfigError } from "../../core/errors.ts";
import { digestOfWeights } from "../../rollout/same-training.ts";
import { readStudent } from "../../student/checkpoint.ts";
import { readTeacher } from "../../teacher/checkpoint.ts";
import { exportLink } from "../chain.ts";
import { defineCommand, jsonOption } from "../command.ts";
import { formatCommand } from "../format.ts";
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
    const command = options.command ?? commandOf(options);
    const { manifest, rows, maxDifference } = await exportLink(
      { simulation: student.simulation },
      student,
      options.out,
      options.teacher === undefined
        ? { command, teacherSteps: 0 }
        : { command, ...taughtBy(options.teacher, student.taughtBy) },
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

interface Given {
  readonly student: string;
  readonly teacher?: string | undefined;
  readonly out: string;
  readonly module: readonly string[];
}

function commandOf({ student, teacher, out, module }: Given): string {
  return formatCommand([
    ...["understudy", "export", "--student", student],
    ...(teacher === undefined ? [] : ["--teacher", teacher]),
    ...["--out", out],
    ...module.flatMap((file) => ["--module", file]),
  ]);
}

/** @param digest of its teacher's weights, where the student's file says it */
function taughtBy(file: string, digest: string | undefined) {
  const { theta, progress } = readTeacher(file);
  if (digest !== undefined && digest !== digestOfWeights(theta)) {
    throw new ConfigError(
      `"${file}" is not the teacher that this student learnt from last. Give that one, or leave --teacher out.`,
    );
  }
  return { teacher: path.basename(file), teacherSteps: progress.environmentSteps };
}
