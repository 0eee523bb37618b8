/**
 * A plan as data: stages in words of the scene, with conditions and factors written in the expression
 * language of `language/`. Whoever writes a plan, a person, a network or a language model, writes no
 * code that runs.
 */

import { readFileSync } from "node:fs";
import { z } from "zod";
import { parseConfig } from "../core/config.ts";
import { FileError } from "../core/errors.ts";
import { writeFileWhole } from "../core/files.ts";
import { limits } from "./language/parse.ts";

/** A plan has at most this many stages: one for each object of the largest scene, and room. */
export const MAX_STAGES = 8;
const objectName = z.string().min(1).max(64).describe("name of an object of the scene, as listed");

const stageName = z
  .string()
  .max(40)
  .regex(/^[a-z][a-z0-9-]*$/, "lower-case words joined by hyphens, such as place-red-cube");

const expression = z.string().min(1).max(limits.characters);

const placeSchema = z.strictObject({
  anchor: objectName.describe("object that the place is relative to"),
  x_m: z.number().min(-3).max(3).describe("metres in front of the anchor, along its own x axis"),
  y_m: z.number().min(-3).max(3).describe("metres to the left of the anchor, along its own y axis"),
  yaw_deg: z
    .number()
    .min(-180)
    .max(180)
    .nullable()
    .default(0)
    .describe("heading relative to the anchor's, counter-clockwise; null: any"),
});

const factorSchema = z.strictObject({
  name: z
    .string()
    .max(24)
    .regex(/^[a-z][a-z0-9-]*$/, "lower-case words joined by hyphens, such as get-behind"),
  kind: z
    .enum(["progress", "level"])
    .describe(
      "progress pays what the value gains in a step; level pays the value itself in every step",
    ),
  value: expression.describe("a number in the expression language"),
  weight: z.number().min(-100).max(100).describe("reward for one unit (m, rad, m/s or 1)"),
  phase: z
    .enum(["both", "reaching", "placing"])
    .default("both")
    .describe("reaching: until `reached` holds for the first time; placing: from then on"),
});
/** A dense reward of a stage. */
export type Factor = z.output<typeof factorSchema>;

const stageSchema = z.strictObject({
  name: stageName,
  why: z.string().max(300).default("").describe("one sentence for the person who reads the plan"),
  active: objectName.describe("the object that is pushed, or driven up to"),
  place: placeSchema
    .nullable()
    .default(null)
    .describe("where the active object belongs; null: it need only be reached"),
  after: z
    .array(stageName)
    .max(MAX_STAGES)
    .default([])
    .describe("stages that must be done before; otherwise in the order listed"),
  reached: expression
    .nullable()
    .default(null)
    .describe("condition that opens the placing phase; null: the pusher is at the object"),
  done: expression
    .nullable()
    .default(null)
    .describe("condition that completes the stage; null: the usual one for its place"),
  factors: z
    .array(factorSchema)
    .max(12)
    .nullable()
    .default(null)
    .describe("dense rewards; null: the usual ones"),
  budgetSteps: z.int().min(10).max(2000).default(300).describe("control steps it may take"),
});
/** One stage of a plan; docs/planner.md has its fields. */
export type PlanStage = z.output<typeof stageSchema>;
/** Where an object belongs, in the frame of another: metres, and degrees counter-clockwise. */
export type Place = z.output<typeof placeSchema>;

/** Checks what a planner answers: the stages alone. */
export const planAnswerSchema = z.strictObject({
  stages: z.array(stageSchema).min(1).max(MAX_STAGES),
});
export type PlanAnswer = z.output<typeof planAnswerSchema>;

/** Checks a plan as it is kept in a file, and fills in what it leaves out. */
export const planSchema = z.strictObject({
  format: z.literal(1).default(1),
  scene: z.string().min(1).max(64),
  instruction: z.string().max(1000),
  stages: planAnswerSchema.shape.stages,
});
/** A plan: the scene that it is for, the words that it was made of, and its stages. */
export type Plan = z.output<typeof planSchema>;

/** Anything with stages: a plan, or an answer that is to become one. */
export interface Staged {
  readonly stages: readonly PlanStage[];
}

/**
 * JSON Schema of a planner's answer. Every property is required and none may be added, which is what
 * endpoints with structured output ask for; what may be left out in a file is null or empty here.
 */
export function planAnswerJsonSchema(): Record<string, unknown> {
  const { $schema: _, ...schema } = z.toJSONSchema(planAnswerSchema, {
    io: "output",
    // endpoints refuse defaults where everything is required
    override: ({ jsonSchema }) => {
      delete jsonSchema.default;
    },
  });
  return schema;
}

/** Reads a plan from a JSON file. @throws FileError where there is none, ConfigError where it is not one */
export function readPlan(file: string): Plan {
  let text: string;
  try {
    text = readFileSync(file, "utf8");
  } catch {
    throw new FileError(`There is no plan at "${file}". Write one with understudy plan --out.`);
  }
  let input: unknown;
  try {
    input = JSON.parse(text);
  } catch {
    throw new FileError(
      `"${file}" is not a plan: it is not JSON. Expected one made by plan --out.`,
    );
  }
  return parseConfig(planSchema, input, `the plan "${file}"`);
}

/** Writes a plan as JSON, whole or not at all; folders are made. */
export function writePlan(file: string, plan: Plan): void {
  writeFileWhole(file, `${JSON.stringify(plan, null, 2)}\n`);
}
