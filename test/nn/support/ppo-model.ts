/** A small actor-critic and a made-up rollout, enough to train on. */

import type { Rng } from "../../../core/rng.ts";
import { gaussianEntropy, gaussianLogProb } from "../../../nn/gaussian.ts";
import type { Graph } from "../../../nn/graph.ts";
import { constant } from "../../../nn/initializers.ts";
import { linear } from "../../../nn/layers.ts";
import { ppoLoss } from "../../../nn/losses.ts";
import type { Forward, Objective } from "../../../nn/model.ts";
import { Params, type Views } from "../../../nn/params.ts";
import type { Tensor } from "../../../nn/tensor.ts";

export interface PpoSizes {
  readonly obs: number;
  readonly hidden: number;
  readonly actions: number;
}

export function ppoModel({ obs, hidden, actions }: PpoSizes) {
  const params = new Params()
    .linear("first", obs, hidden)
    .linear("second", hidden, hidden)
    .linear("mean", hidden, actions, 0.1)
    .linear("value", hidden, 1)
    .add("logStd", [actions], constant(-0.5));
  const data = {
    obs: { shape: [obs] },
    action: { shape: [actions] },
    logProb: { shape: [] },
    advantage: { shape: [] },
    return: { shape: [] },
  };
  return { params, forward, objective, data };
}

const forward: Forward = (g, views, inputs) => network(g, views, inputs.obs);

const objective: Objective = (g, views, batch) => {
  const { mean, value } = network(g, views, batch.obs);
  const logStd = views.logStd;
  const terms = {
    logProbs: gaussianLogProb(g, { mean, logStd }, batch.action),
    oldLogProbs: batch.logProb,
    advantages: batch.advantage,
    values: value,
    returns: batch.return,
    entropy: gaussianEntropy(g, logStd),
  };
  return ppoLoss(g, terms, { clip: 0.2, valueCoef: 0.5, entropyCoef: 0.01 });
};

function network(g: Graph, views: Views, obs: Tensor) {
  const first = g.tanh(linear(g, views, "first", obs));
  const second = g.tanh(linear(g, views, "second", first));
  const value = g.reshape(linear(g, views, "value", second), [obs.shape[0]]);
  return { mean: linear(g, views, "mean", second), value };
}

/** Random rows; old log-probabilities lie near those of the first policy, so that some rows clip. */
export function fakeRollout(rows: number, { obs, actions }: PpoSizes, rng: Rng) {
  const normals = (count: number) => Float32Array.from({ length: count }, () => rng.normal());
  const action = normals(rows * actions);
  const logProb = new Float32Array(rows);
  for (let i = 0; i < rows; i++) {
    let total = 0.3 * rng.normal();
    for (let j = 0; j < actions; j++) {
      const z = action[i * actions + j] / Math.exp(-0.5);
      total += 0.5 - 0.5 * z * z - 0.5 * Math.log(2 * Math.PI);
    }
    logProb[i] = total;
  }
  const advantage = normals(rows);
  return { obs: normals(rows * obs), action, logProb, advantage, return: normals(rows) };
}
