/** Tries a plan out in simulation before anybody trains on it or executes it. */

import { Ground } from "../../sim/ground.ts";
import type { AssembledScene } from "../../sim/scene.ts";
import { SceneBatch } from "../../sim/scene-batch.ts";
import type { Staged } from "../plan.ts";
import { asScene, sceneFromPlan } from "../scene.ts";
import { ScriptedPusher } from "./pusher.ts";

/** How a plan is rehearsed. */
export interface RehearsalOptions {
  readonly seed: number;
  /** Episodes, run side by side; 24 unless given. Half of them begin at a later stage, with the earlier ones done. */
  readonly attempts?: number;
  /** Ends it at once: the signal's reason is thrown. */
  readonly signal?: AbortSignal;
  /**
   * Stops as soon as every stage has been reached and completed once; otherwise all attempts run to their end. A verification stops unless told
   * otherwise.
   */
  readonly untilReachable?: boolean;
}

/** What became of one stage. */
export interface StageRehearsal {
  /** Its name. */
  readonly stage: string;
  /** Attempts that came to it, and those that completed it. */
  readonly entered: number;
  readonly completed: number;
  /** Attempts in which the object counted as reached. */
  readonly reached: number;
  /** How attempts ended in this stage, most frequent first. */
  readonly failures: Readonly<Record<string, number>>;
  /** Nearest that the active object came to its place in an attempt that failed; Infinity where none failed or there is no place. */
  readonly nearest_m: number;
}

/** Runs the scripted pusher through the plan; deterministic in the seed. @throws the signal's reason once that is aborted */
export async function rehearse(
  base: AssembledScene,
  plan: Staged,
  { seed, attempts = 24, untilReachable = false, signal }: RehearsalOptions,
): Promise<readonly StageRehearsal[]> {
  const planned = sceneFromPlan(base, plan);
  const batch = await SceneBatch.create({
    scene: asScene(planned),
    envs: attempts,
    seed,
    // only training starts begin at later stages
    purpose: "training",
    groups: ["proprioception"],
  });
  batch.stageShare = 0.5;
  const tally = planned.stages.map(({ name }) => new Tally(name));
  try {
    await run(batch, planned, tally, { untilReachable, signal });
  } finally {
    batch.free();
  }
  return tally.map((each) => each.result());
}

async function run(
  batch: SceneBatch,
  planned: AssembledScene,
  tally: readonly Tally[],
  { untilReachable, signal }: { untilReachable: boolean; signal: AbortSignal | undefined },
): Promise<void> {
  const { envs } = batch;
  const ground = new Ground(batch.world);
  const pusher = new ScriptedPusher(planned.cast, envs);
  const actions = new Float32Array(envs * 2);
  const nearest = new Float64Array(envs);
  const stages = new Int32Array(envs).fill(-1);
  const reaching = planned.stages.map(({ name }) => batch.termNames.indexOf(`${name}/reached`));
  const over = new Set<number>();
  batch.reset();
  while (over.size < envs) {
    // lets whoever interrupts be heard
    await new Promise((resolve) => setImmediate(resolve));
    signal?.throwIfAborted();
    for (let env = 0; env < envs; env++) {
      ground.env = env;
      const stage = batch.stageOf(env);
      if (stages[env] !== stage) [stages[env], nearest[env]] = [stage, Number.POSITIVE_INFINITY];
      const { active } = planned.roles[stage];
      const target = planned.target(ground, stage);
      if (target) {
        const dx = ground.x_m(active) - target.x_m;
        const dy = ground.y_m(active) - target.y_m;
        nearest[env] = Math.min(nearest[env], Math.hypot(dx, dy));
      }
      actions.set(pusher.act(ground, { active, target }), env * 2);
    }
    batch.step(actions);
    for (const { env, outcome, firstStage, stagesDone, ledger } of batch.ends) {
      pusher.reset(env);
      if (over.has(env)) continue;
      over.add(env);
      for (let i = firstStage; i < stagesDone; i++) tally[i].complete();
      // its bonus is paid once, in the step that reaches the object
      for (const [i, term] of reaching.entries()) if (ledger[term] > 0) tally[i].reached++;
      if (stagesDone < tally.length) tally[stagesDone].fail(outcome, nearest[env]);
      stages[env] = -1;
    }
    if (untilReachable && tally.every(({ completed, reached }) => completed > 0 && reached > 0))
      return;
  }
}

class Tally {
  readonly #stage: string;
  readonly #failures = new Map<string, number>();
  #nearest_m = Number.POSITIVE_INFINITY;
  completed = 0;
  reached = 0;

  constructor(stage: string) {
    this.#stage = stage;
  }

  complete(): void {
    this.completed++;
  }

  fail(outcome: string, nearest_m: number): void {
    this.#failures.set(outcome, (this.#failures.get(outcome) ?? 0) + 1);
    this.#nearest_m = Math.min(this.#nearest_m, nearest_m);
  }

  result(): StageRehearsal {
    const failures = [...this.#failures].sort((a, b) => b[1] - a[1]);
    const failed = failures.reduce((sum, [, count]) => sum + count, 0);
    return {
      stage: this.#stage,
      entered: this.completed + failed,
      completed: this.completed,
      reached: this.reached,
      failures: Object.fromEntries(failures),
      nearest_m: this.#nearest_m,
    };
  }
}
