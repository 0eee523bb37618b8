/** Corrections as they are logged: one JSON document a line, enough to learn from. */

import { appendFileSync, existsSync, mkdirSync, readFileSync } from "node:fs";
import path from "node:path";
import { z } from "zod";
import { ConfigError, FileError } from "../../core/errors.ts";
import type { AssembledScene } from "../../sim/scene.ts";
import { makePlan, reasonsOf } from "../make-plan.ts";
import { planAnswerSchema } from "../plan.ts";
import type { Planner } from "../planner.ts";
import type { WorldView } from "../world-view.ts";
import type { ExecutionEvent, PlanExecution } from "./execution.ts";

const metres = z.number();
const poseShape = { x_m: metres, y_m: metres, yaw_rad: z.number() };

const worldViewSchema = z.strictObject({
  scene: z.string(),
  arenaSide_m: metres,
  robot: z.strictObject(poseShape),
  objects: z
    .array(
      z.strictObject({
        name: z.string(),
        shape: z.enum(["cube", "box", "cylinder", "prism"]),
        colour: z.string().optional(),
        size_m: metres,
        ...poseShape,
        fixed: z.boolean().optional(),
      }),
    )
    .readonly(),
});

/** Characters that are said at once, at most. */
const MAX_WORDS = 1000;

/** A correction as it is logged. */
export const correctionSchema = z.strictObject({
  format: z.literal(1),
  scene: z.string(),
  /** What was asked for in the first place. */
  instruction: z.string(),
  /** What was said to mend it. */
  words: z.string().min(1).max(MAX_WORDS),
  /** The stage that was interrupted, and after how many control steps of the execution. */
  stage: z.string(),
  step: z.int().min(0),
  world: worldViewSchema,
  /** What is done instead; null where no plan was found for the words. */
  stages: planAnswerSchema.shape.stages.nullable(),
  reasons: z.array(z.string()),
  /** Where it was said, if that was in the viewer: enough to find the moment again. */
  said: z
    .strictObject({
      time: z.iso.datetime(),
      driver: z.string(),
      seed: z.int().min(0),
      start: z.int().min(0),
    })
    .exactOptional(),
});
/** A correction as it is logged: what was asked for, what was said, what was made of it. */
export type Correction = z.output<typeof correctionSchema>;

export function appendCorrection(file: string, correction: Correction): void {
  mkdirSync(path.dirname(file), { recursive: true });
  appendFileSync(file, `${JSON.stringify(correction)}\n`);
}

/** Reads a log of corrections, oldest first. @throws FileError where there is none, or a line of it is no correction */
export function readCorrections(file: string): Correction[] {
  if (!existsSync(file)) throw new FileError(`There are no corrections at "${file}".`);
  const lines = readFileSync(file, "utf8").split("\n");
  return lines.flatMap((line, i) => {
    if (line.trim() === "") return [];
    const result = correctionSchema.safeParse(jsonOf(line));
    if (result.success) return [result.data];
    const [{ path: at, message }] = result.error.issues;
    throw new FileError(
      `Line ${i + 1} of "${file}" is no correction: ${at.join(".") || "all"}: ${message}.`,
    );
  });
}

function jsonOf(line: string): unknown {
  try {
    return JSON.parse(line);
  } catch {
    return undefined;
  }
}

/** What is corrected, by which words. */
export interface CorrectionOptions {
  readonly execution: PlanExecution;
  readonly planner: Planner;
  readonly base: AssembledScene;
  /** Name of the scene, for the log. */
  readonly scene: string;
  /** What was asked for in the first place. */
  readonly instruction: string;
  /** What is to be done instead; 1000 characters at most. */
  readonly words: string;
  /** What stands where now: `viewNow` tells. */
  readonly world: WorldView;
  /** Control steps of the execution until now. */
  readonly step: number;
  /** Decides what the answer is verified with. */
  readonly seed: number;
  /** Where the correction is logged, whether it could be followed or not. */
  readonly file: string;
  /** Gives up waiting for what the planner makes of it, and logs nothing where that is interrupted later. */
  readonly signal?: AbortSignal;
}

/**
 * What a planner makes of the words, or why nothing. One that cannot be asked leaves a label all the same: a person may write in what
 * was meant.
 */
export async function stagesFor({
  words,
  ...asked
}: Pick<
  CorrectionOptions,
  "planner" | "base" | "scene" | "words" | "world" | "seed" | "signal"
>): Promise<Pick<Correction, "stages" | "reasons">> {
  const request = { ...asked, instruction: words, rehearse: false };
  const found = await makePlan(request).catch(reasonsOf);
  if ("reasons" in found) return { stages: null, reasons: [...found.reasons] };
  return { stages: found.plan.stages, reasons: [] };
}

/** Throws a ConfigError for words that no log takes. */
export function checkWords(words: string): void {
  if (words.trim() === "") {
    throw new ConfigError("The correction has no words. Say what is to be done instead.");
  }
  if (words.length <= MAX_WORDS) return;
  throw new ConfigError(
    `The correction has ${words.length} characters; at most ${MAX_WORDS} are read. Say it shorter.`,
  );
}

/**
 * Turns what was said into subgoals that override the current one, and logs it.
 * Words that no plan is found for change nothing; the event is undefined then.
 * @throws ConfigError for no words, or for too many
 */
export async function applyCorrection(
  options: CorrectionOptions,
): Promise<{ readonly event: ExecutionEvent | undefined; readonly correction: Correction }> {
  const { execution, scene, words, world } = options;
  checkWords(words);
  const stage = execution.subgoal?.compiled.plan.name ?? "";
  const found = await stagesFor(options);
  const correction = correctionSchema.parse({
    format: 1,
    scene,
    instruction: options.instruction,
    words,
    stage,
    step: options.step,
    world,
    ...found,
  });
  appendCorrection(options.file, correction);
  const { stages } = correction;
  return { event: stages ? execution.correct({ stages }, words) : undefined, correction };
}
