/** The worker's side of the page: opens episodes, runs them at their pace, and looks at them. */

import { isUserError } from "../../core/errors.ts";
import { listedScenes } from "../../sim/scenes/index.ts";
import {
  type Disturbance,
  type DriverChoice,
  type FromWorker,
  type LiveOpening,
  type ReplayFacts,
  type ToWorker,
  undisturbed,
} from "../messages.ts";
import { type Action, type Driver, openDriver } from "./drivers.ts";
import { LiveEpisode } from "./live-episode.ts";
import { openRecording } from "./recording.ts";
import type { ReplayedEpisode } from "./replayed-episode.ts";
import { sketchOf } from "./still.ts";
import { configOf, laterBy, surveyStart } from "./survey.ts";

type OpenReplay = Extract<ToWorker, { type: "open replay" }>;
type Survey = Extract<ToWorker, { type: "survey" }>;

export type Post = (message: FromWorker, transfer?: ArrayBufferLike[]) => void;

/** The furthest that a slow machine may fall behind before the clock is set anew. */
const SLACK_ms = 200;

export class Studio {
  readonly #post: Post;
  #run = 0;
  #episode: LiveEpisode | ReplayedEpisode | undefined;
  #facts: ReplayFacts | undefined;
  #driver: Driver | undefined;
  /** What the driver was opened by, and the scene that it drives in. */
  #choice: DriverChoice | undefined;
  #driven: string | undefined;
  #disturbance: Disturbance = undisturbed;
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
    post({ type: "ready", scenes: listedScenes().map(({ name, summary }) => ({ name, summary })) });
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
      case "open live":
        return this.#openLive(message.run, message);
      case "open replay":
        return this.#openReplay(message);
      case "survey":
        this.#run = message.run;
        return this.#survey(message);
      case "driver":
        return this.#setDriver(message.driver);
      case "disturb":
        return this.#disturb(message.disturbance);
      case "place":
        return this.#place(message.body, message.pose);
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

