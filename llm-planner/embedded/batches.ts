/** Generated examples as the arrays that the reader trains on. */

import type { Rng } from "../../core/rng.ts";
import {
  type Example,
  type InstructionOptions,
  sampleInstruction,
} from "../grammar/instructions.ts";
import { isInvented } from "../grammar/invented.ts";
import { encode } from "./encoding.ts";
import { type ReaderSize, readerInputs } from "./reader.ts";
import { type ReadExample, readPieces, targetSpec, targetsOf } from "./reader-targets.ts";
import { CLASSES, isClass, isMark, type Token } from "./words.ts";

/** Words that stand in the place of what nothing hangs on become unknown this often. */
const UNKNOWN_LOOSE = 0.25;
/** Any other word of the vocabulary, as if it had been misspelt. */
const UNKNOWN_ANY = 0.01;
/** Share of instructions into which unknown words are thrown, and how many at most. */
const STRAY = 0.35;
const MOST_STRAYS = 3;

/** Examples whose words fit the rows. */
export function sampleFitting(
  rng: Rng,
  options: InstructionOptions,
  tokens: number,
): { readonly example: Example; readonly read: ReadExample } {
  for (;;) {
    const example = sampleInstruction(rng, options);
    const read = readPieces(example);
    if (read.tokens.length <= tokens) return { example, read };
  }
}

/** The words of the training half, classes first, in an order that depends on `rng` alone. */
export function buildVocabulary(rng: Rng, examples = 6000): string[] {
  const counts = new Map<string, number>();
  for (let i = 0; i < examples; i++) {
    const { tokens } = readPieces(sampleInstruction(rng, { split: "train" }));
    for (const { word } of tokens) {
      if (!isClass(word) && !isInvented(word)) counts.set(word, (counts.get(word) ?? 0) + 1);
    }
  }
  const common = [...counts].filter(([, count]) => count >= 3).map(([word]) => word);
  return [...CLASSES, ...common.sort()].slice(0, 256);
}

export function positionsIn(vocabulary: readonly string[]): ReadonlyMap<string, number> {
  return new Map(vocabulary.map((word, i) => [word, i]));
}

export interface BatchOptions {
  readonly size: ReaderSize;
  readonly vocabulary: ReadonlyMap<string, number>;
  readonly rows: number;
  /** Blurs words that nothing hangs on, so that new ones are taken for what they are. */
  readonly blur: boolean;
}

/** Inputs and targets of `rows` examples, by name, flat. */
export function batchOf(
  rng: Rng,
  { size, vocabulary, rows, blur }: BatchOptions,
  next: () => { readonly example: Example; readonly read: ReadExample },
): Record<string, Uint8Array> {
  const arrays: Record<string, Uint8Array> = {};
  for (const [name, { shape }] of Object.entries({ ...readerInputs(size), ...targetSpec(size) })) {
    arrays[name] = new Uint8Array(rows * shape.reduce((a, b) => a * b, 1));
  }
  for (let row = 0; row < rows; row++) {
    const { example, read: clean } = next();
    const read = blur ? blurred(rng, clean, size.tokens) : clean;
    const encoded = encode(read.tokens, example.world, vocabulary, size.tokens);
    const all = { ...encoded, ...targetsOf(example, read, size) };
    for (const [name, data] of Object.entries(all)) {
      arrays[name].set(data as Uint8Array, row * data.length);
    }
  }
  return arrays;
}

/** The same example with some words unknown, and some unknown words more. */
function blurred(
  rng: Rng,
  { tokens, refers, loose, clauses }: ReadExample,
  most: number,
): ReadExample {
  const stray: Token = { word: "<unknown>", text: "", fits: [] };
  const read = {
    tokens: tokens.map((token, t) => {
      if (isClass(token.word) || isMark(token.word)) return token;
      const chance = loose[t] ? UNKNOWN_LOOSE : UNKNOWN_ANY;
      return rng.next() < chance ? { ...token, word: "<unknown>" } : token;
    }),
    refers: [...refers],
    loose: [...loose],
    clauses: [...clauses],
  };
  const strays = rng.next() < STRAY ? 1 + Math.floor(rng.next() * MOST_STRAYS) : 0;
  for (let i = 0; i < strays && read.tokens.length < most; i++) {
    const at = Math.floor(rng.next() * (read.tokens.length + 1));
    read.tokens.splice(at, 0, stray);
    read.refers.splice(at, 0, undefined);
    read.loose.splice(at, 0, true);
    read.clauses.splice(at, 0, undefined);
  }
  return read;
}
