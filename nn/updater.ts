/** What a device does for the trainer: keep theta, m and v, and run minibatches on them. */

import type { FloatArray } from "./arrays.ts";
import type { DataArray } from "./model.ts";

export interface Updater {
  readonly statNames: readonly string[];
  /** theta, m, v as of the last run, on the CPU. `run` makes new arrays. */
  readonly state: readonly FloatArray[];
  load(state: readonly FloatArray[]): void;
  /** index [rounds, batch], hyper [rounds, 3]; returns stats [rounds, names]. */
  run(
    data: Readonly<Record<string, DataArray>>,
    index: Int32Array,
    hyper: Float64Array,
    rounds: number,
  ): Promise<FloatArray>;
  close(): Promise<void>;
}
