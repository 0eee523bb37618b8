/** Public face of nn/. In this repository, import from the file itself. */

export { Actor, type ActorOptions } from "./actor.ts";
export { runInBatches } from "./batches.ts";
export { createSession, DEVICES, type Device } from "./device.ts";
export { type Gaussian, gaussianEntropy, gaussianLogProb } from "./gaussian.ts";
export { Graph } from "./graph.ts";
export { encodeInference, type InferenceOptions } from "./inference.ts";
export { constant, type Initializer, normal, ones, orthogonal, zeros } from "./initializers.ts";
export { conv2d, gru, layerNorm, linear } from "./layers.ts";
export {
  type DistillationTerms,
  distillationLoss,
  type PpoCoefficients,
  type PpoTerms,
  ppoLoss,
} from "./losses.ts";
export type { DataArray, DataSpec, Forward, Objective } from "./model.ts";
export { type AdamOptions, adamHyper } from "./optim.ts";
export { type ParamSpec, Params, type Views } from "./params.ts";
export { shuffledRows } from "./shuffle.ts";
export type { DType, Operand, Tensor } from "./tensor.ts";
export { Trainer, type TrainResult, type TrainState } from "./trainer.ts";
export type { TrainerOptions } from "./training-graph.ts";
