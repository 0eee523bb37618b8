/** Tasks to order: instructions in worlds where things stand in each other's way, as the reader has read them. */

import { createRng, type Rng } from "../../core/rng.ts";
import { type Meaning, matches } from "../grammar/goals.ts";
import { type Example, MOST_GOALS, sampleInstruction } from "../grammar/instructions.ts";
import type { Split } from "../grammar/lexicon.ts";
import { CROWDED, sampleWorld, type WorldStyle } from "../grammar/worlds.ts";
import type { WorldView } from "../world-view.ts";
import { positionsIn } from "./batches.ts";
import { type Reading, toldOrder } from "./decoding.ts";
import { type Outcome, tryOrder } from "./floor.ts";
import { BatchReader } from "./read.ts";
import { readPieces } from "./reader-targets.ts";
import type { TrainedReader } from "./reader-training.ts";
import { pairFeatures, sided } from "./sequencer.ts";

/** Carries out goals in an order: the model of `floor.ts`, or a simulation. */
export interface Executor {
  run(tasks: readonly Task[]): Promise<readonly Outcome[]> | readonly Outcome[];
}

export interface Task {
  readonly world: WorldView;
  readonly goals: Reading["goals"];
  readonly order: readonly number[];
}

export const floorExecutor: Executor = {
  run: (tasks) => tasks.map(({ world, goals, order }) => tryOrder(world, goals, order)),
};

/** One instruction as it was read, with its sides decided. */
export interface OrderCase {
  readonly example: Example;
  readonly reading: Reading;
  readonly features: Float32Array;
  /** The order that the words ask for. */
  readonly told: readonly number[];
}

/** Instructions about crowded worlds; `goals` from 2 to 5. */
export function sampleCrowded(
  rng: Rng,
  split: Split,
  goals: number,
  tokens: number,
  style: WorldStyle = CROWDED,
): Example {
  for (;;) {
    const world = sampleWorld(rng, split, goals + 1 + Math.floor(rng.next() * 2), style);
    const options = { split, goals, world, anchor: 0, refusable: 0 };
    const example = sampleInstruction(rng, options);
    if (readPieces(example).tokens.length <= tokens) return example;
  }
}

/**
 * A case where the reading is right, whatever the words object; undefined where it is not, which is not the sequencer's to
 * mend.
 */
export function caseOf(example: Example, read: Reading): OrderCase | undefined {
  if ((read.status !== "ok" && !read.objection) || !sameGoals(example.meaning, read))
    return undefined;
  const reading = sided(example.world, read);
  const features = pairFeatures(example.world, reading);
  return { example, reading, features, told: toldOrder(reading) };
}

function sameGoals(meaning: Meaning, { goals }: Reading): boolean {
  return matches({ goals: meaning.goals, before: [] }, goals);
}

/** All orders of the goals in which nothing is placed by what is still to be moved. */
export function allOrders({ reading: { goals } }: OrderCase): number[][] {
  const found: number[][] = [];
  const extend = (order: readonly number[]) => {
    if (order.length === goals.length) {
      found.push([...order]);
      return;
    }
    goals.forEach((goal, i) => {
      const anchorWaits = goals.some((g, j) => g.object === goal.anchor && !order.includes(j));
      if (!order.includes(i) && !anchorWaits) extend([...order, i]);
    });
  };
  extend([]);
  return found;
}

/** Pairs that the words demand and an order breaks. */
export function brokenDemands({ demanded }: Reading, order: readonly number[]): number {
  let broken = 0;
  order.forEach((late, k) => {
    for (const early of order.slice(0, k)) if (demanded[late][early]) broken++;
  });
  return broken;
}

export interface CaseOptions {
  readonly style?: WorldStyle;
  readonly mostGoals?: number;
}

/** Instructions about crowded worlds whose goals the reader gets right. */
export async function crowdedCases(
  { size, vocabulary, state }: Pick<TrainedReader, "size" | "vocabulary" | "state">,
  split: Split,
  seed: number,
  count: number,
  { style = CROWDED, mostGoals = MOST_GOALS }: CaseOptions = {},
): Promise<OrderCase[]> {
  const rng = createRng(seed).split(`crowded ${split}`);
  const examples = Array.from({ length: count }, () => {
    const goals = 2 + Math.floor(rng.next() * (mostGoals - 1));
    return sampleCrowded(rng, split, goals, size.tokens, style);
  });
  const reader = await BatchReader.create(size, positionsIn(vocabulary));
  const readings = await reader.read(state.theta, examples);
  await reader.close();
  return examples.flatMap((example, i) => caseOf(example, readings[i]) ?? []);
}
