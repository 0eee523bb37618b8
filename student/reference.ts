/**
 * What a student says as it is, for one that is to learn on by reinforcement without a teacher: it is held to what it could do, as
 * language models are held to their reference policy (Ziegler et al., 2019, https://arxiv.org/abs/1909.08593).
 */

import { runInBatches } from "../nn/batches.ts";
import { Actor } from "../nn/engine.ts";
import type { Forward } from "../nn/model.ts";
import { readablePoses, type StudentSpec, studentNetwork } from "../policies/networks/student.ts";
import { readBy } from "../rollout/actor.ts";
import type { Rollout } from "../rollout/rollout.ts";
import type { Labels } from "./labels.ts";
import { studentActor } from "./student.ts";

export class Reference {
  readonly #spec: StudentSpec;
  readonly #theta: Float32Array;
  readonly #actor: Actor;
  readonly #batch: number;

  private constructor(spec: StudentSpec, theta: Float32Array, actor: Actor, batch: number) {
    this.#spec = spec;
    this.#theta = theta;
    this.#actor = actor;
    this.#batch = batch;
  }

  /** Of a student without memory. */
  static async create(spec: StudentSpec, theta: Float32Array, batch: number): Promise<Reference> {
    const { params, act, inputs } = studentNetwork(spec);
    const forward: Forward = (g, views, rows) => {
      const { mean, latents, poses } = act(g, views, rows);
      return { mean: g.clip(mean, -1, 1), latents, poses: readablePoses(g, poses) };
    };
    const outputs = ["mean", "latents", "poses"];
    const actor = await Actor.create({ params, forward, inputs, outputs, batch });
    const own = theta.slice();
    await actor.freeze(own);
    return new Reference(spec, own, actor, batch);
  }

  /** Labels of the states that a roll-out visited; "seen" of a pose is how sure the student was. */
  async labelRollout(rollout: Rollout): Promise<Labels> {
    const observed = readBy(studentActor(this.#spec), rollout);
    const rows = rollout.steps * rollout.envs;
    const sizes = { rows, batch: this.#batch };
    const found = await runInBatches(this.#actor, this.#theta, observed, sizes);
    const { mean: actions, latents, poses } = found;
    return { actions, latents, poses };
  }

  close(): Promise<void> {
    return this.#actor.close();
  }
}
