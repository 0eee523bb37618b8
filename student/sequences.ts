/** A roll-out and its labels as rows that a student learns from. */

import type { StudentSpec } from "../policies/networks/student.ts";
import type { Rollout } from "../rollout/rollout.ts";
import type { Labels } from "./labels.ts";

/**
 * Without memory the roll-out's own arrays, one step a row. With memory one environment a row:
 * [T, N, ...] is turned into [N, T, ...], and `begins` marks the steps that begin an episode.
 */
export function sequencesOf(
  spec: StudentSpec,
  rollout: Rollout,
  labels: Labels,
): Record<string, Float32Array> {
  const data = {
    layers: rollout.groups.layers,
    proprioception: rollout.groups.proprioception,
    ...(spec.goal ? { goal: rollout.groups.goal } : {}),
    ...(spec.lastSeen ? { lastSeen: rollout.groups.lastSeen } : {}),
    teacherActions: labels.actions,
    teacherLatents: labels.latents,
    teacherPoses: labels.poses,
  };
  if (spec.memory === 0) return data;
  const { steps, envs } = rollout;
  const turned = Object.fromEntries(
    Object.entries(data).map(([name, array]) => [name, byEnvironment(array, steps, envs)]),
  );
  return { ...turned, begins: beginsOf(rollout) };
}

/** [T, N, ...] to [N, T, ...]. */
function byEnvironment(array: Float32Array, steps: number, envs: number): Float32Array {
  const row = array.length / (steps * envs);
  const out = new Float32Array(array.length);
  for (let t = 0; t < steps; t++) {
    for (let n = 0; n < envs; n++) {
      const from = (t * envs + n) * row;
      out.set(array.subarray(from, from + row), (n * steps + t) * row);
    }
  }
  return out;
}

/** [N, T]: 1 where the step before ended an episode. The first step of a sequence starts from zero anyway. */
function beginsOf({ steps, envs, boundaries }: Rollout): Float32Array {
  const begins = new Float32Array(envs * steps);
  for (let t = 1; t < steps; t++) {
    for (let n = 0; n < envs; n++) begins[n * steps + t] = boundaries[(t - 1) * envs + n];
  }
  return begins;
}
