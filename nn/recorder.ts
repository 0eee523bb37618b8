/**
 * Records ONNX nodes, and beside them a tape of how each differentiable one hands gradients back.
 * The operators themselves live in `ops/`; `Graph` gathers them under one name.
 */

import { ShapeError } from "../core/errors.ts";
import {
  type Attribute,
  BYTES,
  type GraphDef,
  type InitializerDef,
  type NodeDef,
  type ValueDef,
} from "./onnx.ts";
import { isAllowedOp, type OpName } from "./op-table.ts";
import { pruned } from "./prune.ts";
import { type DType, type FloatType, type Operand, sizeOf, type Tensor } from "./tensor.ts";

/**
 * Stands for an unknown number of rows, such as the batch size while a graph for export is recorded: a prime that no
 * real size is a multiple of. Inputs and outputs show it as the symbolic axis "N", `reshape` as -1.
 */
export const UNKNOWN_BATCH = 1_000_003;

/** Gradient of each input, given the gradient of each output; undefined where none flows. */
export type Backward = (gradients: readonly (Tensor | undefined)[]) => readonly Gradient[];
export type Gradient = Tensor | undefined;

/** One differentiable operation that was recorded. */
export interface TapeEntry {
  readonly inputs: readonly Tensor[];
  readonly outputs: readonly Tensor[];
  readonly backward: Backward;
}

export interface Result {
  readonly shape: readonly number[];
  readonly dtype?: DType;
  readonly attributes?: Readonly<Record<string, Attribute>>;
}

export interface RecorderOptions {
  /** The type of floating point numbers in this graph; float64 is for checks on the CPU. */
  readonly dtype?: FloatType;
  /** "train": convolutions as products of blocks, which differentiate; "infer": native ones. */
  readonly mode?: "train" | "infer";
  /** Whether how many rows are worked on may depend on their numbers; for the CPU, not unless given. */
  readonly dynamicShapes?: boolean;
}

export class Recorder {
  readonly dtype: FloatType;
  readonly mode: "train" | "infer";
  readonly dynamicShapes: boolean;
  readonly tape: TapeEntry[] = [];
  readonly #parent: Recorder | undefined;
  readonly #nodes: NodeDef[] = [];
  readonly #initializers: InitializerDef[] = [];
  readonly #inputs: ValueDef[] = [];
  readonly #outputs: ValueDef[] = [];
  readonly #constants = new Map<string, Tensor>();
  #names = 0;
  #recording = true;

  constructor(options: RecorderOptions = {}, parent?: Recorder) {
    this.dtype = options.dtype ?? "float32";
    this.mode = options.mode ?? "train";
    this.dynamicShapes = options.dynamicShapes ?? false;
    this.#parent = parent;
  }

