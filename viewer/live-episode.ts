/** One episode that is run here and now, kept as it goes. */

import { Ground } from "../sim/ground.ts";
import { type EpisodeEnd, SceneBatch } from "../sim/scene-batch.ts";
import { findScene } from "../sim/scenes/index.ts";
import type { Action, Driver } from "./drivers.ts";
import { Still } from "./still.ts";
import { type Frame, POSE, Tape } from "./tape.ts";

/** Images kept for looking back, in frames. */
const IMAGES = 300;

export interface LiveOptions {
  readonly scene: string;
  readonly seed: number;
  /** Number of the start, as `understudy evaluate` counts them. */
  readonly start: number;
}

export class LiveEpisode {
  readonly still: Still;
  readonly tape: Tape;
  readonly #batch: SceneBatch;
  readonly #ground: Ground;
  /** The student's images by frame. */
  readonly #images = new Map<number, Float32Array>();
  #final: Frame | undefined;
  #end: EpisodeEnd | undefined;

  private constructor(batch: SceneBatch, still: Still) {
    this.#batch = batch;
    this.still = still;
    this.#ground = new Ground(batch.world);
    this.tape = new Tape(batch.scene.timing.controlStep_s);
  }

  static async open({ scene, seed, start }: LiveOptions): Promise<LiveEpisode> {
    let ending = () => {};
    const batch = await SceneBatch.create({
      scene: findScene(scene),
      envs: 1,
      firstEnv: start,
      seed,
      purpose: "evaluation",
      groups: ["layers", "proprioception"],
      onEnd: () => ending(),
    });
    const episode = new LiveEpisode(batch, await Still.open(batch.scene));
    // the batch begins the next episode by itself, so the last frame is taken in between
    ending = () => {
      episode.#final ??= episode.#frame(undefined);
    };
    batch.reset();
    episode.#keep(episode.#frame(undefined), true);
    return episode;
  }

  get scene() {
    return this.#batch.scene;
  }

  /** How it ended; undefined while it runs. */
  get end(): EpisodeEnd | undefined {
    return this.#end;
  }

  /** The image that the student was given at a frame, where it is still kept. */
  imageOf(frame: number): Float32Array | undefined {
    return this.#images.get(frame);
  }

  /** One control step; nothing once the episode has ended. Returns the new frame. */
  async step(driver: Driver): Promise<Frame | undefined> {
    if (this.#end) return undefined;
    const { groups, scene } = this.#batch;
    const stage = this.#stage();
    const action = await driver.act({ scene, ground: this.#ground, stage, groups });
    this.#batch.step(Float32Array.from(action));
    this.#end = this.#batch.ends[0];
    const reward = this.#batch.rewards[0];
    const frame = { ...(this.#final ?? this.#frame(action)), action, reward };
    this.#keep(frame, !this.#end);
    return frame;
  }

  free(): void {
    this.#batch.free();
    this.still.free();
  }

  #stage(): number {
    return Math.min(this.#batch.stageOf(0), this.scene.stages.length - 1);
  }

  #frame(action: Action | undefined): Frame {
    const poses = new Float32Array(this.#batch.world.bodies.length * POSE);
    this.#batch.poses(0, poses);
    const stage = this.#stage();
    const target = this.scene.target(this.#ground, stage);
    return { poses, action, reward: undefined, stage, target };
  }

  #keep(frame: Frame, withImage: boolean): void {
    const index = this.tape.frames.push(frame) - 1;
    if (withImage) this.#images.set(index, this.#batch.groups.layers.slice());
    this.#images.delete(index - IMAGES);
  }
}
