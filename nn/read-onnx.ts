/** Reads weights and metadata back out of an ONNX file that `encodeInference` wrote. Field numbers are those of onnx.proto3. */

import { FileError } from "../core/errors.ts";
import { DATA_TYPES } from "./onnx.ts";
import type { Params } from "./params.ts";
import { sizeOf } from "./tensor.ts";

export interface OnnxWeights {
  /** Arrays of float32 by name; parameters have their own names. */
  readonly tensors: ReadonlyMap<string, WeightTensor>;
  readonly metadata: Readonly<Record<string, string>>;
}

export interface WeightTensor {
  readonly shape: readonly number[];
  readonly values: Float32Array;
}

/** @throws FileError where the bytes are not protobuf; fields that are not about weights are passed over. */
export function readOnnxWeights(onnx: Uint8Array): OnnxWeights {
  const model = fieldsOf(onnx);
  const graph = blobs(model, 7).flatMap(fieldsOf);
  const tensors = new Map<string, WeightTensor>();
  for (const fields of blobs(graph, 5).map(fieldsOf)) {
    if (!fields.some(({ field, value }) => field === 2 && value === DATA_TYPES.float32)) continue;
    const shape = fields.filter(({ field }) => field === 1).map(({ value }) => Number(value));
    const [raw = new Uint8Array()] = blobs(fields, 9);
    if (raw.length !== 4 * sizeOf(shape)) continue;
    // a copy: the bytes in the file need not lie at a multiple of four
    tensors.set(textOf(fields, 8), {
      shape,
      values: new Float32Array(Uint8Array.from(raw).buffer),
    });
  }
  const entries = blobs(model, 14).map(fieldsOf);
  const metadata = Object.fromEntries(entries.map((entry) => [textOf(entry, 1), textOf(entry, 2)]));
  return { tensors, metadata };
}

/**
 * Puts the file's numbers in the place of those of `theta`, and returns the names of parameters that the file does not have: an
 * export leaves out what no output depends on.
 *
 * @throws FileError where a parameter has another shape in the file.
 */
export function fillParams(
  params: Params,
  theta: Float32Array,
  { tensors }: OnnxWeights,
): string[] {
  const missing: string[] = [];
  for (const { name, shape, at } of params.specs) {
    const found = tensors.get(name);
    if (!found) missing.push(name);
    else if (found.shape.join() !== shape.join()) {
      throw new FileError(
        `Parameter "${name}" is [${found.shape.join(", ")}] in the ONNX file, expected [${shape.join(", ")}].`,
      );
    } else theta.set(found.values, at);
  }
  return missing;
}

/** One field of a message: a number, or the bytes of a string, an array or a message. */
interface Field {
  readonly field: number;
  readonly value: number | Uint8Array;
}

/** Protobuf wire format: varint (0), fixed 64 (1), length-delimited (2) and fixed 32 (5) fields. */
function fieldsOf(message: Uint8Array): Field[] {
  const fields: Field[] = [];
  let at = 0;
  const varint = () => {
    let value = 0;
    for (let scale = 1; at < message.length; scale *= 128) {
      const byte = message[at++];
      value += (byte & 127) * scale;
      if (byte < 128) return value;
    }
    throw new FileError("The ONNX file is cut off.");
  };
  const bytes = (length: number) => {
    if (at + length > message.length) throw new FileError("The ONNX file is cut off.");
    at += length;
    return message.subarray(at - length, at);
  };
  while (at < message.length) {
    const tag = varint();
    const field = Math.floor(tag / 8);
    const type = tag % 8;
    if (type === 0) fields.push({ field, value: varint() });
    else if (type === 1) fields.push({ field, value: bytes(8) });
    else if (type === 2) fields.push({ field, value: bytes(varint()) });
    else if (type === 5) fields.push({ field, value: bytes(4) });
    else throw new FileError(`This is no ONNX file: it has a field of type ${type}.`);
  }
  return fields;
}

function blobs(fields: readonly Field[], wanted: number): Uint8Array[] {
  return fields.flatMap(({ field, value }) =>
    field === wanted && typeof value !== "number" ? [value] : [],
  );
}

function textOf(fields: readonly Field[], wanted: number): string {
  return new TextDecoder().decode(blobs(fields, wanted)[0]);
}
