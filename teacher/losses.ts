/** The teacher's objective as a graph: PPO for the actor, regression for the asymmetric critic. */

import { gaussianEntropy, gaussianLogProb } from "../nn/gaussian.ts";
import { ppoLoss } from "../nn/losses.ts";
import type { DataSpec, Objective } from "../nn/model.ts";
import { criticValue } from "../policies/networks/critic.ts";
import { type TeacherSpec, teacherInputs, teacherNetwork } from "../policies/networks/teacher.ts";
import type { TeacherConfig } from "./config.ts";

type Entropy = Pick<TeacherConfig, "entropyCoef" | "finalEntropyCoef">;

/** Rows of a training batch. */
export function teacherData(spec: TeacherSpec, entropy: Entropy): DataSpec {
  return {
    ...teacherInputs(spec),
    privileged: { shape: [spec.privileged] },
    actions: { shape: [spec.actions] },
    logProbs: { shape: [] },
    advantages: { shape: [] },
    returns: { shape: [] },
    // the same in all rows: it changes from roll-out to roll-out
    ...(entropyChanges(entropy) ? { entropyCoef: { shape: [] } } : {}),
  };
}

/** A bonus that stays the same is a constant of the graph. */
export function entropyChanges({ entropyCoef, finalEntropyCoef }: Entropy): boolean {
  return entropyCoef !== finalEntropyCoef;
}

export function teacherObjective(
  spec: TeacherSpec,
  config: Pick<TeacherConfig, "clip" | "valueCoef"> & Entropy,
): Objective {
  const { clip, valueCoef } = config;
  const { act } = teacherNetwork(spec);
  return (g, views, batch) => {
    const entropyCoef = entropyChanges(config) ? g.mean(batch.entropyCoef) : config.entropyCoef;
    const { mean } = act(g, views, batch);
    const { value } = criticValue(g, views, batch);
    const gaussian = { mean, logStd: views.logStd };
    return ppoLoss(
      g,
      {
        logProbs: gaussianLogProb(g, gaussian, batch.actions),
        oldLogProbs: batch.logProbs,
        advantages: batch.advantages,
        values: value,
        returns: batch.returns,
        entropy: gaussianEntropy(g, views.logStd),
      },
      { clip, valueCoef, entropyCoef },
    );
  };
}
