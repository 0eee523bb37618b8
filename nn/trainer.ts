/** Trains the parameters of a model on arrays of rows, minibatch by minibatch. */

import { ConfigError, ShapeError, TrainingDivergedError } from "../core/errors.ts";
import type { FloatArray } from "./arrays.ts";
import { type DataArray, validateData } from "./model.ts";
import { adamHyper, HYPER_SIZE } from "./optim.ts";
import type { TrainerOptions } from "./training-graph.ts";
import type { Updater } from "./updater.ts";
import { CpuUpdater } from "./updater-cpu.ts";
import { GpuUpdater } from "./updater-gpu.ts";

/** All that training has changed. `theta`, `m` and `v` are flat, in the order of `Params`. */
export interface TrainState {
  readonly theta: Float32Array;
  /** Adam's mean of gradients and of squared gradients. */
  readonly m: Float32Array;
  readonly v: Float32Array;
  /** Updates made so far. */
  readonly steps: number;
  /** Mean of the latest weights, where one is kept. */
  readonly average?: Float32Array | undefined;
  /** Calls of `train` that the mean is over, those that it forgets included; unknown of files from before this was kept. */
  readonly averaged?: number | undefined;
}

export interface TrainResult {
  /** One number a minibatch: "loss", what the objective names, and "gradNorm" (before clipping). */
  readonly stats: Readonly<Record<string, Float32Array>>;
}

export class Trainer {
  readonly #options: TrainerOptions;
  readonly #updater: Updater;
  #steps = 0;
  #average: Float32Array | undefined;
  /** As in the state. */
  #averaged: number | undefined = 0;

  private constructor(options: TrainerOptions, updater: Updater) {
    this.#options = options;
    this.#updater = updater;
  }

  /**
   * Opens the device and builds the training graph for it. Weights start at zero, from which most networks learn nothing, unless
   * `theta` is given: `params.init(rng)`.
   */
  static async create(options: TrainerOptions): Promise<Trainer> {
    const { rows, batch, device = "cpu", mode, dtype } = options;
    if (batch < 1 || batch > rows) {
      throw new ConfigError(`A minibatch must have 1 to ${rows} rows, got ${batch}.`);
    }
    if (device === "webgpu" && (mode === "loop" || dtype === "float64")) {
      throw new ConfigError('Device "webgpu" trains in mode "step" and float32 only.');
    }
    const { theta, params } = options;
    const none = new Float32Array(params.size);
    const first = theta && { theta, m: none, v: none, steps: 0 };
    if (first) checkSizes(first, params.size);
    const updater =
      device === "webgpu" ? await GpuUpdater.create(options) : await CpuUpdater.create(options);
    const trainer = new Trainer(options, updater);
    if (first) trainer.load(first);
    return trainer;
  }

