/** Tensors of a graph that is being recorded: a name, a static shape and a type. They hold no numbers. */

import { ShapeError } from "../core/errors.ts";

export type FloatType = "float32" | "float64";
export type DType = FloatType | "uint8" | "int32" | "int64" | "bool";

export interface Tensor {
  readonly name: string;
  readonly shape: readonly number[];
  readonly dtype: DType;
  /** True when a loss that depends on this tensor must be differentiated through it. */
  readonly needsGrad: boolean;
  /** Set where a gradient went into it: no second gradient flows there. */
  readonly ofGradient?: boolean;
  /** Set by `transpose`, so that two transposes, or one around an activation, cancel. */
  readonly transposed?: { readonly source: Tensor; readonly order: readonly number[] };
}

/** A tensor, or a number that becomes a constant of the graph's float type. */
export type Operand = Tensor | number;

export function sizeOf(shape: readonly number[]): number {
  return shape.reduce((a, b) => a * b, 1);
}

export function sameShape(a: readonly number[], b: readonly number[]): boolean {
  return a.length === b.length && a.every((dim, i) => dim === b[i]);
}

/** Shape of an elementwise result by the NumPy rule: trailing axes align, 1 stretches. */
export function broadcastShape(a: readonly number[], b: readonly number[]): number[] {
  const rank = Math.max(a.length, b.length);
  return Array.from({ length: rank }, (_, i) => {
    const x = a[a.length - rank + i] ?? 1;
    const y = b[b.length - rank + i] ?? 1;
    if (x !== y && x !== 1 && y !== 1) {
      throw new ShapeError(`Shapes [${a.join(", ")}] and [${b.join(", ")}] do not broadcast.`);
    }
    return Math.max(x, y);
  });
}

/** Axes as non-negative numbers in rising order; -1 is the last one. */
export function resolveAxes(axes: readonly number[], rank: number): number[] {
  return axes
    .map((axis) => {
      const at = axis < 0 ? axis + rank : axis;
      if (!Number.isInteger(at) || at < 0 || at >= rank) {
        throw new ShapeError(`Axis ${axis} is outside a tensor of ${rank} axes.`);
      }
      return at;
    })
    .sort((a, b) => a - b);
}

export function resolveAxis(axis: number, rank: number): number {
  return resolveAxes([axis], rank)[0];
}
