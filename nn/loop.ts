/** ONNX Loop: runs a recorded body many times inside one call of onnxruntime. */

import { Graph } from "./graph.ts";
import { UNKNOWN_BATCH } from "./recorder.ts";
import type { Tensor } from "./tensor.ts";

export interface LoopResult {
  /** The state after the last round. */
  readonly state: readonly Tensor[];
  /** What each round emitted, stacked along a new first axis. */
  readonly emitted: Tensor;
}

/** `body` gets its own graph, the round as a scalar, and the state; constants are shared with `g`. */
export function loop(
  g: Graph,
  rounds: Tensor,
  state: readonly Tensor[],
  body: (
    inner: Graph,
    round: Tensor,
    state: readonly Tensor[],
  ) => { readonly state: readonly Tensor[]; readonly emitted: Tensor },
): LoopResult {
  const inner = new Graph(g, g);
  const round = inner.input(g.fresh("round"), [], "int64");
  const goOn = inner.input(g.fresh("goOn"), [], "bool");
  const before = state.map((x) => inner.input(g.fresh("state"), x.shape, x.dtype));
  const after = body(inner, round, before);
  inner.output(g.fresh("goOnNext"), goOn);
  for (const x of after.state) inner.output(g.fresh("stateNext"), x);
  inner.output(g.fresh("emitted"), after.emitted);
  const forever = g.constant([1], [], "bool");
  const emitted = { shape: [UNKNOWN_BATCH, ...after.emitted.shape], dtype: after.emitted.dtype };
  const results = g.recordAll("Loop", [rounds, forever, ...state], [...state, emitted], {
    body: { graph: inner.definition(g.fresh("body")) },
  });
  return { state: results.slice(0, -1), emitted: results[results.length - 1] };
}
