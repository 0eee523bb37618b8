/** What a model is: pure functions that record a graph from parameters and inputs. */

import { ConfigError, ShapeError } from "../core/errors.ts";
import type { FloatArray } from "./arrays.ts";
import type { Graph } from "./graph.ts";
import type { Views } from "./params.ts";
import { sizeOf, type Tensor } from "./tensor.ts";

type Tensors = Readonly<Record<string, Tensor>>;

/**
 * Inputs to outputs, each with the batch as its first axis. While a file is made for export, `x.shape[0]` is a stand-in for any
 * batch: shapes may be made from it, but what is worked out with it, such as `g.div(sum, x.shape[0])`, stays in the file as a
 * number. `g.mean` and the other reductions take the batch that there is.
 */
export type Forward = (g: Graph, views: Views, inputs: Tensors) => Tensors;

/**
 * A minibatch to a scalar loss, and scalars worth watching. Data of type uint8 come as they are: `g.cast(pixels, g.dtype)` makes
 * numbers of them to compute with.
 */
export type Objective = (
  g: Graph,
  views: Views,
  batch: Tensors,
) => { readonly loss: Tensor; readonly stats: Tensors };

/** Named arrays: the shape of one row, and its type (float32 unless said). */
export interface DataSpec {
  readonly [name: string]: {
    readonly shape: readonly number[];
    readonly dtype?: "float32" | "uint8";
  };
}

export type DataArray = FloatArray | Uint8Array;

/** Throws unless `data` has exactly the arrays of `spec`, with `rows` rows each. */
export function validateData(
  data: Readonly<Record<string, DataArray>>,
  spec: DataSpec,
  rows: number,
): void {
  for (const name of Object.keys(data)) {
    if (!(name in spec)) {
      throw new ShapeError(`Unknown array "${name}". Arrays: ${Object.keys(spec).join(", ")}.`);
    }
  }
  for (const [name, { shape, dtype = "float32" }] of Object.entries(spec)) {
    const array = data[name];
    const expected = `Expected "${name}" as ${dtype} [${[rows, ...shape].join(", ")}]`;
    if (!array) throw new ShapeError(`${expected}, got nothing.`);
    if (array instanceof Uint8Array !== (dtype === "uint8")) {
      throw new ShapeError(`${expected}, got a ${array.constructor.name}.`);
    }
    if (array.length !== rows * sizeOf(shape)) {
      throw new ShapeError(
        `${expected} (${rows * sizeOf(shape)} numbers), got ${array.length} numbers.`,
      );
    }
  }
}

/** The tensor called `name`; a sentence that lists the names there are if it is missing. */
export function pick(tensors: Tensors, name: string, what: string): Tensor {
  const tensor = tensors[name];
  if (!tensor) {
    throw new ConfigError(`Unknown ${what} "${name}". Known: ${Object.keys(tensors).join(", ")}.`);
  }
  return tensor;
}
