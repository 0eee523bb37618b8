/** The page at work: what is open, which moment is shown, and who is told about it. */

import { CameraInset } from "./camera-inset.ts";
import { Chooser } from "./chooser.ts";
import { driveByJoystick, driveByKeys } from "./drive.ts";
import { EpisodePanel } from "./episode-panel.ts";
import type { LibraryList, ReplayItem } from "./library-list.ts";
import type { FromWorker, ReplayFacts, SceneName, SceneSketch, Sight } from "./messages.ts";
import { alertOnPage, byId } from "./page.ts";
import { Player } from "./player.ts";
import { SceneView, type Viewpoint } from "./scene-view.ts";
import { type Opening, StudioLink } from "./studio-link.ts";
import { type Frame, POSE, Tape } from "./tape.ts";
import { followTheme, sceneTheme } from "./theme.ts";
import { Timeline } from "./timeline.ts";
import { Transport } from "./transport.ts";

/** What is open. */
interface Show {
  readonly sketch: SceneSketch;
  readonly tape: Tape;
  readonly replay: ReplayFacts | undefined;
  readonly poses: Float32Array;
  outcome: string | undefined;
}

/** How long an outcome stands before the next start. */
const APPLAUSE_ms = 2000;

export class Viewer {
  readonly #wanted = new URLSearchParams(location.search);
  readonly #player = new Player();
  readonly #scene: SceneView | undefined;
  readonly #inset = new CameraInset(byId("camera", HTMLDivElement));
  readonly #panel = new EpisodePanel();
  readonly #timeline: Timeline;
  readonly #transport: Transport;
  readonly #chooser: Chooser;
  readonly #link: StudioLink;
  #show: Show | undefined;
  #next: ReturnType<typeof setTimeout> | undefined;
  /** Frame and noise of the picture that was asked for last, and whether it is still to come. */
  #looked = "";
  #looking = false;
  #drawn = "";
  /** The frame whose facts are shown. */
  #told = -1;
  #before_ms = performance.now();

