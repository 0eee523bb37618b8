/**
 * Stages: a task is a list of subgoals, and only the current one pays (EgoPush, 2026, section III-B).
 *
 * Every quantity a stage is judged by is measured once per control step into a plain object of type
 * `S`, the reading. Stages are pure functions of the readings before and after the step, so that
 * they can be written by hand, by a planner or in a test without a simulator.
 */

/** What a reward term may look at. */
export interface StageStep<S> {
  readonly before: Readonly<S>;
  readonly now: Readonly<S>;
  /** Control steps since the stage began, this one not counted: 0 on the first step of a stage. */
  readonly elapsedSteps: number;
  readonly budgetSteps: number;
  /** The phase gate g_t at the start of the step: false while reaching, true while placing. */
  readonly reached: boolean;
  /** The same for the whole episode: steps since it began, and the budgets of all its stages. */
  readonly episodeSteps: number;
  readonly episodeBudgetSteps: number;
  /** The episode has no stage after this one. */
  readonly last: boolean;
}

/** A named share of the reward of one step. */
export type RewardTerm<S> = (step: StageStep<S>) => number;

/** One subgoal. */
export interface Stage<S> {
  readonly name: string;
  /** T_s: when these steps are used up the stage, and with it the episode, has timed out. */
  readonly budgetSteps: number;
  /** Opens the phase gate, once and for the rest of the stage. Stages without phases leave it out. */
  readonly reached?: (now: Readonly<S>) => boolean;
  readonly done: (now: Readonly<S>) => boolean;
  readonly terms: Readonly<Record<string, RewardTerm<S>>>;
}

/** What one step did to the episode. */
export interface StageOutcome {
  readonly reward: number;
  /** The current stage was completed in this step. */
  readonly completed: boolean;
  /** That was the last one. */
  readonly finished: boolean;
  /** The budget of the stage is used up and it is not complete. */
  readonly timedOut: boolean;
}

/** Walks one episode through its stages and keeps the ledger. */
export class StageMachine<S> {
  readonly stages: readonly Stage<S>[];
  /** Sum of each term of each stage over the episode so far, in the order of `termNames`. */
  readonly ledger: Float64Array;
  readonly #terms: readonly (readonly RewardTerm<S>[])[];
  readonly #firstTerm: readonly number[];
  readonly #step: {
    before: S;
    now: S;
    elapsedSteps: number;
    budgetSteps: number;
    reached: boolean;
    episodeSteps: number;
    episodeBudgetSteps: number;
    last: boolean;
  };
  #index = 0;
  #count: number;

  constructor(stages: readonly Stage<S>[], reading: S) {
    this.stages = stages;
    this.#terms = stages.map((stage) => Object.values(stage.terms));
    this.#firstTerm = this.#terms.map((_, i) =>
      this.#terms.slice(0, i).reduce((sum, terms) => sum + terms.length, 0),
    );
    const columns = this.#terms.reduce((sum, terms) => sum + terms.length, 0);
    this.ledger = new Float64Array(columns + 1);
    this.#count = stages.length;
    this.#step = {
      before: reading,
      now: reading,
      elapsedSteps: 0,
      budgetSteps: 0,
      reached: false,
      episodeSteps: 0,
      episodeBudgetSteps: 0,
      last: false,
    };
  }

  /** Index of the current stage; the number of stages once all are done. */
  get index(): number {
    return this.#index;
  }

  /** Stages of this episode. */
  get count(): number {
    return this.#count;
  }

  get elapsedSteps(): number {
    return this.#step.elapsedSteps;
  }

  get reached(): boolean {
    return this.#step.reached;
  }

  /** Begins an episode at `stage` that has the first `count` of the stages. */
  reset(stage = 0, count = this.stages.length): void {
    this.ledger.fill(0);
    this.#count = count;
    this.#step.episodeSteps = 0;
    this.#step.episodeBudgetSteps = this.stages
      .slice(stage, count)
      .reduce((sum, { budgetSteps }) => sum + budgetSteps, 0);
    this.#enter(stage);
  }

  /**
   * Pays for one control step; moves on to the next stage when the current one is done.
   *
   * @param failed the step ends the episode by a failure: then nothing is completed, and a step that otherwise would have been
   * pays nothing at all, since which of its terms are for completing is not known here. What failing costs is `fail`'s
   */
  advance(before: S, now: S, failed = false): StageOutcome {
    const stage = this.stages[this.#index];
    const done = stage.done(now);
    const step = this.#step;
    step.before = before;
    step.now = now;
    step.budgetSteps = stage.budgetSteps;
    step.last = this.#index === this.#count - 1;
    const reward = failed && done ? 0 : this.#pay();
    if (stage.reached?.(now)) step.reached = true;
    step.elapsedSteps++;
    step.episodeSteps++;
    const completed = done && !failed;
    const timedOut = !completed && step.elapsedSteps >= stage.budgetSteps;
    if (completed) this.#enter(this.#index + 1);
    return { reward, completed, finished: this.#index === this.#count, timedOut };
  }

  /** Charges for a failure that ends the episode; returns the (negative) reward. */
  fail(penalty: number): number {
    this.ledger[this.ledger.length - 1] -= penalty;
    return -penalty;
  }

  /** Pays all terms of the current stage for the step. */
  #pay(): number {
    const terms = this.#terms[this.#index];
    const first = this.#firstTerm[this.#index];
    let reward = 0;
    for (let i = 0; i < terms.length; i++) {
      const paid = terms[i](this.#step);
      this.ledger[first + i] += paid;
      reward += paid;
    }
    return reward;
  }

  #enter(index: number): void {
    this.#index = index;
    this.#step.elapsedSteps = 0;
    this.#step.reached = false;
  }
}

/** Names of the ledger's columns: `stage/term`, and what failing cost. */
export function termNames<S>(stages: readonly Stage<S>[]): readonly string[] {
  const terms = stages.flatMap((stage) =>
    Object.keys(stage.terms).map((term) => `${stage.name}/${term}`),
  );
  return [...terms, "failure"];
}
