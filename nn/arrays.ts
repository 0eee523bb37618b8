/** Typed arrays on their way into onnxruntime. */

import * as ort from "onnxruntime-node";

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
