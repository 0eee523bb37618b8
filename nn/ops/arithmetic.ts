/** Elementwise operators of two tensors, with broadcasting, and the choices between tensors. */

import type { Gradient, Recorder } from "../recorder.ts";
import { broadcastShape, type Operand, type Tensor } from "../tensor.ts";
import { type Reduction, reduced, reshape, sum, sumTo } from "./broadcast.ts";

type BinaryOp = "Add" | "Sub" | "Mul" | "Div" | "Min" | "Max";
type Comparison = "Equal" | "Greater" | "GreaterOrEqual" | "Less" | "LessOrEqual";

/** `gradients` gives what flows to a and to b, in the shape of the result. */
function binary(
  g: Recorder,
  op: BinaryOp,
  [a, b]: readonly [Tensor, Tensor],
  gradients: (gradient: Tensor, result: Tensor) => readonly [() => Tensor, () => Tensor],
): Tensor {
  const shape = broadcastShape(a.shape, b.shape);
  const result: Tensor = g.record(op, [a, b], { shape }, ([gradient]) => {
    if (!gradient) return [undefined, undefined];
    const [toA, toB] = gradients(gradient, result);
    const flow = (to: () => Tensor, input: Tensor): Gradient =>
      input.needsGrad ? sumTo(g, to(), input.shape) : undefined;
    return [flow(toA, a), flow(toB, b)];
  });
  return result;
}

const pair = (g: Recorder, a: Operand, b: Operand): readonly [Tensor, Tensor] => [
  g.operand(a),
  g.operand(b),
];

export function add(g: Recorder, a: Operand, b: Operand): Tensor {
  return binary(g, "Add", pair(g, a, b), (gradient) => [() => gradient, () => gradient]);
}

export function sub(g: Recorder, a: Operand, b: Operand): Tensor {
  return binary(g, "Sub", pair(g, a, b), (gradient) => [() => gradient, () => neg(g, gradient)]);
}

export function mul(g: Recorder, a: Operand, b: Operand): Tensor {
  const [x, y] = pair(g, a, b);
  return binary(g, "Mul", [x, y], (gradient) => [
    () => mul(g, gradient, y),
    () => mul(g, gradient, x),
  ]);
}

export function div(g: Recorder, a: Operand, b: Operand): Tensor {
  const [x, y] = pair(g, a, b);
  return binary(g, "Div", [x, y], (gradient, result) => [
    () => div(g, gradient, y),
    () => neg(g, div(g, mul(g, gradient, result), y)),
  ]);
}

/** The smaller of two; where they are equal the gradient goes to `a`. */
export function min(g: Recorder, a: Operand, b: Operand): Tensor {
  return chooseBetween(g, "Min", "LessOrEqual", pair(g, a, b));
}

/** The larger of two; where they are equal the gradient goes to `a`. */
export function max(g: Recorder, a: Operand, b: Operand): Tensor {
  return chooseBetween(g, "Max", "GreaterOrEqual", pair(g, a, b));
}

function chooseBetween(
  g: Recorder,
  op: "Min" | "Max",
  takesA: Comparison,
  [a, b]: readonly [Tensor, Tensor],
): Tensor {
  return binary(g, op, [a, b], (gradient) => {
    const chosen = compare(g, takesA, a, b);
    return [() => where(g, chosen, gradient, 0), () => where(g, chosen, 0, gradient)];
  });
}

/** A boolean tensor; no gradient flows through it. */
export function compare(g: Recorder, op: Comparison, a: Operand, b: Operand): Tensor {
  const [x, y] = pair(g, a, b);
  return g.record(op, [x, y], { shape: broadcastShape(x.shape, y.shape), dtype: "bool" });
}

/** `a` where `condition` holds, else `b`. */
export function where(g: Recorder, condition: Tensor, a: Operand, b: Operand): Tensor {
  const [x, y] = pair(g, a, b);
  const shape = broadcastShape(condition.shape, broadcastShape(x.shape, y.shape));
  return g.record("Where", [condition, x, y], { shape, dtype: x.dtype }, ([gradient]) => {
    if (!gradient) return [];
    const flow = (to: () => Tensor, input: Tensor): Gradient =>
      input.needsGrad ? sumTo(g, to(), input.shape) : undefined;
    return [
      undefined,
      flow(() => where(g, condition, gradient, 0), x),
      flow(() => where(g, condition, 0, gradient), y),
    ];
  });
}

/** Limits to [low, high]; the gradient is zero outside and passes at the bounds. */
export function clip(g: Recorder, x: Tensor, low: number, high: number): Tensor {
  const bounds = [g.operand(low), g.operand(high)] as const;
  return g.record("Clip", [x, ...bounds], { shape: x.shape }, ([gradient]) => {
    if (!gradient) return [];
    const above = compare(g, "GreaterOrEqual", x, low);
    const below = compare(g, "LessOrEqual", x, high);
    const inside = g.record("And", [above, below], { shape: x.shape });
    return [where(g, inside, gradient, 0)];
  });
}

export function neg(g: Recorder, x: Tensor): Tensor {
  return g.record("Neg", [x], { shape: x.shape }, ([gradient]) => [gradient && neg(g, gradient)]);
}

/** The largest along the axes; the elements that tie for it share the gradient equally. */
export function maxReduce(g: Recorder, x: Tensor, options: Reduction = {}): Tensor {
  const { axes, kept, result } = reduced(x, options);
  const attributes = { ...result.attributes, axes: { ints: axes } };
  const largest: Tensor = g.record("ReduceMax", [x], { ...result, attributes }, ([gradient]) => {
    if (!gradient) return [undefined];
    const isLargest = compare(g, "Equal", x, reshape(g, largest, kept));
    const mask = g.record("Cast", [isLargest], castTo(g, x.shape));
    const share = div(g, reshape(g, gradient, kept), sum(g, mask, { axes, keep: true }));
    return [mul(g, mask, share)];
  });
  return largest;
}

function castTo(g: Recorder, shape: readonly number[]) {
  const to = { int: g.dtype === "float32" ? 1 : 11 };
  return { shape, dtype: g.dtype, attributes: { to } };
}
