/**
 * The ONNX operators that graphs may use: those that were seen to run on onnxruntime's WebGPU
 * execution provider in float32, with right numbers, without falling back to the CPU.
 *
 * Left out on purpose because they fall back: Sign, Sum (variadic), Mean (variadic), Round, Softsign, Selu, Celu,
 * LogSoftmax, Or, Xor, IsNaN, OneHot, Range, SpaceToDepth, Col2Im, RandomNormalLike, Scan.
 * A fallback costs a copy to the CPU and back for every node, so the recorder refuses them.
 */

export const GPU_OPS = [
  // arithmetic
  "Add",
  "Sub",
  "Mul",
  "Div",
  "Neg",
  "Abs",
  "Min",
  "Max",
  "Clip",
  "Exp",
  "Log",
  "Sqrt",
  // activations
  "Tanh",
  "Sigmoid",
  "Relu",
  "Elu",
  "Softplus",
  // comparison and choice
  "Equal",
  "Greater",
  "GreaterOrEqual",
  "Less",
  "LessOrEqual",
  "And",
  "Not",
  "Where",
  "Cast",
  // reduction
  "ReduceSum",
  "ReduceMean",
  "ReduceMax",
  // shape
  "Reshape",
  "Transpose",
  "Expand",
  "Concat",
  "Split",
  "Slice",
  "Pad",
  "Gather",
  "Identity",
  // products
  "Gemm",
  "MatMul",
  "Conv",
] as const;

/** Used on the CPU only: control flow around whole training steps, and choices of rows by their numbers. */
export const CPU_OPS = ["Loop", "NonZero", "CumSum", "ReduceL1"] as const;

export type OpName = (typeof GPU_OPS)[number] | (typeof CPU_OPS)[number];

const allowed: ReadonlySet<string> = new Set([...GPU_OPS, ...CPU_OPS]);

export function isAllowedOp(name: string): name is OpName {
  return allowed.has(name);
}