  async #openLive(run: number, opening: LiveOpening): Promise<void> {
    const isKnown = opening.scene === this.#driven && isSame(this.#choice, opening.driver);
    const known = isKnown ? this.#driver : undefined;
    const groups = known?.groups ?? [];
    const open = () => LiveEpisode.open({ ...opening, config: configOf(opening), groups });
    const live = await this.#openAs(run, open);
    this.#replace(live);
    this.#disturbance = opening.disturbance;
    // the scene stands before the policy is here
    this.#opened(live, undefined, false);
    if (known) {
      known.begin();
      this.#tellFit(known, live);
    } else await this.#setDriver(opening.driver);
    this.#keepPace();
  }

  async #openReplay({ run, file, source, number }: OpenReplay): Promise<void> {
    const open = () => openRecording(file, source, number);
    const { episode, titles } = await this.#openAs(run, open);
    this.#replace(episode);
    this.#opened(episode, { ...factsOf(episode), titles, number }, false);
  }

  /** Where nothing can be opened, the page is sent the episode before once more: what was on its way there was out of date. */
  async #openAs<T>(run: number, open: () => Promise<T>): Promise<T> {
    this.#run = run;
    try {
      return await open();
    } catch (error) {
      const episode = this.#episode;
      if (episode) this.#opened(episode, this.#facts, true);
      if (episode instanceof LiveEpisode) this.#ended(episode);
      throw error;
    }
  }

  /** The episode before goes on until another is there: what is asked for may not be to be had. */
  #replace(episode: LiveEpisode | ReplayedEpisode): void {
    clearTimeout(this.#timer);
    this.#clock++;
    this.#episode?.free();
    this.#episode = episode;
    this.#hand = [0, 0];
  }

  #opened(
    episode: LiveEpisode | ReplayedEpisode,
    replay: ReplayFacts | undefined,
    resumed: boolean,
  ): void {
    const { scene, tape, terms, config } = episode;
    this.#facts = replay;
    this.#post({
      type: "opened",
      run: this.#run,
      sketch: sketchOf(scene, terms, config),
      frames: tape.frames,
      replay,
      resumed,
    });
  }

  async #setDriver(choice: DriverChoice): Promise<void> {
    const scene = this.#episode?.scene.name;
    if (scene === undefined) return;
    this.#driver?.close();
    this.#driver = undefined;
    this.#choice = choice;
    this.#driven = scene;
    const driver = await openDriver(choice, scene, () => this.#hand);
    this.#driver = driver;
    const episode = this.#episode;
    if (!(episode instanceof LiveEpisode)) return;
    this.#tellFit(driver, episode);
    if (!episode.gives(driver.groups)) await this.#reopen(episode);
  }

  /** A policy may be tried on a robot that it was not made for; whoever watches is told. */
  #tellFit(driver: Driver, { scene }: LiveEpisode): void {
    this.#post({ type: "driver", run: this.#run, misfit: driver.misfit(scene) });
  }

  async #disturb(disturbance: Disturbance): Promise<void> {
    const before = this.#disturbance;
    this.#disturbance = disturbance;
    const episode = this.#episode;
    if (!(episode instanceof LiveEpisode)) return;
    const { obstacles, noise } = disturbance;
    if (obstacles !== before.obstacles || noise !== before.noise) await this.#reopen(episode);
    else episode.setProperties(disturbance);
  }

  /** The same episode in another world; its frames are sent anew, since bodies may have come or gone. */
  async #reopen(episode: LiveEpisode): Promise<void> {
    const again = await episode.reopened(this.#disturbance, this.#driver?.groups ?? []);
    this.#episode = again;
    this.#opened(again, undefined, true);
    if (again.end) this.#ended(again);
  }

  #place(body: number, pose: Parameters<LiveEpisode["place"]>[1]): void {
    const episode = this.#episode;
    if (!(episode instanceof LiveEpisode)) return;
    this.#post({ type: "moved", run: this.#run, frame: episode.place(body, pose) });
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
    // the driver's beliefs of the frame that it acted on are known since
    const { beliefs } = episode.tape.frames[episode.tape.frames.length - 2];
    this.#post({ type: "frame", run: this.#run, frame, before: beliefs });
    this.#ended(episode);
  }

  #ended({ end }: LiveEpisode): void {
    if (!end) return;
    this.#post({ type: "ended", run: this.#run, outcome: end.outcome, return: end.return });
  }

  async #survey({ opening, count, over }: Survey): Promise<void> {
    const driver = await openDriver(opening.driver, opening.scene, () => this.#hand);
    for (let i = 0; i < count; i++) {
      const result = await surveyStart(laterBy(opening, over, i), driver);
      this.#post({ type: "surveyed", run: this.#run, result });
    }
    driver.close();
  }

  #look(index: number, noise: boolean): void {
    const frame = this.#episode?.tape.frames[index];
    if (!this.#episode || !frame) return;
    const sight = this.#episode.still.look(index, frame, noise, this.#episode.imageOf(index));
    const { layers, depth_m, rgba, keypoints } = sight;
    const arrays = [layers.buffer, depth_m.buffer, rgba.buffer, keypoints.buffer];
    this.#post({ type: "sight", run: this.#run, sight }, arrays);
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

/** Whether two choices are of the very same driver. */
function isSame(a: DriverChoice | undefined, b: DriverChoice): boolean {
  if (a?.kind === "bundle" && b.kind === "bundle") {
    const { manifest, onnx } = a.bundle;
    // beside the same manifest another network is a broken one, which has to be said
    const isWhole = onnx.length === b.bundle.onnx.length;
    return (
      manifest === b.bundle.manifest && isWhole && onnx.every((x, i) => x === b.bundle.onnx[i])
    );
  }
  if (a?.kind === "policy" && b.kind === "policy") return a.url === b.url;
  return a?.kind === b.kind;
}

function factsOf({ replay, again }: ReplayedEpisode) {
  const { policy, seed, start, outcome } = replay;
  return {
    policy,
    seed,
    start,
    outcome,
    return: replay.return,
    reproduced: again !== undefined,
  };
}
