/** What falls over a training: the highest learning rate, and the entropy bonus. */

import { falling } from "../core/schedule.ts";
import type { TeacherConfig } from "./config.ts";

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
