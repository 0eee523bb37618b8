/**
 * Observations of many robots in, one inference over the newest of each, actions out. Knows no socket.
 * A message with a number that is not finite or outside its limits never reaches the policy, and never spoils the others.
 */

import { limitProblem } from "../core/arrays.ts";
import { ShapeError } from "../core/errors.ts";
import { type PolicyInput, type PolicyManifest, rowSize } from "../policies/manifest.ts";
import type { PolicyRuntime, Rows } from "../policies/runtime/runtime.ts";
import type { MessageOf } from "./messages.ts";

/** The robots of one session, and what the policy remembers of each. */
export interface Fleet {
  readonly robots: number;
  /** Recurrent state [robots, ...shape] by input name. */
  readonly memory: Readonly<Record<string, Float32Array>>;
  /** Counts the resets of each robot, so that an answer from before one is not remembered. */
  readonly resets: Uint32Array;
}

/** One observation message of a fleet. */
export interface Observed<F extends Fleet = Fleet> {
  readonly fleet: F;
  readonly header: MessageOf<"observation">;
  readonly blobs: readonly Uint8Array[];
  readonly received_s: number;
}

/** Rows of one observation that were inferred together, or why they were not. */
export type Answer<F extends Fleet = Fleet> = { readonly observed: Observed<F> } & (
  | { readonly robots: readonly number[]; readonly actions: Float32Array }
  | { readonly refusal: "observation" | "policy"; readonly message: string }
);

interface Row<F extends Fleet> {
  readonly observed: Observed<F>;
  readonly row: number;
  readonly robot: number;
}

/** Rows in one inference. More would add latency, not throughput. */
const maxRows = 256;

export function createFleet({ recurrent }: PolicyManifest, robots: number): Fleet {
  const memory = recurrent.map(
    ({ input, shape }) => [input, new Float32Array(robots * rowSize(shape))] as const,
  );
  return { robots, memory: Object.fromEntries(memory), resets: new Uint32Array(robots) };
}

export class Batcher<F extends Fleet> {
  readonly #policy: PolicyRuntime;
  readonly #waiting = new Map<F, Map<number, Row<F>>>();
  /** Reused by the next batch. */
  readonly #buffers = new Map<string, Float32Array>();

  constructor(policy: PolicyRuntime) {
    this.#policy = policy;
  }

