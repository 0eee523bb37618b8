/** Runs a reader on instructions, while it trains. */

import { Actor } from "../../nn/actor.ts";
import { matches } from "../grammar/goals.ts";
import type { Example } from "../grammar/instructions.ts";
import type { WorldView } from "../world-view.ts";
import { decode, type Reading, type ReadRow, toldOrder } from "./decoding.ts";
import { encode } from "./encoding.ts";
import {
  READER_OUTPUTS,
  type ReaderOutput,
  type ReaderSize,
  readerForward,
  readerInputs,
  readerParams,
} from "./reader.ts";
import { readInstruction, type Token } from "./words.ts";

/** Rows of one call. */
const BATCH = 64;

export interface Asked {
  readonly instruction: string;
  readonly world: WorldView;
}

export class BatchReader {
  readonly #size: ReaderSize;
  readonly #vocabulary: ReadonlyMap<string, number>;
  readonly #actor: Actor;

  private constructor(size: ReaderSize, vocabulary: ReadonlyMap<string, number>, actor: Actor) {
    this.#size = size;
    this.#vocabulary = vocabulary;
    this.#actor = actor;
  }

  static async create(
    size: ReaderSize,
    vocabulary: ReadonlyMap<string, number>,
  ): Promise<BatchReader> {
    const actor = await Actor.create({
      params: readerParams(size),
      forward: readerForward(size),
      inputs: readerInputs(size),
      outputs: READER_OUTPUTS,
      batch: BATCH,
    });
    return new BatchReader(size, vocabulary, actor);
  }

  /** What the weights `theta` read in each instruction. */
  async read(theta: Float32Array, asked: readonly Asked[]): Promise<Reading[]> {
    const readings: Reading[] = [];
    for (let start = 0; start < asked.length; start += BATCH) {
      const part = asked.slice(start, start + BATCH);
      const tokens = part.map(({ instruction, world }) => readInstruction(instruction, world));
      const outputs = await this.#actor.run(theta, this.#rows(part, tokens));
      part.forEach(({ world }, i) => {
        readings.push(decode(rowOf(outputs, i), tokens[i], world, this.#vocabulary));
      });
    }
    return readings;
  }

  async close(): Promise<void> {
    await this.#actor.close();
  }

  #rows(part: readonly Asked[], tokens: readonly (readonly Token[])[]) {
    const arrays: Record<string, Uint8Array> = {};
    for (const [name, { shape }] of Object.entries(readerInputs(this.#size))) {
      arrays[name] = new Uint8Array(BATCH * shape.reduce((a, b) => a * b, 1));
    }
    part.forEach(({ world }, i) => {
      const words = tokens[i].slice(0, this.#size.tokens);
      const row = encode(words, world, this.#vocabulary, this.#size.tokens);
      for (const [name, data] of Object.entries(row)) arrays[name].set(data, i * data.length);
    });
    return arrays;
  }
}

/** Row `i` of outputs that hold `rows` rows. */
export function rowOf(
  outputs: Readonly<Record<string, Float32Array>>,
  i: number,
  rows = BATCH,
): ReadRow {
  const row: Partial<Record<ReaderOutput, Float32Array>> = {};
  for (const name of READER_OUTPUTS) {
    const width = outputs[name].length / rows;
    row[name] = outputs[name].subarray(i * width, (i + 1) * width);
  }
  return row as ReadRow;
}

/** Whether a reading is what the words of an example mean. */
export function isRight({ status, meaning }: Example, reading: Reading): boolean {
  if (status !== "ok" || reading.status !== "ok") return status === reading.status;
  return matches(
    meaning,
    toldOrder(reading).map((i) => reading.goals[i]),
  );
}
