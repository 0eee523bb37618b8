/**
 * What a student says as it is, for one that is to learn on by reinforcement without a teacher: it is held to what it could do, as
 * language models are held to their reference policy (Ziegler et al., 2019, https://arxiv.org/abs/1909.08593).
 */

import { Actor } from "../nn/engine.ts";
import type { Forward } from "../nn/model.ts";
import { readablePoses, type StudentSpec, studentNetwork } from "../policies/networks/student.ts";
import type { Rollout } from "../rollout/rollout.ts";
import { readBy } from "../rollout/teacher-actor.ts";
import { type Labels, paddedRows } from "./labels.ts";
import { studentActor } from "./student.ts";

const OUTPUTS = ["mean", "latents", "poses"] as const;

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
    const actor = await Actor.create({ params, forward, inputs, outputs: OUTPUTS, batch });
    const own = theta.slice();
    await actor.freeze(own);
    return new Reference(spec, own, actor, batch);
  }

  /** Labels of the states that a roll-out visited; "seen" of a pose is how sure the student was. */
  async labelRollout(rollout: Rollout): Promise<Labels> {
    const observed = Object.entries(readBy(studentActor(this.#spec), rollout));
    const count = rollout.steps * rollout.envs;
    const whole: Record<string, Float32Array> = {};
    for (let first = 0; first < count; first += this.#batch) {
      const last = Math.min(first + this.#batch, count);
      const rows = observed.map(([name, all]) => {
        return [name, paddedRows(all, all.length / count, first, this.#batch)];
      });
      const found = await this.#actor.run(this.#theta, Object.fromEntries(rows));
      for (const name of OUTPUTS) {
        const width = found[name].length / this.#batch;
        whole[name] ??= new Float32Array(count * width);
        whole[name].set(found[name].subarray(0, (last - first) * width), first * width);
      }
    }
    const { mean: actions, latents, poses } = whole;
    return { actions, latents, poses };
  }

  close(): Promise<void> {
    return this.#actor.close();
  }
}
