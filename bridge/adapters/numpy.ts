/**
 * numpy arrays as robots send them: bytes with a dtype and a shape, and the .npy file format
 * (numpy.lib.format, versions 1 to 3). Little-endian and C order only; nothing is ever unpickled.
 */

import { Refusal } from "./refusal.ts";

const kinds = {
  "|u1": Uint8Array,
  "|b1": Uint8Array,
  "|i1": Int8Array,
  "<u2": Uint16Array,
  "<i2": Int16Array,
  "<u4": Uint32Array,
  "<i4": Int32Array,
  "<u8": BigUint64Array,
  "<i8": BigInt64Array,
  "<f4": Float32Array,
  "<f8": Float64Array,
} as const;

/** numpy's name of a type, such as "<f4". */
export type Dtype = keyof typeof kinds;
export type NumpyData =
  | Uint8Array
  | Int8Array
  | Uint16Array
  | Int16Array
  | Uint32Array
  | Int32Array
  | BigUint64Array
  | BigInt64Array
  | Float32Array
  | Float64Array;

export interface NdArray {
  readonly dtype: Dtype;
  readonly shape: readonly number[];
  /** Row-major. */
  readonly data: NumpyData;
}

const magic = "\x93NUMPY";
const maxAxes = 8;

/** Describes floats as the array that numpy will see. The data is not copied. */
export function ndarray(data: Float32Array | Uint8Array, shape: readonly number[]): NdArray {
  const count = shape.reduce((a, b) => a * b, 1);
  if (data.length !== count) {
    throw new Error(`internal: ${data.length} numbers for shape [${shape.join(", ")}].`);
  }
  return { dtype: data instanceof Uint8Array ? "|u1" : "<f4", shape, data };
}

/** Tells arrays from the maps and lists around them in a message to be sent. */
export function isNdArray(value: unknown): value is NdArray {
  return typeof value === "object" && value !== null && "dtype" in value && "shape" in value;
}

/** The array whose raw bytes these are, copied (frames are not aligned). @throws Refusal. */
export function fromBytes(dtype: string, shape: readonly unknown[], bytes: Uint8Array): NdArray {
  if (!Object.hasOwn(kinds, dtype)) {
    const known = Object.keys(kinds).join(", ");
    throw new Refusal("wrong dtype", `Expected a dtype of ${known}, got another.`);
  }
  const kind = kinds[dtype as Dtype];
  const sound = shape.every((n) => Number.isSafeInteger(n) && (n as number) >= 0);
  if (!sound || shape.length > maxAxes) {
    throw new Refusal("wrong shape", `Expected a shape of at most ${maxAxes} whole numbers.`);
  }
  const dims = shape as readonly number[];
  const count = dims.reduce((a, b) => a * b, 1);
  if (count * kind.BYTES_PER_ELEMENT !== bytes.length) {
    throw new Refusal(
      "wrong shape",
      `Expected ${dtype} of shape [${dims.join(", ")}] in ${count * kind.BYTES_PER_ELEMENT} bytes, got ${bytes.length}.`,
    );
  }
  return { dtype: dtype as Dtype, shape: dims, data: new kind(new Uint8Array(bytes).buffer) };
}

/** The array's bytes, as they lie in memory; a view. */
export function toBytes({ data }: NdArray): Uint8Array {
  return new Uint8Array(data.buffer, data.byteOffset, data.byteLength);
}

/** A complete .npy file, version 1.0, byte for byte what `numpy.save` writes. */
export function encodeNpy(array: NdArray): Uint8Array {
  const { dtype, shape } = array;
  const tuple = shape.length === 1 ? `${shape[0]},` : shape.join(", ");
  const text = `{'descr': '${dtype}', 'fortran_order': False, 'shape': (${tuple}), }`;
  // magic, version and length take 10 bytes; the data begins at a multiple of 64
  const padding = (64 - ((10 + text.length + 1) % 64)) % 64;
  const header = `${text}${" ".repeat(padding)}\n`;
  const bytes = toBytes(array);
  const file = Buffer.alloc(10 + header.length + bytes.length);
  file.write(magic, 0, "latin1");
  file[6] = 1;
  file.writeUInt16LE(header.length, 8);
  file.write(header, 10, "latin1");
  file.set(bytes, 10 + header.length);
  return file;
}

/** The array in a complete .npy file. @throws Refusal. */
export function decodeNpy(file: Uint8Array): NdArray {
  const buffer = Buffer.from(file.buffer, file.byteOffset, file.byteLength);
  const version = buffer[6];
  const isNpy = buffer.toString("latin1", 0, 6) === magic && version >= 1 && version <= 3;
  const start = version === 1 ? 10 : 12;
  if (!isNpy || buffer.length < start) throw notNpy("another beginning");
  const length = version === 1 ? buffer.readUInt16LE(8) : buffer.readUInt32LE(8);
  if (start + length > buffer.length) throw notNpy("a header cut short");
  const header = buffer.toString("latin1", start, start + length);
  const dtype = /'descr': *'([^']{1,8})'/.exec(header)?.[1];
  const order = /'fortran_order': *(True|False)/.exec(header)?.[1];
  const tuple = /'shape': *\(([\d, ]{0,200})\)/.exec(header)?.[1];
  if (dtype === undefined || order === undefined || tuple === undefined) {
    throw notNpy("a header without descr, fortran_order and shape");
  }
  const shape = tuple
    .split(",")
    .filter((part) => part.trim() !== "")
    .map(Number);
  const array = fromBytes(dtype, shape, buffer.subarray(start + length));
  if (order === "True" && shape.length > 1) {
    throw new Refusal("wrong shape", "Expected an array in C order, got Fortran order.");
  }
  return array;
}

/** The numbers as float32, in an array that may be the array's own. */
export function toFloat32({ data }: NdArray): Float32Array {
  if (data instanceof Float32Array) return data;
  if (data instanceof BigUint64Array || data instanceof BigInt64Array) {
    return Float32Array.from(data, Number);
  }
  return Float32Array.from(data);
}

function notNpy(what: string): Refusal {
  return new Refusal("not an array", `Expected a .npy file, got ${what}.`);
}