  /** What is wrong with an observation's robots, names or shapes, if anything. */
  problem(fleet: Fleet, header: MessageOf<"observation">): string | undefined {
    const robot = [...header.robots, ...header.resets].find((index) => index >= fleet.robots);
    if (robot !== undefined) return `Robot ${robot} of a session of ${fleet.robots} robots.`;
    const found = header.arrays.map(({ name, shape }) => `${name} [${shape.join(", ")}]`);
    const expected = this.#policy.manifest.inputs.map(
      ({ name, shape }) => `${name} [${shape.join(", ")}]`,
    );
    if (found.join() === expected.join()) return undefined;
    return `Expected arrays ${expected.join(", ")}, got ${found.join(", ")}.`;
  }

  /** Takes an observation without a `problem`. Returns how many older rows it supersedes. */
  add(observed: Observed<F>): number {
    const { fleet, header } = observed;
    for (const robot of header.resets) this.#reset(fleet, robot);
    let waiting = this.#waiting.get(fleet);
    if (!waiting) {
      waiting = new Map();
      this.#waiting.set(fleet, waiting);
    }
    let superseded = 0;
    for (const [row, robot] of header.robots.entries()) {
      if (waiting.delete(robot)) superseded++;
      waiting.set(robot, { observed, row, robot });
    }
    return superseded;
  }

  /** Forgets what waits for a fleet that has gone. */
  drop(fleet: F): void {
    this.#waiting.delete(fleet);
  }

  get idle(): boolean {
    return this.#waiting.size === 0;
  }

  /** Infers the rows that wait, at most 256; empty when none do. Call it again only when it is done. */
  async run(): Promise<Answer<F>[]> {
    const rows = this.#take();
    if (rows.length === 0) return [];
    const inputs = this.#gather(rows);
    const spoilt = this.#spoiltRows(rows, inputs);
    const resets = rows.map(({ observed, robot }) => observed.fleet.resets[robot]);
    try {
      const { actions, state } = await this.#policy.step(
        inputs,
        this.#gatherMemory(rows),
        rows.length,
      );
      this.#checkActions(actions, rows.length);
      this.#remember(rows, state, spoilt, resets);
      return this.#answers(rows, actions, spoilt);
    } catch (error) {
      const { message } = error as Error;
      const refused = new Set(rows.map(({ observed }) => observed));
      return [...refused].map((observed) => ({ observed, refusal: "policy" as const, message }));
    }
  }

  #take(): Row<F>[] {
    const rows: Row<F>[] = [];
    for (const [fleet, waiting] of this.#waiting) {
      for (const [robot, row] of waiting) {
        if (rows.length === maxRows) return rows;
        rows.push(row);
        waiting.delete(robot);
      }
      this.#waiting.delete(fleet);
    }
    return rows;
  }

  #gather(rows: readonly Row<F>[]): Rows {
    const inputs: Record<string, Float32Array> = {};
    for (const [i, { name, shape }] of this.#policy.manifest.inputs.entries()) {
      const size = rowSize(shape);
      const batch = this.#buffer(name, rows.length * size);
      // frames are not aligned, so bytes are copied, not numbers
      const bytes = new Uint8Array(batch.buffer, 0, batch.byteLength);
      for (const [r, { observed, row }] of rows.entries()) {
        const from = observed.blobs[i].subarray(4 * size * row, 4 * size * (row + 1));
        bytes.set(from, 4 * size * r);
      }
      inputs[name] = batch;
    }
    return inputs;
  }

  #gatherMemory(rows: readonly Row<F>[]): Rows {
    const state: Record<string, Float32Array> = {};
    for (const { input, shape } of this.#policy.manifest.recurrent) {
      const size = rowSize(shape);
      const batch = this.#buffer(input, rows.length * size);
      for (const [r, { observed, robot }] of rows.entries()) {
        const memory = observed.fleet.memory[input];
        batch.set(memory.subarray(robot * size, (robot + 1) * size), r * size);
      }
      state[input] = batch;
    }
    return state;
  }

  /** Finds messages with a number that is not finite or outside the manifest's limits, and zeroes their rows. */
  #spoiltRows(rows: readonly Row<F>[], inputs: Rows): ReadonlyMap<Observed<F>, string> {
    const spoilt = new Map<Observed<F>, string>();
    for (const input of this.#policy.manifest.inputs) {
      const size = rowSize(input.shape);
      for (const [r, { observed, robot }] of rows.entries()) {
        const row = inputs[input.name].subarray(r * size, (r + 1) * size);
        const problem = spoiltBy(row, input);
        if (problem === undefined) continue;
        row.fill(0);
        spoilt.set(observed, `"${input.name}" of robot ${robot} holds ${problem}`);
      }
    }
    return spoilt;
  }

  #remember(
    rows: readonly Row<F>[],
    state: Rows,
    spoilt: ReadonlyMap<Observed<F>, string>,
    resets: readonly number[],
  ): void {
    for (const { input, shape } of this.#policy.manifest.recurrent) {
      const size = rowSize(shape);
      for (const [r, { observed, robot }] of rows.entries()) {
        const { fleet } = observed;
        if (spoilt.has(observed) || fleet.resets[robot] !== resets[r]) continue;
        fleet.memory[input].set(state[input].subarray(r * size, (r + 1) * size), robot * size);
      }
    }
  }

  #answers(
    rows: readonly Row<F>[],
    actions: Float32Array,
    spoilt: ReadonlyMap<Observed<F>, string>,
  ): Answer<F>[] {
    const size = this.#answerSize;
    const rowsOf = new Map<Observed<F>, number[]>();
    for (const [r, { observed }] of rows.entries()) {
      const own = rowsOf.get(observed);
      if (own) own.push(r);
      else rowsOf.set(observed, [r]);
    }
    return [...rowsOf].map(([observed, own]) => {
      const message = spoilt.get(observed);
      if (message !== undefined) return { observed, refusal: "observation", message };
      const theirs = new Float32Array(own.length * size);
      for (const [i, r] of own.entries()) {
        theirs.set(actions.subarray(r * size, (r + 1) * size), i * size);
      }
      return { observed, robots: own.map((r) => rows[r].robot), actions: theirs };
    });
  }

  /** Numbers in one answer: [steps, A]. */
  get #answerSize(): number {
    const { output, steps = 1 } = this.#policy.manifest;
    return rowSize(output.shape) * steps;
  }

  /** Not every policy is one of `createRuntime`'s, which checks this itself. */
  #checkActions(actions: Float32Array, rows: number): void {
    if (actions.length === rows * this.#answerSize) return;
    throw new ShapeError(
      `Expected ${rows * this.#answerSize} numbers for ${rows} robots, the policy answered ${actions.length}.`,
    );
  }

  #reset(fleet: Fleet, robot: number): void {
    fleet.resets[robot]++;
    for (const { input, shape } of this.#policy.manifest.recurrent) {
      const size = rowSize(shape);
      fleet.memory[input].fill(0, robot * size, (robot + 1) * size);
    }
  }

  #buffer(name: string, length: number): Float32Array {
    let buffer = this.#buffers.get(name);
    if (!buffer || buffer.length < length) {
      buffer = new Float32Array(length);
      this.#buffers.set(name, buffer);
    }
    return buffer.subarray(0, length);
  }
}

/** What is wrong with a row of an input, if anything. */
function spoiltBy(row: Float32Array, input: PolicyInput): string | undefined {
  if (!allFinite(row)) return "a number that is not finite.";
  const problem = limitProblem(row, input);
  return problem && `${problem}.`;
}

function allFinite(values: Float32Array): boolean {
  // 0 times infinity or NaN is NaN, and so is any sum with it; four sums do not wait for each other
  let [a, b, c, d] = [0, 0, 0, 0];
  const whole = values.length & ~3;
  for (let i = 0; i < whole; i += 4) {
    a += 0 * values[i];
    b += 0 * values[i + 1];
    c += 0 * values[i + 2];
    d += 0 * values[i + 3];
  }
  for (let i = whole; i < values.length; i++) a += 0 * values[i];
  return a + b + c + d === 0;
}
