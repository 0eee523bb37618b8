/** The page at work: which scenes stand side by side, and the clock they share. */

import { batch, computed, effect, signal } from "@preact/signals";
import { FileError } from "../core/errors.ts";
import { Alert } from "./alert.ts";
import type { Overlays, Viewpoint } from "./draw/scene-view.ts";
import { type DroppedBundle, headOf, readDropped } from "./dropped.ts";
import type { ReplayItem } from "./library-list.ts";
import {
  comparableTo,
  type DriverKey,
  driversOf,
  dropped,
  droppedKey,
  fetchLibrary,
  library,
  replaysByKind,
  scenes,
  settingsFor,
} from "./library-state.ts";
import { LiveLink } from "./live-link.ts";
import type { BundleFiles, SceneName } from "./messages.ts";
import { type Mode, Pane, type Setup } from "./pane.ts";
import { type Surveyed, SurveyRun } from "./survey-run.ts";
import { palette } from "./ui/theme.ts";

/** Scenes that stand side by side. */
const PANES: readonly number[] = [1, 2, 4];
/** How long an outcome stands before the next start. */
const APPLAUSE_ms = 2000;
/** The most that the clock moves on between two frames, after a pause of the browser. */
const LONGEST_s = 0.25;
/** Frames that take longer than this on average make panes take turns; shorter ones than the other end that. */
const SLOW_s = 0.04;
const QUICK_s = 0.018;

/** Where a run's newest policy goes: a pane, as long as it shows what it did when the run or its last policy came to it. */
interface Following {
  readonly pane: Pane;
  readonly mode: Mode;
  readonly scene: string;
  readonly driver: DriverKey;
}

export class Viewer {
  readonly alert = new Alert();
  readonly panes = signal<readonly Pane[]>([]);
  readonly selected = signal(0);
  readonly pane = computed(() => this.panes.value[this.selected.value]);
  readonly playing = signal(false);
  readonly speed = signal(1);
  readonly noise = signal(true);
  readonly viewpoint = signal<Viewpoint>("overview");
  readonly overlays = signal<Overlays>({
    frustum: true,
    names: true,
    keypoints: false,
    beliefs: false,
  });
  /** Time and length of what is shown, and whether it still grows; of the longest pane. */
  readonly time_s = signal(0);
  readonly end_s = signal(0);
  readonly growing = signal(false);
  readonly survey = new SurveyRun();
  readonly live = new LiveLink();
  readonly #wanted = new URLSearchParams(location.search);
  readonly #library = fetchLibrary();
  readonly #following = signal<Following | undefined>(undefined);
  #begun = false;
  /** A scene was opened before. */
  #shown = false;
  /** The address wants nothing to move until somebody plays. */
  #isPaused = this.#wanted.has("paused");
  #before_ms = performance.now();
  /** Of the latest frames, on average. */
  #frame_s = 0;
  /** Counts frames while panes take turns to be drawn; undefined while all are drawn in each. */
  #turn: number | undefined;

