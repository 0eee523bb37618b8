/** Adam on the flat theta, with the global norm of the gradient clipped first. */

import type { Graph } from "./graph.ts";
import type { Tensor } from "./tensor.ts";

export interface AdamOptions {
  /** Decay of the mean of gradients. */
  readonly beta1?: number;
  /** Decay of the mean of squared gradients. */
  readonly beta2?: number;
  readonly epsilon?: number;
}

export const ADAM_DEFAULTS = { beta1: 0.9, beta2: 0.999, epsilon: 1e-5 } as const;

/** Numbers a step needs from outside the graph. */
export const HYPER_SIZE = 3;

/**
 * The numbers of step `t` (from 1): learning rate with bias correction, correction of the squared mean, and
 * what decoupled weight decay leaves (Kingma and Ba 2015; Loshchilov and Hutter 2019). They are worked out
 * here, in float64, because 1 - beta2^t in float32 is wrong by 1e-5 already for beta2 = 0.999.
 */
export function adamHyper(
  t: number,
  learningRate: number,
  options: AdamOptions & { readonly weightDecay?: number } = {},
): [number, number, number] {
  const { beta1, beta2, weightDecay = 0 } = { ...ADAM_DEFAULTS, ...options };
  return [
    learningRate / (1 - beta1 ** t),
    1 / Math.sqrt(1 - beta2 ** t),
    1 - learningRate * weightDecay,
  ];
}

export interface AdamTensors {
  readonly theta: Tensor;
  readonly m: Tensor;
  readonly v: Tensor;
}

/** One step; `hyper` [3] comes from `adamHyper`. `gradNorm` is the norm before clipping. */
export function adamStep(
  g: Graph,
  state: AdamTensors,
  gradient: Tensor,
  hyper: Tensor,
  options: AdamOptions & { readonly clipNorm: number; readonly decays: boolean },
): AdamTensors & { readonly gradNorm: Tensor } {
  const { beta1, beta2, epsilon, clipNorm, decays } = { ...ADAM_DEFAULTS, ...options };
  const [rate, correction, remains] = g.split(hyper, [1, 1, 1], 0);
  const gradNorm = g.sqrt(g.sum(g.square(gradient)));
  const shrink = g.min(1, g.div(clipNorm, g.add(gradNorm, 1e-6)));
  const clipped = g.mul(gradient, shrink);
  const m = g.add(g.mul(state.m, beta1), g.mul(clipped, 1 - beta1));
  const v = g.add(g.mul(state.v, beta2), g.mul(g.square(clipped), 1 - beta2));
  const step = g.div(g.mul(m, rate), g.add(g.mul(g.sqrt(v), correction), epsilon));
  const before = decays ? g.mul(state.theta, remains) : state.theta;
  return { theta: g.sub(before, step), m, v, gradNorm };
}
