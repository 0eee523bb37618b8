/**
 * Moments on the way to a failure, for training episodes to begin at: what goes wrong is what is practised.
 *
 * In the spirit of ReTRy (arXiv 2505.09546), which begins a teacher's roll-outs where its student has been. Snapshots here
 * are poses at rest with the episode's plan and what the robot remembered, so an episode can go another way from there.
 */

import type { Rng } from "../core/rng.ts";
import type { Episode, PlanarPose } from "./scene.ts";

/** Where an episode stood. */
export interface Moment {
  /** Begins at the stage and with the poses of the moment. */
  readonly episode: Episode<unknown>;
  /** Where the bodies were when the episode began, which says how far the anchor has been moved. */
  readonly starts: readonly PlanarPose[];
  /** What the robot remembered of where things are; undefined without such a memory. */
  readonly recollection: Float32Array | undefined;
}

/** Control steps between the moments of an episode that are held. */
const EVERY = 8;
/** Moments of an episode that are held: the latest. */
const HELD = 5;
/** A moment closer to the end than this many control steps may be past saving. */
const TOO_LATE = 5;
/** Moments to begin at; the oldest make room for new ones. */
const CAPACITY = 256;

/** Moments of a batch of environments. */
export class FailureStarts {
  /** The latest moments of each environment, oldest first, and the step of each. */
  readonly #latest: readonly { step: number; moment: Moment }[][];
  readonly #kept: Moment[] = [];
  #next = 0;

  constructor(envs: number) {
    this.#latest = Array.from({ length: envs }, () => []);
  }

  /** Whether a moment is due after `step` control steps of an episode. */
  isDue(step: number): boolean {
    return step % EVERY === 0;
  }

  hold(env: number, step: number, moment: Moment): void {
    const latest = this.#latest[env];
    if (latest.length === HELD) latest.shift();
    latest.push({ step, moment });
  }

  /** Forgets the episode of an environment; one that has failed after `failedAt` steps leaves a moment to begin at. */
  end(env: number, failedAt: number | undefined, rng: Rng): void {
    const latest = this.#latest[env].splice(0);
    if (failedAt === undefined) return;
    const early = latest.filter(({ step }) => failedAt - step >= TOO_LATE);
    if (early.length === 0) return;
    const { moment } = early[Math.floor(rng.next() * early.length)];
    this.#kept[this.#next] = moment;
    this.#next = (this.#next + 1) % CAPACITY;
  }

  /** Forgets all episodes under way. */
  abandon(): void {
    for (const latest of this.#latest) latest.length = 0;
  }

  /** Forgets everything. */
  clear(): void {
    this.abandon();
    this.#kept.length = 0;
    this.#next = 0;
  }

  /** Any of the moments that failures have left; undefined before the first. */
  draw(rng: Rng): Moment | undefined {
    return this.#kept[Math.floor(rng.next() * this.#kept.length)];
  }
}