  /** The weights as of the last update. `train` puts a new array here and leaves this one as it is. */
  get theta(): Float32Array {
    return asFloat32(this.#updater.state[0]);
  }

  /**
   * The mean of the weights after each of the latest calls of `train`, of about `averageOver` of them; the last weights where
   * nothing is averaged. Learners end up somewhere about the best weights, and their mean is better than any of them (Polyak
   * and Juditsky, 1992; of networks: Izmailov et al., 2018, https://arxiv.org/abs/1803.05407).
   */
  get average(): Float32Array {
    return this.#average ?? this.theta;
  }

  /** Everything a checkpoint needs. The arrays are not changed by later training. */
  state(): TrainState {
    const [theta, m, v] = this.#updater.state.map(asFloat32);
    const average = this.#average
      ? { average: this.#average.slice(), averaged: this.#averaged }
      : {};
    return { theta, m, v, steps: this.#steps, ...average };
  }

  /** Weights without rounding, where the trainer's type is float64. */
  exactTheta(): FloatArray {
    return this.#updater.state[0];
  }

  /** Continues from `state`; the arrays are copied. A mean is left behind where none is kept any longer. */
  load(state: TrainState): void {
    checkSizes(state, this.#options.params.size);
    const make = this.#options.dtype === "float64" ? Float64Array : Float32Array;
    this.#updater.load([make.from(state.theta), make.from(state.m), make.from(state.v)]);
    this.#steps = state.steps;
    const { averageOver = 1 } = this.#options;
    this.#average = averageOver > 1 ? state.average?.slice() : undefined;
    this.#averaged = this.#average ? state.averaged : 0;
  }

  /**
   * One update for each minibatch. `data`: flat arrays of `rows` rows. `index`: which rows each minibatch
   * uses, [M, batch] row-major. `learningRates`: M numbers. Blocks the thread while it computes.
   * @throws TrainingDivergedError where a loss, a gradient or a weight is not finite; the weights are then as they were before
   */
  async train(
    data: Readonly<Record<string, DataArray>>,
    index: Int32Array,
    learningRates: ArrayLike<number>,
  ): Promise<TrainResult> {
    const { batch, rows, data: spec } = this.#options;
    validateData(data, spec, rows);
    const rounds = learningRates.length;
    if (index.length !== rounds * batch) {
      throw new ShapeError(
        `Expected an index of ${rounds} minibatches of ${batch} rows (${rounds * batch} numbers), got ${index.length} numbers.`,
      );
    }
    checkRates(learningRates);
    const hyper = this.#hyper(learningRates);
    const before = this.#updater.state;
    checkRows(index, rows);
    const found = await this.#updater.run(data, index, hyper, rounds);
    const stats = columnsOf(found, this.#updater.statNames);
    const divergence = divergenceOf(stats, this.#updater.state[0], this.#steps);
    if (divergence) {
      this.#updater.load(before);
      throw new TrainingDivergedError(
        `The training diverged ${divergence}. Nothing of it is kept; go on from what was saved last, with a lower learning rate (where it adapts itself, a lower maxLearningRate and, if that is above it, minLearningRate).`,
      );
    }
    this.#steps += rounds;
    this.#averageIn(rounds);
    return { stats };
  }

  async close(): Promise<void> {
    await this.#updater.close();
  }

  /** An average that forgets; the plain mean as long as there are fewer calls than it spans. */
  #averageIn(rounds: number): void {
    const { averageOver = 1 } = this.#options;
    if (averageOver === 1) return;
    const { theta } = this;
    this.#average ??= theta.slice();
    // a file from before calls were counted had a mean of all of them
    this.#averaged = (this.#averaged ?? this.#steps / rounds - 1) + 1;
    const share = 1 / Math.min(this.#averaged, averageOver);
    for (let i = 0; i < theta.length; i++) {
      this.#average[i] += share * (theta[i] - this.#average[i]);
    }
  }

  #hyper(learningRates: ArrayLike<number>): Float64Array {
    const rows = new Float64Array(learningRates.length * HYPER_SIZE);
    const { adam, weightDecay = 0 } = this.#options;
    for (let i = 0; i < learningRates.length; i++) {
      const row = adamHyper(this.#steps + i + 1, learningRates[i], { ...adam, weightDecay });
      rows.set(row, i * HYPER_SIZE);
    }
    return rows;
  }
}

function asFloat32(array: FloatArray): Float32Array {
  return array instanceof Float32Array ? array : Float32Array.from(array);
}

function checkRows(index: Int32Array, rows: number): void {
  for (const row of index) {
    if (row < 0 || row >= rows) {
      throw new ShapeError(`Expected rows 0 to ${rows - 1} in the index, got ${row}.`);
    }
  }
}

function checkRates(learningRates: ArrayLike<number>): void {
  const wrong = Array.from(learningRates).find((rate) => !(rate >= 0 && rate < Infinity));
  if (wrong !== undefined) {
    throw new ConfigError(`Expected learning rates from 0 on, got ${wrong}.`);
  }
}

function checkSizes(state: TrainState, size: number): void {
  for (const name of ["theta", "m", "v", "average"] as const) {
    const length = state[name]?.length ?? size;
    if (length !== size) {
      throw new ShapeError(
        `Expected "${name}" of ${size} numbers, got ${length}: the state belongs to another model.`,
      );
    }
  }
}

/** Where updates after the first `steps` ones left the realm of finite numbers, in words; undefined where they did not. */
function divergenceOf(
  { loss, gradNorm }: TrainResult["stats"],
  theta: FloatArray,
  steps: number,
): string | undefined {
  const first = loss.findIndex((x, i) => !Number.isFinite(x) || !Number.isFinite(gradNorm[i]));
  if (first >= 0) {
    return `in update ${steps + first + 1}: its loss is ${loss[first]} and the norm of its gradient ${gradNorm[first]}`;
  }
  // what the last update made of them shows in no loss
  if (theta.every(Number.isFinite)) return undefined;
  return `in update ${steps + loss.length}: its weights are not finite`;
}

/** [M, columns] row-major to one array of M numbers for each name. */
function columnsOf(
  stats: FloatArray,
  names: readonly string[],
): Readonly<Record<string, Float32Array>> {
  const rounds = stats.length / names.length;
  return Object.fromEntries(
    names.map((name, column) => [
      name,
      Float32Array.from({ length: rounds }, (_, i) => stats[i * names.length + column]),
    ]),
  );
}
