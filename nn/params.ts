/** The parameters of a model: names and shapes, laid one after another over one flat vector, theta. */

import { ConfigError } from "../core/errors.ts";
import type { Rng } from "../core/rng.ts";
import type { Graph } from "./graph.ts";
import { type Initializer, normal, ones, orthogonal, zeros } from "./initializers.ts";
import { sizeOf, type Tensor } from "./tensor.ts";

export interface ParamSpec {
  readonly name: string;
  readonly shape: readonly number[];
  /** Where the parameter starts in theta. */
  readonly at: number;
  readonly size: number;
  readonly init: Initializer;
}

/** The parameters as tensors of a graph, by name. */
export type Views = Readonly<Record<string, Tensor>>;

export class Params {
  readonly #specs: ParamSpec[] = [];
  #size = 0;

  add(name: string, shape: readonly number[], init: Initializer): this {
    if (this.#specs.some((spec) => spec.name === name)) {
      throw new ConfigError(`Parameter "${name}" is defined twice.`);
    }
    const size = sizeOf(shape);
    this.#specs.push({ name, shape, at: this.#size, size, init });
    this.#size += size;
    return this;
  }

  /** `name.w` [inputs, outputs], orthogonal times `gain`; `name.b` [outputs], zero. */
  linear(name: string, inputs: number, outputs: number, gain = 1): this {
    return this.add(`${name}.w`, [inputs, outputs], orthogonal(gain)).add(
      `${name}.b`,
      [outputs],
      zeros,
    );
  }

  /** `name.w` [outChannels, inChannels, kernel, kernel], normal with variance gain² / fan-in; `name.b`, zero. */
  conv(
    name: string,
    inChannels: number,
    outChannels: number,
    kernel: number,
    gain = Math.SQRT2,
  ): this {
    const deviation = gain / Math.sqrt(inChannels * kernel * kernel);
    return this.add(`${name}.w`, [outChannels, inChannels, kernel, kernel], normal(deviation)).add(
      `${name}.b`,
      [outChannels],
      zeros,
    );
  }

  /** `name.scale` [size], one; `name.shift` [size], zero. */
  layerNorm(name: string, size: number): this {
    return this.add(`${name}.scale`, [size], ones).add(`${name}.shift`, [size], zeros);
  }

  /** `name.input` and `name.hidden`, linear to three gates each: reset, update, new. */
  gru(name: string, inputs: number, hidden: number): this {
    return this.linear(`${name}.input`, inputs, 3 * hidden).linear(
      `${name}.hidden`,
      hidden,
      3 * hidden,
    );
  }

  /** Length of theta. */
  get size(): number {
    return this.#size;
  }

  get specs(): readonly ParamSpec[] {
    return this.#specs;
  }

  /** A new theta. Each parameter draws from its own stream, so adding one changes no other. */
  init(rng: Rng): Float32Array {
    const theta = new Float32Array(this.#size);
    for (const { name, shape, at, size, init } of this.#specs) {
      init(theta.subarray(at, at + size), shape, rng.split(name));
    }
    return theta;
  }

  offsetOf(name: string): { readonly at: number; readonly shape: readonly number[] } {
    const spec = this.#specs.find((candidate) => candidate.name === name);
    if (!spec) {
      const known = this.#specs.map((candidate) => candidate.name).join(", ");
      throw new ConfigError(`Unknown parameter "${name}". Parameters: ${known}.`);
    }
    return { at: spec.at, shape: spec.shape };
  }

  /** Splits a flat theta [size] of graph `g` into parameters, as leaves for `g.gradients`. */
  views(g: Graph, theta: Tensor): Views {
    const parts = g.split(
      g.stopGradient(theta),
      this.#specs.map((spec) => spec.size),
      0,
    );
    return Object.fromEntries(
      this.#specs.map(({ name, shape }, i) => [name, g.leaf(g.reshape(parts[i], shape))]),
    );
  }

  /** Constants with the numbers of `theta`, under their own names: for an exported model. */
  bakedViews(g: Graph, theta: Float32Array): Views {
    return Object.fromEntries(
      this.#specs.map(({ name, shape, at, size }) => [
        name,
        g.constant(theta.slice(at, at + size), shape, g.dtype, name),
      ]),
    );
  }

  /** The gradients of all views as one flat tensor [size]. */
  flatGradient(g: Graph, loss: Tensor, views: Views): Tensor {
    const leaves = this.#specs.map(({ name }) => views[name]);
    const gradients = g.gradients(loss, leaves);
    return g.concat(
      gradients.map((gradient) => g.reshape(gradient, [-1])),
      0,
    );
  }
}
