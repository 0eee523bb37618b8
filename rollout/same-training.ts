/**
 * Whether a checkpoint is of the very training that wants to go on with it: nothing may be another but how long it learns, when it is
 * saved, and over what its weights are averaged.
 */

import { createHash } from "node:crypto";
import type { z } from "zod";
import { ConfigError } from "../core/errors.ts";
import { findScene } from "../sim/scenes/index.ts";
import type { SimulationSpec } from "./shard.ts";

/** What decides the result of a training, as its checkpoint keeps it. */
export interface Training {
  readonly simulation: SimulationSpec;
  /** What its learner learns with. */
  readonly config: unknown;
  /** Digests of the weights that it learns from, such as its teacher's; older files have none. */
  readonly learntFrom?: Readonly<Record<string, string>> | undefined;
}

type Tree = Readonly<Record<string, unknown>>;

/** Tells weights from others. */
export function digestOfWeights({ buffer, byteOffset, byteLength }: Float32Array): string {
  const bytes = Buffer.from(buffer, byteOffset, byteLength);
  return createHash("sha256").update(bytes).digest("hex").slice(0, 16);
}

/**
 * @param learner its name in a configuration, and the schema of its settings: those that came after a file was written have
 * their defaults there
 * @throws ConfigError naming the first difference
 */
export function checkSameTraining(
  file: string,
  learner: { readonly name: string; readonly schema: z.ZodType },
  saved: Training,
  wanted: Training,
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
function settingsOf(
  { simulation, config }: Training,
  { name, schema }: { readonly name: string; readonly schema: z.ZodType },
): Tree {
  const { contact = "planar", config: settings = {}, scene, ...rest } = simulation;
  const { iterations, spanIterations, averageOver, ...learns } = parsed(schema, config);
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
