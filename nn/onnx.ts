/**
 * Writes ONNX files: the few protobuf messages of onnx.proto3 that a model needs, by hand.
 * Field numbers are those of onnx.proto3 (IR version 8, operator set 17).
 */

import { sizeOf } from "./tensor.ts";

export const OPSET = 17;
const IR_VERSION = 8;

/** TensorProto.DataType. */
export const DATA_TYPES = {
  float32: 1,
  uint8: 2,
  int32: 6,
  int64: 7,
  bool: 9,
  float64: 11,
} as const;
export type OnnxType = keyof typeof DATA_TYPES;

/** Of one number. */
export const BYTES: Record<OnnxType, number> = {
  float32: 4,
  uint8: 1,
  int32: 4,
  int64: 8,
  bool: 1,
  float64: 8,
};

export type Attribute =
  | { readonly int: number }
  | { readonly float: number }
  | { readonly ints: readonly number[] }
  | { readonly graph: GraphDef };

export interface NodeDef {
  readonly op: string;
  readonly inputs: readonly string[];
  readonly outputs: readonly string[];
  readonly attributes: Readonly<Record<string, Attribute>>;
}

export interface InitializerDef {
  readonly name: string;
  readonly dtype: OnnxType;
  readonly shape: readonly number[];
  readonly data: ArrayBufferView;
}

export interface ValueDef {
  readonly name: string;
  readonly dtype: OnnxType;
  /** A string is a symbolic axis, such as the unknown batch "N". */
  readonly shape: readonly (number | string)[];
}

export interface GraphDef {
  readonly name: string;
  readonly nodes: readonly NodeDef[];
  readonly initializers: readonly InitializerDef[];
  readonly inputs: readonly ValueDef[];
  readonly outputs: readonly ValueDef[];
}

/** The bytes of a whole model file. */
export function encodeModel(
  graph: GraphDef,
  metadata: Readonly<Record<string, string>> = {},
): Uint8Array {
  const model = new Writer();
  model.int(1, IR_VERSION);
  model.text(2, "understudy");
  model.message(7, (w) => writeGraph(w, graph));
  model.message(8, (w) => {
    w.text(1, "");
    w.int(2, OPSET);
  });
  for (const [key, value] of Object.entries(metadata)) {
    model.message(14, (w) => {
      w.text(1, key);
      w.text(2, value);
    });
  }
  return model.bytes().slice();
}

function writeGraph(w: Writer, graph: GraphDef): void {
  for (const node of graph.nodes) w.message(1, (inner) => writeNode(inner, node));
  w.text(2, graph.name);
  for (const tensor of graph.initializers) w.message(5, (inner) => writeTensor(inner, tensor));
  for (const value of graph.inputs) w.message(11, (inner) => writeValue(inner, value));
  for (const value of graph.outputs) w.message(12, (inner) => writeValue(inner, value));
}

function writeNode(w: Writer, node: NodeDef): void {
  for (const name of node.inputs) w.text(1, name);
  for (const name of node.outputs) w.text(2, name);
  w.text(3, `${node.op}:${node.outputs[0]}`);
  w.text(4, node.op);
  for (const [name, value] of Object.entries(node.attributes)) {
    w.message(5, (inner) => writeAttribute(inner, name, value));
  }
}

function writeAttribute(w: Writer, name: string, value: Attribute): void {
  w.text(1, name);
  if ("int" in value) {
    w.int(3, value.int);
    w.int(20, 2);
  } else if ("float" in value) {
    w.float(2, value.float);
    w.int(20, 1);
  } else if ("ints" in value) {
    for (const int of value.ints) w.int(8, int);
    w.int(20, 7);
  } else {
    w.message(6, (inner) => writeGraph(inner, value.graph));
    w.int(20, 5);
  }
}

function writeTensor(w: Writer, tensor: InitializerDef): void {
  const { buffer, byteOffset, byteLength } = tensor.data;
  if (byteLength !== sizeOf(tensor.shape) * BYTES[tensor.dtype]) {
    throw new Error(`internal: "${tensor.name}" has ${byteLength} bytes, not those of its shape.`);
  }
  for (const dim of tensor.shape) w.int(1, dim);
  w.int(2, DATA_TYPES[tensor.dtype]);
  w.text(8, tensor.name);
  w.raw(9, new Uint8Array(buffer, byteOffset, byteLength));
}

function writeValue(w: Writer, value: ValueDef): void {
  w.text(1, value.name);
  w.message(2, (type) =>
    type.message(1, (tensor) => {
      tensor.int(1, DATA_TYPES[value.dtype]);
      tensor.message(2, (shape) => {
        for (const dim of value.shape) {
          shape.message(1, (d) => (typeof dim === "number" ? d.int(1, dim) : d.text(2, dim)));
        }
      });
    }),
  );
}

/** Protobuf wire format: varint, fixed 32 and length-delimited fields. */
class Writer {
  #buffer = new Uint8Array(256);
  #length = 0;

  int(field: number, value: number): void {
    this.#varint(BigInt(field << 3));
    this.#varint(BigInt.asUintN(64, BigInt(value)));
  }

  float(field: number, value: number): void {
    this.#varint(BigInt((field << 3) | 5));
    this.#reserve(4);
    new DataView(this.#buffer.buffer).setFloat32(this.#length, value, true);
    this.#length += 4;
  }

  raw(field: number, bytes: Uint8Array): void {
    this.#varint(BigInt((field << 3) | 2));
    this.#varint(BigInt(bytes.length));
    this.#reserve(bytes.length);
    this.#buffer.set(bytes, this.#length);
    this.#length += bytes.length;
  }

  text(field: number, value: string): void {
    this.raw(field, new TextEncoder().encode(value));
  }

  message(field: number, write: (inner: Writer) => void): void {
    const inner = new Writer();
    write(inner);
    this.raw(field, inner.bytes());
  }

  bytes(): Uint8Array {
    return this.#buffer.subarray(0, this.#length);
  }

  #varint(value: bigint): void {
    this.#reserve(10);
    let rest = value;
    while (rest > 127n) {
      this.#buffer[this.#length++] = Number(rest & 127n) | 128;
      rest >>= 7n;
    }
    this.#buffer[this.#length++] = Number(rest);
  }

  #reserve(extra: number): void {
    if (this.#length + extra <= this.#buffer.length) return;
    const larger = new Uint8Array(Math.max(2 * this.#buffer.length, this.#length + extra));
    larger.set(this.bytes());
    this.#buffer = larger;
  }
}
