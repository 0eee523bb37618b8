/** One scene on the page: its worker, the tape of its episode, and the moment of it that is shown. */

import { type Signal, signal } from "@preact/signals";
import type { PlanarPose } from "../sim/scene.ts";
import { SceneView } from "./draw/scene-view.ts";
import { type DriverKey, driverOf } from "./library-state.ts";
import type { SaidCorrection } from "./live-messages.ts";
import {
  type Disturbance,
  type FromWorker,
  type ReplayFacts,
  type SceneName,
  type SceneSketch,
  type Sight,
  undisturbed,
} from "./messages.ts";
import { Player } from "./player.ts";
import { type Opening, StudioLink } from "./studio-link.ts";
import { type Belief, type Frame, POSE, Tape } from "./tape.ts";
import { sceneTheme } from "./ui/theme.ts";

export type Mode = "live" | "replay";

/** What a live scene is opened with. */
export interface Setup {
  readonly scene: string;
  readonly driver: DriverKey;
  /** Assignments such as `shape=cylinder`. */
  readonly settings: readonly string[];
  readonly seed: number;
  readonly start: number;
}

export interface PaneEvents {
  ready(scenes: readonly SceneName[]): void;
  opened(pane: Pane): void;
  /** The live episode has come to its end. */
  ended(pane: Pane): void;
  /** What was asked of the worker went wrong; the episode stands still, or goes on where a file was none. */
  failed(pane: Pane, message: string, goesOn: boolean): void;
}

interface Recording {
  readonly file: Uint8Array;
  readonly source: string;
  readonly url: string | undefined;
}

let panes = 0;

export class Pane {
  readonly id = ++panes;
  readonly mode = signal<Mode>("live");
  readonly setup: Signal<Setup>;
  readonly disturbance = signal(undisturbed);
  /** Address of the replay that is open. */
  readonly replayUrl = signal<string | undefined>(undefined);
  readonly sketch = signal<SceneSketch | undefined>(undefined);
  readonly replay = signal<ReplayFacts | undefined>(undefined);
  readonly tape = signal(new Tape(0.1));
  /** Number of frames there are, and the one that is shown. */
  readonly frames = signal(0);
  readonly shown = signal(0);
  readonly sight = signal<Sight | undefined>(undefined);
  /** How the episode ended, while its end is shown. */
  readonly outcome = signal<string | undefined>(undefined);
  /** Whether bodies can be moved: a live episode runs, and its newest moment is shown. */
  readonly movable = signal(false);
  /** Row of the body that has handles to move it by. */
  readonly held = signal<number | undefined>(undefined);
  /** How the driver was made for another robot than the scene's, as "… should be …, found …". */
  readonly misfit = signal<string | undefined>(undefined);
  /** Why there is no picture. */
  readonly noPicture = signal<string | undefined>(undefined);
  readonly player = new Player();
  readonly #events: PaneEvents;
  readonly #link: StudioLink;
  #view: SceneView | undefined;
  #poses = new Float32Array(0);
  #ending: string | undefined;
  #recording: Recording | undefined;
  /** The one that is being opened. */
  #asked: Recording | undefined;
  /** Frame and noise of the picture that was asked for last, and whether it is still to come. */
  #looked = "";
  #looking = false;
  #drawn = "";
  #speed = 1;
  /** Aborted once something else is chosen. */
  #choice = new AbortController();
  /** What waits until the outcome has been seen. */
  #next: ReturnType<typeof setTimeout> | undefined;

  constructor(setup: Setup, events: PaneEvents) {
    this.setup = signal(setup);
    this.#events = events;
    this.#link = new StudioLink((message) => this.#receive(message));
  }

  /** Takes a place on the page. */
  attach(canvas: HTMLCanvasElement, labels: HTMLElement): void {
    try {
      this.#view = new SceneView(canvas, labels);
    } catch (error) {
      this.noPicture.value = (error as Error).message;
      return;
    }
    this.#view.onDrag = (body, pose) => this.place(body, pose);
    this.#view.onSelect = (row) => this.hold(row);
    const sketch = this.sketch.value;
    if (sketch) this.#view.open(sketch, sceneTheme());
    this.#showHandles();
    this.redraw();
  }

  get view(): SceneView | undefined {
    return this.#view;
  }

  /** Begins another choice of what to show: what was on its way here is no longer wanted. Aborted when this one no longer is. */
  choose(): AbortSignal {
    this.#choice.abort();
    this.#choice = new AbortController();
    return this.#choice.signal;
  }

