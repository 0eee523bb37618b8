/** Checkpoints of a planner in training: the reader's, and the sequencer's. */

import { existsSync } from "node:fs";
import { z } from "zod";
import { parseConfig } from "../../core/config.ts";
import { ConfigError } from "../../core/errors.ts";
import type { Params } from "../../nn/params.ts";
import type { TrainState } from "../../nn/trainer.ts";
import { readCheckpoint, writeCheckpoint } from "../../policies/checkpoint.ts";

const kinds = { reader: "planner-reader", sequencer: "planner-sequencer" } as const;
export type PlannerPart = keyof typeof kinds;

const progressSchema = z.object({ steps: z.int().min(0), rounds: z.int().min(0).default(0) });
export type PartProgress = z.output<typeof progressSchema>;

export interface PartState {
  readonly state: TrainState;
  readonly seed: number;
  readonly config: unknown;
  /** Rounds of learning by outcome; 0 for the reader. */
  readonly rounds: number;
}

const shapesOf = (params: Params) => params.specs.map(({ name, shape }) => ({ name, shape }));

export function writePart(
  file: string,
  part: PlannerPart,
  params: Params,
  { state, seed, config, rounds }: PartState,
): void {
  const { theta, m, v, steps } = state;
  writeCheckpoint(file, {
    kind: kinds[part],
    seed,
    config,
    progress: { steps, rounds },
    params: shapesOf(params),
    arrays: { theta, m, v },
  });
}

/**
 * Undefined where there is no such file yet.
 * @throws FileError for one that does not fit, ConfigError for one of another seed
 */
export function readPart(
  file: string,
  part: PlannerPart,
  params: Params,
  seed: number,
): PartState | undefined {
  if (!existsSync(file)) return undefined;
  const found = readCheckpoint(file, { kind: kinds[part], params: shapesOf(params) });
  if (found.seed !== seed) {
    throw new ConfigError(
      `"${file}" was trained with seed ${found.seed}, not ${seed}. Use that seed to resume, or another folder.`,
    );
  }
  const { steps, rounds } = parseConfig(progressSchema, found.progress, `checkpoint "${file}"`);
  const { theta, m, v } = found.arrays;
  return { state: { theta, m, v, steps }, seed, config: found.config, rounds };
}
