/** How rows of data are cut into minibatches. */

import type { Rng } from "../core/rng.ts";

/**
 * Row numbers of all minibatches of all epochs, one after another, as `Trainer.train` takes them; every epoch is a new shuffle.
 * Rows that do not fill a last minibatch are left out of that epoch.
 */
export function shuffledRows(
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
