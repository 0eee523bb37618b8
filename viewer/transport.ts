/** Play, step, reset and speed, by button and by key. */

import { byId, isField } from "./page.ts";

export interface TransportEvents {
  play(): void;
  step(): void;
  reset(): void;
  speed(speed: number): void;
}

export class Transport {
  readonly #play = byId("play", HTMLButtonElement);
  readonly #outcome = byId("outcome", HTMLParagraphElement);

  constructor(events: TransportEvents) {
    this.#play.addEventListener("click", () => events.play());
    byId("step", HTMLButtonElement).addEventListener("click", () => events.step());
    byId("reset", HTMLButtonElement).addEventListener("click", () => events.reset());
    const speed = byId("speed", HTMLSelectElement);
    speed.addEventListener("change", () => events.speed(Number(speed.value)));
    addEventListener("keydown", (event) => {
      if (event.ctrlKey || event.altKey || event.metaKey || isField(event.target)) return;
      // on a button, space is that button's
      if (event.code === "Space" && !(event.target instanceof HTMLButtonElement)) {
        event.preventDefault();
        events.play();
      }
      if (event.key === ".") events.step();
      if (event.key === "r") events.reset();
    });
  }

  setPlaying(playing: boolean): void {
    this.#play.textContent = playing ? "Pause" : "Play";
  }

  /** Says how the episode ended, while its end is shown. */
  setOutcome(outcome: string | undefined, after_s = 0): void {
    const text = outcome === undefined ? "" : `${outcome} after ${after_s.toFixed(1)} s`;
    if (this.#outcome.textContent === text) return;
    this.#outcome.textContent = text;
    this.#outcome.dataset.kind = outcome === "success" ? "good" : "bad";
  }
}
