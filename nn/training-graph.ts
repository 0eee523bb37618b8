/**
 * The graph of training: minibatch from the data, loss, gradients, clip and Adam in one.
 * As a "step" it makes one update; as a "loop" it makes as many as the index has rows, in one call.
 */

import type { Device } from "./device.ts";
import { Graph } from "./graph.ts";
import { loop } from "./loop.ts";
import type { DataSpec, Objective } from "./model.ts";
import { encodeModel } from "./onnx.ts";
import { type AdamOptions, adamStep, HYPER_SIZE } from "./optim.ts";
import type { Params } from "./params.ts";
import { type RecorderOptions, UNKNOWN_BATCH } from "./recorder.ts";
import type { FloatType, Tensor } from "./tensor.ts";

export interface TrainingSpec {
  readonly params: Params;
  readonly objective: Objective;
  readonly data: DataSpec;
  /** Rows of the data that a call of `train` brings. */
  readonly rows: number;
  /** Rows of a minibatch. */
  readonly batch: number;
  /** Limit of the global norm of the gradient. */
  readonly clipNorm: number;
  readonly adam?: AdamOptions;
  /** Decoupled weight decay per unit of learning rate. */
  readonly weightDecay?: number;
  readonly dtype?: FloatType;
}

/** What the updater that runs the graph adds to it. */
type GraphSpec = TrainingSpec & Pick<RecorderOptions, "dynamicShapes">;

export interface TrainerOptions extends TrainingSpec {
  readonly device?: Device;
  /** Threads inside one operator. One and two give the same bits; more may round otherwise. */
  readonly threads?: number;
  /** "loop": one call of onnxruntime for all minibatches; "step": one each. Same bits. */
  readonly mode?: "loop" | "step";
  /** Calls of `train`, all of as many minibatches, that `Trainer.average` is the mean over; the last one alone unless given. */
  readonly averageOver?: number;
  /** First weights; copied. Zeros unless given, or until `load`. */
  readonly theta?: Float32Array;
}

export interface TrainingModel {
  readonly model: Uint8Array;
  /** Names of the columns of the output "stats". */
  readonly stats: readonly string[];
}

/** Names of the inputs that are not data, and of the outputs that hold the next state. */
export const STATE = ["theta", "m", "v"] as const;
export const dataInput = (name: string) => `data:${name}`;
export const nextState = (name: (typeof STATE)[number]) => `next:${name}`;

/** One update: inputs theta, m, v, data, index [batch], hyper [3]; outputs the next state and stats. */
export function stepModel(spec: GraphSpec): TrainingModel {
  const g = new Graph(spec);
  const state = STATE.map((name) => g.input(name, [spec.params.size]));
  const data = dataInputs(g, spec);
  const index = g.input("index", [spec.batch], "int32");
  const hyper = g.input("hyper", [HYPER_SIZE]);
  const result = update(g, spec, state, data, index, hyper);
  return finished(g, result.state, result.emitted, result.names);
}

/** M updates: index [M, batch], hyper [M, 3] and the scalar rounds = M; stats come out as [M, columns]. */
export function loopModel(spec: GraphSpec): TrainingModel {
  const g = new Graph(spec);
  const state = STATE.map((name) => g.input(name, [spec.params.size]));
  const data = dataInputs(g, spec);
  const index = g.input("index", [UNKNOWN_BATCH, spec.batch], "int32");
  const hyper = g.input("hyper", [UNKNOWN_BATCH, HYPER_SIZE]);
  const rounds = g.input("rounds", [], "int64");
  let names: readonly string[] = [];
  const result = loop(g, rounds, state, (inner, round, before) => {
    const row = inner.gather(index, round);
    const after = update(inner, spec, before, data, row, inner.gather(hyper, round));
    names = after.names;
    return after;
  });
  return finished(g, result.state, result.emitted, names);
}

function dataInputs(g: Graph, { data, rows }: TrainingSpec): Readonly<Record<string, Tensor>> {
  return Object.fromEntries(
    Object.entries(data).map(([name, { shape, dtype }]) => {
      const type = dtype === "uint8" ? dtype : g.dtype;
      return [name, g.input(dataInput(name), [rows, ...shape], type)];
    }),
  );
}

function update(
  g: Graph,
  spec: TrainingSpec,
  [theta, m, v]: readonly Tensor[],
  data: Readonly<Record<string, Tensor>>,
  index: Tensor,
  hyper: Tensor,
): { state: readonly Tensor[]; emitted: Tensor; names: readonly string[] } {
  const { params, objective, clipNorm, weightDecay = 0 } = spec;
  const batch = Object.fromEntries(
    Object.entries(data).map(([name, rows]) => [name, g.gather(rows, index)]),
  );
  const views = params.views(g, theta);
  const { loss, stats } = objective(g, views, batch);
  const gradient = params.flatGradient(g, loss, views);
  const options = { ...spec.adam, clipNorm, decays: weightDecay !== 0 };
  const next = adamStep(g, { theta, m, v }, gradient, hyper, options);
  const all: Record<string, Tensor> = { loss, ...stats, gradNorm: next.gradNorm };
  const columns = Object.values(all).map((scalar) => g.reshape(scalar, [1]));
  return {
    state: [next.theta, next.m, next.v],
    emitted: g.concat(columns, 0),
    names: Object.keys(all),
  };
}

function finished(
  g: Graph,
  state: readonly Tensor[],
  stats: Tensor,
  names: readonly string[],
): TrainingModel {
  STATE.forEach((name, i) => {
    g.output(nextState(name), state[i]);
  });
  g.output("stats", stats);
  return { model: encodeModel(g.definition("training")), stats: names };
}
