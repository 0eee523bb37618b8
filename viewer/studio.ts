/** The worker's side of the page: opens episodes, runs them at their pace, and looks at them. */

import { isUserError } from "../core/errors.ts";
import { findScene, scenes } from "../sim/scenes/index.ts";
import { type Action, type Driver, openDriver } from "./drivers.ts";
import { LiveEpisode } from "./live-episode.ts";
import type { DriverChoice, FromWorker, ToWorker } from "./messages.ts";
import { ReplayedEpisode } from "./replayed-episode.ts";
import { sketchOf } from "./still.ts";

export type Post = (message: FromWorker, transfer?: ArrayBufferLike[]) => void;

/** The furthest that a slow machine may fall behind before the clock is set anew. */
const SLACK_ms = 200;

export class Studio {
  readonly #post: Post;
  #run = 0;
  #episode: LiveEpisode | ReplayedEpisode | undefined;
  #driver: Driver | undefined;
  #hand: Action = [0, 0];
  #playing = false;
  #speed = 1;
  #due_ms = 0;
  /** Grows whenever the clock is set anew; a step that was due by an older clock is dropped. */
  #clock = 0;
  #timer: ReturnType<typeof setTimeout> | undefined;
  /** Messages are taken one after another: an episode is never stepped while it is replaced. */
  #queue: Promise<void> = Promise.resolve();

  constructor(post: Post) {
    this.#post = post;
    post({ type: "ready", scenes: scenes.map(({ name, summary }) => ({ name, summary })) });
  }

  /** Takes a message of the page. */
  take(message: ToWorker): void {
    if (message.type === "drive") this.#hand = [message.forward, message.turn];
    else this.#enqueue(() => this.#answer(message));
  }

  #enqueue(work: () => Promise<void> | void): void {
    this.#queue = this.#queue.then(work).catch((error: unknown) => this.#fail(error));
  }

  async #answer(message: Exclude<ToWorker, { type: "drive" }>): Promise<void> {
    switch (message.type) {
      case "open live": {
        this.#close(message.run);
        const live = await LiveEpisode.open(message);
        this.#episode = live;
        this.#opened(live, undefined);
        await this.#setDriver(message.driver);
        return this.#keepPace();
      }
      case "open replay": {
        this.#close(message.run);
        const recorded = await ReplayedEpisode.open(message.text, message.source);
        this.#episode = recorded;
        return this.#opened(recorded, recorded);
      }
      case "driver":
        return this.#setDriver(message.driver);
      case "pace":
        this.#playing = message.playing;
        this.#speed = message.speed;
        return this.#keepPace();
      case "step":
        return this.#step();
      case "look":
        return this.#look(message.frame, message.noise);
    }
  }

  #close(run: number): void {
    clearTimeout(this.#timer);
    this.#clock++;
    this.#episode?.free();
    this.#episode = undefined;
    this.#hand = [0, 0];
    this.#run = run;
  }

  #opened(episode: LiveEpisode | ReplayedEpisode, recorded: ReplayedEpisode | undefined): void {
    const { scene, tape } = episode;
    this.#post({
      type: "opened",
      run: this.#run,
      sketch: sketchOf(scene, findScene(scene.name).summary),
      frames: tape.frames,
      replay: recorded?.replay && factsOf(recorded),
    });
  }

  async #setDriver(choice: DriverChoice): Promise<void> {
    this.#driver?.close();
    this.#driver = undefined;
    this.#driver = await openDriver(choice, () => this.#hand);
  }

  /** Sets the clock by which steps are due, from now on. */
  #keepPace(): void {
    clearTimeout(this.#timer);
    this.#clock++;
    this.#due_ms = performance.now();
    this.#await();
  }

  #await(): void {
    const episode = this.#episode;
    if (!this.#playing || !(episode instanceof LiveEpisode) || episode.end) return;
    const now = performance.now();
    this.#due_ms += (episode.tape.controlStep_s * 1000) / this.#speed;
    if (this.#due_ms < now - SLACK_ms) this.#due_ms = now;
    const clock = this.#clock;
    const stepWhenDue = async () => {
      if (clock !== this.#clock) return;
      await this.#step();
      this.#await();
    };
    this.#timer = setTimeout(() => this.#enqueue(stepWhenDue), Math.max(0, this.#due_ms - now));
  }

  async #step(): Promise<void> {
    const episode = this.#episode;
    if (!(episode instanceof LiveEpisode) || !this.#driver) return;
    const frame = await episode.step(this.#driver);
    if (!frame) return;
    this.#post({ type: "frame", run: this.#run, frame });
    const { end } = episode;
    if (!end) return;
    this.#post({ type: "ended", run: this.#run, outcome: end.outcome, return: end.return });
  }

  #look(index: number, noise: boolean): void {
    const frame = this.#episode?.tape.frames[index];
    if (!this.#episode || !frame) return;
    const sight = this.#episode.still.look(index, frame, noise, this.#episode.imageOf(index));
    const { layers, depth_m, rgba } = sight;
    this.#post({ type: "sight", run: this.#run, sight }, [
      layers.buffer,
      depth_m.buffer,
      rgba.buffer,
    ]);
  }

  #fail(error: unknown): void {
    clearTimeout(this.#timer);
    this.#clock++;
    const message = isUserError(error)
      ? error.message
      : `The simulation stopped: ${error instanceof Error ? error.message : String(error)}. Reset the episode or reload the page.`;
    this.#post({ type: "failed", run: this.#run, message });
  }
}

function factsOf({ replay }: ReplayedEpisode) {
  const { policy, seed, start, outcome } = replay;
  return { policy, seed, start, outcome, return: replay.return };
}
