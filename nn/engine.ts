/** The engine: training, acting and exporting one model. */

export { Actor, type ActorOptions } from "./actor.ts";
export { DEVICES, type Device } from "./device.ts";
export { encodeInference, type InferenceOptions } from "./inference.ts";
export { Trainer, type TrainResult, type TrainState } from "./trainer.ts";
export type { TrainerOptions } from "./training-graph.ts";
