/** Values of whole roll-outs, in batches of fixed size. */

import { Actor } from "../nn/engine.ts";
import type { Params } from "../nn/params.ts";
import { criticValue } from "../policies/networks/critic.ts";
import type { Rollout } from "./rollout.ts";

/** V(s) of every stored step, and of what follows boundaries and the last step. */
export class Critic {
  readonly #actor: Actor;
  readonly #batch: number;
  readonly #columns: number;
  readonly #padded: Float32Array;

  private constructor(actor: Actor, batch: number, columns: number) {
    this.#actor = actor;
    this.#batch = batch;
    this.#columns = columns;
    this.#padded = new Float32Array(batch * columns);
  }

  /** @param params those of the critic and of its actor, as they lie in theta. */
  static async create(params: Params, privileged: number, batch: number): Promise<Critic> {
    const actor = await Actor.create({
      params,
      forward: criticValue,
      inputs: { privileged: { shape: [privileged] } },
      outputs: ["value"],
      batch,
    });
    return new Critic(actor, batch, privileged);
  }

  /** V(s) of each row; rows beyond a multiple of the batch size are padded. */
  async values(theta: Float32Array, rows: Float32Array): Promise<Float32Array> {
    const count = rows.length / this.#columns;
    const values = new Float32Array(count);
    for (let first = 0; first < count; first += this.#batch) {
      const last = Math.min(first + this.#batch, count);
      this.#padded.set(rows.subarray(first * this.#columns, last * this.#columns));
      const { value } = await this.#actor.run(theta, { privileged: this.#padded });
      values.set(value.subarray(0, last - first), first);
    }
    return values;
  }

  /** V(s_{t+1}) where the next stored step is another episode's, and after the last step: [T, N]. */
  async nextValues(theta: Float32Array, rollout: Rollout): Promise<Float32Array> {
    const { steps, envs, boundaries, finals, last } = rollout;
    const next = new Float32Array(steps * envs);
    const ended = [...boundaries.keys()].filter((i) => boundaries[i] === 1);
    const rows = new Float32Array(ended.length * this.#columns);
    ended.forEach((i, row) => {
      const from = i * this.#columns;
      rows.set(finals.privileged.subarray(from, from + this.#columns), row * this.#columns);
    });
    next.set(await this.values(theta, last.privileged), (steps - 1) * envs);
    const values = await this.values(theta, rows);
    ended.forEach((i, row) => {
      next[i] = values[row];
    });
    return next;
  }

  close(): Promise<void> {
    return this.#actor.close();
  }
}
