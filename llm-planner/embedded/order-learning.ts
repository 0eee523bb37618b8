/**
 * What the sequencer learns from: orders to imitate, orders with advantages (a clipped policy gradient), and pairs of
 * orders of which one turned out better (the preference loss of DPO, as SPO uses it, arXiv 2502.20742).
 */

import type { Graph } from "../../nn/graph.ts";
import type { DataSpec, Objective } from "../../nn/model.ts";
import type { Tensor } from "../../nn/tensor.ts";
import type { Goal } from "../grammar/goals.ts";
import {
  GOALS,
  openGoals,
  pairScores,
  sequencerInputs,
  stepLogProbs,
  sumOver,
} from "./sequencer.ts";

/** One order of the goals, and optionally one that turned out worse. */
export interface OrderRow {
  readonly features: Float32Array;
  readonly goals: readonly Goal[];
  readonly order: readonly number[];
  /** Weight of imitating `order`. */
  readonly imitate?: number;
  /** For each step of `order`. */
  readonly advantages?: readonly number[];
  readonly oldLogProbs?: readonly number[];
  readonly worse?: {
    readonly order: readonly number[];
    /** How much likelier the reference makes `order` than this, as a difference of log-probabilities. */
    readonly referenceGap: number;
  };
}

export interface OrderCoefficients {
  readonly clip: number;
  /** Weight of the preference loss, and how strongly it holds on to the reference. */
  readonly preference: number;
  readonly beta: number;
  /** Weight of the entropy of each step. */
  readonly entropy: number;
}

const steps = { shape: [GOALS, GOALS] };

export const orderSpec: DataSpec = {
  ...sequencerInputs,
  left: steps,
  open: steps,
  taken: steps,
  "worse left": steps,
  "worse open": steps,
  "worse taken": steps,
  advantages: { shape: [GOALS] },
  "old log-probs": { shape: [GOALS] },
  imitate: { shape: [1] },
  prefer: { shape: [1] },
  "reference gap": { shape: [1] },
};

export function orderObjective({ clip, preference, beta, entropy }: OrderCoefficients): Objective {
  return (g, views, batch) => {
    const rows = batch.pairs.shape[0];
    const scores = pairScores(g, views, batch.pairs);
    const better = stepLogProbs(g, scores, batch.left, batch.open);
    const worse = stepLogProbs(g, scores, batch["worse left"], batch["worse open"]);
    const taken = g.sum(g.mul(better, batch.taken), { axes: [2] });
    const takenWorse = g.sum(g.mul(worse, batch["worse taken"]), { axes: [2] });
    const total = (x: Tensor) => g.reshape(g.sum(x, { axes: [1] }), [rows, 1]);
    const average = (x: Tensor) => g.div(g.sum(x), rows);
    const gap = g.sub(g.sub(total(taken), total(takenWorse)), batch["reference gap"]);
    const stats = {
      imitation: g.neg(average(g.mul(total(taken), batch.imitate))),
      surrogate: g.neg(average(surrogate(g, taken, batch, clip))),
      preference: average(g.mul(g.softplus(g.mul(gap, -beta)), batch.prefer)),
      entropy: average(entropyOf(g, better, batch.open, batch.taken)),
    };
    const pulled = g.add(
      g.add(stats.imitation, stats.surrogate),
      g.mul(stats.preference, preference),
    );
    return { loss: g.sub(pulled, g.mul(stats.entropy, entropy)), stats };
  };
}

/** Clipped, step by step; steps without an advantage pay nothing. */
function surrogate(
  g: Graph,
  logProbs: Tensor,
  batch: Readonly<Record<string, Tensor>>,
  clip: number,
): Tensor {
  const ratio = g.exp(g.sub(logProbs, batch["old log-probs"]));
  const clipped = g.clip(ratio, 1 - clip, 1 + clip);
  return g.min(g.mul(ratio, batch.advantages), g.mul(clipped, batch.advantages));
}

/** Of the steps that were taken. */
function entropyOf(g: Graph, logProbs: Tensor, open: Tensor, taken: Tensor): Tensor {
  const bits = g.mul(g.mul(g.exp(logProbs), logProbs), open);
  const each = g.neg(g.sum(bits, { axes: [2] }));
  return g.mul(each, g.sum(taken, { axes: [2] }));
}

/** Rows as arrays, by name; short tasks are filled up with steps that weigh nothing. */
export function orderArrays(rows: readonly OrderRow[]): Record<string, Float32Array> {
  const arrays: Record<string, Float32Array> = {};
  const widths = Object.entries(orderSpec).map(
    ([name, { shape }]) => [name, shape.reduce((a, b) => a * b, 1)] as const,
  );
  for (const [name, width] of widths) arrays[name] = new Float32Array(rows.length * width);
  rows.forEach((row, r) => {
    const at = (name: string) => (r * arrays[name].length) / rows.length;
    arrays.pairs.set(row.features, at("pairs"));
    setSteps(arrays, "", row.order, row.goals, at("left"));
    if (row.worse) setSteps(arrays, "worse ", row.worse.order, row.goals, at("left"));
    arrays.advantages.set(row.advantages ?? [], at("advantages"));
    arrays["old log-probs"].set(row.oldLogProbs ?? [], at("advantages"));
    arrays.imitate[r] = row.imitate ?? 0;
    arrays.prefer[r] = row.worse ? 1 : 0;
    arrays["reference gap"][r] = row.worse?.referenceGap ?? 0;
  });
  return arrays;
}

function setSteps(
  arrays: Record<string, Float32Array>,
  prefix: string,
  order: readonly number[],
  goals: readonly Goal[],
  start: number,
): void {
  order.forEach((goal, k) => {
    const left = order.slice(k);
    const row = start + k * GOALS;
    for (const i of left) arrays[`${prefix}left`][row + i] = 1;
    for (const i of openGoals(goals, left)) arrays[`${prefix}open`][row + i] = 1;
    arrays[`${prefix}taken`][row + goal] = 1;
  });
}

/** Log-probability of each step of an order, from scores [K, K]. */
export function logProbsOf(
  scores: Float32Array,
  goals: readonly Goal[],
  order: readonly number[],
): number[] {
  return order.map((goal, k) => {
    const left = order.slice(k);
    const sums = openGoals(goals, left).map((i) => sumOver(scores, i, left));
    const most = Math.max(...sums);
    return (
      sumOver(scores, goal, left) -
      most -
      Math.log(sums.reduce((total, x) => total + Math.exp(x - most), 0))
    );
  });
}
