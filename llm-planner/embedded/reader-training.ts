/** Supervised training of the reader on generated instructions, short ones first; it can be resumed. */

import { z } from "zod";
import { createRng, type Rng } from "../../core/rng.ts";
import type { Device } from "../../nn/device.ts";
import { Trainer, type TrainState } from "../../nn/trainer.ts";
import { averages } from "../../rollout/metrics.ts";
import { MOST_GOALS } from "../grammar/instructions.ts";
import { batchOf, buildVocabulary, positionsIn, sampleFitting } from "./batches.ts";
import { READER_SIZE, type ReaderSize, readerInputs, readerParams } from "./reader.ts";
import { readerObjective, targetSpec } from "./reader-targets.ts";
import { startFrom } from "./warm-start.ts";

export const readerConfig = z.strictObject({
  steps: z.int().min(1).default(12000).describe("updates of the whole training"),
  batch: z.int().min(1).max(4096).default(32).describe("instructions of an update"),
  learningRate: z.number().positive().default(1.2e-3).describe("at its highest"),
  warmupSteps: z.int().min(0).default(300).describe("updates over which the learning rate rises"),
  clipNorm: z.number().positive().default(1).describe("limit of the gradient's norm"),
  weightDecay: z.number().min(0).default(0.01).describe("decoupled, per unit of learning rate"),
  growth: z
    .number()
    .min(0)
    .max(1)
    .default(0.3)
    .describe("share of the training after which instructions have their full length"),
});
export type ReaderConfig = z.output<typeof readerConfig>;

/** Updates between two drawings of instructions, and two moments at which training may stop. */
export const CHUNK_STEPS = 8;

export interface ReaderTraining {
  readonly config: ReaderConfig;
  readonly seed: number;
  readonly device?: Device;
  readonly threads?: number;
  /** Where an earlier run stopped. */
  readonly state?: TrainState;
  /** Folder of a planner whose weights are where this one starts. */
  readonly from?: string;
  readonly signal?: AbortSignal;
  /** Called after every chunk. */
  readonly onChunk?: (state: TrainState, stats: Readonly<Record<string, number>>) => void;
}

export interface TrainedReader {
  readonly size: ReaderSize;
  readonly vocabulary: readonly string[];
  readonly state: TrainState;
}

/** The vocabulary of a seed: that of the grammar, so all seeds agree but for rare words. */
export function vocabularyOf(seed: number): string[] {
  return buildVocabulary(createRng(seed).split("vocabulary"));
}

/** What an update costs grows with the tokens of a row, so instructions of like length are taken together. */
const WIDTHS = [20, 32, 44, READER_SIZE.tokens];

/** Trains to the end of `config.steps`, or until the signal. A resumed run draws other instructions. */
export async function trainReader(training: ReaderTraining): Promise<TrainedReader> {
  const { config, seed, signal, onChunk } = training;
  const rng = createRng(seed);
  const vocabulary = vocabularyOf(seed);
  const size: ReaderSize = { ...READER_SIZE, words: vocabulary.length };
  const theta = readerParams(size).init(rng.split("weights"));
  const none = new Float32Array(theta.length);
  const start = training.from ? startFrom(training.from, size, vocabulary, theta) : theta;
  let state = training.state ?? { theta: start, m: none, v: none, steps: 0 };
  const trainers = await Promise.all(
    WIDTHS.map((tokens) => openTrainer(training, { ...size, tokens })),
  );
  const lessons = new Lessons(config, size.tokens);
  const rows = CHUNK_STEPS * config.batch;
  const index = Int32Array.from({ length: rows }, (_, i) => i);
  try {
    while (state.steps < config.steps && !signal?.aborted) {
      const draw = rng.split(`chunk ${state.steps / CHUNK_STEPS}`);
      const { width, lesson } = lessons.draw(draw, state.steps / config.steps, rows);
      const batch = { size: { ...size, tokens: WIDTHS[width] }, rows, blur: true };
      const next = lesson.values();
      const options = { ...batch, vocabulary: positionsIn(vocabulary) };
      const data = batchOf(draw, options, () => next.next().value as Lesson);
      const rates = Array.from({ length: CHUNK_STEPS }, (_, i) => rateAt(config, state.steps + i));
      trainers[width].load(state);
      const { stats } = await trainers[width].train(data, index, rates);
      state = trainers[width].state();
      onChunk?.(state, averages(stats));
    }
    return { size, vocabulary, state };
  } finally {
    for (const trainer of trainers) await trainer.close();
  }
}

function openTrainer(
  { config, device = "cpu", threads = 1 }: ReaderTraining,
  size: ReaderSize,
): Promise<Trainer> {
  return Trainer.create({
    params: readerParams(size),
    objective: readerObjective(size),
    data: { ...readerInputs(size), ...targetSpec(size) },
    rows: CHUNK_STEPS * config.batch,
    batch: config.batch,
    clipNorm: config.clipNorm,
    weightDecay: config.weightDecay,
    device,
    threads,
  });
}

type Lesson = ReturnType<typeof sampleLesson>;

/** Keeps instructions by their length until there are enough of one kind. */
class Lessons {
  readonly #config: ReaderConfig;
  readonly #tokens: number;
  readonly #waiting: Lesson[][] = WIDTHS.map(() => []);

  constructor(config: ReaderConfig, tokens: number) {
    this.#config = config;
    this.#tokens = tokens;
  }

  draw(rng: Rng, share: number, rows: number): { width: number; lesson: Lesson[] } {
    for (;;) {
      const width = this.#waiting.findIndex((list) => list.length >= rows);
      if (width >= 0) return { width, lesson: this.#waiting[width].splice(0, rows) };
      const lesson = sampleLesson(rng, this.#config, share, this.#tokens);
      const { length } = lesson.read.tokens;
      this.#waiting[WIDTHS.findIndex((tokens) => length <= tokens)].push(lesson);
    }
  }
}

/** Up to two goals at first, up to all later; a curriculum by the number of stages (SPO, arXiv 2502.20742). */
function sampleLesson(rng: Rng, config: ReaderConfig, share: number, tokens: number) {
  const grown = Math.min(1, share / Math.max(config.growth, 1e-9));
  const most = Math.min(MOST_GOALS, 2 + Math.floor(grown * (MOST_GOALS - 1)));
  const goals = 1 + Math.floor(rng.next() * most);
  return sampleFitting(rng, { split: "train", goals }, tokens);
}

/** Rises linearly, then falls along half a cosine to a fiftieth. */
function rateAt({ learningRate, warmupSteps, steps }: ReaderConfig, step: number): number {
  const rise = Math.min(1, (step + 1) / Math.max(1, warmupSteps));
  const fall = 0.51 + 0.49 * Math.cos((Math.PI * Math.min(step, steps)) / steps);
  return learningRate * rise * fall;
}
