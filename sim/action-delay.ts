/** Actions on their way to the wheels: what a policy asks for may arrive some control steps later. */

import type { Axes } from "../core/arrays.ts";
import { MAX_DELAY_STEPS } from "./randomization.ts";

/** What is kept of each environment: the newest action and as many before it as may still be on their way. */
const ROW = (MAX_DELAY_STEPS + 1) * 2;

export class ActionDelay {
  /** What reaches the wheels in this step, [N, 2]: v_mps, omega_radps. */
  readonly commands: Axes<"N,A">;
  readonly #limits: readonly [v_mps: number, omega_radps: number];
  /** Newest first: [N, MAX_DELAY_STEPS + 1, 2]. */
  readonly #past: Float32Array;
  readonly #steps: Uint8Array;

  /** @param limits what an action of 1 stands for */
  constructor(envs: number, limits: readonly [v_mps: number, omega_radps: number]) {
    this.commands = new Float32Array(envs * 2);
    this.#limits = limits;
    this.#past = new Float32Array(envs * ROW);
    this.#steps = new Uint8Array(envs);
  }

  /** Begins an episode whose actions arrive so many control steps late; until then the robot stands. */
  begin(env: number, steps: number): void {
    this.#past.fill(0, env * ROW, (env + 1) * ROW);
    this.#steps[env] = steps;
  }

  /** Takes an environment's newest action, clamped to [-1, 1], and gives the wheels the one that is due. */
  push(env: number, forward: number, turn: number): void {
    const at = env * ROW;
    this.#past.copyWithin(at + 2, at, at + ROW - 2);
    this.#past[at] = clamp(forward);
    this.#past[at + 1] = clamp(turn);
    const due = at + this.#steps[env] * 2;
    this.commands[env * 2] = this.#past[due] * this.#limits[0];
    this.commands[env * 2 + 1] = this.#past[due + 1] * this.#limits[1];
  }

  /** The twist that an environment's newest action stands for: what its robot has commanded, not knowing when it arrives. */
  newestCommand(env: number): readonly [v_mps: number, omega_radps: number] {
    const [forward, turn] = this.newest(env);
    return [forward * this.#limits[0], turn * this.#limits[1]];
  }

  /** An environment's newest action, in [-1, 1], whether it has arrived or not. */
  newest(env: number): readonly [forward: number, turn: number] {
    const at = env * ROW;
    return [this.#past[at], this.#past[at + 1]];
  }
}

function clamp(x: number): number {
  return Math.min(1, Math.max(-1, x));
}
