/**
 * Evaluation of a policy over numbered starts that training never sees.
 *
 * Every start is run once, to its end, by the mean action. Success is judged on the last state of
 * the episode, and failures count with the full budget in the time.
 */

import { type Proportion, wilson } from "../core/statistics.ts";
import type { EpisodeEnd, SceneBatch } from "../sim/scene-batch.ts";
import { type ActorSpec, type BatchActor, openActor } from "./actor.ts";
import { saveDiverged } from "./diverged.ts";
import type { SimulationSpec } from "./shard.ts";
import { openStarts } from "./starts.ts";

/** Starts run together; fixed, so that a result does not depend on the number of workers. */
export const EVALUATION_SHARD = 64;

export interface EvaluationShard {
  readonly simulation: SimulationSpec;
  readonly actor: ActorSpec;
  /** Weights, where the actor is a network rather than a bundle. */
  readonly theta?: Float32Array;
  readonly firstStart: number;
  readonly starts: number;
  /** Keep the poses of every episode. */
  readonly record: boolean;
}

export interface EvaluatedEpisode
  extends Omit<EpisodeEnd, "env" | "episode" | "practice" | "firstStage"> {
  readonly start: number;
  /** [T + 1, B, 7] position and orientation of every body, where recording was asked for. */
  readonly poses?: Float32Array;
  /** [T, A] actions as the policy gave them. */
  readonly actions?: Float32Array;
}

/** Runs one shard of starts in this thread. */
export async function evaluateShard(shard: EvaluationShard): Promise<EvaluatedEpisode[]> {
  const { simulation, starts, firstStart } = shard;
  const actor = await openActor(shard.actor, starts, simulation);
  const over = new Uint8Array(starts);
  const tapes: Tape[] = [];
  let batch: SceneBatch | undefined;
  try {
    batch = await openStarts(simulation, {
      firstStart,
      starts,
      groups: [...new Set(Object.values(actor.inputs))],
      saveReport: saveDiverged,
      onEnd: (env) => {
        if (!over[env]) tapes[env]?.frame(env);
      },
    });
    if (shard.record) while (tapes.length < starts) tapes.push(new Tape(batch));
    return await runStarts(shard, actor, batch, { over, tapes });
  } finally {
    await actor.close();
    batch?.free();
  }
}

/** Runs the first episode of every environment to its end; `over` is 1 where it has ended. */
async function runStarts(
  { firstStart, starts, theta = new Float32Array(0) }: EvaluationShard,
  actor: BatchActor,
  batch: SceneBatch,
  { over, tapes }: { readonly over: Uint8Array; readonly tapes: readonly Tape[] },
): Promise<EvaluatedEpisode[]> {
  const episodes: EvaluatedEpisode[] = [];
  batch.reset();
  tapes.forEach((tape, env) => {
    tape.frame(env);
  });
  while (episodes.length < starts) {
    const actions = await actor.act(theta, batch.groups);
    tapes.forEach((tape, env) => {
      if (!over[env]) tape.action(actions, env);
    });
    // whoever is judged already stands still
    over.forEach((done, env) => {
      if (done) actions.fill(0, env * 2, env * 2 + 2);
    });
    batch.step(actions);
    actor.reset(batch.boundaries);
    for (const { env, episode: _, practice: __, firstStage: ___, ...end } of batch.ends) {
      if (over[env - firstStart]) continue;
      over[env - firstStart] = 1;
      episodes.push({ ...end, start: env, ...tapes[env - firstStart]?.take() });
    }
    tapes.forEach((tape, env) => {
      if (!over[env]) tape.frame(env);
    });
  }
  return episodes.sort((a, b) => a.start - b.start);
}

/** Records one episode: T + 1 poses and T actions. */
class Tape {
  readonly #batch: SceneBatch;
  readonly #poses: number[] = [];
  readonly #actions: number[] = [];
  readonly #row: Float32Array;

  constructor(batch: SceneBatch) {
    this.#batch = batch;
    this.#row = new Float32Array(batch.world.bodies.length * 7);
  }

  frame(env: number): void {
    this.#batch.poses(env, this.#row);
    for (const value of this.#row) this.#poses.push(value);
  }

  action(actions: Float32Array, env: number): void {
    this.#actions.push(actions[env * 2], actions[env * 2 + 1]);
  }

  take(): { poses: Float32Array; actions: Float32Array } {
    return { poses: Float32Array.from(this.#poses), actions: Float32Array.from(this.#actions) };
  }
}

export interface EvaluationSummary {
  readonly success: Proportion;
  /** Episodes by how they ended, most frequent first. */
  readonly outcomes: Readonly<Record<string, number>>;
  /** Mean time to success, failures counted as the whole budget. */
  readonly meanTime_s: number;
  readonly meanReturn: number;
  readonly meanPathLength_m: number;
}

/**
 * What `WorkerPool.evaluate` found, in a few numbers. `timingOf` tells the two that belong to the scene.
 *
 * @param budgetSteps control steps that a failure counts with: those that all stages together may take
 */
export function summarize(
  episodes: readonly EvaluatedEpisode[],
  controlStep_s: number,
  budgetSteps: number,
): EvaluationSummary {
  const outcomes: Record<string, number> = {};
  let time_s = 0;
  for (const { outcome, steps } of episodes) {
    outcomes[outcome] = (outcomes[outcome] ?? 0) + 1;
    time_s += (outcome === "success" ? steps : budgetSteps) * controlStep_s;
  }
  const mean = (value: (episode: EvaluatedEpisode) => number) =>
    episodes.reduce((sum, episode) => sum + value(episode), 0) / episodes.length;
  return {
    success: wilson(outcomes.success ?? 0, episodes.length),
    outcomes: Object.fromEntries(Object.entries(outcomes).sort((a, b) => b[1] - a[1])),
    meanTime_s: time_s / episodes.length,
    meanReturn: mean((episode) => episode.return),
    meanPathLength_m: mean((episode) => episode.pathLength_m),
  };
}

/** How many episodes failed in each of so many stages, in their order; one that lost what all of them made failed in the last. */
export function failuresByStage(
  episodes: readonly Pick<EvaluatedEpisode, "outcome" | "stagesDone">[],
  stages: number,
): number[] {
  const failures = Array<number>(stages).fill(0);
  for (const { outcome, stagesDone } of episodes) {
    if (outcome !== "success") failures[Math.min(stagesDone, stages - 1)]++;
  }
  return failures;
}
