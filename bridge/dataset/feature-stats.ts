/** Statistics of a dataset's features, as `meta/stats.json` has them. */

import { quantile } from "../../core/statistics.ts";

export const quantileNames = { q01: 0.01, q10: 0.1, q50: 0.5, q90: 0.9, q99: 0.99 } as const;

/** One number a column, or a channel; `count` is one number of frames. */
export interface FeatureStats {
  readonly min: number[];
  readonly max: number[];
  readonly mean: number[];
  readonly std: number[];
  readonly count: [number];
  readonly q01: number[];
  readonly q10: number[];
  readonly q50: number[];
  readonly q90: number[];
  readonly q99: number[];
}

/** Of rows, column by column; std is the population's, as numpy's. At least one row. */
export function vectorStats(rows: readonly ArrayLike<number>[]): FeatureStats {
  const columns = Array.from({ length: rows[0].length }, (_, c) =>
    Float64Array.from(rows, (row) => row[c]),
  );
  const each = (of: (values: Float64Array) => number) => columns.map(of);
  const mean = (values: Float64Array) => values.reduce((a, b) => a + b, 0) / values.length;
  return {
    min: each((values) => values.reduce((a, b) => Math.min(a, b))),
    max: each((values) => values.reduce((a, b) => Math.max(a, b))),
    mean: each(mean),
    std: each((values) => {
      const m = mean(values);
      return Math.sqrt(values.reduce((sum, value) => sum + (value - m) ** 2, 0) / values.length);
    }),
    count: [rows.length],
    q01: each((values) => quantile(values, quantileNames.q01)),
    q10: each((values) => quantile(values, quantileNames.q10)),
    q50: each((values) => quantile(values, quantileNames.q50)),
    q90: each((values) => quantile(values, quantileNames.q90)),
    q99: each((values) => quantile(values, quantileNames.q99)),
  };
}

/** Statistics of pixels that have few different values: exact, from how often each occurs. */
export class PixelCounts {
  readonly #counts: Float64Array[];
  readonly #meaningOf: (level: number) => number;
  #frames = 0;

  /** `meaningOf` says what a level stands for, and grows with it. */
  constructor(channels: number, levels: number, meaningOf: (level: number) => number) {
    this.#counts = Array.from({ length: channels }, () => new Float64Array(levels));
    this.#meaningOf = meaningOf;
  }

  /** One frame, channels innermost. */
  add(pixels: Uint8Array | Uint16Array): void {
    this.#frames++;
    const channels = this.#counts.length;
    for (let i = 0; i < pixels.length; i++) this.#counts[i % channels][pixels[i]]++;
  }

  stats(): FeatureStats {
    const each = (of: (counts: Float64Array) => number) => this.#counts.map(of);
    const at = (q: number) => each((counts) => this.#meaningOf(levelAt(counts, q)));
    return {
      min: at(0),
      max: at(1),
      mean: each((counts) => this.#mean(counts, (value) => value)),
      std: each((counts) => {
        const mean = this.#mean(counts, (value) => value);
        return Math.sqrt(this.#mean(counts, (value) => (value - mean) ** 2));
      }),
      count: [this.#frames],
      q01: at(quantileNames.q01),
      q10: at(quantileNames.q10),
      q50: at(quantileNames.q50),
      q90: at(quantileNames.q90),
      q99: at(quantileNames.q99),
    };
  }

  #mean(counts: Float64Array, of: (value: number) => number): number {
    let sum = 0;
    let total = 0;
    for (let level = 0; level < counts.length; level++) {
      if (counts[level] === 0) continue;
      sum += counts[level] * of(this.#meaningOf(level));
      total += counts[level];
    }
    return sum / total;
  }
}

/** The lowest level that at least a share `q` of the pixels do not exceed. */
function levelAt(counts: Float64Array, q: number): number {
  const wanted = Math.max(1, q * counts.reduce((a, b) => a + b, 0));
  let seen = 0;
  for (let level = 0; level < counts.length; level++) {
    seen += counts[level];
    if (seen >= wanted) return level;
  }
  return counts.length - 1;
}
