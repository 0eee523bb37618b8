/** Runs a model forward while its weights change: they are inputs, so nothing is rebuilt after an update. */

import type * as ort from "onnxruntime-node";
import { ShapeError } from "../core/errors.ts";
import { tensorOver, Unshared } from "./arrays.ts";
import { createSession, type Device } from "./device.ts";
import { Graph } from "./graph.ts";
import { type DataSpec, type Forward, pick, validateData } from "./model.ts";
import { encodeModel } from "./onnx.ts";
import type { Params } from "./params.ts";
import { withoutIdleInputs } from "./prune.ts";

export interface ActorOptions {
  readonly params: Params;
  readonly forward: Forward;
  readonly inputs: DataSpec;
  readonly outputs: readonly string[];
  /** Rows of every call. */
  readonly batch: number;
  readonly device?: Device;
  readonly threads?: number;
}

export class Actor {
  readonly #options: ActorOptions;
  readonly #session: ort.InferenceSession;
  readonly #feeds: Record<string, ort.Tensor> = {};
  readonly #fed: Record<string, Float32Array | Uint8Array> = {};
  readonly #unshared = new Unshared();
  #theta: Float32Array | undefined;

  private constructor(options: ActorOptions, session: ort.InferenceSession) {
    this.#options = options;
    this.#session = session;
  }

  static async create(options: ActorOptions): Promise<Actor> {
    const { device = "cpu", threads = 1 } = options;
    const session = await createSession(actorModel(options), {
      device,
      threads,
      name: "The actor",
    });
    return new Actor(options, session);
  }

  /**
   * `inputs`: flat arrays of `batch` rows each. The outputs are new arrays, [batch, ...] row-major.
   * Parameters are read in place from `theta`, so its numbers may change between calls. Arrays on shared
   * memory are copied at every call: hand over a private copy of a large theta that changes seldom.
   */
  async run(
    theta: Float32Array,
    inputs: Readonly<Record<string, Float32Array | Uint8Array>>,
  ): Promise<Readonly<Record<string, Float32Array>>> {
    this.#feedTheta(theta);
    this.#feedInputs(inputs);
    const results = await this.#session.run(this.#feeds);
    const arrays: Record<string, Float32Array> = {};
    for (const name of this.#options.outputs) arrays[name] = results[name].data as Float32Array;
    return arrays;
  }

  async close(): Promise<void> {
    await this.#session.release();
  }

  #feedTheta(given: Float32Array): void {
    const theta = this.#unshared.of("theta", given);
    if (theta === this.#theta) return;
    const { params } = this.#options;
    if (theta.length !== params.size) {
      throw new ShapeError(`Expected theta of ${params.size} numbers, got ${theta.length}.`);
    }
    for (const { name, shape, at, size } of params.specs) {
      if (!this.#session.inputNames.includes(parameterInput(name))) continue;
      this.#feeds[parameterInput(name)] = tensorOver(theta.subarray(at, at + size), shape);
    }
    this.#theta = theta;
  }

  #feedInputs(inputs: Readonly<Record<string, Float32Array | Uint8Array>>): void {
    const { inputs: spec, batch } = this.#options;
    for (const name of Object.keys(spec)) {
      const given = inputs[name];
      const array = given && this.#unshared.of(name, given);
      if (array && array === this.#fed[name]) continue;
      validateData(inputs, spec, batch);
      this.#fed[name] = array;
      this.#feeds[name] = tensorOver(array, [batch, ...spec[name].shape]);
    }
  }
}

const parameterInput = (name: string) => `parameter:${name}`;

function actorModel({ params, forward, inputs, outputs, batch }: ActorOptions): Uint8Array {
  const g = new Graph({ mode: "infer" });
  const views = Object.fromEntries(
    params.specs.map(({ name, shape }) => [name, g.input(parameterInput(name), shape)]),
  );
  return recordForward(g, { views, forward, inputs, outputs, batch });
}

/** Records `forward` on inputs of `batch` rows and encodes the model of the named outputs. */
export function recordForward(
  g: Graph,
  options: Pick<ActorOptions, "forward" | "inputs" | "outputs" | "batch"> & {
    readonly views: Parameters<Forward>[1];
    readonly metadata?: Readonly<Record<string, string>>;
  },
): Uint8Array {
  const { views, forward, inputs, outputs, batch, metadata } = options;
  const tensors = Object.fromEntries(
    Object.entries(inputs).map(([name, { shape, dtype }]) => [
      name,
      g.input(name, [batch, ...shape], dtype),
    ]),
  );
  const results = forward(g, views, tensors);
  for (const name of outputs) g.output(name, pick(results, name, "output"));
  const graph = withoutIdleInputs(g.definition("forward"), Object.keys(inputs));
  return encodeModel(graph, metadata);
}
