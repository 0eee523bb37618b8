/** The teacher's objective as a graph: PPO for the actor, regression for the asymmetric critic. */

import { gaussianEntropy, gaussianLogProb } from "../nn/gaussian.ts";
import { ppoLoss } from "../nn/losses.ts";
import type { DataSpec, Objective } from "../nn/model.ts";
import {
  criticValue,
  type TeacherSpec,
  teacherInputs,
  teacherNetwork,
} from "../policies/networks/teacher.ts";
import type { TeacherConfig } from "./config.ts";

/** Rows of a training batch. */
export function teacherData(spec: TeacherSpec): DataSpec {
  return {
    ...teacherInputs(spec),
    privileged: { shape: [spec.privileged] },
    actions: { shape: [spec.actions] },
    logProbs: { shape: [] },
    advantages: { shape: [] },
    returns: { shape: [] },
    // the same in all rows: it changes from roll-out to roll-out
    entropyCoef: { shape: [] },
  };
}

export function teacherObjective(
  spec: TeacherSpec,
  { clip, valueCoef }: Pick<TeacherConfig, "clip" | "valueCoef">,
): Objective {
  const { act } = teacherNetwork(spec);
  return (g, views, batch) => {
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
      { clip, valueCoef, entropyCoef: g.mean(batch.entropyCoef) },
    );
  };
}
