/** Answers from a file instead of a model: for tests, demonstrations and machines without a network. */

import { readFileSync } from "node:fs";
import { z } from "zod";
import { parseConfig } from "../../core/config.ts";
import { FileError } from "../../core/errors.ts";
import { PlanRefusedError } from "../check.ts";
import type { Planner } from "../planner.ts";

const recordSchema = z.strictObject({
  format: z.literal(1),
  answers: z
    .array(
      z.strictObject({
        instruction: z.string().min(1),
        /** The first answer, the one after it was refused, and so on. */
        answers: z.array(z.union([z.string(), z.record(z.string(), z.unknown())])).min(1),
      }),
    )
    .min(1),
});

/**
 * Reads recorded answers; instructions are matched whole, letter case and spaces aside.
 * @throws FileError where there is no such file, ConfigError where it does not fit
 */
export function recordedPlanner(file: string): Planner {
  const record = parseConfig(recordSchema, jsonOf(file), `the recorded answers "${file}"`);
  const key = (text: string) => text.toLowerCase().replace(/\s+/g, " ").trim();
  const known = new Map(
    record.answers.map(({ instruction, answers }) => [key(instruction), answers]),
  );
  return {
    name: `recorded answers of ${file}`,
    async propose({ instruction, refusals }) {
      const answers = known.get(key(instruction));
      if (!answers) {
        const all = record.answers.map((each) => `"${each.instruction}"`).join(", ");
        throw new PlanRefusedError([
          `No answer to "${instruction}" is recorded in "${file}". Recorded: ${all}.`,
        ]);
      }
      const answer = answers[Math.min(refusals.length, answers.length - 1)];
      return {
        answer: typeof answer === "string" ? answer : JSON.stringify(answer),
        cached: true,
      };
    },
    close() {},
  };
}

function jsonOf(file: string): unknown {
  let text: string;
  try {
    text = readFileSync(file, "utf8");
  } catch {
    throw new FileError(
      `There are no recorded answers at "${file}". Give the path of a JSON file.`,
    );
  }
  try {
    return JSON.parse(text);
  } catch {
    throw new FileError(`"${file}" holds no recorded answers: it is not JSON.`);
  }
}
