/** The page's end of the line to a simulation worker. */

import type { FromWorker, LiveOpening, ToWorker } from "./messages.ts";

export type Opening =
  | ({ readonly type: "open live" } & LiveOpening)
  | Omit<Extract<ToWorker, { type: "open replay" }>, "run">
  | Omit<Extract<ToWorker, { type: "survey" }>, "run">;

export class StudioLink {
  readonly #worker: Worker;
  #run = 0;

  /** @param receive gets what is about the episode opened last, and nothing older */
  constructor(receive: (message: FromWorker) => void) {
    this.#worker = new Worker(new URL("./worker/simulation-worker.ts", import.meta.url), {
      type: "module",
    });
    this.#worker.addEventListener("message", ({ data }: MessageEvent<FromWorker>) => {
      if (!("run" in data) || data.run === this.#run) receive(data);
    });
    this.#worker.addEventListener("error", (event) => {
      event.preventDefault();
      const message = `The simulation did not load: ${event.message || "its script is missing"}. Reload the page.`;
      receive({ type: "failed", run: this.#run, message });
    });
  }

  open(opening: Opening): void {
    this.#run++;
    this.#worker.postMessage({ ...opening, run: this.#run });
  }

  send(message: Exclude<ToWorker, { run: number }>): void {
    this.#worker.postMessage(message);
  }

  close(): void {
    this.#worker.terminate();
  }
}
