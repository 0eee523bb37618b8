/** Many episodes in a row, as fast as they go, in a worker of their own. */

import { signal } from "@preact/signals";
import { driverOf } from "./library-state.ts";
import type { SurveyedStart, SurveyOver } from "./messages.ts";
import type { Pane } from "./pane.ts";
import { StudioLink } from "./studio-link.ts";

export class SurveyRun {
  readonly results = signal<readonly SurveyedStart[]>([]);
  readonly running = signal(false);
  #link: StudioLink | undefined;

  /** Runs `count` episodes from the pane's on, with its driver and disturbances. */
  run(pane: Pane, count: number, over: SurveyOver, failed: (message: string) => void): void {
    this.stop();
    this.results.value = [];
    this.running.value = true;
    this.#link = new StudioLink((message) => {
      if (message.type === "surveyed") this.results.value = [...this.results.value, message.result];
      if (message.type === "failed") failed(message.message);
      if (message.type === "failed" || this.results.value.length >= count) this.stop();
    });
    const setup = pane.setup.value;
    const driver = driverOf(setup.driver);
    const disturbance = pane.disturbance.value;
    const opening = { ...setup, driver, disturbance };
    this.#link.open({ type: "survey", opening, count, over });
  }

  stop(): void {
    this.#link?.close();
    this.#link = undefined;
    this.running.value = false;
  }
}