  constructor() {
    this.#scene = openScene();
    this.#timeline = new Timeline((frame) => this.#seek(frame));
    this.#transport = new Transport({
      play: () => this.#playOrPause(),
      step: () => this.#step(),
      reset: () => this.#reset(),
      speed: (speed) => {
        this.#player.speed = speed;
        this.#pace();
      },
    });
    this.#chooser = new Chooser({
      mode: (mode) => (mode === "live" ? this.#open(this.#chooser.opening) : this.#firstReplay()),
      live: () => this.#open(this.#chooser.opening),
      driver: (driver) => {
        alertOnPage("");
        this.#link.send({ type: "driver", driver });
      },
      replay: (item) => void this.#openItem(item),
      file: (file) => void this.#openFile(file),
    });
    this.#link = new StudioLink((message) => this.#receive(message));
    this.#scene?.setTheme(sceneTheme());
    this.#listen();
    requestAnimationFrame((now_ms) => this.#frame(now_ms));
  }

  /** Where bodies are drawn, for tests and the console. */
  get drawnPositions(): number[][] | undefined {
    return this.#scene?.drawnPositions();
  }

  #listen(): void {
    const drive = (forward: number, turn: number) => {
      const moves = forward !== 0 || turn !== 0;
      if (moves && this.#chooser.mode === "live" && this.#chooser.takeOver()) {
        this.#link.send({ type: "driver", driver: this.#chooser.driver });
      }
      this.#link.send({ type: "drive", forward, turn });
    };
    driveByKeys(() => this.#chooser.mode === "live", drive);
    driveByJoystick(drive);
    followTheme(() => {
      this.#scene?.setTheme(sceneTheme());
      this.#drawn = "";
    });
    byId("viewpoint", HTMLSelectElement).addEventListener("change", ({ target }) => {
      if (target instanceof HTMLSelectElement) {
        this.#scene?.setViewpoint(target.value as Viewpoint);
      }
    });
    const frustum = byId("frustum", HTMLInputElement);
    frustum.addEventListener("change", () => this.#scene?.setFrustum(frustum.checked));
    const names = byId("names", HTMLInputElement);
    names.addEventListener("change", () => {
      byId("labels", HTMLDivElement).hidden = !names.checked;
    });
    addEventListener("resize", () => {
      this.#drawn = "";
    });
    addEventListener("dragover", (event) => event.preventDefault());
    addEventListener("drop", (event) => {
      event.preventDefault();
      const file = event.dataTransfer?.files[0];
      if (file) void this.#openFile(file);
    });
  }

  #receive(message: FromWorker): void {
    switch (message.type) {
      case "ready":
        void this.#begin(message.scenes);
        break;
      case "opened":
        this.#opened(message);
        break;
      case "frame":
        this.#extend(message.frame);
        break;
      case "ended":
        this.#ended(message.outcome);
        break;
      case "sight":
        this.#looking = false;
        this.#showSight(message.sight);
        break;
      case "failed":
        this.#looking = false;
        this.#setPlaying(false);
        alertOnPage(message.message);
    }
  }

  async #begin(scenes: readonly SceneName[]): Promise<void> {
    const library = await fetchLibrary();
    this.#chooser.fill(scenes, library, this.#wanted);
    const replay = this.#wanted.get("replay");
    const item = library.replays.find(({ url }) => url === replay);
    if (item) {
      this.#chooser.mode = "replay";
      await this.#openItem(item);
      return;
    }
    this.#open(this.#chooser.opening);
    if (replay !== null) alertOnPage(`There is no replay "${replay}" on this server.`);
  }

  #open(opening: Opening): void {
    clearTimeout(this.#next);
    alertOnPage("");
    this.#link.open(opening);
  }

  #firstReplay(): void {
    const list = byId("episodes", HTMLSelectElement);
    if (list.selectedIndex < 0 && list.options.length > 0) list.selectedIndex = 0;
    list.dispatchEvent(new Event("change"));
    if (list.options.length === 0) this.#setPlaying(false);
  }

  async #openItem({ url, name }: ReplayItem): Promise<void> {
    const response = await fetch(url).catch(() => undefined);
    if (!response?.ok) return alertOnPage(`The replay "${name}" cannot be read from the server.`);
    this.#open({ type: "open replay", text: await response.text(), source: name });
  }

  async #openFile(file: File): Promise<void> {
    this.#chooser.mode = "replay";
    this.#open({ type: "open replay", text: await file.text(), source: file.name });
  }

  #opened({ sketch, frames, replay }: Extract<FromWorker, { type: "opened" }>): void {
    const tape = new Tape(sketch.controlStep_s);
    tape.frames.push(...frames);
    const poses = new Float32Array((sketch.bodies.length + 1) * POSE);
    this.#show = { sketch, tape, replay, poses, outcome: replay?.outcome };
    this.#player.time_s = 0;
    this.#player.growing = replay === undefined;
    this.#looking = false;
    this.#looked = "";
    this.#drawn = "";
    this.#told = -1;
    byId("task", HTMLParagraphElement).textContent = `${sketch.name}: ${sketch.summary}`;
    this.#scene?.open(sketch, sceneTheme());
    this.#scene?.setFrustum(byId("frustum", HTMLInputElement).checked);
    this.#inset.open(sketch);
    this.#transport.setOutcome(undefined);
    this.#setPlaying(this.#wanted.get("paused") === null);
  }

  #extend(frame: Frame): void {
    const show = this.#show;
    if (!show) return;
    show.tape.frames.push(frame);
    if (!this.#player.playing) this.#player.time_s = show.tape.end_s;
  }

  #showSight(sight: Sight): void {
    const frame = this.#show?.tape.frames[sight.frame];
    if (frame) this.#inset.show(sight, frame.stage);
    byId("camera-hint", HTMLParagraphElement).textContent = sight.asGiven
      ? "Role pictures: the very numbers the student is given."
      : "";
  }

  #ended(outcome: string): void {
    const show = this.#show;
    if (!show) return;
    show.outcome = outcome;
    this.#player.growing = false;
    if (!this.#player.playing) return;
    this.#next = setTimeout(() => this.#nextStart(), APPLAUSE_ms);
  }

  #nextStart(): void {
    this.#chooser.nextStart();
    this.#open(this.#chooser.opening);
  }

  /** Tells the worker whether, and how fast, to go on with a live episode. */
  #pace(): void {
    const { playing, speed, growing } = this.#player;
    this.#link.send({ type: "pace", playing: playing && growing, speed });
  }

  #setPlaying(playing: boolean): void {
    clearTimeout(this.#next);
    this.#player.playing = playing;
    this.#transport.setPlaying(playing);
    this.#pace();
  }

  /** The play button: at an episode's end it begins the next, or the recording again. */
  #playOrPause(): void {
    const show = this.#show;
    const over = show && !this.#player.growing && this.#player.time_s >= show.tape.end_s;
    if (!this.#player.playing && over) {
      if (!show.replay) {
        this.#nextStart();
        return;
      }
      this.#player.time_s = 0;
    }
    this.#setPlaying(!this.#player.playing);
  }

  #seek(frame: number): void {
    if (!this.#show) return;
    this.#setPlaying(false);
    this.#player.seek(this.#show.tape, frame);
  }

  #step(): void {
    const show = this.#show;
    if (!show) return;
    this.#setPlaying(false);
    const index = show.tape.indexAt(this.#player.time_s);
    if (index < show.tape.frames.length - 1) this.#player.seek(show.tape, index + 1);
    else if (this.#player.growing) this.#link.send({ type: "step" });
  }

  #reset(): void {
    if (this.#show?.replay) {
      this.#player.time_s = 0;
    } else this.#open(this.#chooser.opening);
  }

  #frame(now_ms: number): void {
    requestAnimationFrame((next_ms) => this.#frame(next_ms));
    const elapsed_s = Math.min(0.25, (now_ms - this.#before_ms) / 1000);
    this.#before_ms = now_ms;
    const show = this.#show;
    if (show) {
      const playedOut = this.#player.advance(show.tape, elapsed_s);
      if (playedOut) this.#transport.setPlaying(false);
      this.#showMoment(show);
    }
    this.#scene?.render();
  }

  #showMoment(show: Show): void {
    const { tape, poses, sketch } = show;
    const { time_s, growing } = this.#player;
    const index = tape.indexAt(time_s);
    this.#look(index);
    if (index !== this.#told) this.#panel.show(sketch, tape, index, show.replay);
    this.#told = index;
    const moment = `${time_s} ${tape.frames.length}`;
    if (moment === this.#drawn) return;
    this.#drawn = moment;
    tape.poseAt(time_s, poses);
    const { stage, target } = tape.frames[index];
    this.#scene?.show(poses, stage, target);
    this.#timeline.show(tape, time_s, growing);
    const over = !growing && time_s >= tape.end_s;
    this.#transport.setOutcome(over ? show.outcome : undefined, tape.end_s);
  }

  /** Asks for the camera's picture of a frame, one at a time. */
  #look(frame: number): void {
    const noise = byId("noise", HTMLInputElement).checked;
    const wanted = `${frame} ${noise}`;
    if (this.#looking || wanted === this.#looked) return;
    this.#looking = true;
    this.#looked = wanted;
    this.#link.send({ type: "look", frame, noise });
  }
}

function openScene(): SceneView | undefined {
  try {
    return new SceneView(byId("scene", HTMLCanvasElement), byId("labels", HTMLDivElement));
  } catch (error) {
    const place = byId("no-scene", HTMLParagraphElement);
    place.textContent = (error as Error).message;
    place.hidden = false;
    return undefined;
  }
}

/** A page without a library, such as a copy on a static host, still runs. */
async function fetchLibrary(): Promise<LibraryList> {
  const none: LibraryList = { replays: [], policies: [] };
  const response = await fetch("library.json").catch(() => undefined);
  return response?.ok ? await response.json().catch(() => none) : none;
}
