/** Any number of rows through an actor, whose batches have one size. */

import type { Actor } from "./actor.ts";

type Values = Float32Array | Uint8Array;

/**
 * Outputs [rows, ...] by name for inputs [rows, ...] by name, in arrays of their own; the last batch is padded with zeros.
 *
 * @param batch rows that the actor was made for
 */
export async function runInBatches(
  actor: Pick<Actor, "run">,
  theta: Float32Array,
  inputs: Readonly<Record<string, Values>>,
  { rows, batch }: { readonly rows: number; readonly batch: number },
): Promise<Record<string, Float32Array>> {
  const whole: Record<string, Float32Array> = {};
  for (let first = 0; first < rows; first += batch) {
    const count = Math.min(batch, rows - first);
    const part = Object.entries(inputs).map(([name, all]) => {
      return [name, paddedRows(all, all.length / rows, first, batch)];
    });
    const found = await actor.run(theta, Object.fromEntries(part));
    for (const [name, values] of Object.entries(found)) {
      const width = values.length / batch;
      whole[name] ??= new Float32Array(rows * width);
      whole[name].set(values.subarray(0, count * width), first * width);
    }
  }
  return whole;
}

/** One batch of rows from `first` on, with zeros beyond the last. */
function paddedRows(all: Values, width: number, first: number, batch: number): Values {
  const rows = all.subarray(first * width, (first + batch) * width);
  if (rows.length === batch * width) return rows;
  const size = batch * width;
  const padded = all instanceof Uint8Array ? new Uint8Array(size) : new Float32Array(size);
  padded.set(rows);
  return padded;
}
