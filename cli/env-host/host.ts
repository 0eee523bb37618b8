/** Simulated environments on worker threads, as the environment server wants them: glue of sim and bridge. */

import type {
  EndedEpisode,
  ObservationSpec,
  VectorEnvironment,
  VectorSpec,
} from "../../bridge/env-server/environment.ts";
import { WorkerThread } from "../../rollout/requests.ts";
import type { SimulationSpec } from "../../rollout/shard.ts";
import { IMAGE } from "../../sim/eyes.ts";
import { type GroupName, roleNames } from "../../sim/observations.ts";
import { assembleScene } from "../../sim/scene.ts";
import { findScene } from "../../sim/scenes/index.ts";
import type { Request, ShardArrays } from "./worker.ts";

/** Environments that share one physics world; a thread gets whole worlds, so that none is half full. */
const ENVS_PER_WORLD = 8;

export interface HostOptions {
  readonly simulation: SimulationSpec;
  readonly envs: number;
  readonly groups: readonly GroupName[];
  /** Never changes the result. */
  readonly threads: number;
  /** URLs of modules whose scenes the threads add. */
  readonly modules?: readonly string[];
}

export class EnvHost implements VectorEnvironment {
  readonly spec: VectorSpec;
  readonly observations: readonly Float32Array[];
  readonly rewards: Float32Array;
  readonly terminated: Uint8Array;
  readonly truncated: Uint8Array;
  readonly #actions: Float32Array;
  readonly #threads: readonly WorkerThread<Request>[];

  private constructor(
    spec: VectorSpec,
    arrays: ShardArrays,
    threads: readonly WorkerThread<Request>[],
  ) {
    this.spec = spec;
    this.observations = spec.observations.map(({ name }) => arrays.groups[name]);
    this.rewards = arrays.rewards;
    this.terminated = arrays.terminated;
    this.truncated = arrays.truncated;
    this.#actions = arrays.actions;
    this.#threads = threads;
  }

  /** @throws ConfigError for a scene or a group that there is not. */
  static async open(options: HostOptions): Promise<EnvHost> {
    const { simulation, envs, groups, modules } = options;
    const parts = shares(envs, options.threads);
    const threads = parts.map(() => new WorkerThread<Request>(import.meta.url, modules));
    try {
      const sizes = await Promise.all(
        parts.map(({ first, count }, i) =>
          threads[i].ask<Record<string, number>>({
            kind: "open",
            simulation,
            groups,
            firstEnv: first,
            envs: count,
          }),
        ),
      );
      const arrays = sharedArrays(envs, groups, sizes[0]);
      await Promise.all(threads.map((thread) => thread.ask({ kind: "attach", arrays })));
      return new EnvHost(specOf(options, sizes[0]), arrays, threads);
    } catch (error) {
      await Promise.all(threads.map((thread) => thread.close()));
      throw error;
    }
  }

  async reset(seed: number | undefined): Promise<void> {
    await Promise.all(this.#threads.map((thread) => thread.ask({ kind: "reset", seed })));
    this.rewards.fill(0);
    this.terminated.fill(0);
    this.truncated.fill(0);
  }

  async step(actions: Float32Array): Promise<readonly EndedEpisode[]> {
    this.#actions.set(actions);
    const ended = await Promise.all(
      this.#threads.map((thread) => thread.ask<EndedEpisode[]>({ kind: "step" })),
    );
    return ended.flat();
  }

  async close(): Promise<void> {
    await Promise.all(this.#threads.map((thread) => thread.close()));
  }
}

/** Splits environments over threads, in whole worlds. */
function shares(envs: number, threads: number): { first: number; count: number }[] {
  const worlds = Math.ceil(envs / ENVS_PER_WORLD);
  const used = Math.min(threads, worlds);
  const bounds = Array.from({ length: used + 1 }, (_, t) =>
    Math.min(envs, ENVS_PER_WORLD * Math.round((worlds * t) / used)),
  );
  return bounds.slice(0, -1).map((first, t) => ({ first, count: bounds[t + 1] - first }));
}

function sharedArrays(
  envs: number,
  groups: readonly GroupName[],
  sizes: Readonly<Record<string, number>>,
): ShardArrays {
  const floats = (length: number) => new Float32Array(new SharedArrayBuffer(4 * length));
  return {
    actions: floats(envs * 2),
    groups: Object.fromEntries(groups.map((group) => [group, floats(envs * sizes[group])])),
    rewards: floats(envs),
    terminated: new Uint8Array(new SharedArrayBuffer(envs)),
    truncated: new Uint8Array(new SharedArrayBuffer(envs)),
  };
}

function specOf(
  { simulation, envs, groups }: HostOptions,
  sizes: Readonly<Record<string, number>>,
): VectorSpec {
  const { timing, stages, ...assembled } = assembleScene(
    findScene(simulation.scene),
    simulation.config,
  );
  const roles = roleNames({ timing, stages, ...assembled }).length;
  return {
    name: simulation.scene,
    envs,
    controlStep_s: timing.controlStep_s,
    maxEpisodeSteps: stages.reduce((sum, { budgetSteps }) => sum + budgetSteps, 0),
    observations: groups.map((name) => observationOf(name, sizes[name], roles)),
    action: { shape: [2], low: -1, high: 1, columns: ["forward", "turn"] },
  };
}

function observationOf(name: GroupName, size: number, roles: number): ObservationSpec {
  if (name === "layers") {
    // nothing is nearer than 2 cm, where inverse depth is 50 / m
    return { name, shape: [roles, IMAGE.height, IMAGE.width], low: 0, high: 50 };
  }
  if (name === "proprioception") return { name, shape: [size], low: -1, high: 1 };
  return { name, shape: [size] };
}
