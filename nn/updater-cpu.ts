/** Updates on the CPU: one call of onnxruntime for all minibatches, or one for each. */

import * as ort from "onnxruntime-node";
import { type FloatArray, fedAs, floats, tensorOver as tensor, Unshared } from "./arrays.ts";
import { createSession } from "./device.ts";
import type { DataArray } from "./model.ts";
import { HYPER_SIZE } from "./optim.ts";
import {
  dataInput,
  loopModel,
  nextState,
  STATE,
  stepModel,
  type TrainerOptions,
} from "./training-graph.ts";
import type { Updater } from "./updater.ts";

type Feeds = Record<string, ort.Tensor>;

export class CpuUpdater implements Updater {
  readonly statNames: readonly string[];
  state: readonly FloatArray[];
  readonly #options: TrainerOptions;
  readonly #session: ort.InferenceSession;
  readonly #unshared = new Unshared();

  private constructor(
    options: TrainerOptions,
    session: ort.InferenceSession,
    stats: readonly string[],
  ) {
    this.#options = options;
    this.#session = session;
    this.statNames = stats;
    this.state = STATE.map(() => floats(options.dtype, options.params.size));
  }

  static async create(options: TrainerOptions): Promise<CpuUpdater> {
    const { mode, threads } = options;
    const spec = { ...options, dynamicShapes: true };
    const { model, stats } = mode === "step" ? stepModel(spec) : loopModel(spec);
    const session = await createSession(model, {
      name: "The training graph",
      ...(threads !== undefined && { threads }),
    });
    return new CpuUpdater(options, session, stats);
  }

  load(state: readonly FloatArray[]): void {
    this.state = state;
  }

  async run(
    data: Readonly<Record<string, DataArray>>,
    index: Int32Array,
    hyper: Float64Array,
    rounds: number,
  ): Promise<FloatArray> {
    const feeds = this.#dataFeeds(data);
    const numbers = floats(this.#options.dtype, hyper);
    return this.#options.mode === "step"
      ? this.#steps(feeds, index, numbers, rounds)
      : this.#loop(feeds, index, numbers, rounds);
  }

  async close(): Promise<void> {
    await this.#session.release();
  }

  #dataFeeds(data: Readonly<Record<string, DataArray>>): Feeds {
    const { data: spec, rows } = this.#options;
    return Object.fromEntries(
      Object.entries(spec).map(([name, { shape }]) => {
        const fit = fedAs(this.#options.dtype, data[name]);
        return [dataInput(name), tensor(this.#unshared.of(dataInput(name), fit), [rows, ...shape])];
      }),
    );
  }

  async #loop(feeds: Feeds, index: Int32Array, hyper: FloatArray, rounds: number) {
    return this.#call({
      ...feeds,
      index: tensor(this.#unshared.of("index", index), [rounds, this.#options.batch]),
      hyper: tensor(hyper, [rounds, HYPER_SIZE]),
      rounds: new ort.Tensor("int64", [BigInt(rounds)], []),
    });
  }

  async #steps(feeds: Feeds, index: Int32Array, hyper: FloatArray, rounds: number) {
    const { batch } = this.#options;
    const stats = floats(this.#options.dtype, rounds * this.statNames.length);
    for (let i = 0; i < rounds; i++) {
      const row = await this.#call({
        ...feeds,
        index: tensor(index.slice(i * batch, (i + 1) * batch), [batch]),
        hyper: tensor(hyper.subarray(i * HYPER_SIZE, (i + 1) * HYPER_SIZE), [HYPER_SIZE]),
      });
      stats.set(row, i * this.statNames.length);
    }
    return stats;
  }

  /** Runs the session on the current state, keeps the next one, and returns the stats. */
  async #call(feeds: Feeds): Promise<FloatArray> {
    const { size } = this.#options.params;
    const state = STATE.map((name, i) => [name, tensor(this.state[i], [size])]);
    const results = await this.#session.run({ ...feeds, ...Object.fromEntries(state) });
    this.state = STATE.map((name) => results[nextState(name)].data as FloatArray);
    return results.stats.data as FloatArray;
  }
}
