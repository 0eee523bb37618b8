/** Reshape, expand, sum and mean: the operators that broadcasting and its gradient are made of. */

import { ShapeError } from "../../core/errors.ts";
import { isUnknown, type Recorder, type Result } from "../recorder.ts";
import { resolveAxes, sameShape, sizeOf, type Tensor } from "../tensor.ts";

/** One axis may be -1: what is left of the size. */
export function reshape(g: Recorder, x: Tensor, shape: readonly number[]): Tensor {
  const target = fillIn(x, shape);
  if (sameShape(x.shape, target)) return x;
  const unknown = target.filter(isUnknown).length;
  if (unknown > 1) throw new ShapeError("A reshape can hold the unknown batch in one axis only.");
  const wanted = g.integers(target.map((dim) => (isUnknown(dim) ? -1 : dim)));
  return g.record("Reshape", [x, wanted], { shape: target }, ([gradient]) => [
    gradient && reshape(g, gradient, x.shape),
  ]);
}

function fillIn(x: Tensor, shape: readonly number[]): number[] {
  const size = sizeOf(x.shape);
  const known = shape.filter((dim) => dim !== -1).reduce((a, b) => a * b, 1);
  const target = shape.map((dim) => (dim === -1 ? size / known : dim));
  if (sizeOf(target) !== size || !target.every(Number.isInteger)) {
    throw new ShapeError(`[${x.shape.join(", ")}] cannot be reshaped to [${shape.join(", ")}].`);
  }
  return target;
}

/** Repeats along axes of size 1 (or missing in front) up to `shape`. */
export function expand(g: Recorder, x: Tensor, shape: readonly number[]): Tensor {
  if (sameShape(x.shape, shape)) return x;
  const inFront = shape.length - x.shape.length;
  const wanted = shape.map((dim, i) => {
    if (!isUnknown(dim)) return dim;
    if (x.shape[i - inFront] === dim) return 1;
    throw new ShapeError("Cannot expand to the unknown batch size: let the operation broadcast.");
  });
  return g.record("Expand", [x, g.integers(wanted)], { shape }, ([gradient]) => [
    gradient && sumTo(g, gradient, x.shape),
  ]);
}

export interface Reduction {
  /** All axes unless given; -1 is the last. */
  readonly axes?: readonly number[];
  /** Keeps the reduced axes, with size 1. */
  readonly keep?: boolean;
}

/** Which axes go, and the shapes with and without them. */
export function reduced(
  x: Tensor,
  { axes, keep = false }: Reduction,
): { axes: number[]; kept: number[]; result: Result } {
  const all = x.shape.map((_, i) => i);
  const gone = axes ? resolveAxes(axes, x.shape.length) : all;
  const kept = x.shape.map((dim, i) => (gone.includes(i) ? 1 : dim));
  const shape = keep ? kept : x.shape.filter((_, i) => !gone.includes(i));
  return { axes: gone, kept, result: { shape, attributes: { keepdims: { int: keep ? 1 : 0 } } } };
}

export function sum(g: Recorder, x: Tensor, options: Reduction = {}): Tensor {
  const { axes, kept, result } = reduced(x, options);
  if (axes.length === 0) return x;
  return g.record("ReduceSum", [x, g.integers(axes)], result, ([gradient]) => [
    gradient && expand(g, reshape(g, gradient, kept), x.shape),
  ]);
}

export function mean(g: Recorder, x: Tensor, options: Reduction = {}): Tensor {
  const { axes, kept, result } = reduced(x, options);
  if (axes.length === 0) return x;
  const attributes = { ...result.attributes, axes: { ints: axes } };
  return g.record("ReduceMean", [x], { ...result, attributes }, ([gradient]) => {
    if (!gradient) return [undefined];
    const share = g.constant([sizeOf(result.shape) / sizeOf(x.shape)], []);
    const scaled = g.record("Mul", [gradient, share], { shape: gradient.shape });
    return [expand(g, reshape(g, scaled, kept), x.shape)];
  });
}

/** Sums a gradient over the axes along which its tensor of shape `shape` was broadcast. */
export function sumTo(g: Recorder, gradient: Tensor, shape: readonly number[]): Tensor {
  if (sameShape(gradient.shape, shape)) return gradient;
  const inFront = gradient.shape.length - shape.length;
  const axes = gradient.shape.flatMap((dim, i) =>
    i < inFront || (shape[i - inFront] === 1 && dim !== 1) ? [i] : [],
  );
  const summed = axes.length > 0 ? sum(g, gradient, { axes, keep: true }) : gradient;
  return reshape(g, summed, shape);
}
