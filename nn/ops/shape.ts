/** Operators that take tensors apart and put them together. */

import { ShapeError } from "../../core/errors.ts";
import { DATA_TYPES } from "../onnx.ts";
import { isUnknown, type Recorder } from "../recorder.ts";
import { type DType, resolveAxis, sameShape, type Tensor } from "../tensor.ts";
import { compare } from "./arithmetic.ts";
import { expand, reshape } from "./broadcast.ts";
import { gemm } from "./matmul.ts";

/** WebGPU promises 8 storage buffers to a shader: 7 parts and the whole. More are joined or split in turns. */
const MOST_PARTS = 7;

function groupsOf<T>(list: readonly T[]): T[][] {
  const groups = Math.ceil(list.length / MOST_PARTS);
  return Array.from({ length: groups }, (_, i) => list.slice(i * MOST_PARTS, (i + 1) * MOST_PARTS));
}

export function concat(g: Recorder, parts: readonly Tensor[], axis: number): Tensor {
  if (parts.length === 1) return parts[0];
  if (parts.length > MOST_PARTS) {
    const joined = groupsOf(parts).map((group) => concat(g, group, axis));
    return concat(g, joined, axis);
  }
  const at = resolveAxis(axis, parts[0].shape.length);
  const widths = parts.map((part) => part.shape[at]);
  const shape = replaced(
    parts[0].shape,
    at,
    widths.reduce((a, b) => a + b),
  );
  for (const part of parts) {
    if (!sameShape(replaced(part.shape, at, 0), replaced(shape, at, 0))) {
      const shapes = parts.map((p) => `[${p.shape.join(", ")}]`).join(" and ");
      throw new ShapeError(`${shapes} cannot be joined along axis ${at}.`);
    }
  }
  return g.record("Concat", parts, { shape, attributes: { axis: { int: at } } }, ([gradient]) =>
    gradient ? split(g, gradient, widths, at) : [],
  );
}

/** Parts of the given widths, one after another along `axis`. */
export function split(
  g: Recorder,
  x: Tensor,
  widths: readonly number[],
  axis: number,
): readonly Tensor[] {
  const at = resolveAxis(axis, x.shape.length);
  if (widths.reduce((a, b) => a + b, 0) !== x.shape[at]) {
    throw new ShapeError(`Widths [${widths.join(", ")}] do not add up to ${x.shape[at]}.`);
  }
  if (widths.length === 1) return [x];
  if (widths.length > MOST_PARTS) {
    const groups = groupsOf(widths);
    const sums = groups.map((group) => group.reduce((a, b) => a + b));
    const wholes = split(g, x, sums, at);
    return groups.flatMap((group, i) => split(g, wholes[i], group, at));
  }
  const results = widths.map((width) => ({ shape: replaced(x.shape, at, width) }));
  const attributes = { axis: { int: at } };
  return g.recordAll("Split", [x, g.integers(widths)], results, attributes, (gradients) => {
    const parts = gradients.map((gradient, i) => gradient ?? zeros(g, results[i].shape));
    return [concat(g, parts, at)];
  });
}

/** Elements `from` up to, not including, `to` along `axis`. */
export function slice(g: Recorder, x: Tensor, axis: number, from: number, to: number): Tensor {
  const at = resolveAxis(axis, x.shape.length);
  if (from === 0 && to === x.shape[at]) return x;
  if (from < 0 || to > x.shape[at] || to <= from || isUnknown(x.shape[at])) {
    throw new ShapeError(`Cannot take ${from} to ${to} of axis ${at} of [${x.shape.join(", ")}].`);
  }
  const inputs = [x, g.integers([from]), g.integers([to]), g.integers([at])];
  return g.record("Slice", inputs, { shape: replaced(x.shape, at, to - from) }, ([gradient]) => {
    const before = x.shape.map((_, i) => (i === at ? from : 0));
    const after = x.shape.map((dim, i) => (i === at ? dim - to : 0));
    return [gradient && pad(g, gradient, before, after)];
  });
}

/** Zeros in front of and behind each axis. */
export function pad(
  g: Recorder,
  x: Tensor,
  before: readonly number[],
  after: readonly number[],
): Tensor {
  const shape = x.shape.map((dim, i) => before[i] + dim + after[i]);
  if ([...before, ...after].every((width) => width === 0)) return x;
  return g.record("Pad", [x, g.integers([...before, ...after])], { shape }, ([gradient]) => {
    let inner = gradient;
    x.shape.forEach((dim, axis) => {
      inner = inner && slice(g, inner, axis, before[axis], before[axis] + dim);
    });
    return [inner];
  });
}

