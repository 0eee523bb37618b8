/** Models for use elsewhere: weights inside, any batch size. */

import { ShapeError } from "../core/errors.ts";

import { Graph } from "./graph.ts";
import type { DataSpec, Forward } from "./model.ts";
import type { Params } from "./params.ts";
import { recordForward } from "./record-forward.ts";
import { UNKNOWN_BATCH } from "./recorder.ts";

export interface InferenceOptions {
  readonly params: Params;
  readonly theta: Float32Array;
  readonly forward: Forward;
  readonly inputs: DataSpec;
  readonly outputs: readonly string[];
  /** Strings kept in the file beside the graph. */
  readonly metadata?: Readonly<Record<string, string>>;
}

/**
 * The bytes of an ONNX file (operator set 17): weights as constants, the first axis of inputs and outputs
 * the symbolic "N", convolutions native.
 */
export function encodeInference(options: InferenceOptions): Uint8Array {
  const { params, theta, metadata, forward, inputs, outputs } = options;
  if (theta.length !== params.size) {
    throw new ShapeError(`Expected theta of ${params.size} numbers, got ${theta.length}.`);
  }
  const g = new Graph({ mode: "infer" });
  const views = params.bakedViews(g, theta);
  const model = { views, forward, inputs, outputs, batch: UNKNOWN_BATCH };
  return recordForward(g, { ...model, ...(metadata && { metadata }) });
}
