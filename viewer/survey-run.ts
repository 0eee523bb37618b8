/** Many episodes in a row, as fast as they go, in a worker of their own. */

import { signal } from "@preact/signals";
import { driverOf, driversOf } from "./library-state.ts";
import type { Disturbance, SurveyedStart, SurveyOver } from "./messages.ts";
import type { Pane, Setup } from "./pane.ts";
import { StudioLink } from "./studio-link.ts";

/** What episodes are run of. */
export interface Surveyed {
  readonly setup: Setup;
  /** As the list of drivers has it. */
  readonly driver: string;
  readonly disturbance: Disturbance;
  readonly count: number;
  readonly over: SurveyOver;
}

export class SurveyRun {
  /** What the results are of, whatever the page shows by now. */
  readonly surveyed = signal<Surveyed | undefined>(undefined);
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
    const label = driversOf(setup.scene).find(({ key }) => key === setup.driver)?.label ?? "";
    this.surveyed.value = { setup, driver: label, disturbance, count, over };
    const opening = { ...setup, driver, disturbance };
    this.#link.open({ type: "survey", opening, count, over });
  }

  stop(): void {
    this.#link?.close();
    this.#link = undefined;
    this.running.value = false;
  }
}
