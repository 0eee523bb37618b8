/** Attention (Vaswani et al. 2017), of operators that run on every device. */

import { ShapeError } from "../core/errors.ts";
import type { Graph } from "./graph.ts";
import { linear } from "./layers.ts";
import type { Params, Views } from "./params.ts";
import type { Tensor } from "./tensor.ts";

/** Added to what must not be chosen. Finite, so that a row in which nothing may be chosen stays finite. */
export const MASKED = -1e4;

/** exp(x) over its sum along the last axis. */
export function softmax(g: Graph, x: Tensor): Tensor {
  const e = g.exp(g.sub(x, largest(g, x)));
  return g.div(e, g.sum(e, { axes: [-1], keep: true }));
}

/** The logarithm of `softmax`, which stays finite where that is 0. */
export function logSoftmax(g: Graph, x: Tensor): Tensor {
  const shifted = g.sub(x, largest(g, x));
  return g.sub(shifted, g.log(g.sum(g.exp(shifted), { axes: [-1], keep: true })));
}

/** The shift that keeps exp in range; it cancels, so no gradient need flow through it. */
function largest(g: Graph, x: Tensor): Tensor {
  return g.stopGradient(g.maxReduce(g.stopGradient(x), { axes: [-1], keep: true }));
}

/** Parameters of `attention`: `name.query`, `name.key`, `name.value` and `name.out`, each linear. */
export function attentionParams(params: Params, name: string, size: number): Params {
  return params
    .linear(`${name}.query`, size, size)
    .linear(`${name}.key`, size, size)
    .linear(`${name}.value`, size, size)
    .linear(`${name}.out`, size, size, 0.5);
}

export interface AttentionInputs {
  /** [N, Q, D] */
  readonly queries: Tensor;
  /** [N, K, D], from which values are read too. */
  readonly keys: Tensor;
  /** Broadcasts to [N, heads, Q, K]; added before the softmax. */
  readonly bias?: Tensor;
  readonly heads: number;
}

/** Scaled dot-product attention of several heads, [N, Q, D]. */
export function attention(
  g: Graph,
  views: Views,
  name: string,
  { queries, keys, bias, heads }: AttentionInputs,
): Tensor {
  const [batch, rows, size] = queries.shape;
  const width = size / heads;
  if (!Number.isInteger(width)) {
    throw new ShapeError(`${size} columns cannot be shared among ${heads} heads of "${name}".`);
  }
  const split = (x: Tensor, part: string) => {
    const mapped = linear(g, views, `${name}.${part}`, x);
    const shaped = g.reshape(mapped, [batch, x.shape[1], heads, width]);
    return g.transpose(shaped, [0, 2, 1, 3]);
  };
  const query = g.mul(split(queries, "query"), 1 / Math.sqrt(width));
  const scores = g.matmul(query, g.transpose(split(keys, "key"), [0, 1, 3, 2]));
  const weights = softmax(g, bias ? g.add(scores, bias) : scores);
  const read = g.matmul(weights, split(keys, "value"));
  const joined = g.reshape(g.transpose(read, [0, 2, 1, 3]), [batch, rows, size]);
  return linear(g, views, `${name}.out`, joined);
}
