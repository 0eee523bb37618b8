/** A learning rate that follows how far the policy moved, below a ceiling that falls. */

import { falling } from "../core/schedule.ts";

export interface KlTarget {
  readonly targetKl: number;
  readonly minLearningRate: number;
  readonly maxLearningRate: number;
}

/** Of the settings of such a rate: it is held at or above the least, and what is above the most is cut. */
export function ratesAreOrdered({
  learningRate,
  minLearningRate,
  maxLearningRate,
}: Omit<KlTarget, "targetKl"> & { readonly learningRate: number }): boolean {
  return minLearningRate <= Math.min(learningRate, maxLearningRate);
}

export const RATES_RULE = {
  error: "minLearningRate must be at most learningRate and maxLearningRate",
  path: ["minLearningRate"],
};

/**
 * Shrinks the rate by 1.5 when the KL divergence of the last minibatch is above twice the target and
 * grows it by 1.2 below half of it, within its limits.
 */
export function adaptLearningRate(
  learningRate: number,
  kl: number,
  { targetKl, minLearningRate, maxLearningRate }: KlTarget,
): number {
  if (kl > 2 * targetKl) return Math.max(minLearningRate, learningRate / 1.5);
  if (kl < targetKl / 2) return Math.min(maxLearningRate, learningRate * 1.2);
  return learningRate;
}

/** The highest rate allowed: falls linearly from the maximum to the minimum over the training. */
export function rateCeiling(
  iteration: number,
  {
    iterations,
    minLearningRate,
    maxLearningRate,
  }: Omit<KlTarget, "targetKl"> & { readonly iterations: number },
): number {
  return falling(maxLearningRate, minLearningRate, iteration / iterations);
}
