/**
 * A plan while it is carried out: which subgoal is current, what has stalled or come undone, what to
 * do about it, and corrections that override the current subgoal.
 *
 * It drives nothing. Once per control step it looks at the scene through an estimator and says what
 * the policy should be working on.
 */

import type { Cast } from "../../sim/scene.ts";
import { createSituation, rowsOf, type Situation } from "../language/situation.ts";
import type { Staged } from "../plan.ts";
import { type PlannedStage, plannedStages } from "../planned-stage.ts";
import type { Estimator } from "./estimators.ts";
import { besides, type Entry, entryOf, overridden } from "./overriding.ts";
import {
  type MonitorConfig,
  StageMonitor,
  type StageState,
  usualMonitor,
} from "./stage-monitor.ts";

/** Something that happened to a stage while a plan was carried out. */
export interface ExecutionEvent {
  /** Control steps since the execution began. */
  readonly step: number;
  /**
   * "done": its condition holds; "undone": its place no longer does, and it is taken up again; "retried" after it stalled or ran out of
   * time; "postponed" until the others are done; "given up", with which the execution rests; "corrected" and "replanned": other stages
   * come first, or in place of what was left; "finished": no stage is left, after the last "done".
   */
  readonly kind:
    | "done"
    | "undone"
    | "retried"
    | "postponed"
    | "given up"
    | "corrected"
    | "replanned"
    | "finished";
  /** Name of the stage. */
  readonly stage: string;
  /** For people: why, in a few words. */
  readonly reason: string;
}

/** How patient an execution is. */
export interface ExecutionConfig {
  /** When a stage counts as done or stalled. */
  readonly monitor: MonitorConfig;
  /** Looks in a row that must agree that a place no longer holds. */
  readonly undoneLooks: number;
  /** Attempts at a stage before it is postponed, or given up where it cannot be. */
  readonly attempts: number;
  /** Times that a stage may come undone: with the last it is given up. */
  readonly undoings: number;
}

/** What holds unless given: 3 looks, 3 attempts, 10 times undone, and a stage stalls after 150 control steps without getting closer. */
export const usualExecution: ExecutionConfig = {
  monitor: usualMonitor,
  undoneLooks: 3,
  attempts: 3,
  undoings: 10,
};

/**
 * A plan while it is carried out. After each control step, `look` once; then let the policy work on `subgoal`. It drives nothing:
 * `executeInSimulation` does, for one environment of a scene.
 */
export class PlanExecution {
  /** All that has happened so far. */
  readonly events: ExecutionEvent[] = [];
  readonly #cast: Cast;
  readonly #estimator: Estimator;
  readonly #config: ExecutionConfig;
  readonly #situation: Situation;
  #queue: Entry[];
  #achieved: PlannedStage[] = [];
  #monitor: StageMonitor | undefined;
  #undoneLooks = 0;
  readonly #undoings = new Map<PlannedStage, number>();
  #step = 0;
  #givenUp = false;

  /**
   * @param config `usualExecution` unless given
   * @throws PlanRefusedError for a plan that does not fit the cast
   */
  constructor(plan: Staged, cast: Cast, estimator: Estimator, config = usualExecution) {
    this.#cast = cast;
    this.#estimator = estimator;
    this.#config = config;
    this.#situation = createSituation(rowsOf(cast.bodies.map(({ name }) => name)));
    this.#queue = entriesOf(plan, cast);
  }

  /** What the policy should work on; undefined once all is done or given up. */
  get subgoal(): PlannedStage | undefined {
    return this.#givenUp ? undefined : this.#queue[0]?.stage;
  }

  /** Whether every stage is done; not so where one was given up. */
  get finished(): boolean {
    return this.#queue.length === 0;
  }

  /** Stages that were completed and have not come undone since, in that order. */
  get achieved(): readonly PlannedStage[] {
    return this.#achieved;
  }

  /** Names of the stages that are still to be done, the current one first. */
  get remaining(): readonly string[] {
    return this.#queue.map(({ stage }) => stage.compiled.plan.name);
  }

