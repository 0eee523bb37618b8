/**
 * One row for each operation of `Graph` (more where it has cases), and for each layer and loss.
 * Every input of a row is differentiated and compared with finite differences.
 */

import { attention, logSoftmax, softmax } from "../../../nn/attention.ts";
import { gaussianEntropy, gaussianLogProb } from "../../../nn/gaussian.ts";
import type { Graph } from "../../../nn/graph.ts";
import { conv2d, gru, layerNorm, linear } from "../../../nn/layers.ts";
import { distillationLoss, ppoLoss } from "../../../nn/losses.ts";
import type { Tensor } from "../../../nn/tensor.ts";
import type { Shapes } from "./run-graph.ts";

export interface GradientCase {
  /** Name of the method of `Graph`, or of the layer; a note may follow after a space. */
  readonly name: string;
  readonly shapes: Shapes;
  readonly build: (g: Graph, x: Readonly<Record<string, Tensor>>) => Tensor;
  /** Draw the inputs from 0.5 to 2 instead of -2 to 2. */
  readonly positive?: boolean;
}

const two = { a: [2, 3], b: [2, 3] };
const one = { a: [3, 4] };

export const operationCases: readonly GradientCase[] = [
  { name: "add", shapes: two, build: (g, { a, b }) => g.add(a, b) },
  {
    name: "add broadcasting",
    shapes: { a: [2, 1, 3], b: [4, 1] },
    build: (g, { a, b }) => g.add(a, b),
  },
  { name: "sub", shapes: two, build: (g, { a, b }) => g.sub(a, b) },
  { name: "sub from a number", shapes: one, build: (g, { a }) => g.sub(1, a) },
  { name: "mul", shapes: two, build: (g, { a, b }) => g.mul(a, b) },
  { name: "mul broadcasting", shapes: { a: [2, 3], b: [] }, build: (g, { a, b }) => g.mul(a, b) },
  { name: "div", shapes: two, positive: true, build: (g, { a, b }) => g.div(a, b) },
  {
    name: "div broadcasting",
    shapes: { a: [3], b: [2, 3] },
    positive: true,
    build: (g, { a, b }) => g.div(a, b),
  },
  { name: "neg", shapes: one, build: (g, { a }) => g.neg(a) },
  { name: "min", shapes: two, build: (g, { a, b }) => g.min(a, b) },
  { name: "max", shapes: two, build: (g, { a, b }) => g.max(a, b) },
  { name: "max broadcasting", shapes: { a: [2, 3], b: [3] }, build: (g, { a, b }) => g.max(a, b) },
  { name: "clip", shapes: one, build: (g, { a }) => g.clip(a, -0.7, 0.9) },
  {
    name: "where",
    shapes: two,
    build: (g, { a, b }) => g.where(g.compare("Less", a, 0.1), b, g.mul(a, 2)),
  },
  { name: "exp", shapes: one, build: (g, { a }) => g.exp(a) },
  { name: "log", shapes: one, positive: true, build: (g, { a }) => g.log(a) },
  { name: "sqrt", shapes: one, positive: true, build: (g, { a }) => g.sqrt(a) },
  { name: "square", shapes: one, build: (g, { a }) => g.square(a) },
  { name: "abs", shapes: one, build: (g, { a }) => g.abs(a) },
  { name: "tanh", shapes: one, build: (g, { a }) => g.tanh(a) },
  { name: "sigmoid", shapes: one, build: (g, { a }) => g.sigmoid(a) },
  { name: "relu", shapes: one, build: (g, { a }) => g.relu(a) },
  { name: "elu", shapes: one, build: (g, { a }) => g.elu(a) },
  { name: "softplus", shapes: one, build: (g, { a }) => g.softplus(a) },
  { name: "sum", shapes: one, build: (g, { a }) => g.sum(a) },
  {
    name: "sum of an axis",
    shapes: { a: [2, 3, 4] },
    build: (g, { a }) => g.sum(a, { axes: [1] }),
  },
  { name: "mean", shapes: one, build: (g, { a }) => g.mean(a) },
  {
    name: "mean of axes, kept",
    shapes: { a: [2, 3, 4] },
    build: (g, { a }) => g.mean(a, { axes: [0, -1], keep: true }),
  },
  {
    name: "maxReduce",
    shapes: { a: [2, 4, 3] },
    build: (g, { a }) => g.maxReduce(a, { axes: [1] }),
  },
  { name: "maxReduce of all", shapes: one, build: (g, { a }) => g.maxReduce(a) },
  { name: "reshape", shapes: one, build: (g, { a }) => g.reshape(a, [2, -1]) },
  { name: "expand", shapes: { a: [3, 1] }, build: (g, { a }) => g.expand(a, [2, 3, 4]) },
  { name: "transpose", shapes: { a: [2, 3, 4] }, build: (g, { a }) => g.transpose(a, [2, 0, 1]) },
  {
    name: "transpose around an activation",
    shapes: { a: [2, 3, 4] },
    build: (g, { a }) => g.transpose(g.tanh(g.transpose(a, [2, 0, 1])), [0, 2, 1]),
  },
  {
    name: "concat",
    shapes: { a: [2, 3], b: [2, 1] },
    build: (g, { a, b }) => g.concat([a, b, a], 1),
  },
  {
    name: "split",
    shapes: { a: [2, 6] },
    build: (g, { a }) => {
      const [x, , z] = g.split(a, [2, 2, 2], 1);
      return g.mul(x, z);
    },
  },
  {
    name: "split and concat of many parts",
    shapes: { a: [60] },
    build: (g, { a }) => {
      const parts = g.split(a, Array(60).fill(1), 0);
      return g.concat(
        [...parts].reverse().map((part, i) => g.mul(part, i)),
        0,
      );
    },
  },
  { name: "slice", shapes: { a: [3, 5] }, build: (g, { a }) => g.slice(a, 1, 1, 4) },
  { name: "pad", shapes: { a: [2, 3] }, build: (g, { a }) => g.pad(a, [1, 0], [0, 2]) },
  {
    name: "gather",
    shapes: { a: [2, 4, 3] },
    build: (g, { a }) => g.gather(a, [3, 0, 3, 1, 3], 1),
  },
  {
    name: "gather of rows by a tensor",
    shapes: { a: [4, 3] },
    build: (g, { a }) => g.gather(a, g.constant([3, 0, 3, 1, 3, 1], [2, 3], "int32")),
  },
  {
    name: "skipEmptyRows",
    shapes: { w: [2, 3], b: [3] },
    build: (g, { w, b }) => {
      const rows = [0, 0, 1, 2, 0, 0, 0, 0, -3, 0];
      return g.skipEmptyRows(g.constant(rows, [5, 2]), (kept) =>
        g.tanh(g.gemm(kept, w, { bias: b })),
      );
    },
  },
  {
    name: "gemm",
    shapes: { a: [3, 4], b: [4, 2], c: [2] },
    build: (g, { a, b, c }) => g.gemm(a, b, { bias: c }),
  },
  {
    name: "gemm of transposes",
    shapes: { a: [4, 3], b: [2, 4] },
    build: (g, { a, b }) => g.gemm(a, b, { transposeA: true, transposeB: true }),
  },
  {
    name: "gemm, first transposed",
    shapes: { a: [4, 3], b: [4, 2] },
    build: (g, { a, b }) => g.gemm(a, b, { transposeA: true }),
  },
  {
    name: "gemm, second transposed",
    shapes: { a: [3, 4], b: [2, 4] },
    build: (g, { a, b }) => g.gemm(a, b, { transposeB: true }),
  },
  {
    name: "matmul",
    shapes: { a: [2, 3, 4], b: [2, 4, 2] },
    build: (g, { a, b }) => g.matmul(a, b),
  },
  {
    name: "matmul broadcasting",
    shapes: { a: [2, 1, 2, 4], b: [3, 4, 2] },
    build: (g, { a, b }) => g.matmul(a, b),
  },
  {
    name: "matmul by a matrix",
    shapes: { a: [2, 3, 4], b: [4, 2] },
    build: (g, { a, b }) => g.matmul(a, b),
  },
  {
    name: "conv2d, kernel 4 stride 2, cropped",
    shapes: { a: [2, 3, 9, 8], b: [4, 3, 4, 4], c: [4] },
    build: (g, { a, b, c }) => g.conv2d(a, { weight: b, bias: c, stride: 2 }),
  },
  {
    name: "conv2d, kernel 3 stride 1, one channel",
    shapes: { a: [2, 1, 5, 4], b: [2, 1, 3, 3], c: [2] },
    build: (g, { a, b, c }) => g.conv2d(a, { weight: b, bias: c, stride: 1 }),
  },
  {
    name: "conv2d, kernel 2 stride 2",
    shapes: { a: [1, 2, 4, 6], b: [3, 2, 2, 2], c: [3] },
    build: (g, { a, b, c }) => g.conv2d(a, { weight: b, bias: c, stride: 2 }),
  },
];

