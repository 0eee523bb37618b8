/** The bench's two training steps in TensorFlow.js on its WebAssembly backend. */

import path from "node:path";
import * as tf from "@tensorflow/tfjs";
import * as wasm from "@tensorflow/tfjs-backend-wasm";

const folder = path.join(import.meta.dirname, "node_modules/@tensorflow/tfjs-backend-wasm/dist/");

async function start() {
  wasm.setWasmPaths(folder);
  await tf.setBackend("wasm");
  await tf.ready();
}

/** A step that returns the loss before it; `loss` gets the variables and the batch as tensors. */
async function trainer({ weights, batch, adam, clipNorm, learningRate }, loss) {
  await start();
  const tensors = (arrays, make) =>
    Object.fromEntries(
      Object.entries(arrays).map(([name, { data, shape }]) => [name, make(tf.tensor(data, shape))]),
    );
  const variables = tensors(weights, (x) => tf.variable(x));
  const inputs = tensors(batch, (x) => x);
  const optimizer = tf.train.adam(learningRate, adam.beta1, adam.beta2, adam.epsilon);
  return async () => {
    const value = tf.tidy(() => {
      const result = tf.variableGrads(() => loss(variables, inputs), Object.values(variables));
      const grads = Object.values(result.grads);
      const norm = tf.sqrt(tf.addN(grads.map((gradient) => tf.sum(tf.square(gradient)))));
      const shrink = tf.minimum(1, tf.div(clipNorm, tf.add(norm, 1e-6)));
      const clipped = Object.entries(result.grads).map(([k, x]) => [k, tf.mul(x, shrink)]);
      optimizer.applyGradients(Object.fromEntries(clipped));
      return result.value;
    });
    const [number] = await value.data();
    value.dispose();
    return number;
  };
}

export function ppoStep(problem) {
  const { clip, valueCoef, entropyCoef } = problem.coefficients;
  return trainer(problem, (w, b) => {
    const dense = (name, x) => tf.add(tf.matMul(x, w[`${name}.w`]), w[`${name}.b`]);
    const hidden = tf.tanh(dense("second", tf.tanh(dense("first", b.obs))));
    const actions = b.action.shape[1];
    const z = tf.mul(tf.sub(b.action, dense("mean", hidden)), tf.exp(tf.neg(w.logStd)));
    const spread = tf.add(tf.sum(w.logStd), 0.5 * actions * Math.log(2 * Math.PI));
    const logProb = tf.sub(tf.mul(tf.sum(tf.square(z), 1), -0.5), spread);
    const ratio = tf.exp(tf.sub(logProb, b.logProb));
    const clipped = tf.mul(tf.clipByValue(ratio, 1 - clip, 1 + clip), b.advantage);
    const policy = tf.neg(tf.mean(tf.minimum(tf.mul(ratio, b.advantage), clipped)));
    const value = tf.reshape(dense("value", hidden), [-1]);
    const error = tf.mul(tf.mean(tf.square(tf.sub(value, b.return))), 0.5);
    const entropy = tf.add(tf.sum(w.logStd), 0.5 * actions * (1 + Math.log(2 * Math.PI)));
    return tf.sub(tf.add(policy, tf.mul(error, valueCoef)), tf.mul(entropy, entropyCoef));
  });
}

export function cnnStep(problem) {
  return trainer(problem, (w, b) => {
    // NHWC images and HWIO filters are what TensorFlow.js has
    let x = tf.transpose(b.image, [0, 2, 3, 1]);
    for (const { name, stride } of problem.convolutions) {
      const filter = tf.transpose(w[`${name}.w`], [2, 3, 1, 0]);
      x = tf.relu(tf.add(tf.conv2d(x, filter, stride, "valid"), w[`${name}.b`]));
    }
    x = tf.reshape(tf.transpose(x, [0, 3, 1, 2]), [x.shape[0], -1]);
    const dense = (name, y) => tf.add(tf.matMul(y, w[`${name}.w`]), w[`${name}.b`]);
    const action = dense("out", tf.relu(dense("hidden", tf.relu(dense("features", x)))));
    return tf.mean(tf.square(tf.sub(action, b.target)));
  });
}
