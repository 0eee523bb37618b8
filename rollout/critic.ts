/** Values of whole roll-outs, in batches of fixed size, and the credit that they give to actions. */

import type { Axes } from "../core/arrays.ts";
import { type GaeInput, gae } from "../credit/gae.ts";
import { standardize } from "../credit/standardize.ts";
import { runInBatches } from "../nn/batches.ts";
import { Actor } from "../nn/engine.ts";
import type { Params } from "../nn/params.ts";
import { criticValue } from "../policies/networks/critic.ts";
import type { Rollout } from "./rollout.ts";

/**
 * Writes what each action of a roll-out was worth, and what its state was, for every stored step, as `gae` does. What it writes first
 * is standardized afterwards, over the whole roll-out; what it writes last is what the critic learns.
 */
export type CreditFormula = (
  input: GaeInput,
  advantages: Axes<"T,N">,
  returns: Axes<"T,N">,
) => void;

/** What each action was worth, standardized, and what its state was: [T, N] both. */
export interface Credit {
  readonly advantages: Float32Array;
  readonly returns: Float32Array;
}

/** What reinforcement learns from besides what its actor reads. */
export function creditedRows({ groups, actions, logProbs }: Rollout, credit: Credit) {
  return { privileged: groups.privileged, actions, logProbs, ...credit };
}

/** V(s) of every stored step, and of what follows boundaries and the last step. */
export class Critic {
  readonly #actor: Actor;
  readonly #batch: number;
  readonly #columns: number;
  readonly #formula: CreditFormula;

  private constructor(actor: Actor, batch: number, columns: number, formula: CreditFormula) {
    this.#actor = actor;
    this.#batch = batch;
    this.#columns = columns;
    this.#formula = formula;
  }

  /** @param params those of the critic and of its actor, as they lie in theta. */
  static async create(
    params: Params,
    privileged: number,
    batch: number,
    formula: CreditFormula = gae,
  ): Promise<Critic> {
    const actor = await Actor.create({
      params,
      forward: criticValue,
      inputs: { privileged: { shape: [privileged] } },
      outputs: ["value"],
      batch,
    });
    return new Critic(actor, batch, privileged, formula);
  }

  /** By the critic's formula. */
  async credit(
    theta: Float32Array,
    rollout: Rollout,
    { gamma, lambda }: { readonly gamma: number; readonly lambda: number },
  ): Promise<Credit> {
    const advantages = new Float32Array(rollout.steps * rollout.envs);
    const returns = new Float32Array(rollout.steps * rollout.envs);
    const values = await this.values(theta, rollout.groups.privileged);
    const nextValues = await this.nextValues(theta, rollout);
    this.#formula({ ...rollout, values, nextValues, gamma, lambda }, advantages, returns);
    standardize(advantages);
    return { advantages, returns };
  }

  /** V(s) of each row. */
  async values(theta: Float32Array, privileged: Float32Array): Promise<Float32Array> {
    const rows = privileged.length / this.#columns;
    if (rows === 0) return new Float32Array();
    const sizes = { rows, batch: this.#batch };
    return (await runInBatches(this.#actor, theta, { privileged }, sizes)).value;
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