export const layerCases: readonly GradientCase[] = [
  {
    name: "linear over three axes",
    shapes: { x: [2, 3, 4], "l.w": [4, 2], "l.b": [2] },
    build: (g, v) => linear(g, v, "l", v.x),
  },
  {
    name: "two convolutions and an activation",
    shapes: { x: [2, 2, 12, 12], "c.w": [3, 2, 4, 4], "c.b": [3], "d.w": [2, 3, 3, 3], "d.b": [2] },
    build: (g, v) => {
      const first = g.tanh(conv2d(g, v, "c", v.x, { kernel: 4, stride: 2 }));
      return conv2d(g, v, "d", first, { kernel: 3, stride: 1 });
    },
  },
  {
    name: "layerNorm",
    shapes: { x: [3, 5], "n.scale": [5], "n.shift": [5] },
    build: (g, v) => layerNorm(g, v, "n", v.x),
  },
  {
    name: "gru, two steps",
    shapes: {
      x: [2, 3],
      h: [2, 4],
      "r.input.w": [3, 12],
      "r.input.b": [12],
      "r.hidden.w": [4, 12],
      "r.hidden.b": [12],
    },
    build: (g, v) => gru(g, v, "r", v.x, gru(g, v, "r", v.x, v.h)),
  },
  {
    name: "softmax",
    shapes: { x: [2, 3, 4] },
    build: (g, { x }) => softmax(g, x),
  },
  {
    name: "logSoftmax",
    shapes: { x: [3, 4] },
    build: (g, { x }) => logSoftmax(g, x),
  },
  {
    name: "attention of two heads, with a bias",
    shapes: {
      x: [2, 3, 4],
      y: [2, 5, 4],
      bias: [2, 2, 3, 5],
      "a.query.w": [4, 4],
      "a.query.b": [4],
      "a.key.w": [4, 4],
      "a.key.b": [4],
      "a.value.w": [4, 4],
      "a.value.b": [4],
      "a.out.w": [4, 4],
      "a.out.b": [4],
    },
    build: (g, v) => attention(g, v, "a", { queries: v.x, keys: v.y, bias: v.bias, heads: 2 }),
  },
  {
    name: "gaussianLogProb",
    shapes: { mean: [3, 2], logStd: [2], action: [3, 2] },
    build: (g, { mean, logStd, action }) => gaussianLogProb(g, { mean, logStd }, action),
  },
  {
    name: "gaussianEntropy",
    shapes: { logStd: [3, 2] },
    build: (g, { logStd }) => gaussianEntropy(g, logStd),
  },
  {
    name: "ppoLoss",
    shapes: {
      logProbs: [9],
      oldLogProbs: [9],
      advantages: [9],
      values: [9],
      returns: [9],
      entropy: [],
    },
    build: (g, v) => {
      const { logProbs, oldLogProbs, advantages, values, returns, entropy } = v;
      const terms = { logProbs, oldLogProbs, advantages, values, returns, entropy };
      return ppoLoss(g, terms, { clip: 0.2, valueCoef: 0.5, entropyCoef: 0.01 }).loss;
    },
  },
  {
    name: "distillationLoss",
    shapes: {
      actions: [3, 2],
      teacherActions: [3, 2],
      latents: [3, 3, 4],
      teacherLatents: [3, 3, 4],
    },
    build: (g, { actions, teacherActions, latents, teacherLatents }) =>
      distillationLoss(
        g,
        { actions, teacherActions, latents, teacherLatents },
        { relationalWeight: 0.7 },
      ).loss,
  },
];
