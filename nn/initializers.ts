/** First values of parameters. */

import type { Rng } from "../core/rng.ts";

/** Fills `out`, the row-major numbers of a parameter of `shape`. */
export type Initializer = (out: Float32Array, shape: readonly number[], rng: Rng) => void;

export const zeros: Initializer = (out) => {
  out.fill(0);
};

export const ones: Initializer = (out) => {
  out.fill(1);
};

export function constant(value: number): Initializer {
  return (out) => {
    out.fill(value);
  };
}

export function normal(deviation: number): Initializer {
  return (out, _shape, rng) => {
    for (let i = 0; i < out.length; i++) out[i] = deviation * rng.normal();
  };
}

/**
 * A random matrix [inputs, outputs] whose shorter side is orthonormal, times `gain` (Saxe et al. 2014):
 * normal numbers, made orthogonal by the modified Gram-Schmidt process in float64.
 */
export function orthogonal(gain: number): Initializer {
  return (out, [inputs, outputs], rng) => {
    const vectors = Math.min(inputs, outputs);
    const length = Math.max(inputs, outputs);
    const basis = Float64Array.from({ length: vectors * length }, () => rng.normal());
    for (let i = 0; i < vectors; i++) orthonormalize(basis, i, length);
    for (let i = 0; i < vectors; i++) {
      for (let j = 0; j < length; j++) {
        const at = inputs < outputs ? i * outputs + j : j * outputs + i;
        out[at] = gain * basis[i * length + j];
      }
    }
  };
}

/** Takes from vector `i` what lies along the vectors before it, and scales the rest to length 1. */
function orthonormalize(basis: Float64Array, i: number, length: number): void {
  const vector = basis.subarray(i * length, (i + 1) * length);
  for (let k = 0; k < i; k++) {
    const other = basis.subarray(k * length, (k + 1) * length);
    const along = dot(vector, other);
    for (let j = 0; j < length; j++) vector[j] -= along * other[j];
  }
  const norm = Math.sqrt(dot(vector, vector));
  for (let j = 0; j < length; j++) vector[j] /= norm;
}

function dot(a: Float64Array, b: Float64Array): number {
  let total = 0;
  for (let j = 0; j < a.length; j++) total += a[j] * b[j];
  return total;
}