  /** Opens the live scene of the setup. */
  openLive(): void {
    this.mode.value = "live";
    this.#asked = undefined;
    const { setup, disturbance } = this;
    const driver = driverOf(setup.value.driver);
    this.misfit.value = undefined;
    this.#open({
      type: "open live",
      ...setup.value,
      driver,
      disturbance: disturbance.value,
    });
  }

  /** Shows a recording, once it is known to be one. */
  openReplay(file: Uint8Array, source: string, url?: string): void {
    this.#asked = { file, source, url };
    this.#openEpisode(this.#asked, 0);
  }

  /** Another episode of the recording that is open. */
  openEpisode(number: number): void {
    if (this.#recording) this.#openEpisode(this.#recording, number);
  }

  #openEpisode({ file, source }: Recording, number: number): void {
    this.choose();
    this.#open({ type: "open replay", file, source, number });
  }

  /** Does something once the outcome has been seen, unless the pane is paused, opened anew or closed before. */
  afterwards(wait_ms: number, act: () => void): void {
    clearTimeout(this.#next);
    this.#next = setTimeout(act, wait_ms);
  }

  /** Hands the live scene to another driver. */
  setDriver(driver: DriverKey): void {
    this.setup.value = { ...this.setup.value, driver };
    this.misfit.value = undefined;
    this.#link.send({ type: "driver", driver: driverOf(driver) });
  }

  drive(forward: number, turn: number): void {
    this.#link.send({ type: "drive", forward, turn });
  }

  disturb(change: Partial<Disturbance>): void {
    const disturbance = { ...this.disturbance.value, ...change };
    this.disturbance.value = disturbance;
    this.#link.send({ type: "disturb", disturbance });
  }

  /** Moves a body, while that can be done. */
  place(body: number, pose: PlanarPose): void {
    if (this.movable.value) this.#link.send({ type: "place", body, pose });
  }

  /** Words about the moment that is shown, for a label; undefined before there is one. */
  sayNow(text: string): SaidCorrection | undefined {
    const sketch = this.sketch.value;
    const { frame } = this;
    if (!sketch || !frame) return undefined;
    const { driver, seed, start } = this.setup.value;
    const replay = this.replay.value;
    return {
      type: "correction",
      text,
      at: {
        scene: sketch.name,
        config: { ...sketch.config },
        task: sketch.summary,
        step: this.shown.value,
        stage: sketch.stages[frame.stage]?.name ?? "",
        poses: Array.from({ length: sketch.bodies.length + 1 }, (_, row) => this.poseOf(row)),
        driver: replay?.policy ?? driver,
        seed: replay?.seed ?? seed,
        start: replay?.start ?? start,
      },
    };
  }

  /** Puts handles to a body, or away. */
  hold(body: number | undefined): void {
    this.held.value = body;
    this.#showHandles();
  }

  /** Where a body stands in the frame that is shown. */
  poseOf(body: number): PlanarPose {
    const { poses } = this.frame;
    const at = body * POSE;
    return {
      x_m: poses[at],
      y_m: poses[at + 1],
      yaw_rad: 2 * Math.atan2(poses[at + 5], poses[at + 6]),
    };
  }

  get frame(): Frame {
    return this.tape.value.frames[this.shown.value];
  }

  /** True while a live episode has more to come. */
  get growing(): boolean {
    return this.player.growing;
  }

  get atEnd(): boolean {
    return !this.player.growing && this.player.time_s >= this.tape.value.end_s;
  }

  /** Plays or pauses, at a multiple of real time. */
  pace(playing: boolean, speed: number): void {
    if (!playing) clearTimeout(this.#next);
    // a picture that stands still is of the newest frame, not of the way to it
    if (this.player.playing && !playing && this.growing) this.player.time_s = this.tape.value.end_s;
    this.player.playing = playing;
    this.player.speed = speed;
    this.#speed = speed;
    this.#link.send({ type: "pace", playing: playing && this.player.growing, speed });
  }

  seek(frame: number): void {
    this.player.seek(this.tape.value, frame);
  }

  /** One control step: of the recording, or of the world where that ends. */
  step(): void {
    const tape = this.tape.value;
    const index = tape.indexAt(this.player.time_s);
    if (index < tape.frames.length - 1) this.player.seek(tape, index + 1);
    else if (this.player.growing) this.#link.send({ type: "step" });
  }

  /** Draws again even if nothing has moved. */
  redraw(): void {
    this.#drawn = "";
    this.#looked = "";
  }

  setTheme(): void {
    this.#view?.setTheme(sceneTheme());
    this.#drawn = "";
  }

  /**
   * Moves on by `elapsed_s` of the wall's clock.
   *
   * @param look the robot's camera is shown, with or without noise
   */
  advance(elapsed_s: number, look: { readonly noise: boolean } | undefined): void {
    const tape = this.tape.value;
    if (tape.frames.length === 0) return;
    this.player.advance(tape, elapsed_s);
    this.#showMoment(tape, look);
  }

  draw(): void {
    this.#view?.render();
  }

  close(): void {
    clearTimeout(this.#next);
    this.#choice.abort();
    this.#link.close();
    this.#view?.free();
  }

  #open(opening: Opening): void {
    clearTimeout(this.#next);
    this.#link.open(opening);
  }

  #showMoment(tape: Tape, look: { readonly noise: boolean } | undefined): void {
    const { time_s } = this.player;
    const index = tape.indexAt(time_s);
    this.shown.value = index;
    this.#allowMoving(this.growing && (this.player.playing || index >= tape.frames.length - 1));
    this.outcome.value = this.atEnd ? this.#ending : undefined;
    if (look) this.#look(index, look.noise);
    const moment = `${time_s} ${tape.frames.length}`;
    if (moment === this.#drawn) return;
    this.#drawn = moment;
    tape.poseAt(time_s, this.#poses);
    const { stage, target, beliefs } = tape.frames[index];
    this.#view?.show(this.#poses, stage, target, beliefs);
  }

  #allowMoving(movable: boolean): void {
    if (movable === this.movable.value) return;
    this.movable.value = movable;
    this.#showHandles();
  }

  #showHandles(): void {
    if (!this.#view) return;
    this.#view.movable = this.movable.value;
    this.#view.select(this.movable.value ? this.held.value : undefined);
  }

  /** Asks for the camera's picture of a frame, one at a time. */
  #look(frame: number, noise: boolean): void {
    const wanted = `${frame} ${noise}`;
    if (this.#looking || wanted === this.#looked) return;
    this.#looking = true;
    this.#looked = wanted;
    this.#link.send({ type: "look", frame, noise });
  }

  #receive(message: FromWorker): void {
    switch (message.type) {
      case "ready":
        this.#events.ready(message.scenes);
        break;
      case "opened":
        this.#opened(message);
        break;
      case "frame":
        this.#extend(message.frame, message.before);
        break;
      case "moved":
        this.#replaceNewest(message.frame);
        break;
      case "ended":
        this.#ending = message.outcome;
        this.player.growing = false;
        this.#events.ended(this);
        break;
      case "driver":
        this.misfit.value = message.misfit;
        break;
      case "sight":
        this.#looking = false;
        this.sight.value = message.sight;
        this.#view?.showKeypoints(message.sight.keypoints);
        break;
      case "failed": {
        const goesOn = this.#asked !== undefined;
        this.#looking = false;
        this.#asked = undefined;
        this.#events.failed(this, message.message, goesOn);
      }
    }
  }

  #opened({ sketch, frames, replay, resumed }: Extract<FromWorker, { type: "opened" }>): void {
    const tape = new Tape(sketch.controlStep_s);
    tape.frames.push(...frames);
    this.#poses = new Float32Array((sketch.bodies.length + 1) * POSE);
    this.#ending = replay?.outcome;
    this.#looking = false;
    this.redraw();
    // a picture of another episode may have other roles
    this.sight.value = undefined;
    this.tape.value = tape;
    this.frames.value = frames.length;
    this.mode.value = replay ? "replay" : "live";
    if (replay && this.#asked && !resumed) {
      this.#recording = this.#asked;
      this.replayUrl.value = this.#asked.url;
      this.#asked = undefined;
    }
    this.replay.value = replay;
    this.sketch.value = sketch;
    this.player.growing = replay === undefined;
    if (!resumed) this.player.time_s = 0;
    else if (!replay) this.player.time_s = tape.end_s;
    this.#view?.open(sketch, sceneTheme());
    const { held } = this;
    if (replay || (held.value ?? 0) > sketch.bodies.length) this.hold(undefined);
    if (resumed) this.pace(this.player.playing, this.#speed);
    else this.#events.opened(this);
  }

  #extend(frame: Frame, before: readonly Belief[]): void {
    const tape = this.tape.value;
    const atNewest = this.player.time_s >= tape.end_s;
    const last = tape.frames.length - 1;
    tape.frames[last] = { ...tape.frames[last], beliefs: before };
    tape.frames.push(frame);
    this.frames.value = tape.frames.length;
    if (!this.player.playing && atNewest) this.player.time_s = tape.end_s;
  }

  #replaceNewest(frame: Frame): void {
    const { frames } = this.tape.value;
    frames[frames.length - 1] = frame;
    this.redraw();
  }
}
