/** Records a model forward, for acting and for export. */

import type { Graph } from "./graph.ts";
import { type DataSpec, type Forward, pick } from "./model.ts";
import { encodeModel } from "./onnx.ts";
import type { Views } from "./params.ts";
import { withoutIdleInputs } from "./prune.ts";

export interface ForwardOptions {
  readonly views: Views;
  readonly forward: Forward;
  readonly inputs: DataSpec;
  readonly outputs: readonly string[];
  readonly batch: number;
  readonly metadata?: Readonly<Record<string, string>>;
}

/** The bytes of a model with inputs of `batch` rows and the named outputs of `forward`. */
export function recordForward(g: Graph, options: ForwardOptions): Uint8Array {
  const { views, forward, inputs, outputs, batch, metadata } = options;
  const tensors = Object.fromEntries(
    Object.entries(inputs).map(([name, { shape, dtype }]) => [
      name,
      g.input(name, [batch, ...shape], dtype),
    ]),
  );
  const results = forward(g, views, tensors);
  for (const name of outputs) g.output(name, pick(results, name, "output"));
  const graph = withoutIdleInputs(g.definition("forward"), Object.keys(inputs));
  return encodeModel(graph, metadata);
}
