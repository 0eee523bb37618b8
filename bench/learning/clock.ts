/** Wall-clock time and the curve of a training over all its sittings; of what is trained again, the last time counts. */

import { existsSync, readFileSync } from "node:fs";
import { writeFileWhole } from "../../core/files.ts";

/** A point of a training curve: environment steps, and success of full starts while exploring. */
export type CurvePoint = readonly [steps: number, success: number];

/** Iterations of a point of the curve. */
const CURVE_EVERY = 25;

interface Laps {
  /** Seconds of each iteration. */
  readonly seconds: number[];
  /** JSON knows no NaN: a roll-out in which nothing ended has null. */
  readonly points: (readonly [steps: number, success: number | null])[];
}

export class Clock {
  readonly #file: string;
  readonly #laps: Laps;
  #last = performance.now();

  constructor(file: string) {
    this.#file = file;
    this.#laps = existsSync(file)
      ? (JSON.parse(readFileSync(file, "utf8")) as Laps)
      : { seconds: [], points: [] };
  }

  get seconds(): number {
    return Math.round(this.#laps.seconds.reduce((a, b) => a + b, 0));
  }

  /** Success averaged over `CURVE_EVERY` roll-outs. */
  get curve(): CurvePoint[] {
    const { points } = this.#laps;
    const curve: CurvePoint[] = [];
    for (let first = 0; first < points.length; first += CURVE_EVERY) {
      const part = points.slice(first, first + CURVE_EVERY);
      const known = part.map(([, success]) => success).filter((success) => success !== null);
      if (known.length === 0) continue;
      curve.push([part[part.length - 1][0], known.reduce((a, b) => a + b, 0) / known.length]);
    }
    return curve;
  }

  /** An iteration, counted from 1, is over. */
  lap(iteration: number, steps: number, success = Number.NaN): void {
    const now = performance.now();
    this.#laps.seconds[iteration - 1] = (now - this.#last) / 1000;
    this.#laps.points[iteration - 1] = [steps, Number.isNaN(success) ? null : success];
    this.#last = now;
  }

  /** Begins to count anew from here; what was before this sitting stays. */
  start(): void {
    this.#last = performance.now();
  }

  save(): void {
    writeFileWhole(this.#file, JSON.stringify(this.#laps));
  }
}
