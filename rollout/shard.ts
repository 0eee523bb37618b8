/**
 * A shard: the smallest number of environments that is simulated and inferred together.
 *
 * Its size is fixed by the configuration, not by the machine: results are then the same for any
 * number of workers, because no matrix product ever sees a batch of another size.
 */

import type { Axes } from "../core/arrays.ts";
import { createRng, type Rng } from "../core/rng.ts";
import type { EngineName } from "../sim/engines/open.ts";
import type { GroupName } from "../sim/observations.ts";
import type { Randomization } from "../sim/randomization.ts";
import type { SensorSpec } from "../sim/render/types.ts";
import { type EpisodeEnd, SceneBatch } from "../sim/scene-batch.ts";
import { findScene } from "../sim/scenes/index.ts";
import type { ContactMode } from "../sim/world.ts";
import { type ActorSpec, type BatchActor, openActor } from "./actor.ts";
import { saveDiverged } from "./diverged.ts";
import type { Rollout } from "./rollout.ts";

/** What is simulated; plain data, so that it can be sent to a worker. */
export interface SimulationSpec {
  readonly scene: string;
  readonly config: unknown;
  /** Planar unless given. */
  readonly contact?: ContactMode;
  /** Rapier unless given. */
  readonly engine?: EngineName;
  readonly randomization?: Randomization;
  readonly sensor?: SensorSpec;
  readonly seed: number;
}

export interface ShardSpec {
  readonly simulation: SimulationSpec;
  readonly actor: ActorSpec;
  readonly envs: number;
  /** Number of this shard's first environment in the whole roll-out. */
  readonly firstEnv: number;
  /** Groups that are recorded, besides those the actor reads. */
  readonly groups: readonly GroupName[];
}

/** How a policy acts while it collects. */
export interface Exploration {
  /** Standard deviation of each action column; undefined acts by the mean. */
  readonly std?: readonly number[];
  /** Share of new episodes that start close to the goal; 0 unless given. */
  readonly practiceShare?: number;
  /** Share of the others that start where an earlier one was about to fail; 0 unless given. */
  readonly failureShare?: number;
  /** Share of what is then left that starts at any stage; 0 unless given. */
  readonly stageShare?: number;
  /** A number other than the last roll-out's begins everything anew, as if nothing had been before; 0 unless given. */
  readonly span?: number;
}

/** Episodes that no environment gets through in a span. */
const SPAN_EPISODES = 1e6;

export class Shard {
  readonly #spec: ShardSpec;
  readonly #batch: SceneBatch;
  readonly #actor: BatchActor;
  #noise: readonly Rng[] = [];
  /** The one under way; none before the first roll-out. */
  #span: number | undefined;
  readonly #actions: Float32Array;

  private constructor(spec: ShardSpec, batch: SceneBatch, actor: BatchActor) {
    this.#spec = spec;
    this.#batch = batch;
    this.#actor = actor;
    this.#actions = new Float32Array(spec.envs * 2);
  }

  static async open(spec: ShardSpec): Promise<Shard> {
    const { simulation, actor: actorSpec, envs, firstEnv } = spec;
    const actor = await openActor(actorSpec, envs, simulation);
    const groups = [...new Set([...spec.groups, ...Object.values(actor.inputs)])];
    try {
      const batch = await SceneBatch.create({
        ...simulation,
        scene: findScene(simulation.scene),
        envs,
        firstEnv,
        purpose: "training",
        groups,
        saveReport: saveDiverged,
      });
      return new Shard(spec, batch, actor);
    } catch (error) {
      await actor.close();
      throw error;
    }
  }

  get rowSizes(): Readonly<Record<string, number>> {
    return this.#batch.rowSizes;
  }

  /** Steps every environment `rollout.steps` times and writes this shard's columns of `rollout`. */
  async collect(
    theta: Float32Array,
    rollout: Rollout,
    { std, practiceShare = 0, failureShare = 0, stageShare = 0, span = 0 }: Exploration,
  ): Promise<EpisodeEnd[]> {
    this.#batch.practiceShare = practiceShare;
    this.#batch.failureShare = failureShare;
    this.#batch.stageShare = stageShare;
    if (span !== this.#span) this.#begin(span);
    const ends: EpisodeEnd[] = [];
    for (let t = 0; t < rollout.steps; t++) {
      const row = t * rollout.envs + this.#spec.firstEnv;
      this.#copy(this.#batch.groups, rollout.groups, row);
      const mean = await this.#actor.act(theta, this.#batch.groups);
      const logProbs = rollout.logProbs.subarray(row, row + this.#spec.envs);
      this.#explore(mean, std, logProbs);
      rollout.actions.set(this.#actions, row * 2);
      this.#batch.step(this.#actions);
      this.#actor.reset(this.#batch.boundaries);
      rollout.rewards.set(this.#batch.rewards, row);
      rollout.discounts.set(this.#batch.discounts, row);
      rollout.boundaries.set(this.#batch.boundaries, row);
      if (this.#batch.ends.length > 0) this.#copy(this.#batch.finalGroups, rollout.finals, row);
      ends.push(...this.#batch.ends);
    }
    this.#copy(this.#batch.groups, rollout.last, this.#spec.firstEnv);
    return ends;
  }

  async close(): Promise<void> {
    await this.#actor.close();
    this.#batch.free();
  }

  /** Begins a span: episodes and noise that depend on its number alone. */
  #begin(span: number): void {
    this.#span = span;
    this.#noise = this.#noiseOf(span);
    this.#batch.reset(span * SPAN_EPISODES);
    this.#actor.reset();
  }

  /** One stream of noise an environment. */
  #noiseOf(span: number): Rng[] {
    const { simulation, envs, firstEnv } = this.#spec;
    const rng = createRng(simulation.seed).split("exploration");
    return Array.from({ length: envs }, (_, env) => {
      const own = rng.split(`environment ${firstEnv + env}`);
      return span === 0 ? own : own.split(`span ${span}`);
    });
  }

  #copy(
    from: Readonly<Record<string, Float32Array>>,
    to: Readonly<Record<string, Float32Array>>,
    row: number,
  ): void {
    for (const group of Object.keys(to)) {
      const source = from[group];
      if (source) to[group].set(source, row * this.#batch.rowSizes[group]);
    }
  }

  /** Samples actions around the mean from each environment's own stream. */
  #explore(mean: Axes<"N,A">, std: readonly number[] | undefined, logProbs: Axes<"N">): void {
    if (!std) {
      this.#actions.set(mean);
      logProbs.fill(0);
      return;
    }
    const columns = std.length;
    for (let env = 0; env < logProbs.length; env++) {
      let logProb = 0;
      for (let a = 0; a < columns; a++) {
        const z = this.#noise[env].normal();
        this.#actions[env * columns + a] = mean[env * columns + a] + std[a] * z;
        logProb -= 0.5 * z * z + Math.log(std[a]) + 0.5 * Math.log(2 * Math.PI);
      }
      logProbs[env] = logProb;
    }
  }
}
