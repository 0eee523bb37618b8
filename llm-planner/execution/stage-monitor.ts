/** Watches one stage while it is executed: done, stalled, out of time, or under way. */

import type { Situation } from "../language/situation.ts";
import type { CompiledStage } from "../stages.ts";

/** When a stage counts as done or stalled. */
export interface MonitorConfig {
  /** Looks in a row at which a known length speaks for "done" and nothing known against it, where not all of it is known. */
  readonly benefitLooks: number;
  /** Control steps without getting closer after which a stage counts as stalled. */
  readonly stallSteps: number;
  /** What counts as closer, to the active object or, once there, of that to its place. */
  readonly closer_m: number;
}

/** What holds unless given. */
export const usualMonitor: MonitorConfig = { benefitLooks: 5, stallSteps: 150, closer_m: 0.02 };

export type StageState = "under way" | "done" | "stalled" | "out of time";

export class StageMonitor {
  readonly #stage: CompiledStage;
  readonly #config: MonitorConfig;
  #steps = 0;
  #reached = false;
  #open = 0;
  #closest_m = Number.POSITIVE_INFINITY;
  #since = 0;

  constructor(stage: CompiledStage, config: MonitorConfig = usualMonitor) {
    this.#stage = stage;
    this.#config = config;
  }

  /** One look, once per control step. */
  look(now: Readonly<Situation>): StageState {
    this.#steps++;
    if (this.#completes(now)) return "done";
    if (this.#steps >= this.#stage.plan.budgetSteps) return "out of time";
    if (!this.#reached && this.#stage.reached.evaluate(now) === 1) {
      this.#reached = true;
      this.#closest_m = Number.POSITIVE_INFINITY;
      this.#since = 0;
    }
    return this.#approaches(now) ? "under way" : "stalled";
  }

  /** Unknown parts get the benefit of the doubt once what is known has agreed for a while. */
  #completes(now: Readonly<Situation>): boolean {
    const { done: condition } = this.#stage;
    const done = condition.evaluate(now);
    this.#open = Number.isNaN(done) && condition.agrees(now) ? this.#open + 1 : 0;
    return done === 1 || this.#open >= this.#config.benefitLooks;
  }

  /** False once the way that is left has not become shorter for too long. What is not known is waited for. */
  #approaches(now: Readonly<Situation>): boolean {
    const placing = this.#reached && this.#stage.plan.place !== null;
    const left_m = placing ? now.activeToTarget_m : now.robotToActive_m;
    if (Number.isNaN(left_m)) return true;
    this.#since++;
    if (left_m < this.#closest_m - this.#config.closer_m) {
      this.#closest_m = left_m;
      this.#since = 0;
    }
    return this.#since < this.#config.stallSteps;
  }
}
