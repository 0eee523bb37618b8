/**
 * Speed, acceleration and jerk limits that no sequence of targets can break, in steps of equal length.
 *
 * Whatever is being done, the robot could always do one thing instead: take the acceleration back to
 * zero as fast as the jerk allows. The speed that this would end at is the *reach*. Each step picks, of
 * the accelerations allowed next, the one whose reach is nearest to the target. Taking the acceleration
 * back is among them and leaves the reach where it is, so the reach only moves towards the target, and
 * stays within the speed limit if targets do; the speed itself never passes the reach.
 */

import type { ColumnLimits } from "./config.ts";

/** One column: speed in m/s or rad/s, and its change in a second. */
export interface Motion {
  readonly speed: number;
  readonly acceleration: number;
}

export const atRest: Motion = { speed: 0, acceleration: 0 };

/** Halvings of the interval that the next acceleration is sought in; 2^-40 of it is left. */
const halvings = 40;

/** The motion after one step of `step_s` towards `target`, a speed within the limits. */
export function approach(
  { speed, acceleration }: Motion,
  target: number,
  limits: ColumnLimits,
  step_s: number,
): Motion {
  const change = limits.jerk * step_s;
  // only rounding is clipped: see above
  const next = (a: number): Motion => ({
    speed: clip(speed + a * step_s, limits.speed),
    acceleration: a,
  });
  const reachOf = (motion: Motion) => reach(motion, change, step_s);
  let low = Math.max(acceleration - change, -limits.acceleration);
  let high = Math.min(acceleration + change, limits.acceleration);
  // reach grows with the acceleration
  if (reachOf(next(low)) >= target) return next(low);
  if (reachOf(next(high)) <= target) return next(high);
  for (let i = 0; i < halvings; i++) {
    const middle = (low + high) / 2;
    if (reachOf(next(middle)) <= target) low = middle;
    else high = middle;
  }
  // the side of the target that the reach comes from
  return next(reachOf({ speed, acceleration }) <= target ? low : high);
}

/** Where the speed ends when the acceleration is taken back by `change` in each step. */
function reach({ speed, acceleration }: Motion, change: number, step_s: number): number {
  const size = Math.abs(acceleration);
  const steps = Math.floor(size / change);
  // size - change, size - 2 change, ... while above zero
  const sum = steps * size - (change * steps * (steps + 1)) / 2;
  return speed + Math.sign(acceleration) * sum * step_s;
}

/** Targets within the speed limits, all scaled alike so that a path keeps its curvature. */
export function withinSpeeds(
  targets: readonly number[],
  columns: readonly ColumnLimits[],
): readonly number[] {
  const scale = columns.reduce((least, { speed }, i) => {
    const size = Math.abs(targets[i]);
    return size > speed ? Math.min(least, speed / size) : least;
  }, 1);
  // rounding must not exceed a limit either
  return targets.map((target, i) => clip(target * scale, columns[i].speed));
}

/** What the robot makes of a speed: truncated toward zero to whole quanta. */
export function quantized(speed: number, { quantum }: ColumnLimits): number {
  if (quantum === 0) return speed;
  // 0.29 / 0.01 is a little below 29
  const quanta = Math.trunc(speed / quantum + Math.sign(speed) * 1e-9);
  return Number((quanta * quantum).toPrecision(12));
}

function clip(value: number, most: number): number {
  return Math.max(-most, Math.min(most, value));
}
