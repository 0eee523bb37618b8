/**
 * The command gate for protocols whose commands carry no session, sequence or age. Where nobody knows which
 * observation a command answers, it is taken for an answer to the newest; a refused one stops the robot at once, until it is seen again.
 */

import { type PolicyOutput, rowSize } from "../../policies/manifest.ts";
import {
  commandAt,
  forget,
  type Gate,
  type GateLimits,
  type GateRefusal,
  observationSent,
  offer,
  openGate,
} from "../command-gate.ts";
import { Refusal, type RefusalReason } from "./refusal.ts";

export class CommandPort {
  readonly #limits: GateLimits;
  readonly #scales: readonly number[];
  #gate: Gate;
  #observation = 0;
  #sequence = 0;

  /** `output` has the limits and units of the robot; `watchdog_s` is how long a command holds. */
  constructor({ shape, low, high, columns }: PolicyOutput, watchdog_s: number) {
    this.#limits = { size: rowSize(shape), low, high, watchdog_s };
    this.#scales = columns.flatMap(({ scale, width }) => Array<number>(width).fill(scale));
    this.#gate = openGate(session, this.#limits);
  }

  /** An observation was sent, or received, at `now_s`: commands answer it from here on. Its number. */
  observed(now_s: number): number {
    this.#gate = observationSent(this.#gate, ++this.#observation, now_s);
    return this.#observation;
  }

  /** Takes a command in SI units. @throws Refusal, and then the robot is stopped. */
  offerSi(values: readonly number[], now_s: number): void {
    const own = Float32Array.from(values, (value, i) => value / (this.#scales[i] ?? 1));
    this.offer(own, now_s);
  }

  /** The same in the manifest's output units, as the answer to `observation`: the newest unless given. */
  offer(values: Float32Array, now_s: number, observation = this.#observation): void {
    const action = {
      session,
      sequence: ++this.#sequence,
      observation,
      ttl_s: this.#limits.watchdog_s,
      values,
    };
    const { gate, refusal } = offer(this.#gate, this.#limits, action, now_s);
    this.#gate = gate;
    if (!refusal) return;
    this.stop();
    throw new Refusal(reasonOf[refusal] ?? "stopped", sentenceOf(refusal, this.#limits));
  }

  /** Zero, until another observation was sent and then answered. */
  stop(): void {
    this.#gate = forget(this.#gate);
  }

  /** In the manifest's output units; zeros unless a command is in force. */
  commandAt(now_s: number): Float32Array {
    return commandAt(this.#gate, now_s);
  }

  /** The same in SI units. */
  siCommandAt(now_s: number): number[] {
    return Array.from(this.commandAt(now_s), (value, i) => value * this.#scales[i]);
  }
}

const session = "adapter";

const reasonOf: Partial<Record<GateRefusal, RefusalReason>> = {
  "outside limits": "outside limits",
  "not finite": "not finite",
  "wrong size": "wrong shape",
};

function sentenceOf(refusal: GateRefusal, { size, low, high }: GateLimits): string {
  if (refusal === "outside limits") {
    return `Expected a command within the robot's limits (${low} to ${high} of full speed).`;
  }
  if (refusal === "not finite") return "Expected finite numbers in a command.";
  if (refusal === "wrong size") return `Expected ${size} numbers in a command.`;
  return `The command answers no fresh observation (${refusal}).`;
}
