/** Diagonal Gaussians over actions [N, A]. */

import type { Graph } from "./graph.ts";
import type { Params } from "./params.ts";
import type { Tensor } from "./tensor.ts";

const LOG_2PI = Math.log(2 * Math.PI);

/** mean [N, A]; logStd [N, A] or [A], the logarithm of the standard deviation. */
export interface Gaussian {
  readonly mean: Tensor;
  readonly logStd: Tensor;
}

/** Log-probability density of `action` [N, A], summed over its columns: [N]. */
export function gaussianLogProb(g: Graph, { mean, logStd }: Gaussian, action: Tensor): Tensor {
  const z = g.mul(g.sub(action, mean), g.exp(g.neg(logStd)));
  const columns = action.shape[1];
  const spread = g.add(g.sum(logStd, { axes: [-1] }), 0.5 * columns * LOG_2PI);
  return g.sub(g.mul(g.sum(g.square(z), { axes: [1] }), -0.5), spread);
}

/** Differential entropy in nats: [N], or a scalar where `logStd` is [A]. */
export function gaussianEntropy(g: Graph, logStd: Tensor): Tensor {
  const columns = logStd.shape[logStd.shape.length - 1];
  return g.add(g.sum(logStd, { axes: [-1] }), 0.5 * columns * (1 + LOG_2PI));
}

/** Standard deviation of each action, from the parameter `logStd` [A] that holds its logarithm. */
export function spreadOf(params: Params, theta: Float32Array): number[] {
  const { at, shape } = params.offsetOf("logStd");
  return Array.from(theta.subarray(at, at + shape[0]), Math.exp);
}

/** Sets the standard deviation of every action in `theta`. */
export function setSpread(params: Params, theta: Float32Array, std: number): void {
  const { at, shape } = params.offsetOf("logStd");
  theta.fill(Math.log(std), at, at + shape[0]);
}
