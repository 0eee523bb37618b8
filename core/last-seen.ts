/**
 * Where things were last seen: a memory that needs nothing but sightings and the robot's own commands.
 *
 * The same few functions run in simulation and on a robot. A sighting is the place of a thing in the base frame, however it
 * was found; between sightings every place is moved along as the commanded twist carries the robot (dead reckoning).
 */

import { layout } from "./layout.ts";
import type { Meters, Seconds } from "./units.ts";

/** What is remembered of one thing: whether it was ever seen, x and y in the base frame, and how long ago. */
export const memoryColumns = layout({ known: 1, place_m: 2, age_s: 1 });

/** A memory as a network reads it: known 0 or 1, x and y in metres, staleness from 0, just seen, towards 1. */
export const lastSeenColumns = layout({ known: 1, place: 2, staleness: 1 });

/** Age at which staleness is 1 - 1/e. */
const FADING_s = 3;

/** A younger memory beats a sighting of a part. */
const FRESH_s = 1;

/**
 * Carries `things` places from row `first` of `memory` on over one step of a twist, exactly for a constant one, and lets
 * them age.
 */
export function carryAlong(
  memory: Float32Array,
  first: number,
  things: number,
  v_mps: number,
  omega_radps: number,
  step_s: number,
): void {
  const { at, size } = memoryColumns;
  const turn = omega_radps * step_s;
  const straight = Math.abs(turn) < 1e-6;
  const ahead_m = v_mps * step_s * (straight ? 1 : Math.sin(turn) / turn);
  const aside_m = v_mps * step_s * (straight ? turn / 2 : (1 - Math.cos(turn)) / turn);
  const cos = Math.cos(turn);
  const sin = Math.sin(turn);
  for (let row = first; row < first + things; row++) {
    const start = row * size;
    if (memory[start + at.known] === 0) continue;
    const x = memory[start + at.place_m] - ahead_m;
    const y = memory[start + at.place_m + 1] - aside_m;
    memory[start + at.place_m] = cos * x + sin * y;
    memory[start + at.place_m + 1] = -sin * x + cos * y;
    memory[start + at.age_s] += step_s;
  }
}

/**
 * Speed over a step, and at its end, of a drive that follows its command with a time constant. A robot that measures its
 * twist takes that instead.
 */
export function followCommand(
  speed: number,
  command: number,
  lag_s: number,
  step_s: number,
): { readonly mean: number; readonly last: number } {
  const left = Math.exp(-step_s / lag_s);
  const behind = speed - command;
  return {
    mean: command + behind * (lag_s / step_s) * (1 - left),
    last: command + behind * left,
  };
}

/** Notes that a thing was seen just now, at (x, y) in the base frame. */
export function noteSighting(memory: Float32Array, row: number, x_m: number, y_m: number): void {
  const { at, size } = memoryColumns;
  const start = row * size;
  memory[start + at.known] = 1;
  memory[start + at.place_m] = x_m;
  memory[start + at.place_m + 1] = y_m;
  memory[start + at.age_s] = 0;
}

/**
 * Notes what `Sightings.find` made of a thing just now, at (x, y) in the base frame. What the image cuts counts where nothing younger
 * than a second is known; what was not found leaves the memory as it is.
 */
export function noteFound(
  memory: Float32Array,
  row: number,
  found: "whole" | "cut" | undefined,
  x_m: number,
  y_m: number,
): void {
  if (found === undefined || (found === "cut" && isFresh(memory, row))) return;
  noteSighting(memory, row, x_m, y_m);
}

function isFresh(memory: Float32Array, row: number): boolean {
  const from = row * memoryColumns.size;
  const { known, age_s } = memoryColumns.at;
  return memory[from + known] === 1 && memory[from + age_s] < FRESH_s;
}

/** Those of `things`, whose rows begin with `first`, that are known, nearest first: obstacles are told in this order. */
export function nearestKnown(
  memory: Float32Array,
  first: number,
  things: readonly number[],
): number[] {
  const { at, size } = memoryColumns;
  return things
    .filter((thing) => memory[(first + thing) * size + at.known] === 1)
    .sort((a, b) => range_m(memory, first + a) - range_m(memory, first + b));
}

function range_m(memory: Float32Array, row: number): Meters {
  const from = row * memoryColumns.size + memoryColumns.at.place_m;
  return Math.hypot(memory[from], memory[from + 1]);
}

/** The age behind a staleness; one that was rounded to 1 is 48 seconds, from where on nothing is told apart. */
export function ageOf_s(staleness: number): Seconds {
  return -FADING_s * Math.log(Math.max(2 ** -23, 1 - staleness));
}

/** Writes one thing as a network reads it; what was never seen is [0, 0, 0, 1]. */
export function recall(memory: Float32Array, row: number, out: Float32Array, start: number): void {
  const { at, size } = memoryColumns;
  const from = row * size;
  const known = memory[from + at.known];
  const to = lastSeenColumns.at;
  out[start + to.known] = known;
  out[start + to.place] = memory[from + at.place_m];
  out[start + to.place + 1] = memory[from + at.place_m + 1];
  out[start + to.staleness] = known === 0 ? 1 : 1 - Math.exp(-memory[from + at.age_s] / FADING_s);
}