  constructor() {
    this.panes.value = [
      this.#createPane({ scene: "", driver: "demo", settings: [], seed: 0, start: 0 }),
    ];
    effect(() => {
      palette.value;
      for (const pane of this.panes.peek()) pane.setTheme();
    });
    effect(() => {
      // read even while there is no view yet, or the effect would never run again
      const overlays = this.overlays.value;
      for (const { view } of this.panes.value) view?.setOverlays(overlays);
    });
    effect(() => {
      const viewpoint = this.viewpoint.value;
      for (const { view } of this.panes.value) view?.setViewpoint(viewpoint);
    });
    effect(() => {
      const following = this.#following.value;
      if (following && !this.#isStill(following)) this.#unfollow();
    });
    this.live.onRefused = (why) => this.alert.tell(why);
    this.live.onPolicy = (run, bundle) => this.#runNewest(run, bundle);
    requestAnimationFrame((now_ms) => this.#frame(now_ms));
  }

  /** Where bodies are drawn in the selected scene, for tests and the console. */
  get drawnPositions(): number[][] | undefined {
    return this.pane.value.view?.drawnPositions();
  }

  /** A pane has found its place on the page. */
  attached({ view }: Pane): void {
    view?.setOverlays(this.overlays.value);
    view?.setViewpoint(this.viewpoint.value);
  }

  /** Opens a pane's live scene, with changes to its setup. */
  openLive(change: Partial<Setup> = {}, pane = this.pane.value): void {
    pane.choose();
    this.alert.clear();
    this.#openLive(change, pane);
  }

  /** Opens an episode of those that were run in a row, as it was run. */
  openSurveyed({ setup, disturbance }: Surveyed, of: Pick<Setup, "seed" | "start">): void {
    this.pane.value.disturbance.value = disturbance;
    this.openLive({ ...setup, ...of });
  }

  #openLive(change: Partial<Setup>, pane: Pane): void {
    const before = pane.setup.value;
    const setup = { ...before, ...change };
    if (!driversOf(setup.scene).some(({ key }) => key === setup.driver)) {
      setup.driver = driversOf(setup.scene)[0].key;
    }
    // another scene has settings of its own, and so has who drives in it
    const isElse = setup.scene !== before.scene;
    if (!change.settings && (isElse || setup.driver !== before.driver)) {
      setup.settings = settingsFor(setup, isElse ? [] : before.settings);
    }
    pane.setup.value = setup;
    pane.openLive();
  }

  /** Gives the selected pane to a run's newest policy, now and whenever there is a newer, until another driver, scene or mode is chosen there. */
  follow(run: string): void {
    this.pane.value.choose();
    this.#following.value = shownIn(this.pane.value);
    this.live.follow(run);
  }

  /** Hands the selected scene to another driver: as it is or, where that one was trained in another world, with a new episode. */
  chooseDriver(driver: DriverKey): void {
    const pane = this.pane.value;
    const { scene, settings: before } = pane.setup.value;
    const settings = settingsFor({ scene, driver }, before);
    pane.choose();
    this.alert.clear();
    if (isSameList(settings, before)) pane.setDriver(driver);
    else this.openLive({ driver, settings });
  }

  async openItem({ url, name }: ReplayItem, pane = this.pane.value): Promise<void> {
    const chosen = pane.choose();
    const response = await fetch(url, { signal: chosen }).catch(() => undefined);
    const file = response?.ok ? await response.arrayBuffer().catch(() => undefined) : undefined;
    if (chosen.aborted) return;
    if (!file) {
      this.alert.tell(`The replay "${name}" cannot be read from the server.`);
      return;
    }
    this.alert.clear();
    pane.openReplay(new Uint8Array(file), name, url);
  }

  /** Opens files that were chosen or dropped: a replay, or the two files of a policy bundle. */
  async openFiles(files: readonly File[]): Promise<void> {
    const pane = this.pane.value;
    const chosen = pane.choose();
    try {
      const found = await readDropped(files);
      if (chosen.aborted) return;
      const stranger = found.kind === "bundle" ? strangerOf(found) : undefined;
      if (stranger !== undefined) throw new FileError(stranger);
      this.alert.clear();
      if (found.kind === "replay") {
        pane.openReplay(found.file, found.source);
        return;
      }
      this.openLive({ scene: found.scene, driver: this.#addBundle(found) }, pane);
    } catch (error) {
      this.alert.tell((error as Error).message);
    }
  }

  /** The first replay of the list, failures before successes. */
  openFirstReplay(): void {
    const [first] = replaysByKind(library.value.replays);
    if (first) void this.openItem(first.items[0]);
    else {
      this.pane.value.mode.value = "replay";
      this.setPlaying(false);
    }
  }

  /** Shows so many scenes side by side: the next starts, or another run's replays of the same start. */
  setPanes(count: number): void {
    const { value: before } = this.panes;
    for (const pane of before.slice(count)) pane.close();
    const added: Pane[] = [];
    const first = before[0];
    for (let i = before.length; i < count; i++) {
      const setup = { ...first.setup.value, start: first.setup.value.start + i };
      added.push(this.#createPane(setup));
    }
    this.panes.value = [...before.slice(0, count), ...added];
    this.selected.value = Math.min(this.selected.value, count - 1);
    const others = first.mode.value === "replay" ? comparableTo(first.replayUrl.value) : [];
    for (const [i, pane] of added.entries()) {
      if (first.mode.value === "live") pane.openLive();
      else if (others[i]) void this.openItem(others[i], pane);
    }
  }

  playOrPause(): void {
    if (!this.playing.value) this.#beginAgain();
    this.#isPaused = false;
    this.setPlaying(!this.playing.value);
  }

  setPlaying(playing: boolean): void {
    this.playing.value = playing;
    this.#pace();
  }

  setSpeed(speed: number): void {
    this.speed.value = speed;
    this.#pace();
  }

  seek(frame: number): void {
    this.setPlaying(false);
    for (const pane of this.panes.value) pane.seek(frame);
  }

  step(): void {
    this.setPlaying(false);
    for (const pane of this.panes.value) pane.step();
  }

  reset(): void {
    this.alert.clear();
    for (const pane of this.panes.value) {
      if (pane.mode.value === "replay") pane.seek(0);
      else this.openLive({}, pane);
    }
  }

  /** Hands over to the keyboard when a driving key is pressed. */
  drive(forward: number, turn: number): void {
    const pane = this.pane.value;
    if (pane.mode.value !== "live") return;
    const moves = forward !== 0 || turn !== 0;
    if (moves && pane.setup.value.driver !== "keyboard") pane.setDriver("keyboard");
    pane.drive(forward, turn);
  }

  #createPane(setup: Setup): Pane {
    return new Pane(setup, {
      ready: (names) => void this.#begin(names),
      opened: (pane) => {
        const several = this.panes.value.length > 1;
        // side by side, one scene does not start the others, and a recording is at their moment
        const starts = !several || !this.#shown;
        this.#shown = true;
        const step_s = pane.tape.value.controlStep_s;
        if (several && pane.mode.value === "replay") {
          pane.seek(Math.round(this.time_s.value / step_s));
        }
        if (starts) this.setPlaying(!this.#isPaused);
        else pane.pace(this.playing.value, this.speed.value);
      },
      ended: (pane) => {
        if (this.playing.value) pane.afterwards(APPLAUSE_ms, () => this.#nextStart(pane));
      },
      failed: (_pane, message, goesOn) => {
        if (!goesOn) this.setPlaying(false);
        this.alert.tell(message);
      },
    });
  }

  async #begin(names: readonly SceneName[]): Promise<void> {
    if (this.#begun) return;
    this.#begun = true;
    await this.#library;
    if (library.value.live) this.live.connect();
    scenes.value = names;
    const pane = this.pane.value;
    const setup = this.#wantedSetup(names);
    pane.setup.value = setup;
    const replay = this.#wanted.get("replay");
    const item = library.value.replays.find(({ url }) => url === replay);
    if (item) await this.openItem(item);
    else pane.openLive();
    const count = Number(this.#wanted.get("panes") ?? 1);
    if (PANES.includes(count)) this.setPanes(count);
    const unmet = this.#unmet(setup, item);
    if (unmet.length > 0) this.alert.tell(unmet.join(" "));
  }

  /** What the address asks for and cannot be had, a sentence each. */
  #unmet(setup: Setup, item: ReplayItem | undefined): string[] {
    const asked = (name: string) => this.#wanted.get(name);
    const replay = asked("replay");
    const [scene, driver, panes] = ["scene", "driver", "panes"].map(asked);
    const { seed, start } = setup;
    const wrong = (name: string, expected: string) =>
      `The address has ${name}=${asked(name)}: expected ${expected}.`;
    const names = scenes.value.map(({ name }) => name);
    const drivers = driversOf(setup.scene).map(({ key }) => key);
    return [
      ...(scene !== null && scene !== setup.scene
        ? [wrong("scene", `one of ${names.join(", ")}`)]
        : []),
      ...(driver !== null && driver !== setup.driver
        ? [wrong("driver", `for ${setup.scene} one of ${drivers.join(", ")}`)]
        : []),
      ...Object.entries({ seed, start }).flatMap(([name, value]) =>
        asked(name) !== null && Number(asked(name)) !== value
          ? [wrong(name, "a whole number")]
          : [],
      ),
      ...(panes !== null && !PANES.includes(Number(panes)) ? [wrong("panes", "1, 2 or 4")] : []),
      ...(replay !== null && !item ? [`There is no replay "${replay}" on this server.`] : []),
    ];
  }

  /** Gives the pane that follows to a run's newest policy: at once if it drives already, else with a new episode. */
  #runNewest(run: string, bundle: BundleFiles): void {
    const pane = this.#following.peek()?.pane;
    if (!pane) return;
    const { scene, settings } = headOf(bundle.manifest);
    const name = `newest of ${run}`;
    const stranger = strangerOf({ name, scene });
    if (stranger !== undefined) {
      this.#unfollow();
      this.alert.tell(stranger);
      return;
    }
    const driver = this.#addBundle({ name, scene, settings, bundle });
    const { setup } = pane;
    batch(() => {
      const { driver: before, scene: where } = setup.value;
      const drives = pane.mode.value === "live" && before === driver && where === scene;
      if (drives) pane.setDriver(driver);
      else this.#openLive({ scene, driver }, pane);
      this.#following.value = shownIn(pane);
    });
  }

  #isStill({ pane, mode, scene, driver }: Following): boolean {
    const now = shownIn(pane);
    const isSame = mode === now.mode && scene === now.scene && driver === now.driver;
    return isSame && this.panes.value.includes(pane);
  }

  #unfollow(): void {
    this.#following.value = undefined;
    this.live.unfollow();
  }

  #addBundle(bundle: Omit<DroppedBundle, "kind">): DriverKey {
    const { name } = bundle;
    dropped.value = [bundle, ...dropped.value.filter((known) => known.name !== name)];
    return droppedKey(name);
  }

  /** What the address asks for, where it can be had. */
  #wantedSetup(names: readonly SceneName[]): Setup {
    const asked = this.#wanted.get("scene");
    const trained = library.value.policies[0]?.scene ?? names[names.length - 1].name;
    const scene = names.some(({ name }) => name === asked) && asked ? asked : trained;
    const drivers = driversOf(scene).map(({ key }) => key);
    const driver = drivers.find((key) => key === this.#wanted.get("driver")) ?? drivers[0];
    const whole = (name: string) => {
      const value = Number(this.#wanted.get(name) ?? 0);
      return Number.isInteger(value) && value >= 0 ? value : 0;
    };
    const asks = scene === asked && this.#wanted.has("set");
    const settings = asks ? this.#wanted.getAll("set") : settingsFor({ scene, driver }, []);
    return { scene, driver, settings, seed: whole("seed"), start: whole("start") };
  }

  /** Where drawing is slow, each of several panes is drawn in every other frame, so that no frame is long. */
  #takeTurns(elapsed_s: number): void {
    this.#frame_s += 0.1 * (elapsed_s - this.#frame_s);
    const several = this.panes.value.length > 1;
    if (!several || this.#frame_s < QUICK_s) this.#turn = undefined;
    else if (this.#turn !== undefined) this.#turn++;
    else if (this.#frame_s > SLOW_s) this.#turn = 0;
  }

  #nextStart(pane: Pane): void {
    const { setup } = pane;
    setup.value = { ...setup.value, start: setup.value.start + this.panes.value.length };
    pane.openLive();
  }

  /** Where an outcome is shown the next start begins; recordings begin anew once all have played out. */
  #beginAgain(): void {
    const over = this.panes.value.every((pane) => pane.atEnd);
    for (const pane of this.panes.value) {
      const isLive = pane.mode.value === "live";
      if (isLive && pane.outcome.value !== undefined) this.#nextStart(pane);
      if (!isLive && over) pane.seek(0);
    }
  }

  #pace(): void {
    for (const pane of this.panes.value) pane.pace(this.playing.value, this.speed.value);
  }

  #frame(now_ms: number): void {
    requestAnimationFrame((next_ms) => this.#frame(next_ms));
    const elapsed_s = Math.min(LONGEST_s, (now_ms - this.#before_ms) / 1000);
    this.#before_ms = now_ms;
    const panes = this.panes.value;
    this.#takeTurns(elapsed_s);
    let playedOut = 0;
    for (const [i, pane] of panes.entries()) {
      // what the robot sees is shown of one pane, unless keypoints are drawn into all
      const isSeen = i === this.selected.value || this.overlays.value.keypoints;
      pane.advance(elapsed_s, isSeen ? { noise: this.noise.value } : undefined);
      if (this.#turn === undefined || i % 2 === this.#turn % 2) pane.draw();
      if (pane.mode.value === "replay" && !pane.player.playing && pane.atEnd) playedOut++;
    }
    this.time_s.value = Math.max(...panes.map(({ player }) => player.time_s));
    this.end_s.value = Math.max(...panes.map(({ tape }) => tape.value.end_s));
    this.growing.value = panes.some((pane) => pane.growing);
    if (this.playing.value && playedOut === panes.length) this.playing.value = false;
  }
}

/** What to say of a policy whose scene the page does not have. */
function strangerOf({ name, scene }: Pick<DroppedBundle, "name" | "scene">): string | undefined {
  const names = scenes.value.map((known) => known.name);
  if (names.includes(scene)) return undefined;
  return `Policy "${name}" was made for scene "${scene}", which this page does not have. Open it with that scene's module: understudy view --module FILE. Scenes: ${names.join(", ")}.`;
}

function shownIn(pane: Pane): Following {
  const { scene, driver } = pane.setup.value;
  return { pane, mode: pane.mode.value, scene, driver };
}

function isSameList(a: readonly string[], b: readonly string[]): boolean {
  return a.length === b.length && a.every((one) => b.includes(one));
}