export function zeros(g: Recorder, shape: readonly number[]): Tensor {
  return expand(g, g.constant([0], []), shape);
}

/** The same numbers as another type; no gradient flows. */
export function cast(g: Recorder, x: Tensor, dtype: DType): Tensor {
  if (x.dtype === dtype) return x;
  const attributes = { to: { int: DATA_TYPES[dtype] } };
  return g.record("Cast", [x], { shape: x.shape, dtype, attributes });
}

/**
 * Rows of `x` along `axis`. Positions are numbers, known now, or a tensor of integers; a gradient flows
 * through the latter only where they choose rows of a matrix, as in a table of embeddings.
 */
export function gather(
  g: Recorder,
  x: Tensor,
  positions: Tensor | readonly number[],
  axis = 0,
): Tensor {
  const at = resolveAxis(axis, x.shape.length);
  if (!("name" in positions)) return gatherKnown(g, x, positions, at);
  if (x.needsGrad && (at !== 0 || x.shape.length !== 2)) {
    throw new ShapeError(
      "A gradient flows only through a gather whose positions are numbers, or that takes rows of a matrix.",
    );
  }
  const shape = [...x.shape.slice(0, at), ...positions.shape, ...x.shape.slice(at + 1)];
  const attributes = { axis: { int: at } };
  const result = { shape, dtype: x.dtype, attributes };
  return g.record("Gather", [x, positions], result, ([gradient]) => [
    gradient && sumOfTakers(g, gradient, positions, x.shape),
  ]);
}

/** Each row of a matrix sums the gradients of the places that took it: a product with ones and zeros. */
function sumOfTakers(
  g: Recorder,
  gradient: Tensor,
  positions: Tensor,
  [rows, columns]: readonly number[],
): Tensor {
  const places = cast(g, reshape(g, positions, [-1, 1]), g.dtype);
  const all = g.constant(
    Array.from({ length: rows }, (_, row) => row),
    [1, rows],
  );
  const taken = cast(g, compare(g, "Equal", places, all), g.dtype);
  return gemm(g, taken, reshape(g, gradient, [-1, columns]), { transposeA: true });
}

function gatherKnown(g: Recorder, x: Tensor, positions: readonly number[], at: number): Tensor {
  const rows = x.shape[at];
  if (positions.some((p) => !Number.isInteger(p) || p < 0 || p >= rows)) {
    throw new ShapeError(`Positions must lie in 0 to ${rows - 1}, got [${positions.join(", ")}].`);
  }
  const shape = replaced(x.shape, at, positions.length);
  const attributes = { axis: { int: at } };
  const inputs = [x, g.integers(positions)];
  return g.record("Gather", inputs, { shape, attributes }, ([gradient]) => [
    gradient && scatterBack(g, gradient, positions, rows, at),
  ]);
}

/**
 * The gradient of a gather, without a scatter (whose sums have no fixed order on a GPU): each row of x
 * gathers the rows of the gradient that were taken from it, padded with a row of zeros, and sums them.
 */
function scatterBack(
  g: Recorder,
  gradient: Tensor,
  positions: readonly number[],
  rows: number,
  axis: number,
): Tensor {
  const takers = Array.from({ length: rows }, () => [] as number[]);
  positions.forEach((row, i) => {
    takers[row].push(i);
  });
  const most = Math.max(...takers.map((list) => list.length));
  const none = positions.length;
  const inverse = takers.flatMap((list) => Array.from({ length: most }, (_, i) => list[i] ?? none));
  const nothing = gradient.shape.map(() => 0);
  const padded = pad(g, gradient, nothing, replaced(nothing, axis, 1));
  const shape = replaced(gradient.shape, axis, inverse.length);
  const attributes = { axis: { int: axis } };
  const taken = g.record("Gather", [padded, g.integers(inverse)], { shape, attributes });
  const grouped = [...gradient.shape.slice(0, axis), rows, most, ...gradient.shape.slice(axis + 1)];
  const result = replaced(gradient.shape, axis, rows);
  return g.record("ReduceSum", [reshape(g, taken, grouped), g.integers([axis + 1])], {
    shape: result,
    attributes: { keepdims: { int: 0 } },
  });
}

function replaced(shape: readonly number[], at: number, dim: number): number[] {
  return shape.map((old, i) => (i === at ? dim : old));
}