  /** A new name, unique among this graph and the graphs around it. */
  fresh(stem: string): string {
    if (this.#parent) return this.#parent.fresh(stem);
    this.#names += 1;
    return `${stem}_${this.#names}`;
  }

  /** An input of the graph. Its dtype is the graph's float type unless given. */
  input(name: string, shape: readonly number[], dtype: DType = this.dtype): Tensor {
    this.#inputs.push({ name, dtype, shape: symbolic(shape) });
    return { name, shape, dtype, needsGrad: false };
  }

  /** Makes `tensor` an output of the graph under `name`. */
  output(name: string, tensor: Tensor): void {
    this.#node("Identity", [tensor.name], [name], {});
    this.#outputs.push({ name, dtype: tensor.dtype, shape: symbolic(tensor.shape) });
  }

  /**
   * A constant; kept in the outermost graph, where loop bodies see it too. Short lists are shared, unless
   * they are given a name of their own to be found under in the file.
   */
  constant(
    values: readonly number[] | ArrayBufferView,
    shape: readonly number[],
    dtype: DType = this.dtype,
    name?: string,
  ): Tensor {
    if (this.#parent) return this.#parent.constant(values, shape, dtype, name);
    if (shape.some(isUnknown)) {
      throw new ShapeError(
        `A constant of shape [${shape.join(", ")}] cannot depend on the batch size: let it broadcast.`,
      );
    }
    const key = !name && isList(values) && values.length <= 32 ? `${dtype}|${shape}|${values}` : "";
    const known = this.#constants.get(key);
    if (known) return known;
    const tensor: Tensor = {
      name: name ?? this.fresh("constant"),
      shape,
      dtype,
      needsGrad: false,
    };
    const data = isList(values) ? typedArray(values, dtype) : values;
    const count = data.byteLength / BYTES[dtype];
    if (count !== sizeOf(shape)) {
      throw new ShapeError(
        `Expected ${sizeOf(shape)} numbers for a constant of shape [${shape.join(", ")}], got ${count}.`,
      );
    }
    this.#initializers.push({ name: tensor.name, dtype, shape, data });
    if (key) this.#constants.set(key, tensor);
    return tensor;
  }

  /** A scalar constant for a number, the tensor itself otherwise. */
  operand(value: Operand): Tensor {
    return typeof value === "number" ? this.constant([value], []) : value;
  }

  /** A list of integers as the operators take them (axes, shapes, positions). */
  integers(values: readonly number[]): Tensor {
    return this.constant(values, [values.length], "int64");
  }

  /** Records one node with one output. Without `backward`, no gradient flows through it. */
  record(op: OpName, inputs: readonly Tensor[], result: Result, backward?: Backward): Tensor {
    return this.recordAll(op, inputs, [result], result.attributes ?? {}, backward)[0];
  }

  /** Records one node with several outputs. */
  recordAll(
    op: OpName,
    inputs: readonly Tensor[],
    results: readonly Result[],
    attributes: Readonly<Record<string, Attribute>>,
    backward?: Backward,
  ): Tensor[] {
    const differentiable =
      backward !== undefined && this.#recording && inputs.some((input) => input.needsGrad);
    const ofGradient = backward !== undefined && inputs.some((input) => input.ofGradient);
    const outputs = results.map(({ shape, dtype }) => ({
      name: this.fresh(op),
      shape,
      dtype: dtype ?? inputs[0].dtype,
      needsGrad: differentiable,
      ...(ofGradient && { ofGradient }),
    }));
    const names = outputs.map((output) => output.name);
    this.#node(
      op,
      inputs.map((input) => input.name),
      names,
      attributes,
    );
    if (differentiable) this.tape.push({ inputs, outputs, backward });
    return outputs;
  }

  /** Adds a tape entry for a tensor that other, undifferentiated nodes have computed. */
  custom(output: Tensor, inputs: readonly Tensor[], backward: Backward): Tensor {
    if (!this.#recording || !inputs.some((input) => input.needsGrad)) return output;
    const result = { ...output, needsGrad: true };
    this.tape.push({ inputs, outputs: [result], backward });
    return result;
  }

  /** Runs `work` without writing to the tape. */
  untaped<R>(work: () => R): R {
    const before = this.#recording;
    this.#recording = false;
    try {
      return work();
    } finally {
      this.#recording = before;
    }
  }

  /** The recorded graph, without the nodes that no output depends on. */
  definition(name: string): GraphDef {
    return pruned({
      name,
      nodes: this.#nodes,
      initializers: this.#initializers,
      inputs: this.#inputs,
      outputs: this.#outputs,
    });
  }

  #node(
    op: OpName,
    inputs: readonly string[],
    outputs: readonly string[],
    attributes: Readonly<Record<string, Attribute>>,
  ): void {
    if (!isAllowedOp(op)) {
      throw new Error(
        `internal: operator "${op}" is not in nn/op-table.ts, the list that runs on a GPU.`,
      );
    }
    this.#nodes.push({ op, inputs, outputs, attributes });
  }
}

export function isUnknown(dim: number): boolean {
  return dim !== 0 && dim % UNKNOWN_BATCH === 0;
}

function symbolic(shape: readonly number[]): (number | string)[] {
  return shape.map((dim) => {
    if (!isUnknown(dim)) return dim;
    return dim === UNKNOWN_BATCH ? "N" : `${dim / UNKNOWN_BATCH}N`;
  });
}

function isList(values: readonly number[] | ArrayBufferView): values is readonly number[] {
  return Array.isArray(values);
}

function typedArray(values: readonly number[], dtype: DType): ArrayBufferView {
  if (dtype === "float32") return Float32Array.from(values);
  if (dtype === "float64") return Float64Array.from(values);
  if (dtype === "int64") return BigInt64Array.from(values, (value) => BigInt(value));
  if (dtype === "int32") return Int32Array.from(values);
  return Uint8Array.from(values);
}
