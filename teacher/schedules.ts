/** What changes over a training: the learning rate, which follows how far the policy moved, and the entropy bonus. */

import { falling } from "../core/schedule.ts";
import type { TeacherConfig } from "./config.ts";

/**
 * Shrinks the rate by 1.5 when the KL divergence of the last minibatch is above twice the target and
 * grows it by 1.2 below half of it, within the limits of the config.
 */
export function adaptLearningRate(
  learningRate: number,
  kl: number,
  {
    targetKl,
    minLearningRate,
    maxLearningRate,
  }: Pick<TeacherConfig, "targetKl" | "minLearningRate" | "maxLearningRate">,
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
  }: Pick<TeacherConfig, "iterations" | "minLearningRate" | "maxLearningRate">,
): number {
  return falling(maxLearningRate, minLearningRate, iteration / iterations);
}

/** The weight of the entropy bonus: falls linearly from the first to the final over the training. */
export function entropyCoefAt(
  iteration: number,
  {
    iterations,
    entropyCoef,
    finalEntropyCoef,
  }: Pick<TeacherConfig, "iterations" | "entropyCoef" | "finalEntropyCoef">,
): number {
  return falling(entropyCoef, finalEntropyCoef, iteration / iterations);
}
