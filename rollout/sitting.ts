/** One sitting of a training: from where it was saved to its end, or to where somebody has had enough. */

import type { EpisodeEnd } from "../sim/scene-batch.ts";
import { isSaved, isSavedAtLast } from "./curriculum.ts";

/** Where a learner stands, and the weights to act with there. */
export interface Learnt<Progress> {
  readonly progress: Progress;
  readonly theta: Float32Array;
}

export interface SittingRun<Progress> {
  readonly config: { readonly iterations: number; readonly spanIterations: number };
  /** Where to save; nothing is saved unless given. */
  readonly checkpoint?: string;
  readonly saveEvery?: number;
  readonly log?: (progress: Progress, ends: readonly EpisodeEnd[]) => void;
  readonly enough?: (progress: Progress) => boolean;
}

/** Who learns: it can say what came out so far, and write it down. */
export interface Learner<Progress> {
  /** The weights to act with; not changed by later training. */
  weights(): Float32Array;
  save(progress: Progress): void;
}

export class Sitting<Progress extends { readonly iteration: number }> {
  readonly #run: SittingRun<Progress>;
  readonly #learner: Learner<Progress>;
  #progress: Progress;
  #saved: Learnt<Progress>;
  #stopped = false;

  /** @param begun what was saved before or, where nothing was, a learner that has learnt nothing */
  constructor(run: SittingRun<Progress>, learner: Learner<Progress>, begun: Learnt<Progress>) {
    this.#run = run;
    this.#learner = learner;
    this.#progress = begun.progress;
    this.#saved = begun;
  }

  get progress(): Progress {
    return this.#progress;
  }

  get goesOn(): boolean {
    return !this.#stopped && this.#progress.iteration < this.#run.config.iterations;
  }

  /** Takes down an iteration: tells of it, saves where a span ends, and asks whether that is enough. */
  add(progress: Progress, ends: readonly EpisodeEnd[]): void {
    const { config, saveEvery, log, enough } = this.#run;
    this.#progress = progress;
    log?.(progress, ends);
    if (isSaved(progress.iteration, config.spanIterations, saveEvery)) this.#save();
    this.#stopped = enough?.(progress) ?? false;
  }

  /**
   * Saves at last, and returns what was learnt: with a checkpoint what is in it, which after an interruption in the middle of a span is
   * less than what was done.
   */
  end(): Learnt<Progress> {
    const { config, checkpoint } = this.#run;
    const { iteration } = this.#progress;
    if (iteration > this.#saved.progress.iteration && isSavedAtLast(iteration, config)) {
      this.#save();
    }
    return checkpoint === undefined ? this.#now() : this.#saved;
  }

  #save(): void {
    this.#learner.save(this.#progress);
    this.#saved = this.#now();
  }

  #now(): Learnt<Progress> {
    return { progress: this.#progress, theta: this.#learner.weights() };
  }
}
