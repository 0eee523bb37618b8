/** Worker threads that simulate and infer, and the roll-out they fill together. */

import { availableParallelism } from "node:os";
import * as errors from "../core/errors.ts";
import type { GroupName } from "../sim/observations.ts";
import type { EpisodeEnd } from "../sim/scene-batch.ts";
import type { ActorSpec } from "./actor.ts";
import { EVALUATION_SHARD, type EvaluatedEpisode } from "./evaluation.ts";
import { WorkerThread } from "./requests.ts";
import { createRollout, type Rollout } from "./rollout.ts";
import type { Exploration, ShardSpec, SimulationSpec } from "./shard.ts";
import type { Request } from "./worker.ts";

/** Workers used unless a configuration says otherwise: one a core, at most eight. */
export function defaultWorkers(): number {
  return Math.min(8, availableParallelism());
}

export interface CollectorOptions {
  readonly simulation: SimulationSpec;
  readonly actor: ActorSpec;
  readonly envs: number;
  /** Environments simulated and inferred together; part of the result, unlike `workers`. */
  readonly shardEnvs: number;
  /** Of the shards, those with coulomb contacts, whatever the simulation has; 0 unless given. */
  readonly coulombShare?: number;
  readonly steps: number;
  /** Groups to record. */
  readonly groups: readonly GroupName[];
  /** Groups whose final observations are kept. */
  readonly finals: readonly GroupName[];
}

/** A fixed number of worker threads, used for collecting and for evaluating. */
export class WorkerPool {
  readonly #workers: readonly WorkerThread<Request>[];
  /** Collectors opened so far. */
  #collectors = 0;

  /**
   * @param modules URLs (`new URL("./my-scene.js", import.meta.url).href`) of modules that only define scenes, and export them or
   *   add them (`addScene`). Each worker imports them with no loader but this package's own, so on Node 20 they are JavaScript;
   *   the main thread must add them, too. Never the script that trains: every worker would train.
   */
  constructor(workers = defaultWorkers(), modules: readonly string[] = []) {
    checkCount("workers", workers);
    this.#workers = Array.from(
      { length: workers },
      () => new WorkerThread<Request>(import.meta.url, modules),
    );
  }

  /**
   * Opens the environments and returns what collects from them. One collector a pool at a time: the
   * environments of an earlier one that was left open are freed, and it collects no more.
   */
  async openCollector(options: CollectorOptions): Promise<Collector> {
    const { actor, envs, shardEnvs, coulombShare = 0, steps, groups, finals } = options;
    if (envs % shardEnvs !== 0) {
      throw new errors.ConfigError(
        `The number of environments must be a multiple of the shard size ${shardEnvs}, got ${envs}.`,
      );
    }
    const count = envs / shardEnvs;
    const inCoulomb = Math.round(coulombShare * count);
    if (inCoulomb === 0 && coulombShare > 0) {
      throw new errors.ConfigError(
        `A share of ${coulombShare} is none of ${count} shards. Give more coulombShare, or smaller shards.`,
      );
    }
    const coulomb = { ...options.simulation, contact: "coulomb" } as const;
    const shards: ShardSpec[] = Array.from({ length: count }, (_, i) => ({
      simulation: i < inCoulomb ? coulomb : options.simulation,
      actor,
      envs: shardEnvs,
      firstEnv: i * shardEnvs,
      groups,
    }));
    const workers = this.#workers;
    this.#collectors += 1;
    const collector = this.#collectors;
    const share = (w: number) => shards.filter((_, i) => i % workers.length === w);
    try {
      const opening = workers.map((worker, w) =>
        worker.ask<Record<string, number>>({ kind: "open", collector, shards: share(w) }),
      );
      const [sizes] = await Promise.all(opening);
      const rows = Object.fromEntries(groups.map((group) => [group, sizes[group]]));
      const rollout = createRollout({ steps, envs, actions: 2, rows, finals });
      await Promise.all(
        workers.map((worker) => worker.ask({ kind: "attach", collector, rollout })),
      );
      return new Collector(workers, collector, rollout);
    } catch (error) {
      // what the other workers have opened by then
      await Promise.allSettled(workers.map((worker) => worker.ask({ kind: "close", collector })));
      throw error;
    }
  }

  /**
   * Runs numbered starts, split into shards of fixed size over the workers; in order of start.
   *
   * @returns the first of them only, in whole shards, when it is said that this is enough.
   */
  async evaluate(options: {
    readonly simulation: SimulationSpec;
    readonly actor: ActorSpec;
    readonly theta?: Float32Array;
    readonly episodes: number;
    readonly record?: boolean;
    readonly onProgress?: (done: readonly EvaluatedEpisode[]) => void;
    /** Asked before each shard. */
    readonly enough?: () => boolean;
  }): Promise<EvaluatedEpisode[]> {
    const { simulation, actor, theta, episodes, record = false, onProgress, enough } = options;
    checkCount("episodes", episodes);
    const firsts = Array.from(
      { length: Math.ceil(episodes / EVALUATION_SHARD) },
      (_, i) => i * EVALUATION_SHARD,
    );
    const done: EvaluatedEpisode[] = [];
    const run = async (worker: WorkerThread<Request>) => {
      for (let first = firsts.shift(); first !== undefined; first = firsts.shift()) {
        if (enough?.()) return;
        const starts = Math.min(EVALUATION_SHARD, episodes - first);
        const shard = { simulation, actor, firstStart: first, starts, record };
        const found = await worker.ask<EvaluatedEpisode[]>({
          kind: "evaluate",
          shard: theta ? { ...shard, theta } : shard,
        });
        done.push(...found);
        onProgress?.(done);
      }
    };
    try {
      await Promise.all(this.#workers.map(run));
    } finally {
      // after an error the other workers finish what they are at, and no more
      firsts.length = 0;
    }
    return done.sort((a, b) => a.start - b.start);
  }

  async close(): Promise<void> {
    await Promise.all(this.#workers.map((worker) => worker.close({ kind: "close" })));
  }
}

/** Fills one roll-out again and again. */
export class Collector {
  readonly rollout: Rollout;
  readonly #workers: readonly WorkerThread<Request>[];
  /** Its number in the pool, by which the workers know whether its environments are those they have. */
  readonly #collector: number;

  constructor(workers: readonly WorkerThread<Request>[], collector: number, rollout: Rollout) {
    this.#workers = workers;
    this.#collector = collector;
    this.rollout = rollout;
  }

  /**
   * Acts for `rollout.steps` steps everywhere; returns the episodes that ended, by environment.
   * @throws ConfigError once it was closed, or another was opened in its pool
   */
  async collect(theta: Float32Array, exploration: Exploration): Promise<EpisodeEnd[]> {
    const collector = this.#collector;
    const ends = await Promise.all(
      this.#workers.map((worker) =>
        worker.ask<EpisodeEnd[]>({ kind: "collect", collector, theta, exploration }),
      ),
    );
    return ends.flat().sort((a, b) => a.env - b.env || a.episode - b.episode);
  }

  /** Frees the environments, unless another collector's have taken their place; the workers stay. */
  async close(): Promise<void> {
    const collector = this.#collector;
    await Promise.all(this.#workers.map((worker) => worker.ask({ kind: "close", collector })));
  }
}

function checkCount(what: string, count: number): void {
  if (Number.isInteger(count) && count >= 1) return;
  throw new errors.ConfigError(`Expected a whole number of ${what} from 1 on, got ${count}.`);
}
