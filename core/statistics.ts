/** Small statistics that reports are made of. */

/** A share of successes with its uncertainty. */
export interface Proportion {
  readonly successes: number;
  readonly trials: number;
  readonly rate: number;
  /** Bounds of the Wilson score interval. */
  readonly low: number;
  readonly high: number;
}

/**
 * Wilson score interval (Wilson, 1927) of a binomial proportion; 95 % unless `z` says otherwise.
 * With no trials the interval is [0, 1] and the rate is NaN.
 */
export function wilson(successes: number, trials: number, z = 1.959963984540054): Proportion {
  if (trials === 0) return { successes, trials, rate: Number.NaN, low: 0, high: 1 };
  const rate = successes / trials;
  const shrink = 1 + (z * z) / trials;
  const centre = (rate + (z * z) / (2 * trials)) / shrink;
  const half = (z / shrink) * Math.sqrt((rate * (1 - rate)) / trials + (z * z) / (4 * trials ** 2));
  return {
    successes,
    trials,
    rate,
    low: Math.max(0, centre - half),
    high: Math.min(1, centre + half),
  };
}

/** What several proportions come to when all their trials are taken together. */
export function pooled(proportions: readonly Proportion[]): Proportion {
  const total = (of: "successes" | "trials") => proportions.reduce((sum, one) => sum + one[of], 0);
  return wilson(total("successes"), total("trials"));
}

/** The `q`-quantile (0 to 1) by linear interpolation; NaN of an empty list. */
export function quantile(values: ArrayLike<number>, q: number): number {
  if (values.length === 0) return Number.NaN;
  const sorted = Float64Array.from(values).sort();
  const at = q * (sorted.length - 1);
  const below = Math.floor(at);
  const above = Math.min(below + 1, sorted.length - 1);
  return sorted[below] + (at - below) * (sorted[above] - sorted[below]);
}

/** The middle value. */
export function median(values: ArrayLike<number>): number {
  return quantile(values, 0.5);
}
