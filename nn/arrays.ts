/** Typed arrays on their way into onnxruntime. */

import * as ort from "onnxruntime-node";
import type { FloatType } from "./tensor.ts";

export type FloatArray = Float32Array | Float64Array;
export type FeedArray = FloatArray | Uint8Array | Int32Array;

const TYPES = {
  Float32Array: "float32",
  Float64Array: "float64",
  Uint8Array: "uint8",
  Int32Array: "int32",
} as const;

/** An onnxruntime tensor over `array`, without a copy. */
export function tensorOver(array: FeedArray, shape: readonly number[]): ort.Tensor {
  const name = Object.prototype.toString.call(array).slice(8, -1) as keyof typeof TYPES;
  return new ort.Tensor(TYPES[name], array, shape);
}

/** Numbers as floats of a type (float32 unless given), or so many zeros; arrays that are of it pass as they are. */
export function floats(dtype: FloatType | undefined, from: FloatArray | number): FloatArray {
  const make = dtype === "float64" ? Float64Array : Float32Array;
  if (typeof from === "number") return new make(from);
  return from instanceof make ? from : make.from(from);
}

/** Data as a graph of that type reads them: pixels as they are. */
export function fedAs(dtype: FloatType | undefined, data: FloatArray | Uint8Array) {
  return data instanceof Uint8Array ? data : floats(dtype, data);
}

/** onnxruntime reads no shared memory: arrays on a SharedArrayBuffer are copied into one kept here by name. */
export class Unshared {
  readonly #copies = new Map<string, FeedArray>();

  of<A extends FeedArray>(name: string, array: A): A {
    if (!(array.buffer instanceof SharedArrayBuffer)) return array;
    const known = this.#copies.get(name);
    if (known?.length === array.length) {
      known.set(array);
      return known as A;
    }
    const copy = array.slice() as A;
    this.#copies.set(name, copy);
    return copy;
  }
}
