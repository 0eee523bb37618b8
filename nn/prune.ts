/** Drops the nodes and constants that no output of a graph depends on. */

import type { GraphDef, NodeDef } from "./onnx.ts";

/** Nodes must come in an order in which each follows those it reads from. */
export function pruned(graph: GraphDef): GraphDef {
  const needed = new Set(graph.outputs.map((output) => output.name));
  const kept: NodeDef[] = [];
  for (const node of [...graph.nodes].reverse()) {
    if (!node.outputs.some((name) => needed.has(name))) continue;
    kept.push(node);
    for (const name of namesRead(node)) needed.add(name);
  }
  return {
    ...graph,
    nodes: kept.reverse(),
    initializers: graph.initializers.filter((tensor) => needed.has(tensor.name)),
  };
}

/** Drops inputs that nothing reads, but for those that `keep` names. */
export function withoutIdleInputs(graph: GraphDef, keep: readonly string[]): GraphDef {
  const read = new Set([...keep, ...graph.nodes.flatMap(namesRead)]);
  return { ...graph, inputs: graph.inputs.filter((input) => read.has(input.name)) };
}

/** Every name a node reads, those read inside its loop body included. */
function namesRead(node: NodeDef): string[] {
  const inner = Object.values(node.attributes).flatMap((attribute) =>
    "graph" in attribute ? attribute.graph.nodes.flatMap(namesRead) : [],
  );
  const bodyOutputs = Object.values(node.attributes).flatMap((attribute) =>
    "graph" in attribute ? attribute.graph.outputs.map((output) => output.name) : [],
  );
  return [...node.inputs, ...inner, ...bodyOutputs];
}
