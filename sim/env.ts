/** One environment, one step at a time: for reading, for scripts and for robots' stand-ins. */

import { restart, type TimeStep, termination, transition, truncation } from "../core/time-step.ts";
import type { GroupName } from "./observations.ts";
import type { Scene } from "./scene.ts";
import { type EpisodeEnd, SceneBatch, type SceneBatchOptions } from "./scene-batch.ts";
import { findScene } from "./scenes/index.ts";

export interface EnvOptions
  extends Partial<Omit<SceneBatchOptions, "scene" | "envs" | "firstEnv" | "finalImages">> {
  /** As a batch's: `reset(0)` begins the first episode again; for another seed open another environment. */
  readonly seed: number;
}

/** One row per observation group, see `GroupName`. */
export type Observations = Readonly<Record<string, Float32Array>>;

const DEFAULT_GROUPS: readonly GroupName[] = ["keypoints:global", "proprioception"];

export class Env {
  readonly #batch: SceneBatch;
  /** What a batch begins by itself after an episode, before anyone has seen it. */
  #episode: "none" | "begun" | "under way" = "none";

  private constructor(batch: SceneBatch) {
    this.#batch = batch;
  }

  /**
   * Opens a scene, by its name or itself.
   *
   * @throws ConfigError for an unknown name, or settings the scene does not have
   */
  static async open(scene: string | Scene, options: EnvOptions): Promise<Env> {
    const batch = await SceneBatch.create({
      purpose: "evaluation",
      groups: DEFAULT_GROUPS,
      ...options,
      scene: typeof scene === "string" ? findScene(scene) : scene,
      envs: 1,
      finalImages: true,
    });
    return new Env(batch);
  }

  get stage(): number {
    return this.#batch.stageOf(0);
  }

  /** How an episode ended, right after the step that ended it. */
  get end(): EpisodeEnd | undefined {
    return this.#batch.ends[0];
  }

  /**
   * Begins the next episode, whether or not the one under way has ended.
   *
   * @param episode number of the one to begin instead, from 0: the same number is the same start, and the next goes on from there
   */
  reset(episode?: number): TimeStep<Observations> {
    if (episode !== undefined || this.#episode !== "begun") this.#batch.reset(episode);
    this.#episode = "under way";
    return restart(this.#observe(this.#batch.groups));
  }

  /**
   * One control step, or where no episode is under way `reset`, whatever the action; as `dm_env.Environment.step`.
   *
   * @param action forward, turn; clamped to [-1, 1]
   */
  step(action: ArrayLike<number>): TimeStep<Observations> {
    if (this.#episode !== "under way") return this.reset();
    this.#batch.step(Float32Array.from(action));
    const reward = this.#batch.rewards[0];
    if (this.#batch.boundaries[0] === 0) {
      return transition(reward, this.#observe(this.#batch.groups));
    }
    this.#episode = "begun";
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
