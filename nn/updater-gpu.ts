/**
 * Updates through onnxruntime's WebGPU execution provider: data and state stay in GPU buffers, one call a
 * minibatch. Reading a GPU tensor directly aborts the process in this version of onnxruntime-node, so uploads and
 * downloads are sessions of their own with a graph that only copies. Tensors that are not disposed leak.
 */

import type * as ort from "onnxruntime-node";
import { type FloatArray, fedAs, tensorOver, Unshared } from "./arrays.ts";
import { createSession } from "./device.ts";
import { Graph } from "./graph.ts";
import type { DataArray } from "./model.ts";
import { encodeModel } from "./onnx.ts";
import { HYPER_SIZE } from "./optim.ts";
import type { DType } from "./tensor.ts";
import { dataInput, nextState, STATE, stepModel, type TrainerOptions } from "./training-graph.ts";
import type { Updater } from "./updater.ts";

type Tensors = Readonly<Record<string, ort.Tensor>>;

interface Sessions {
  readonly step: ort.InferenceSession;
  readonly uploadData: ort.InferenceSession;
  readonly uploadState: ort.InferenceSession;
  readonly downloadState: ort.InferenceSession;
}

export class GpuUpdater implements Updater {
  readonly statNames: readonly string[];
  state: readonly FloatArray[];
  readonly #options: TrainerOptions;
  readonly #sessions: Sessions;
  readonly #unshared = new Unshared();
  /** The state on the GPU; undefined until a run has brought it there. */
  #onGpu: Tensors | undefined;

  private constructor(options: TrainerOptions, sessions: Sessions, stats: readonly string[]) {
    this.#options = options;
    this.#sessions = sessions;
    this.statNames = stats;
    this.state = STATE.map(() => new Float32Array(options.params.size));
  }

  static async create(options: TrainerOptions): Promise<GpuUpdater> {
    const { model, stats } = stepModel(options);
    const opened: ort.InferenceSession[] = [];
    const open = async (bytes: Uint8Array, onDevice: readonly string[]) => {
      const name = "The training graph";
      const session = await createSession(bytes, { device: "webgpu", onDevice, name });
      opened.push(session);
      return session;
    };
    const data = Object.entries(options.data).map(([name, { shape, dtype = "float32" }]) => ({
      name: dataInput(name),
      shape: [options.rows, ...shape],
      dtype,
    }));
    const state = STATE.map((name) => ({
      name,
      shape: [options.params.size],
      dtype: "float32" as const,
    }));
    const copies = data.map(({ name }) => copyOf(name));
    try {
      const sessions = {
        step: await open(model, STATE.map(nextState)),
        uploadData: await open(copyModel(data), copies),
        uploadState: await open(copyModel(state), STATE.map(copyOf)),
        downloadState: await open(copyModel(state), []),
      };
      return new GpuUpdater(options, sessions, stats);
    } catch (error) {
      for (const session of opened) await session.release();
      throw error;
    }
  }

  load(state: readonly FloatArray[]): void {
    this.state = state;
    dispose(this.#onGpu);
    this.#onGpu = undefined;
  }

  async run(
    data: Readonly<Record<string, DataArray>>,
    index: Int32Array,
    hyper: Float64Array,
    rounds: number,
  ): Promise<FloatArray> {
    const uploaded = await this.#uploadData(data);
    const stats = new Float32Array(rounds * this.statNames.length);
    try {
      for (let i = 0; i < rounds; i++) {
        stats.set(await this.#step(uploaded, index, hyper, i), i * this.statNames.length);
      }
    } finally {
      dispose(uploaded);
    }
    await this.#download();
    return stats;
  }

  async close(): Promise<void> {
    dispose(this.#onGpu);
    this.#onGpu = undefined;
    for (const session of Object.values(this.#sessions)) await session.release();
  }

  async #uploadData(data: Readonly<Record<string, DataArray>>): Promise<Tensors> {
    const { data: spec, rows } = this.#options;
    const feeds = Object.entries(spec).map(([name, { shape }]) => {
      const array = this.#unshared.of(dataInput(name), fedAs("float32", data[name]));
      return [dataInput(name), tensorOver(array, [rows, ...shape])] as const;
    });
    return renamed(await this.#sessions.uploadData.run(Object.fromEntries(feeds)));
  }

  async #step(data: Tensors, index: Int32Array, hyper: Float64Array, i: number) {
    const { batch } = this.#options;
    const state = this.#onGpu ?? (await this.#uploadState());
    const numbers = Float32Array.from(hyper.subarray(i * HYPER_SIZE, (i + 1) * HYPER_SIZE));
    const results = await this.#sessions.step.run({
      ...data,
      ...state,
      index: tensorOver(index.slice(i * batch, (i + 1) * batch), [batch]),
      hyper: tensorOver(numbers, [HYPER_SIZE]),
    });
    this.#onGpu = Object.fromEntries(STATE.map((name) => [name, results[nextState(name)]]));
    dispose(state);
    return results.stats.data as Float32Array;
  }

  async #uploadState(): Promise<Tensors> {
    const feeds = STATE.map((name, i) => [
      name,
      tensorOver(this.state[i], [this.#options.params.size]),
    ]);
    return renamed(await this.#sessions.uploadState.run(Object.fromEntries(feeds)));
  }

  async #download(): Promise<void> {
    if (!this.#onGpu) return;
    const copies = renamed(await this.#sessions.downloadState.run({ ...this.#onGpu }));
    this.state = STATE.map((name) => copies[name].data as Float32Array);
  }
}

const copyOf = (name: string) => `copy:${name}`;

/** A model that copies each input to an output. */
function copyModel(
  values: readonly { name: string; shape: readonly number[]; dtype: DType }[],
): Uint8Array {
  const g = new Graph();
  for (const { name, shape, dtype } of values) {
    g.output(copyOf(name), g.input(name, shape, dtype));
  }
  return encodeModel(g.definition("copy"));
}

/** The outputs of a copying model under the names of its inputs. */
function renamed(results: Tensors): Tensors {
  const prefix = copyOf("").length;
  return Object.fromEntries(
    Object.entries(results).map(([name, tensor]) => [name.slice(prefix), tensor]),
  );
}

function dispose(tensors: Tensors | undefined): void {
  for (const tensor of Object.values(tensors ?? {})) tensor.dispose();
}
