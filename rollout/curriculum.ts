/**
 * How a training goes along: where new episodes start, as time goes by, what is asked of them, and how bodies touch; spans to resume at, and
 * what comes out in the end.
 */

import { z } from "zod";
import { parseConfig, withChanges } from "../core/config.ts";
import { falling } from "../core/schedule.ts";
import { findScene } from "../sim/scenes/index.ts";
import type { SimulationSpec } from "./shard.ts";

const share = () => z.number().min(0).max(1);

/** What the configs of teachers and students have in common. */
export const curriculumFields = {
  spanIterations: z
    .int()
    .min(0)
    .default(0)
    .describe(
      "after so many, episodes begin anew and all is saved: resuming gives the same bits; 0: never",
    ),
  averageOver: z
    .int()
    .min(1)
    .default(1)
    .describe("roll-outs over which the weights that come out are averaged; 1: the last weights"),
  scene: z
    .record(z.string(), z.unknown())
    .default({})
    .describe(
      "settings of the scene that are others while learning, such as a stricter placeShare",
    ),
  practiceShare: share().default(0.5).describe("episodes that start close to the goal, at first"),
  practiceUntil: share()
    .default(0.5)
    .describe("share of the iterations after which no episode does"),
  practiceAfter: z
    .int()
    .min(0)
    .optional()
    .describe(
      "roll-outs before the first episode does, none unless given: who begins by practising learns to wait near the goal",
    ),
  stageShare: share()
    .default(0.5)
    .describe("of the other episodes, those that start at any stage, the earlier ones done"),
  failureShare: share()
    .default(0)
    .describe(
      "of the episodes not close to the goal, those that start where one was about to fail",
    ),
  coulombShare: share()
    .default(0)
    .describe(
      "environments, in whole shards, with coulomb contacts, whatever the others have: who learns in both relies on neither",
    ),
};

export type Curriculum = { readonly iterations: number } & {
  readonly [field in Exclude<keyof typeof curriculumFields, "scene" | "practiceAfter">]: number;
} & { readonly practiceAfter?: number | undefined };

/** A simulation with other settings of its scene. @throws ConfigError, naming `whose` they are, where the scene has none such */
export function withScene(
  simulation: SimulationSpec,
  changes: Readonly<Record<string, unknown>>,
  whose: string,
): SimulationSpec {
  if (Object.keys(changes).length === 0) return simulation;
  const { config } = findScene(simulation.scene);
  const changed = withChanges(simulation.config as Record<string, unknown>, changes);
  return { ...simulation, config: parseConfig(config, changed, whose) };
}

/** How the new episodes of an iteration start, and the span it belongs to. */
export function startsAt(iteration: number, curriculum: Curriculum) {
  const { spanIterations, failureShare, stageShare } = curriculum;
  return {
    span: spanAt(iteration, spanIterations),
    practiceShare: practiceAt(iteration, curriculum),
    failureShare,
    stageShare,
  };
}

/** Share of new episodes that start close to the goal; falls linearly to zero, from where it would be if it had always been there. */
export function practiceAt(
  iteration: number,
  {
    iterations,
    practiceShare,
    practiceUntil,
    practiceAfter = 0,
  }: Pick<Curriculum, "iterations" | "practiceShare" | "practiceUntil" | "practiceAfter">,
): number {
  if (practiceUntil === 0 || iteration < practiceAfter) return 0;
  return falling(practiceShare, 0, iteration / (iterations * practiceUntil));
}

/** Which span an iteration belongs to; a span of 0 iterations never ends. */
export function spanAt(iteration: number, spanIterations: number): number {
  return spanIterations === 0 ? 0 : Math.floor(iteration / spanIterations);
}

/** Whether to save after so many iterations: at the end of each span or, without spans, every `saveEvery`. */
export function isSaved(iteration: number, spanIterations: number, saveEvery = 25): boolean {
  return iteration % (spanIterations || saveEvery) === 0;
}

/** Whether to save when a training stops: in the middle of a span there is nothing to resume from to the bit. */
export function isSavedAtLast(
  iteration: number,
  { iterations, spanIterations }: Pick<Curriculum, "iterations" | "spanIterations">,
): boolean {
  return spanIterations === 0 || iteration >= iterations;
}