  /** One look, after each control step. Returns what has happened, mostly nothing. */
  look(): readonly ExecutionEvent[] {
    const [entry] = this.#queue;
    if (!entry || this.#givenUp) return [];
    this.#step++;
    const undone = this.#undone(entry);
    if (undone.length > 0) return this.#redo(undone);
    this.#monitor ??= new StageMonitor(entry.stage.compiled, this.#config.monitor);
    this.#estimator.estimate(entry.stage, this.#situation);
    const state = this.#monitor.look(this.#situation);
    // that an earlier place no longer holds is decided first
    if (state === "under way" || (state === "done" && this.#undoneLooks > 0)) return [];
    this.#monitor = undefined;
    return state === "done" ? this.#complete(entry) : this.#stumble(entry, state);
  }

  /**
   * Subgoals that come first from now on; the interrupted one is taken up again afterwards, unless they place its object. What was
   * achieved beside an object that they move is done again after it.
   * @throws PlanRefusedError for stages that do not fit the cast, and nothing changes
   */
  correct(stages: Staged, words: string): ExecutionEvent {
    const added = entriesOf(stages, this.#cast);
    this.#takeUp(added, this.#queue);
    return this.#event("corrected", added[0].stage, words);
  }

  /**
   * Another plan for what is left, in place of all that was still to be done. What was achieved becomes what `correct` makes of it.
   * @throws PlanRefusedError for stages that do not fit the cast, and nothing changes
   */
  replan(stages: Staged, reason: string): ExecutionEvent {
    const added = entriesOf(stages, this.#cast);
    this.#takeUp(added, []);
    return this.#event("replanned", added[0].stage, reason);
  }

  #takeUp(added: readonly Entry[], left: readonly Entry[]): void {
    const { queue, achieved } = overridden(added, { queue: left, achieved: this.#achieved });
    this.#queue = [...queue];
    this.#achieved = [...achieved];
    this.#monitor = undefined;
    this.#undoneLooks = 0;
    this.#givenUp = false;
  }

  /** Earlier stages that have come undone, once enough looks agree; those beside the object that is being moved wait for it. */
  #undone({ stage }: Entry): readonly PlannedStage[] {
    const waiting = this.#waitingFor(stage);
    const undone = this.#fallenBefore(stage).filter((earlier) => !waiting.includes(earlier));
    this.#undoneLooks = undone.length > 0 ? this.#undoneLooks + 1 : 0;
    return this.#undoneLooks >= this.#config.undoneLooks ? undone : [];
  }

  #fallenBefore(stage: PlannedStage): readonly PlannedStage[] {
    return this.#estimator.undone([...this.#achieved, stage], this.#achieved.length);
  }

  #waitingFor({ active, target }: PlannedStage): readonly PlannedStage[] {
    return target ? besides(new Set([active]), this.#achieved) : [];
  }

  #redo(undone: readonly PlannedStage[]): ExecutionEvent[] {
    this.#undoneLooks = 0;
    this.#monitor = undefined;
    this.#achieved = this.#achieved.filter((stage) => !undone.includes(stage));
    this.#queue = [...undone.map(entryOf), ...this.#queue];
    const events = undone.map((stage) => {
      this.#undoings.set(stage, (this.#undoings.get(stage) ?? 0) + 1);
      return this.#event(
        "undone",
        stage,
        `"${stage.compiled.plan.active}" is no longer in its place`,
      );
    });
    const lost = undone.find((stage) => (this.#undoings.get(stage) ?? 0) >= this.#config.undoings);
    return lost ? [...events, this.#giveUp(lost, "it does not stay in its place")] : events;
  }

  #complete(entry: Entry): ExecutionEvent[] {
    const waiting = this.#waitingFor(entry.stage);
    const left = this.#fallenBefore(entry.stage).filter((earlier) => waiting.includes(earlier));
    this.#queue = this.#queue.slice(1);
    this.#achieved.push(entry.stage);
    const events = [this.#event("done", entry.stage, "its condition holds")];
    if (left.length > 0) return [...events, ...this.#redo(left)];
    if (this.#queue.length > 0) return events;
    return [...events, this.#event("finished", entry.stage, "nothing is left to do")];
  }

  /** Tries again, then later, then not at all. */
  #stumble(entry: Entry, state: StageState): ExecutionEvent[] {
    entry.attempts++;
    if (entry.attempts < this.#config.attempts) {
      return [this.#event("retried", entry.stage, state)];
    }
    const others = this.#queue.slice(1);
    if (
      !entry.postponed &&
      others.length > 0 &&
      others.every((other) => mayGoFirst(other, entry))
    ) {
      this.#queue = [...others, { ...entry, attempts: 0, postponed: true }];
      return [this.#event("postponed", entry.stage, state)];
    }
    return [this.#giveUp(entry.stage, state)];
  }

  #giveUp(stage: PlannedStage, reason: string): ExecutionEvent {
    this.#givenUp = true;
    return this.#event("given up", stage, reason);
  }

  #event(kind: ExecutionEvent["kind"], stage: PlannedStage, reason: string): ExecutionEvent {
    const event = { step: this.#step, kind, stage: stage.compiled.plan.name, reason };
    this.events.push(event);
    return event;
  }
}

/** Whether `other` neither waits for `entry` nor moves, or is placed by, what `entry` moves. */
function mayGoFirst(other: Entry, entry: Entry): boolean {
  const waits = other.stage.compiled.plan.after.includes(entry.stage.compiled.plan.name);
  const { active, anchor } = other.stage;
  return !waits && active !== entry.stage.active && anchor !== entry.stage.active;
}

function entriesOf(plan: Staged, cast: Cast): Entry[] {
  return plannedStages(plan, cast).map(entryOf);
}
