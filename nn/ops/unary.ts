/** Elementwise functions of one tensor. They commute with a transpose, so transposes around them cancel. */

import type { OpName } from "../op-table.ts";
import type { Backward, Recorder } from "../recorder.ts";
import type { Tensor } from "../tensor.ts";
import { add, compare, div, max, min, mul, neg, sub, where } from "./arithmetic.ts";
import { cast } from "./shape.ts";
import { transpose } from "./transpose.ts";

type UnaryOp = Extract<
  OpName,
  "Exp" | "Log" | "Sqrt" | "Abs" | "Tanh" | "Sigmoid" | "Relu" | "Elu" | "Softplus"
>;

/**
 * `slope` gives the gradient of x from that of y = f(x). `spelled` computes f by other operators in
 * float64, for those that onnxruntime has in float32 only.
 */
function unary(
  g: Recorder,
  op: UnaryOp,
  x: Tensor,
  slope: (gradient: Tensor, y: Tensor, x: Tensor) => Tensor,
  spelled?: (x: Tensor) => Tensor,
): Tensor {
  if (x.transposed) {
    return transpose(g, unary(g, op, x.transposed.source, slope, spelled), x.transposed.order);
  }
  const gradients: Backward = ([gradient]) => [gradient && slope(gradient, y, x)];
  const y: Tensor =
    spelled && g.dtype === "float64"
      ? g.custom(
          g.untaped(() => spelled(x)),
          [x],
          gradients,
        )
      : g.record(op, [x], { shape: x.shape }, gradients);
  return y;
}

export function exp(g: Recorder, x: Tensor): Tensor {
  return unary(g, "Exp", x, (gradient, y) => mul(g, gradient, y));
}

export function log(g: Recorder, x: Tensor): Tensor {
  return unary(g, "Log", x, (gradient, _, at) => div(g, gradient, at));
}

export function sqrt(g: Recorder, x: Tensor): Tensor {
  return unary(g, "Sqrt", x, (gradient, y) => div(g, mul(g, gradient, 0.5), y));
}

/** |x|; the gradient at 0 is 0. */
export function abs(g: Recorder, x: Tensor): Tensor {
  return unary(g, "Abs", x, (gradient, y, at) =>
    mul(g, gradient, where(g, compare(g, "Greater", y, 0), div(g, at, y), 0)),
  );
}

export function square(g: Recorder, x: Tensor): Tensor {
  return mul(g, x, x);
}

export function tanh(g: Recorder, x: Tensor): Tensor {
  return unary(g, "Tanh", x, (gradient, y) => sub(g, gradient, mul(g, gradient, mul(g, y, y))));
}

export function sigmoid(g: Recorder, x: Tensor): Tensor {
  return unary(g, "Sigmoid", x, (gradient, y) => mul(g, gradient, mul(g, y, sub(g, 1, y))));
}

/** max(x, 0); the gradient at 0 is 0. */
export function relu(g: Recorder, x: Tensor): Tensor {
  // by a product: onnxruntime chooses between two tensors three times slower than it multiplies them
  return unary(g, "Relu", x, (gradient, y) =>
    mul(g, gradient, cast(g, compare(g, "Greater", y, 0), gradient.dtype)),
  );
}

/** x above 0, exp(x) - 1 below. */
export function elu(g: Recorder, x: Tensor): Tensor {
  return unary(
    g,
    "Elu",
    x,
    (gradient, y) => mul(g, gradient, add(g, min(g, y, 0), 1)),
    (at) => add(g, max(g, at, 0), sub(g, exp(g, min(g, at, 0)), 1)),
  );
}

/** log(1 + exp(x)). */
export function softplus(g: Recorder, x: Tensor): Tensor {
  return unary(
    g,
    "Softplus",
    x,
    (gradient, _, at) => mul(g, gradient, sigmoid(g, at)),
    (at) => add(g, max(g, at, 0), log(g, add(g, 1, exp(g, neg(g, abs(g, at)))))),
  );
}
