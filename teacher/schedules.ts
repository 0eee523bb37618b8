/** What changes over a training beside the learning rate. */

import { falling } from "../core/schedule.ts";
import type { TeacherConfig } from "./config.ts";

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
