/** A small convolutional network that reads uint8 frames [2, 32, 32]. */

import { conv2d, linear } from "../../../nn/layers.ts";
import type { Forward, Objective } from "../../../nn/model.ts";
import { Params } from "../../../nn/params.ts";

export function studentModel() {
  const params = new Params()
    .conv("first", 2, 8, 8)
    .conv("second", 8, 8, 4)
    .linear("latent", 8 * 2 * 2, 16)
    .linear("action", 16, 2);
  const forward: Forward = (g, views, { frames }) => {
    const light = g.mul(g.cast(frames, g.dtype), 1 / 255);
    const first = g.relu(conv2d(g, views, "first", light, { kernel: 8, stride: 4 }));
    const second = g.relu(conv2d(g, views, "second", first, { kernel: 4, stride: 2 }));
    const flat = g.reshape(second, [frames.shape[0], -1]);
    const latent = g.elu(linear(g, views, "latent", flat));
    return { action: linear(g, views, "action", latent), latent };
  };
  const objective: Objective = (g, views, batch) => {
    const { action } = forward(g, views, batch);
    return { loss: g.mean(g.square(g.sub(action, batch.target))), stats: {} };
  };
  const inputs = { frames: { shape: [2, 32, 32], dtype: "uint8" as const } };
  return { params, forward, objective, inputs, data: { ...inputs, target: { shape: [2] } } };
}
