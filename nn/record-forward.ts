/** Records a model forward, for acting and for export. */

import { ConfigError } from "../core/errors.ts";
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

/**
 * The bytes of a model with inputs of `batch` rows and the named outputs of `forward`.
 * @throws ConfigError where parameters, inputs and outputs share a name
 */
export function recordForward(g: Graph, options: ForwardOptions): Uint8Array {
  const { views, forward, inputs, outputs, batch, metadata } = options;
  checkNames({ parameter: Object.keys(views), input: Object.keys(inputs), output: outputs });
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

/** In a file they stand beside each other. */
function checkNames(kinds: Readonly<Record<string, readonly string[]>>): void {
  const owners = new Map<string, string>();
  for (const [kind, names] of Object.entries(kinds)) {
    for (const name of names) {
      const owner = owners.get(name);
      if (owner !== undefined) {
        throw new ConfigError(
          `"${name}" is the name of two things, ${owner} and ${kind}: give each its own.`,
        );
      }
      owners.set(name, kind);
    }
  }
}
