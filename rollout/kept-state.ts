/** A trainer's state as a checkpoint keeps it: arrays by name, and counts beside a learner's progress. */

import type { TrainState } from "../nn/trainer.ts";

export interface KeptCounts {
  readonly optimizerSteps: number;
  /** Calls that the mean of the weights is over; missing where there is none, and in files from before it was kept. */
  readonly averaged?: number | undefined;
}

export function keptState({ steps, averaged, average, ...moments }: TrainState): {
  readonly counts: KeptCounts;
  readonly arrays: Readonly<Record<string, Float32Array>>;
} {
  const arrays = { ...moments, ...(average ? { average } : {}) };
  return { counts: { optimizerSteps: steps, averaged }, arrays };
}

/** The state of such arrays, and what else stood among the progress. */
export function stateOf<Progress>(
  { theta, m, v, average }: Readonly<Record<string, Float32Array>>,
  { optimizerSteps: steps, averaged, ...progress }: Progress & KeptCounts,
): { readonly state: TrainState; readonly progress: Omit<Progress, keyof KeptCounts> } {
  return { state: { theta, m, v, steps, average, averaged }, progress };
}
