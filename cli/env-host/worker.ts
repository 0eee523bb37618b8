/** A worker thread of the environment host: owns some of the environments, and steps them when told. */

import type { EndedEpisode } from "../../bridge/env-server/environment.ts";
import { saveDiverged } from "../../rollout/diverged.ts";
import { answerRequests } from "../../rollout/requests.ts";
import type { SimulationSpec } from "../../rollout/shard.ts";
import type { GroupName } from "../../sim/observations.ts";
import { SceneBatch } from "../../sim/scene-batch.ts";
import { findScene } from "../../sim/scenes/index.ts";

/** Arrays of all environments, shared by all threads; each writes its own rows. */
export interface ShardArrays {
  /** [N, A] */
  readonly actions: Float32Array;
  /** [N, row] by group. */
  readonly groups: Readonly<Record<string, Float32Array>>;
  /** [N] */
  readonly rewards: Float32Array;
  readonly terminated: Uint8Array;
  readonly truncated: Uint8Array;
}

export interface OpenRequest {
  readonly kind: "open";
  readonly simulation: SimulationSpec;
  readonly groups: readonly GroupName[];
  readonly firstEnv: number;
  readonly envs: number;
}

export type Request =
  | OpenRequest
  | { readonly kind: "attach"; readonly arrays: ShardArrays }
  | { readonly kind: "reset"; readonly seed: number | undefined }
  | { readonly kind: "step" };

/** The environments of this thread. */
class EnvShard {
  readonly #open: OpenRequest;
  #batch: SceneBatch;
  #arrays: ShardArrays | undefined;

  private constructor(open: OpenRequest, batch: SceneBatch) {
    this.#open = open;
    this.#batch = batch;
  }

  static async open(request: OpenRequest): Promise<EnvShard> {
    return new EnvShard(request, await openBatch(request, request.simulation.seed));
  }

  get rowSizes(): Readonly<Record<string, number>> {
    return this.#batch.rowSizes;
  }

  attach(arrays: ShardArrays): void {
    this.#arrays = arrays;
  }

  /** Begins new episodes; with a seed, in new environments, as after a start under that seed. */
  async reset(seed: number | undefined): Promise<void> {
    if (seed !== undefined) {
      this.#batch.free();
      this.#batch = await openBatch(this.#open, seed);
    }
    this.#batch.reset();
    this.#publish();
  }

  step(): EndedEpisode[] {
    const { firstEnv, envs } = this.#open;
    const { actions, rewards, terminated, truncated } = this.#shared;
    const batch = this.#batch;
    batch.step(actions.slice(firstEnv * 2, (firstEnv + envs) * 2));
    rewards.set(batch.rewards, firstEnv);
    for (let env = 0; env < envs; env++) {
      const ended = batch.boundaries[env] === 1;
      terminated[firstEnv + env] = ended && batch.discounts[env] === 0 ? 1 : 0;
      truncated[firstEnv + env] = ended && batch.discounts[env] === 1 ? 1 : 0;
    }
    this.#publish();
    return batch.ends.map(({ env, outcome, steps, return: total }) => ({
      env,
      outcome,
      steps,
      return: total,
      finals: this.#open.groups.map((group) => this.#lastRow(group, env - firstEnv)),
    }));
  }

  #lastRow(group: GroupName, env: number): Float32Array {
    const size = this.#batch.rowSizes[group];
    return this.#batch.finalGroups[group].slice(env * size, (env + 1) * size);
  }

  #publish(): void {
    const { groups } = this.#shared;
    for (const group of this.#open.groups) {
      groups[group].set(
        this.#batch.groups[group],
        this.#open.firstEnv * this.#batch.rowSizes[group],
      );
    }
  }

  get #shared(): ShardArrays {
    if (!this.#arrays) throw new Error("internal: step before attach");
    return this.#arrays;
  }
}

function openBatch(
  { simulation, groups, envs, firstEnv }: OpenRequest,
  seed: number,
): Promise<SceneBatch> {
  return SceneBatch.create({
    ...simulation,
    seed,
    scene: findScene(simulation.scene),
    envs,
    firstEnv,
    purpose: "training",
    groups,
    finalImages: true,
    saveReport: saveDiverged,
  });
}

let shard: EnvShard | undefined;

async function answer(request: Request): Promise<unknown> {
  if (request.kind === "open") {
    shard = await EnvShard.open(request);
    return shard.rowSizes;
  }
  if (!shard) throw new Error(`internal: ${request.kind} before open`);
  if (request.kind === "attach") return shard.attach(request.arrays);
  if (request.kind === "reset") return shard.reset(request.seed);
  return shard.step();
}

answerRequests(answer);
