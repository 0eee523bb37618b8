/** Storage for T steps of N environments, shared between the workers that fill it and the learner. */

import type { Axes } from "../core/arrays.ts";

export interface Rollout {
  readonly steps: number;
  readonly envs: number;
  /** Observations that the actions answered, per group: [T, N, row]. */
  readonly groups: Readonly<Record<string, Float32Array>>;
  /** Observations after the last step, per group: [N, row]. */
  readonly last: Readonly<Record<string, Float32Array>>;
  /** What episodes saw last, per group; only rows with a boundary mean something: [T, N, row]. */
  readonly finals: Readonly<Record<string, Float32Array>>;
  readonly actions: Axes<"T,N,A">;
  /** Log-probability of each action under the policy that took it; zero without exploration. */
  readonly logProbs: Axes<"T,N">;
  readonly rewards: Axes<"T,N">;
  readonly discounts: Axes<"T,N">;
  readonly boundaries: Axes<"T,N">;
}

export interface RolloutShape {
  readonly steps: number;
  readonly envs: number;
  readonly actions: number;
  /** Columns (or pixels) of a row, per group. */
  readonly rows: Readonly<Record<string, number>>;
  /** Groups whose final observations are kept: those that a critic reads. */
  readonly finals: readonly string[];
}

/** Arrays over shared memory, so that workers write where the learner reads. */
export function createRollout({ steps, envs, actions, rows, finals }: RolloutShape): Rollout {
  const shared = (length: number) =>
    new Float32Array(new SharedArrayBuffer(length * Float32Array.BYTES_PER_ELEMENT));
  const each = (names: readonly string[], count: number) =>
    Object.fromEntries(names.map((name) => [name, shared(count * rows[name])]));
  const names = Object.keys(rows);
  return {
    steps,
    envs,
    groups: each(names, steps * envs),
    last: each(names, envs),
    finals: each(finals, steps * envs),
    actions: shared(steps * envs * actions),
    logProbs: shared(steps * envs),
    rewards: shared(steps * envs),
    discounts: shared(steps * envs),
    boundaries: shared(steps * envs),
  };
}
