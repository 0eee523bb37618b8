/** Transpose, which remembers what it transposed: two in a row become one, or none. */

import { ShapeError } from "../../core/errors.ts";
import type { Recorder } from "../recorder.ts";
import { resolveAxes, type Tensor } from "../tensor.ts";
import { reshape } from "./broadcast.ts";

/** Axis i of the result is axis order[i] of x. */
export function transpose(g: Recorder, x: Tensor, order: readonly number[]): Tensor {
  const rank = x.shape.length;
  if (resolveAxes(order, rank).some((axis, i) => axis !== i) || order.length !== rank) {
    throw new ShapeError(`[${order.join(", ")}] is not an order of ${rank} axes.`);
  }
  if (x.transposed) {
    const { source, order: first } = x.transposed;
    const both = order.map((axis) => first[axis]);
    return both.every((axis, i) => axis === i) ? source : transpose(g, source, both);
  }
  const shape = order.map((axis) => x.shape[axis]);
  if (movesOnlyOnes(x, order)) return reshape(g, x, shape);
  const inverse = order.map((_, i) => order.indexOf(i));
  const attributes = { perm: { ints: order } };
  const result = g.record("Transpose", [x], { shape, attributes }, ([gradient]) => [
    gradient && transpose(g, gradient, inverse),
  ]);
  return { ...result, transposed: { source: x, order } };
}

/** True when the axes longer than 1 keep their order, so that no number moves. */
function movesOnlyOnes(x: Tensor, order: readonly number[]): boolean {
  const long = order.filter((axis) => x.shape[axis] !== 1);
  return long.every((axis, i) => i === 0 || axis > long[i - 1]);
}
