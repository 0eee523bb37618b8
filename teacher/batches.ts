/** How a roll-out is cut into minibatches. */

import type { Rng } from "../core/rng.ts";

/**
 * Row numbers of all minibatches of all epochs, one after another; every epoch is a new shuffle.
 * Rows that do not fill a last minibatch are left out of that epoch.
 */
export function shuffledBatches(
  rng: Rng,
  rows: number,
  { epochs, batch }: { readonly epochs: number; readonly batch: number },
): Int32Array {
  const each = Math.floor(rows / batch) * batch;
  const order = new Int32Array(epochs * each);
  const shuffled = Int32Array.from({ length: rows }, (_, i) => i);
  for (let epoch = 0; epoch < epochs; epoch++) {
    for (let i = rows - 1; i > 0; i--) {
      const j = Math.floor(rng.next() * (i + 1));
      const swap = shuffled[i];
      shuffled[i] = shuffled[j];
      shuffled[j] = swap;
    }
    order.set(shuffled.subarray(0, each), epoch * each);
  }
  return order;
}

/** Shifts and scales to mean 0 and standard deviation 1, in place. */
export function standardize(values: Float32Array): void {
  let sum = 0;
  let squares = 0;
  for (const value of values) {
    sum += value;
    squares += value * value;
  }
  const mean = sum / values.length;
  const deviation = Math.sqrt(Math.max(0, squares / values.length - mean * mean)) + 1e-8;
  for (let i = 0; i < values.length; i++) values[i] = (values[i] - mean) / deviation;
}
