/**
 * Whether a checkpoint is of the very training that wants to go on with it: nothing may be another but how long it learns, when it is
 * saved, and over what its weights are averaged.
 */

import { createHash } from "node:crypto";
import type { z } from "zod";
import { ConfigError } from "../core/errors.ts";
import { findScene } from "../sim/scenes/index.ts";
import type { SimulationSpec } from "./shard.ts";

/** What decides the result of a training; its checkpoint keeps it, with its learner's settings under the learner's name. */
export interface Training {
  readonly simulation: SimulationSpec;
  /** Digests of the weights that it learns from, such as its teacher's; older files have none. */
  readonly learntFrom?: Readonly<Record<string, string>> | undefined;
}

type Tree = Readonly<Record<string, unknown>>;

/** Tells weights from others. */
export function digestOfWeights({ buffer, byteOffset, byteLength }: Float32Array): string {
  const bytes = Buffer.from(buffer, byteOffset, byteLength);
  return createHash("sha256").update(bytes).digest("hex").slice(0, 16);
}

type TrainingOf<Name extends string> = Training & { readonly [name in Name]?: unknown };

/** Who learns: its name in a configuration, and the schema of its settings there. */
interface Learner<Name extends string> {
  readonly name: Name;
  /** Settings that came after a file was written have their defaults there. */
  readonly schema: z.ZodType;
}

/** @throws ConfigError naming the first difference */
export function checkSameTraining<Name extends string>(
  file: string,
  learner: Learner<Name>,
  saved: TrainingOf<Name>,
  wanted: TrainingOf<Name>,
): void {
  const before = saved.learntFrom ?? wanted.learntFrom;
  const difference =
    firstDifference(saved.simulation.scene, wanted.simulation.scene, ["scene"]) ??
    firstDifference(settingsOf(saved, learner), settingsOf(wanted, learner), []) ??
    firstDifference(before, wanted.learntFrom, ["predecessor"]);
  if (difference === undefined) return;
  throw new ConfigError(
    `"${file}" holds another training, whose ${difference}. Give another file to write to, or its settings to go on with it.`,
  );
}

/** By the paths that `--set` has, with every default, as JSON has it. */
function settingsOf<Name extends string>(
  training: TrainingOf<Name>,
  { name, schema }: Learner<Name>,
): Tree {
  const { contact = "planar", config: settings = {}, scene, ...rest } = training.simulation;
  const { iterations, spanIterations, averageOver, ...learns } = parsed(schema, training[name]);
  const whole = {
    ...rest,
    contact,
    scene: parsed(findScene(scene).config, settings),
    [name]: learns,
  };
  return JSON.parse(JSON.stringify(whole)) as Tree;
}

/** As the schema completes it; as it is, where it is none of the schema's. */
function parsed(schema: z.ZodType, value: unknown): Tree {
  const { success, data } = schema.safeParse(value);
  return (success ? data : value) as Tree;
}

/** Such as `teacher.gamma is 0.99, not 0.98`; undefined where both are the same. */
function firstDifference(
  there: unknown,
  here: unknown,
  path: readonly string[],
): string | undefined {
  if (isTree(there) && isTree(here)) {
    return Object.keys({ ...there, ...here })
      .map((key) => firstDifference(there[key], here[key], [...path, key]))
      .find((difference) => difference !== undefined);
  }
  const [was, is] = [there, here].map((value) => JSON.stringify(value) ?? "not given");
  return was === is ? undefined : `${path.join(".")} is ${was}, not ${is}`;
}

function isTree(value: unknown): value is Tree {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}
