/** Runs a model forward while its weights change: they are inputs, so nothing is rebuilt after an update. */

import type * as ort from "onnxruntime-node";
import { ShapeError } from "../core/errors.ts";
import { tensorOver, Unshared } from "./arrays.ts";
import { createSession, type Device } from "./device.ts";
import { Graph } from "./graph.ts";
import { type DataSpec, type Forward, validateData } from "./model.ts";
import type { Params } from "./params.ts";
import { recordForward } from "./record-forward.ts";

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

type Inputs = Readonly<Record<string, Float32Array | Uint8Array>>;
type Feeds = Record<string, ort.Tensor>;

export class Actor {
  readonly #options: ActorOptions;
  readonly #session: ort.InferenceSession;
  readonly #weights: Feeds = {};
  readonly #fed: Record<string, Float32Array | Uint8Array> = {};
  readonly #feeds: Feeds = {};
  readonly #unshared = new Unshared();
  #theta: Float32Array | undefined;
  /** What was asked for last. Each waits for the one before, since all are fed through the same arrays. */
  #latest: Promise<unknown> = Promise.resolve();
  #frozen: { readonly theta: Float32Array; readonly session: ort.InferenceSession } | undefined;

  private constructor(options: ActorOptions, session: ort.InferenceSession) {
    this.#options = options;
    this.#session = session;
  }

  static async create(options: ActorOptions): Promise<Actor> {
    const g = graphFor(options);
    const views = Object.fromEntries(
      options.params.specs.map(({ name, shape }) => [name, g.input(parameterInput(name), shape)]),
    );
    return new Actor(options, await open(options, recordForward(g, { ...options, views })));
  }

  /**
   * `inputs`: flat arrays of `batch` rows each. The outputs are new arrays, [batch, ...] row-major.
   * Parameters are read in place from `theta`, so its numbers may change between calls. Arrays on shared
   * memory are copied at every call: hand over a private copy of a large theta that changes seldom. Calls that do not
   * wait for one another are answered in turn.
   */
  run(theta: Float32Array, inputs: Inputs): Promise<Readonly<Record<string, Float32Array>>> {
    return this.#inTurn(() => this.#run(theta, inputs));
  }

  /**
   * Builds the numbers that `theta` has now into a model of its own, which `run` uses whenever it is given
   * this same array: about twice as fast for convolutions. It takes 2 to 10 ms and pays after a few calls.
   */
  freeze(theta: Float32Array): Promise<void> {
    return this.#inTurn(() => this.#freeze(theta));
  }

  close(): Promise<void> {
    return this.#inTurn(async () => {
      await this.#frozen?.session.release();
      await this.#session.release();
    });
  }

  #inTurn<T>(work: () => Promise<T>): Promise<T> {
    const done = this.#latest.then(work);
    this.#latest = done.catch(() => {});
    return done;
  }

  async #run(theta: Float32Array, inputs: Inputs): Promise<Readonly<Record<string, Float32Array>>> {
    this.#feedInputs(inputs);
    const results =
      this.#frozen?.theta === theta
        ? await this.#frozen.session.run(this.#feeds)
        : await this.#session.run({ ...this.#feeds, ...this.#weightsOf(theta) });
    const arrays: Record<string, Float32Array> = {};
    for (const name of this.#options.outputs) arrays[name] = results[name].data as Float32Array;
    return arrays;
  }

  async #freeze(theta: Float32Array): Promise<void> {
    this.#checkTheta(theta);
    const g = graphFor(this.#options);
    const views = this.#options.params.bakedViews(g, theta);
    const session = await open(this.#options, recordForward(g, { ...this.#options, views }));
    await this.#frozen?.session.release();
    this.#frozen = { theta, session };
  }

  #weightsOf(given: Float32Array): Feeds {
    const theta = this.#unshared.of("theta", given);
    if (theta === this.#theta) return this.#weights;
    this.#checkTheta(theta);
    for (const { name, shape, at, size } of this.#options.params.specs) {
      if (!this.#session.inputNames.includes(parameterInput(name))) continue;
      this.#weights[parameterInput(name)] = tensorOver(theta.subarray(at, at + size), shape);
    }
    this.#theta = theta;
    return this.#weights;
  }

  #checkTheta(theta: Float32Array): void {
    const { size } = this.#options.params;
    if (theta.length !== size) {
      throw new ShapeError(`Expected theta of ${size} numbers, got ${theta.length}.`);
    }
  }

  #feedInputs(inputs: Inputs): void {
    const { inputs: spec, batch } = this.#options;
    for (const name of Object.keys(spec)) {
      const given = inputs[name];
      const array = given && this.#unshared.of(`input:${name}`, given);
      if (array && array === this.#fed[name]) continue;
      validateData(inputs, spec, batch);
      this.#fed[name] = array;
      this.#feeds[name] = tensorOver(array, [batch, ...spec[name].shape]);
    }
  }
}

const graphFor = ({ device = "cpu" }: ActorOptions) =>
  new Graph({ mode: "infer", dynamicShapes: device === "cpu" });

const parameterInput = (name: string) => `parameter:${name}`;

function open(
  { device = "cpu", threads = 1 }: ActorOptions,
  model: Uint8Array,
): Promise<ort.InferenceSession> {
  return createSession(model, { device, threads, name: "The actor" });
}
