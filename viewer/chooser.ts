/** What to open: scene, driver, seed and start of a live episode, or a recorded one. */

import type { LibraryList, ReplayItem } from "./library-list.ts";
import type { DriverChoice, SceneName } from "./messages.ts";
import { byId, option } from "./page.ts";
import type { Opening } from "./studio-link.ts";

export type Mode = "live" | "replay";

/** What the person has changed. */
export interface ChooserEvents {
  mode(mode: Mode): void;
  /** A live episode with other settings is wanted. */
  live(): void;
  driver(choice: DriverChoice): void;
  replay(item: ReplayItem): void;
  file(file: File): void;
}

const HINTS: Readonly<Record<DriverChoice["kind"], string>> = {
  keyboard: "Arrow keys, WASD or the joystick drive. Space plays and pauses, the full stop steps.",
  demo: "A script that sees everything drives. Press an arrow key to take over.",
  policy: "The policy runs in this page, on what the robot sees. Press an arrow key to take over.",
};

export class Chooser {
  readonly #scene = byId("live-scene", HTMLSelectElement);
  readonly #driver = byId("driver", HTMLSelectElement);
  readonly #seed = byId("seed", HTMLInputElement);
  readonly #start = byId("start", HTMLInputElement);
  readonly #episodes = byId("episodes", HTMLSelectElement);
  readonly #file = byId("file", HTMLInputElement);
  #library: LibraryList = { replays: [], policies: [] };

  constructor(events: ChooserEvents) {
    byId("modes", HTMLFieldSetElement).addEventListener("change", (event) => {
      if (event.target instanceof HTMLInputElement) this.#show(event.target.value as Mode);
      events.mode(this.mode);
    });
    this.#scene.addEventListener("change", () => {
      this.#listDrivers();
      events.live();
    });
    for (const field of [this.#seed, this.#start]) {
      field.addEventListener("change", () => {
        if (field.checkValidity() && field.value !== "") events.live();
        else field.reportValidity();
      });
    }
    this.#driver.addEventListener("change", () => {
      this.#hint();
      events.driver(this.driver);
    });
    this.#episodes.addEventListener("change", () => {
      const item = this.#library.replays.find(({ url }) => url === this.#episodes.value);
      if (item) events.replay(item);
    });
    this.#file.addEventListener("change", () => {
      const file = this.#file.files?.[0];
      if (file) events.file(file);
      this.#file.value = "";
    });
  }

  get mode(): Mode {
    return byId("live", HTMLElement).hidden ? "replay" : "live";
  }

  set mode(mode: Mode) {
    for (const input of document.querySelectorAll<HTMLInputElement>("input[name=mode]")) {
      input.checked = input.value === mode;
    }
    this.#show(mode);
  }

  get driver(): DriverChoice {
    const { value } = this.#driver;
    if (value === "keyboard" || value === "demo") return { kind: value };
    const policy = this.#library.policies.find(({ url }) => url === value);
    return policy
      ? { kind: "policy", name: policy.name, url: pageUrl(policy.url) }
      : { kind: "demo" };
  }

  /** Hands over to the keyboard; false if it drives already. */
  takeOver(): boolean {
    if (this.#driver.value === "keyboard") return false;
    this.#driver.value = "keyboard";
    this.#hint();
    return true;
  }

  get opening(): Opening {
    return {
      type: "open live",
      scene: this.#scene.value,
      seed: this.#seed.valueAsNumber,
      start: this.#start.valueAsNumber,
      driver: this.driver,
    };
  }

  nextStart(): void {
    this.#start.value = String(this.#start.valueAsNumber + 1);
  }

  /** Fills the lists; `wanted` may name a scene, driver, seed and start. */
  fill(scenes: readonly SceneName[], library: LibraryList, wanted: URLSearchParams): void {
    this.#library = library;
    this.#scene.replaceChildren(...scenes.map(({ name }) => option(name, name)));
    const trained = library.policies[0]?.scene ?? scenes[scenes.length - 1].name;
    choose(this.#scene, wanted.get("scene") ?? trained);
    for (const field of [this.#seed, this.#start]) {
      const value = wanted.get(field.id);
      if (value !== null) field.value = value;
      if (!field.checkValidity() || field.value === "") field.value = "0";
    }
    this.#listDrivers(wanted.get("driver"));
    this.#episodes.replaceChildren(...groupsOf(library.replays));
    byId("replay-hint", HTMLParagraphElement).textContent =
      library.replays.length > 0
        ? ""
        : "No replays were found in runs/*/replays or policies/zoo/*/replays. Record some with understudy evaluate --replays, or open a file.";
  }

  #listDrivers(wanted: string | null = null): void {
    const policies = this.#library.policies.filter(({ scene }) => scene === this.#scene.value);
    this.#driver.replaceChildren(
      ...policies.map(({ name, url }) => option(url, `policy ${name}`)),
      option("demo", "scripted demo"),
      option("keyboard", "keyboard or joystick"),
    );
    if (wanted !== null) choose(this.#driver, wanted);
    this.#hint();
  }

  #hint(): void {
    const none = this.#library.policies.every(({ scene }) => scene !== this.#scene.value);
    const policies = none
      ? ` No policy for ${this.#scene.value} was found in policies/zoo or runs/*/bundle.`
      : "";
    byId("driver-hint", HTMLParagraphElement).textContent = HINTS[this.driver.kind] + policies;
    byId("joystick", HTMLDivElement).hidden =
      this.mode !== "live" || this.driver.kind !== "keyboard";
  }

  #show(mode: Mode): void {
    byId("live", HTMLElement).hidden = mode !== "live";
    byId("replay", HTMLElement).hidden = mode !== "replay";
    this.#hint();
  }
}

function choose(select: HTMLSelectElement, value: string): void {
  const found = [...select.options].some((entry) => entry.value === value);
  if (found) select.value = value;
}

/** Replays under the heading of where they come from. */
function groupsOf(replays: readonly ReplayItem[]): HTMLOptGroupElement[] {
  const groups = new Map<string, HTMLOptGroupElement>();
  for (const item of replays) {
    const group = groups.get(item.from) ?? document.createElement("optgroup");
    groups.set(item.from, group);
    group.label = item.from;
    const { start, outcome, name, url } = item;
    const title = start === undefined ? name : `start ${start}: ${outcome}`;
    group.append(option(url, title));
  }
  return [...groups.values()];
}

/** An address of the list as a whole one; workers resolve others against their own script. */
function pageUrl(address: string): string {
  return new URL(address, document.baseURI).href;
}
