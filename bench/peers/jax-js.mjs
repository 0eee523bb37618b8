/** The bench's two training steps in jax-js on its WebAssembly device, compiled by jit. */

import { defaultDevice, init, jit, lax, numpy as np, tree, valueAndGrad } from "@jax-js/jax";

/**
 * A step that returns the loss before it. Arrays of jax-js are counted references: a function owns its
 * arguments, and `.ref` keeps one for another use.
 */
async function trainer({ weights, batch, adam, clipNorm, learningRate }, loss) {
  await init("wasm");
  defaultDevice("wasm");
  const { beta1, beta2, epsilon } = adam;
  const arrays = (from, make) =>
    Object.fromEntries(Object.entries(from).map(([name, value]) => [name, make(value)]));
  const filled = ({ data, shape }) => np.array(data).reshape(shape);
  const update = jit((state, inputs, rate, correction) => {
    const [value, grads] = valueAndGrad(loss)(tree.ref(state.theta), inputs);
    let total = np.array(0);
    for (const gradient of Object.values(grads)) {
      total = total.add(np.square(gradient.ref).sum());
    }
    const shrink = np.minimum(np.array(clipNorm).div(np.sqrt(total).add(1e-6)), 1);
    const next = { theta: {}, m: {}, v: {} };
    for (const name of Object.keys(state.theta)) {
      const gradient = grads[name].mul(shrink.ref);
      const m = state.m[name].mul(beta1).add(gradient.ref.mul(1 - beta1));
      const v = state.v[name].mul(beta2).add(np.square(gradient).mul(1 - beta2));
      const step = m.ref.mul(rate.ref).div(np.sqrt(v.ref).mul(correction.ref).add(epsilon));
      next.theta[name] = state.theta[name].sub(step);
      next.m[name] = m;
      next.v[name] = v;
    }
    for (const used of [shrink, rate, correction]) used.dispose();
    return [value, next];
  });
  const zero = ({ data, shape }) => filled({ data: new Float32Array(data.length), shape });
  let state = {
    theta: arrays(weights, filled),
    m: arrays(weights, zero),
    v: arrays(weights, zero),
  };
  const inputs = arrays(batch, filled);
  let t = 0;
  return async () => {
    t++;
    const rate = np.array(learningRate / (1 - beta1 ** t));
    const correction = np.array(1 / Math.sqrt(1 - beta2 ** t));
    const [value, next] = update(state, tree.ref(inputs), rate, correction);
    state = next;
    await Promise.all(Object.values(state.theta).map((x) => x.ref.data()));
    return (await value.data())[0];
  };
}

export function ppoStep(problem) {
  const { clip, valueCoef, entropyCoef } = problem.coefficients;
  return trainer(problem, (w, b) => {
    const dense = (name, x) => np.matmul(x, w[`${name}.w`]).add(w[`${name}.b`]);
    const actions = b.action.shape[1];
    const rows = b.action.shape[0];
    const hidden = np.tanh(dense("second", np.tanh(dense("first", b.obs))));
    const z = b.action.sub(dense("mean", hidden.ref)).mul(np.exp(w.logStd.ref.neg()));
    const logStd = w.logStd.sum();
    const spread = logStd.ref.add(0.5 * actions * Math.log(2 * Math.PI));
    const logProb = np.square(z).sum(1).mul(-0.5).sub(spread);
    const ratio = np.exp(logProb.sub(b.logProb));
    const clipped = np.clip(ratio.ref, 1 - clip, 1 + clip).mul(b.advantage.ref);
    const policy = np.minimum(ratio.mul(b.advantage), clipped).mean().neg();
    const value = dense("value", hidden).reshape([rows]);
    const error = np
      .square(value.sub(b.return))
      .mean()
      .mul(0.5 * valueCoef);
    const entropy = logStd.add(0.5 * actions * (1 + Math.log(2 * Math.PI)));
    return policy.add(error).sub(entropy.mul(entropyCoef));
  });
}

export function cnnStep(problem) {
  return trainer(problem, (w, b) => {
    const rows = b.image.shape[0];
    let x = b.image;
    for (const { name, stride } of problem.convolutions) {
      const bias = w[`${name}.b`];
      const channels = bias.shape[0];
      x = lax.conv(x, w[`${name}.w`], [stride, stride], "VALID");
      x = np.maximum(x.add(bias.reshape([1, channels, 1, 1])), 0);
    }
    const dense = (name, y) => np.matmul(y, w[`${name}.w`]).add(w[`${name}.b`]);
    const flat = x.reshape([rows, -1]);
    const features = np.maximum(dense("features", flat), 0);
    const action = dense("out", np.maximum(dense("hidden", features), 0));
    return np.square(action.sub(b.target)).mean();
  });
}
