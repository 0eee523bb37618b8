/**
 * Messages of openpi (Physical Intelligence, packages/openpi-client, msgpack_numpy.py): MessagePack maps
 * in which an array is a map with binary keys: its bytes, dtype and shape. No pickle.
 */

import { isMap, pack, type Unpacked, type UnpackedMap, unpackMap } from "./msgpack.ts";
import { fromBytes, isNdArray, type NdArray, toBytes } from "./numpy.ts";
import { quoted, Refusal } from "./refusal.ts";

/** Larger messages are answered with an error. */
export const maxOpenpiBytes = 32 * 2 ** 20;

const key = (text: string) => Buffer.from(text);

/** Numbers, text, lists, plain objects and arrays. */
export function encodeOpenpi(value: unknown): Uint8Array {
  return pack(packable(value));
}

/** @throws Refusal. */
export function decodeOpenpi(bytes: Uint8Array): UnpackedMap {
  if (bytes.length > maxOpenpiBytes) {
    throw new Refusal("oversize", `Expected at most ${maxOpenpiBytes} bytes in a message.`);
  }
  return unpackMap(bytes);
}

/** The array, or the single number, under a key. @throws Refusal when there is something else. */
export function openpiArray(map: UnpackedMap, name: string): NdArray | undefined {
  const value = map.get(name);
  if (value === undefined || value === null) return undefined;
  const array = isMap(value) ? arrayOf(value) : undefined;
  if (array) return array;
  throw new Refusal("not an array", `Expected ${quoted(name)} to be an array.`);
}

function arrayOf(map: UnpackedMap): NdArray | undefined {
  const dtype = map.get("dtype");
  const data = map.get("data");
  const shape = map.get("shape") as Unpacked;
  if (typeof dtype !== "string") return undefined;
  if (map.get("__npgeneric__") === true && typeof data === "number") {
    return { dtype: "<f8", shape: [], data: Float64Array.of(data) };
  }
  const isArray = map.get("__ndarray__") === true && data instanceof Uint8Array;
  return isArray && Array.isArray(shape) ? fromBytes(dtype, shape, data) : undefined;
}

function packable(value: unknown): unknown {
  if (isNdArray(value)) {
    const data = toBytes(value);
    return new Map<Buffer, unknown>([
      [key("__ndarray__"), true],
      [key("data"), Buffer.from(data.buffer, data.byteOffset, data.byteLength)],
      [key("dtype"), value.dtype],
      [key("shape"), value.shape],
    ]);
  }
  if (Array.isArray(value)) return value.map(packable);
  if (value === null || typeof value !== "object") return value;
  // a Map, since an object may not hold one
  return new Map(Object.entries(value).map(([name, v]) => [name, packable(v)]));
}
