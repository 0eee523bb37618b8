/** The losses of the teacher (PPO) and of the student (distillation). */

import type { Graph } from "./graph.ts";
import type { Operand, Tensor } from "./tensor.ts";

/** What PPO compares, one number a sample: all [N], but `entropy`, which may be a scalar. */
export interface PpoTerms {
  readonly logProbs: Tensor;
  readonly oldLogProbs: Tensor;
  readonly advantages: Tensor;
  readonly values: Tensor;
  readonly returns: Tensor;
  readonly entropy: Tensor;
}

export interface PpoCoefficients {
  /** How far the probability ratio may move from 1 before it stops paying. */
  readonly clip: number;
  readonly valueCoef: number;
  /** A number, or a scalar tensor that may change from batch to batch. */
  readonly entropyCoef: Operand;
}

/**
 * Clipped surrogate objective (Schulman et al. 2017, eq. 7 and 9):
 * -mean(min(r A, clip(r, 1 - c, 1 + c) A)) + valueCoef * mean((V - R)²) / 2 - entropyCoef * mean(entropy).
 * `approxKl` is mean((r - 1) - log r), which is never negative; `clipFraction` the share of |r - 1| > clip.
 */
export function ppoLoss(
  g: Graph,
  terms: PpoTerms,
  coefficients: PpoCoefficients,
): { readonly loss: Tensor; readonly stats: Readonly<Record<string, Tensor>> } {
  const { logProbs, oldLogProbs, advantages, values, returns } = terms;
  const { clip, valueCoef, entropyCoef } = coefficients;
  const logRatio = g.sub(logProbs, oldLogProbs);
  const ratio = g.exp(logRatio);
  const clipped = g.clip(ratio, 1 - clip, 1 + clip);
  const surrogate = g.min(g.mul(ratio, advantages), g.mul(clipped, advantages));
  const policyLoss = g.neg(g.mean(surrogate));
  const valueLoss = g.mul(g.mean(g.square(g.sub(values, returns))), 0.5);
  const entropy = g.mean(terms.entropy);
  const fixed = g.stopGradient(ratio);
  const approxKl = g.mean(g.sub(g.sub(fixed, 1), g.stopGradient(logRatio)));
  const outside = g.compare("Greater", g.abs(g.sub(fixed, 1)), clip);
  const loss = g.sub(g.add(policyLoss, g.mul(valueLoss, valueCoef)), g.mul(entropy, entropyCoef));
  const clipFraction = g.mean(g.cast(outside, g.dtype));
  return { loss, stats: { policyLoss, valueLoss, entropy, approxKl, clipFraction } };
}

/** Actions [N, A]; latents [N, R, L], one latent of length L for each of R roles. */
export interface DistillationTerms {
  readonly actions: Tensor;
  readonly teacherActions: Tensor;
  readonly latents?: Tensor;
  readonly teacherLatents?: Tensor;
}

/**
 * Distillation loss of EgoPush: |a - a_teacher|² summed over action columns plus
 * `relationalWeight` * |S_teacher - S_student|² (Frobenius), S the cosine similarities of the role latents; both
 * averaged over samples. Without latents only the first term.
 */
export function distillationLoss(
  g: Graph,
  terms: DistillationTerms,
  { relationalWeight }: { readonly relationalWeight: number },
): { readonly loss: Tensor; readonly stats: Readonly<Record<string, Tensor>> } {
  const { actions, teacherActions, latents, teacherLatents } = terms;
  const squared = g.square(g.sub(actions, teacherActions));
  const actionLoss = g.mean(g.sum(squared, { axes: [1] }));
  if (!latents || !teacherLatents) return { loss: actionLoss, stats: { actionLoss } };
  const apart = g.sub(similarities(g, latents), similarities(g, teacherLatents));
  const relationalLoss = g.mean(g.sum(g.square(apart), { axes: [1, 2] }));
  const loss = g.add(actionLoss, g.mul(relationalLoss, relationalWeight));
  return { loss, stats: { actionLoss, relationalLoss } };
}

/** Cosine similarities [N, R, R] of latents [N, R, L]. Lengths below 1e-4 count as 1e-4. */
function similarities(g: Graph, latents: Tensor): Tensor {
  const lengths = g.sqrt(g.add(g.sum(g.square(latents), { axes: [2], keep: true }), 1e-8));
  const unit = g.div(latents, lengths);
  return g.matmul(unit, g.transpose(unit, [0, 2, 1]));
}
