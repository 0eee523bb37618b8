/**
 * The sequencer: in which order goals are done. A small network says for each pair what it costs to do the first
 * while the second is still to be done; the next stage is drawn by the sum over all that are left. What it sees of a
 * pair is what the words say about their order, and how the two are in each other's way on the floor.
 */

import type { Rng } from "../../core/rng.ts";
import { logSoftmax, MASKED } from "../../nn/attention.ts";
import type { Graph } from "../../nn/graph.ts";
import { linear } from "../../nn/layers.ts";
import type { DataSpec, Forward } from "../../nn/model.ts";
import { Params, type Views } from "../../nn/params.ts";
import type { Tensor } from "../../nn/tensor.ts";
import { type Goal, withSides } from "../grammar/goals.ts";
import { MOST_GOALS } from "../grammar/instructions.ts";
import type { WorldView } from "../world-view.ts";
import { type Reading, waits } from "./decoding.ts";
import { apart_m, finalSpots, fromSegment_m, ROBOT_RADIUS_m, radius_m } from "./floor.ts";

/** Goals of a row. */
export const GOALS = MOST_GOALS;

/** What is known of a pair (first, second), each from -1 to 1. */
export const PAIR_FEATURES = [
  "told earlier",
  "demanded first",
  "demanded last",
  "stands in its place",
  "has its place taken",
  "stands in its way",
  "bars its way when placed",
  "is barred when placed",
  "crowds its run-up when placed",
  "is crowded when placed",
] as const;

const HIDDEN = 24;

export const sequencerInputs: DataSpec = { pairs: { shape: [GOALS, GOALS, PAIR_FEATURES.length] } };
export const SEQUENCER_OUTPUTS = ["scores"] as const;

export function sequencerParams(): Params {
  return new Params()
    .linear("in", PAIR_FEATURES.length, HIDDEN, Math.SQRT2)
    .linear("out", HIDDEN, 1, 0.1);
}

/** pairs [N, K, K, PAIR_FEATURES] to scores [N, K, K]: how well the row may come before the column. */
export const sequencerForward: Forward = (g, views, { pairs }) => ({
  scores: pairScores(g, views, pairs),
});

export function pairScores(g: Graph, views: Views, pairs: Tensor): Tensor {
  const batch = pairs.shape[0];
  const hidden = g.tanh(linear(g, views, "in", pairs));
  return g.reshape(linear(g, views, "out", hidden), [batch, GOALS, GOALS]);
}

/**
 * Log-probabilities [N, K, K] of taking goal o (column) as step k (row). `left` [N, K, K] says which goals are
 * left at each step, `open` which of them may be taken.
 */
export function stepLogProbs(g: Graph, scores: Tensor, left: Tensor, open: Tensor): Tensor {
  // the goal itself is always left when it may be taken, so its own score would only be noise
  const itself = Float32Array.from({ length: GOALS * GOALS }, (_, i) => (i % (GOALS + 1) ? 1 : 0));
  const others = g.mul(scores, g.constant(itself, [1, GOALS, GOALS]));
  const sums = g.matmul(left, g.transpose(others, [0, 2, 1]));
  return logSoftmax(g, g.add(sums, g.mul(g.sub(1, open), MASKED)));
}

/** [K, K, PAIR_FEATURES] of a reading whose goals have their sides. */
export function pairFeatures(world: WorldView, reading: Reading): Float32Array {
  const { goals, earlier, demanded } = reading;
  const rows = new Float32Array(GOALS * GOALS * PAIR_FEATURES.length);
  const ends = finalSpots(world, goals);
  const close = (gap_m: number) => Math.max(0, Math.min(1, 1 - gap_m / 0.1));
  goals.forEach((a, i) => {
    goals.forEach((b, j) => {
      if (i === j) return;
      const [one, other] = [world.objects[a.object], world.objects[b.object]];
      const [end, otherEnd] = [ends[a.object], ends[b.object]];
      const touching_m = radius_m(one) + radius_m(other);
      const way_m = (p: typeof one | typeof end, from: typeof one, to: typeof end) =>
        fromSegment_m(p, from, to) - touching_m;
      const crowd_m = apart_m(end, otherEnd) - touching_m - 2 * ROBOT_RADIUS_m;
      const inward = Math.sign(apart_m(end, one) - apart_m(otherEnd, one));
      const features = [
        Math.tanh(earlier[i][j] / 4),
        demanded[i][j] ? 1 : 0,
        demanded[j][i] ? 1 : 0,
        close(apart_m(other, end) - touching_m),
        close(apart_m(one, otherEnd) - touching_m),
        close(way_m(other, one, end)),
        close(way_m(otherEnd, one, end)),
        close(way_m(end, other, otherEnd)),
        close(crowd_m) * inward,
        close(crowd_m),
      ];
      rows.set(features, (i * GOALS + j) * PAIR_FEATURES.length);
    });
  });
  return rows;
}

/** A reading with every side decided. */
export function sided(world: WorldView, reading: Reading): Reading {
  return { ...reading, goals: withSides<Goal>(world, reading.goals) };
}

/** Goals that may come next: those whose anchors are where they belong. */
export function openGoals(goals: readonly Goal[], left: readonly number[]): number[] {
  return left.filter((i) => !waits(i, left, goals));
}

/** An order by `scores` [K, K]: the likeliest, or with `rng` a random one of those that the scores make likely. */
export function orderBy(scores: Float32Array, goals: readonly Goal[], rng?: Rng): number[] {
  const left = goals.map((_, i) => i);
  const order: number[] = [];
  while (left.length > 0) {
    const open = openGoals(goals, left);
    const sums = open.map((i) => sumOver(scores, i, left));
    const next = open[rng ? drawn(rng, sums) : sums.indexOf(Math.max(...sums))];
    order.push(next);
    left.splice(left.indexOf(next), 1);
  }
  return order;
}

/** Orders tried at each step while the likeliest ones are looked for. */
const BEAM = 24;

/** Whole orders by falling probability, at most `BEAM` of them. */
export function likeliestOrders(scores: Float32Array, goals: readonly Goal[]): number[][] {
  let beam = [{ order: [] as number[], logProb: 0 }];
  for (let k = 0; k < goals.length; k++) {
    const grown = beam.flatMap(({ order, logProb }) => {
      const left = goals.flatMap((_, i) => (order.includes(i) ? [] : [i]));
      const open = openGoals(goals, left);
      const sums = open.map((i) => sumOver(scores, i, left));
      const most = Math.max(...sums);
      const total = most + Math.log(sums.reduce((sum, x) => sum + Math.exp(x - most), 0));
      return open.map((i, o) => ({ order: [...order, i], logProb: logProb + sums[o] - total }));
    });
    beam = grown.sort((a, b) => b.logProb - a.logProb).slice(0, BEAM);
  }
  return beam.map(({ order }) => order);
}

/** What it costs to do goal `i` while the others in `left` are still to be done. */
export function sumOver(scores: Float32Array, i: number, left: readonly number[]): number {
  return left.reduce((sum, j) => sum + (j === i ? 0 : scores[i * GOALS + j]), 0);
}

function drawn(rng: Rng, logits: readonly number[]): number {
  const most = Math.max(...logits);
  const weights = logits.map((logit) => Math.exp(logit - most));
  let rest = rng.next() * weights.reduce((a, b) => a + b, 0);
  for (let i = 0; i < weights.length; i++) {
    rest -= weights[i];
    if (rest < 0) return i;
  }
  return weights.length - 1;
}
