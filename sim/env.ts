/** One environment, one step at a time: for reading, for scripts and for robots' stand-ins. */

import { restart, type TimeStep, termination, transition, truncation } from "../core/time-step.ts";
import type { GroupName } from "./observations.ts";
import { type EpisodeEnd, SceneBatch, type SceneBatchOptions } from "./scene-batch.ts";
import { findScene } from "./scenes/index.ts";

export interface EnvOptions
  extends Partial<Omit<SceneBatchOptions, "scene" | "envs" | "firstEnv">> {
  readonly seed: number;
}

/** One row per observation group. */
export type Observations = Readonly<Record<string, Float32Array>>;

const DEFAULT_GROUPS: readonly GroupName[] = ["keypoints:global", "proprioception"];

export class Env {
  readonly #batch: SceneBatch;

  private constructor(batch: SceneBatch) {
    this.#batch = batch;
  }

  /** Opens a scene by name. */
  static async open(scene: string, options: EnvOptions): Promise<Env> {
    const batch = await SceneBatch.create({
      purpose: "evaluation",
      groups: DEFAULT_GROUPS,
      ...options,
      scene: findScene(scene),
      envs: 1,
    });
    return new Env(batch);
  }

  get stage(): number {
    return this.#batch.stageOf(0);
  }

  /** How the last episode ended, right after the step that ended it. */
  get end(): EpisodeEnd | undefined {
    return this.#batch.ends[0];
  }

  /** Begins the next episode. */
  reset(): TimeStep<Observations> {
    this.#batch.reset();
    return restart(this.#observe(this.#batch.groups));
  }

  /** `action` is [forward, turn], each in [-1, 1]. After a last step the next episode has begun. */
  step(action: ArrayLike<number>): TimeStep<Observations> {
    this.#batch.step(Float32Array.from(action));
    const reward = this.#batch.rewards[0];
    if (this.#batch.boundaries[0] === 0) {
      return transition(reward, this.#observe(this.#batch.groups));
    }
    const observation = this.#observe(this.#batch.finalGroups);
    return this.#batch.discounts[0] === 0
      ? termination(reward, observation)
      : truncation(reward, observation);
  }

  free(): void {
    this.#batch.free();
  }

  #observe(groups: Observations): Observations {
    return Object.fromEntries(Object.entries(groups).map(([name, row]) => [name, row.slice()]));
  }
}
