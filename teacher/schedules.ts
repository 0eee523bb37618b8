/** What changes over a training beside the learning rate. */

import { falling } from "../core/schedule.ts";
import type { TeacherConfig } from "./config.ts";

/** A stretch of a training over which the learning rate and the entropy bonus fall. */
export interface Sitting {
  /** Iterations of the training before it. */
  readonly first: number;
  readonly iterations: number;
  /** The weight of the entropy bonus that it begins with. */
  readonly entropyCoef: number;
}

type Sittings = Pick<TeacherConfig, "iterations" | "entropyCoef" | "restart">;

/**
 * The stretch that an iteration belongs to: the whole training or, with a restart, what lies before or after it. Warm restarts:
 * Loshchilov and Hutter, 2017, https://arxiv.org/abs/1608.03983.
 */
export function sittingAt(iteration: number, config: Sittings): Sitting {
  const { iterations, entropyCoef, restart } = config;
  const again = restartOf(config);
  if (!restart || again === undefined) return { first: 0, iterations, entropyCoef };
  if (iteration < again) return { first: 0, iterations: again, entropyCoef };
  return { first: again, iterations: iterations - again, entropyCoef: restart.entropyCoef };
}

/** The iteration that a restart comes before; undefined without one. */
export function restartOf({
  iterations,
  restart,
}: Pick<TeacherConfig, "iterations" | "restart">): number | undefined {
  return restart ? Math.round(restart.at * iterations) : undefined;
}

/** The weight of the entropy bonus: falls linearly to the final one over each sitting. */
export function entropyCoefAt(
  iteration: number,
  config: Sittings & Pick<TeacherConfig, "finalEntropyCoef">,
): number {
  const { first, iterations, entropyCoef } = sittingAt(iteration, config);
  return falling(entropyCoef, config.finalEntropyCoef, (iteration - first) / iterations);
}
