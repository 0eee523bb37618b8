/** Layers as functions of the graph and the parameters that `Params` lays out under the same name. */

import { ShapeError } from "../core/errors.ts";
import type { Graph } from "./graph.ts";
import { pick } from "./model.ts";
import type { Views } from "./params.ts";
import type { Tensor } from "./tensor.ts";

const parameter = (views: Views, name: string) => pick(views, name, "parameter");

/** x [..., inputs] to [..., outputs]; the axes in front are rows of one product. */
export function linear(g: Graph, views: Views, name: string, x: Tensor): Tensor {
  const weight = parameter(views, `${name}.w`);
  const bias = parameter(views, `${name}.b`);
  const [inputs, outputs] = weight.shape;
  const front = x.shape.slice(0, -1);
  if (x.shape[front.length] !== inputs) {
    throw new ShapeError(
      `Layer "${name}" reads ${inputs} numbers a row, got shape [${x.shape.join(", ")}].`,
    );
  }
  const rows = g.reshape(x, [-1, inputs]);
  return g.reshape(g.gemm(rows, weight, { bias }), [...front, outputs]);
}

/**
 * Convolution without padding, x [N, C, H, W] to [N, out, (H - kernel) / stride + 1, ...] (rounded down).
 * Training needs a kernel that is a multiple of the stride.
 */
export function conv2d(
  g: Graph,
  views: Views,
  name: string,
  x: Tensor,
  { kernel, stride }: { readonly kernel: number; readonly stride: number },
): Tensor {
  const weight = parameter(views, `${name}.w`);
  if (weight.shape[2] !== kernel) {
    throw new ShapeError(`Layer "${name}" has a kernel of ${weight.shape[2]}, not ${kernel}.`);
  }
  return g.conv2d(x, { weight, bias: parameter(views, `${name}.b`), stride });
}

/** Layer normalisation over the last axis (Ba et al. 2016). */
export function layerNorm(g: Graph, views: Views, name: string, x: Tensor, epsilon = 1e-5): Tensor {
  const centred = g.sub(x, g.mean(x, { axes: [-1], keep: true }));
  const variance = g.mean(g.square(centred), { axes: [-1], keep: true });
  const normalized = g.div(centred, g.sqrt(g.add(variance, epsilon)));
  const scaled = g.mul(normalized, parameter(views, `${name}.scale`));
  return g.add(scaled, parameter(views, `${name}.shift`));
}

/**
 * One step of a gated recurrent unit (Cho et al. 2014, in the form of torch.nn.GRU):
 * x [N, inputs], hidden [N, H] to the next hidden state [N, H].
 */
export function gru(g: Graph, views: Views, name: string, x: Tensor, hidden: Tensor): Tensor {
  const size = hidden.shape[1];
  const gates = [size, size, size];
  const [xReset, xUpdate, xNew] = g.split(linear(g, views, `${name}.input`, x), gates, 1);
  const [hReset, hUpdate, hNew] = g.split(linear(g, views, `${name}.hidden`, hidden), gates, 1);
  const reset = g.sigmoid(g.add(xReset, hReset));
  const update = g.sigmoid(g.add(xUpdate, hUpdate));
  const proposal = g.tanh(g.add(xNew, g.mul(reset, hNew)));
  // (1 - update) proposal + update hidden
  return g.add(proposal, g.mul(update, g.sub(hidden, proposal)));
}
