/** The command gates of all robots of one session, and the rows that travel between them and the wire. */

import { ShapeError } from "../core/errors.ts";
import { type PolicyInput, rowSize } from "../policies/manifest.ts";
import type { Rows } from "../policies/runtime/runtime.ts";
import {
  commandAt,
  type Gate,
  type GateLimits,
  type GateRefusal,
  observationSent,
  offer,
  openGate,
  policyHeard,
  stepBegun,
  timeLeft_s,
} from "./command-gate.ts";
import type { MessageOf } from "./messages.ts";

export class FleetGates {
  readonly #limits: GateLimits;
  #gates: Gate[];
  /** What the policy said at the beginning; no action may live longer. */
  #ttl_s = 0;

  constructor(robots: number, limits: GateLimits) {
    this.#limits = limits;
    this.#gates = Array.from({ length: robots }, () => openGate("", limits));
  }

  /** Zero commands until `session` gives an action; an empty session never does. */
  restart(session: string, ttl_s: number): void {
    this.#ttl_s = ttl_s;
    this.#gates = this.#gates.map(() => openGate(session, this.#limits));
  }

  sent(sequence: number, robots: readonly number[], now_s: number): void {
    for (const robot of robots) {
      this.#gates[robot] = observationSent(this.#gates[robot], sequence, now_s);
    }
  }

  /** A control step of all robots begins without an observation. */
  stepBegun(): void {
    this.#gates = this.#gates.map(stepBegun);
  }

  /** The policy showed signs of life. */
  heard(now_s: number): void {
    this.#gates = this.#gates.map((gate) => policyHeard(gate, now_s));
  }

  /** Offers each row to its robot's gate; says for each why not. In lock-step nothing is too old. */
  accept(
    action: MessageOf<"action">,
    values: Float32Array,
    now_s: number,
    lockStep: boolean,
  ): (GateRefusal | "unknown robot" | undefined)[] {
    const { session, sequence, observation, robots, size, steps = 1 } = action;
    const ttl_s = lockStep ? Number.POSITIVE_INFINITY : Math.min(this.#ttl_s, action.ttl_ms / 1000);
    return robots.map((robot, row) => {
      if (robot >= this.#gates.length) return "unknown robot";
      const own = values.subarray(row * steps * size, (row + 1) * steps * size);
      const offered = { session, sequence, observation, ttl_s, values: own, steps };
      const { gate, refusal } = offer(this.#gates[robot], this.#limits, offered, now_s);
      this.#gates[robot] = gate;
      return refusal;
    });
  }

  commandOf(robot: number, now_s: number): Float32Array {
    return commandAt(this.#gateOf(robot), now_s);
  }

  /** How much longer that command may be in force; 0 where it is not. */
  timeLeft_s(robot: number, now_s: number): number {
    return Math.max(0, timeLeft_s(this.#gateOf(robot), now_s));
  }

  /** The accepted answer of `robot` to that very observation, if there is one: its first action. */
  answerTo(sequence: number, robot: number): Float32Array | undefined {
    const { observation, values } = this.#gates[robot];
    return observation === sequence ? values.subarray(0, this.#limits.size) : undefined;
  }

  #gateOf(robot: number): Gate {
    const gate = this.#gates[robot];
    if (gate) return gate;
    throw new ShapeError(`Expected a robot below ${this.#gates.length}, got ${robot}.`);
  }

  /** Indices of robots marked by a number that is not zero; all of them without marks. */
  marked(marks?: ArrayLike<number>): number[] {
    if (marks && marks.length !== this.#gates.length) {
      throw new ShapeError(
        `Expected a mark for each of ${this.#gates.length} robots, got ${marks.length}.`,
      );
    }
    const all = this.#gates.map((_, robot) => robot);
    return marks ? all.filter((robot) => marks[robot] !== 0) : all;
  }
}

/** Copies the rows of some `robots` out of arrays with a row for each of `total`. */
export function packRows(
  inputs: readonly PolicyInput[],
  observations: Rows,
  robots: readonly number[],
  total: number,
): Float32Array[] {
  return inputs.map(({ name, shape }) => {
    const size = rowSize(shape);
    const all = observations[name];
    if (all?.length !== total * size) {
      const dims = [total, ...shape].join(", ");
      throw new ShapeError(
        `Expected observation "${name}" of shape [${dims}] (${total * size} numbers), got ${all?.length ?? "none"}.`,
      );
    }
    if (robots.length === total) return all.slice();
    const rows = new Float32Array(robots.length * size);
    for (const [i, robot] of robots.entries()) {
      rows.set(all.subarray(robot * size, (robot + 1) * size), i * size);
    }
    return rows;
  });
}
