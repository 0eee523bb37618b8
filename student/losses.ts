/** The student's objectives as graphs: imitate the teacher's actions and the geometry of its latents; then, earn more. */

import { gaussianEntropy, gaussianLogProb } from "../nn/gaussian.ts";
import type { Graph } from "../nn/graph.ts";
import { distillationLoss, ppoLoss } from "../nn/losses.ts";
import type { DataSpec, Objective } from "../nn/model.ts";
import type { Views } from "../nn/params.ts";
import type { Tensor } from "../nn/tensor.ts";
import { criticValue } from "../policies/networks/critic.ts";
import {
  latentRoles,
  POSE_COLUMNS,
  type StudentSpec,
  studentNetwork,
} from "../policies/networks/student.ts";
import type { FineTuneConfig, StudentConfig } from "./config.ts";

/** Rows are sequences of `steps` control steps; without memory a sequence is one step. */
export function studentData(spec: StudentSpec, steps: number): DataSpec {
  const roles = latentRoles(spec).length;
  return {
    layers: { shape: [steps, spec.roles.length, spec.height, spec.width] },
    proprioception: { shape: [steps, spec.actions] },
    ...(spec.goal ? { goal: { shape: [steps, spec.goal] } } : {}),
    ...(spec.lastSeen ? { lastSeen: { shape: [steps, spec.lastSeen] } } : {}),
    ...(spec.memory > 0 ? { begins: { shape: [steps] } } : {}),
    teacherActions: { shape: [steps, spec.actions] },
    teacherLatents: { shape: [steps, roles, spec.latent] },
    teacherPoses: { shape: [steps, roles, POSE_COLUMNS] },
  };
}

type ImitationWeights = Pick<
  StudentConfig,
  "relationalWeight" | "latentWeight" | "poseWeight" | "burnIn"
>;

export function studentObjective(
  spec: StudentSpec,
  steps: number,
  config: ImitationWeights,
): Objective {
  const imitate = imitation(spec, steps, config);
  return (g, views, batch) => {
    const { loss, stats } = imitate(g, views, batch);
    return { loss, stats };
  };
}

/** The distillation's loss, and what the student did meanwhile. */
function imitation(spec: StudentSpec, steps: number, config: ImitationWeights) {
  const network = studentNetwork(spec);
  return (g: Graph, views: Views, batch: Readonly<Record<string, Tensor>>) => {
    const first = spec.memory > 0 ? Math.min(config.burnIn, steps - 1) : 0;
    const sequences = batch.proprioception.shape[0];
    const late = (x: Tensor) => flatten(g, g.slice(x, 1, first, steps));
    const predicted = network.unroll(g, views, batch, { sequences, steps, first });
    const { loss: distillation, stats } = distillationLoss(
      g,
      {
        actions: predicted.mean,
        teacherActions: late(batch.teacherActions),
        latents: predicted.latents,
        teacherLatents: late(batch.teacherLatents),
      },
      config,
    );
    const apart = g.sub(predicted.latents, late(batch.teacherLatents));
    const latentLoss = g.mean(g.square(apart));
    const poseLoss = relativePoseLoss(g, predicted.poses, late(batch.teacherPoses));
    const loss = g.add(
      g.add(distillation, g.mul(latentLoss, config.latentWeight)),
      g.mul(poseLoss, config.poseWeight),
    );
    return { loss, stats: { ...stats, latentLoss, poseLoss }, mean: predicted.mean };
  };
}

/** Rows of a student that is fine-tuned: without a memory, so one step each. */
export function fineTuneData(
  spec: StudentSpec,
  privileged: number,
  { imitationWeight }: Pick<FineTuneConfig, "imitationWeight">,
): DataSpec {
  const { teacherActions, teacherLatents, teacherPoses, ...observed } = studentData(spec, 1);
  return {
    ...observed,
    ...(imitationWeight > 0 ? { teacherActions, teacherLatents, teacherPoses } : {}),
    privileged: { shape: [privileged] },
    actions: { shape: [spec.actions] },
    logProbs: { shape: [] },
    advantages: { shape: [] },
    returns: { shape: [] },
  };
}

/** PPO on the student's actions and, beside it, what it was distilled with. */
export function fineTuneObjective(
  spec: StudentSpec,
  student: ImitationWeights,
  config: FineTuneConfig,
): Objective {
  const network = studentNetwork(spec);
  const imitate = imitation(spec, 1, student);
  const { clip, valueCoef, entropyCoef, imitationWeight } = config;
  return (g, views, batch) => {
    const imitated = imitationWeight > 0 ? imitate(g, views, batch) : undefined;
    const window = { sequences: batch.proprioception.shape[0], steps: 1, first: 0 };
    const mean = imitated?.mean ?? network.unroll(g, views, batch, window).mean;
    const gaussian = { mean, logStd: views.logStd };
    const { loss, stats } = ppoLoss(
      g,
      {
        logProbs: gaussianLogProb(g, gaussian, batch.actions),
        oldLogProbs: batch.logProbs,
        advantages: batch.advantages,
        values: criticValue(g, views, batch).value,
        returns: batch.returns,
        entropy: gaussianEntropy(g, views.logStd),
      },
      { clip, valueCoef, entropyCoef },
    );
    if (!imitated) return { loss, stats };
    return {
      loss: g.add(loss, g.mul(imitated.loss, imitationWeight)),
      stats: { ...imitated.stats, ...stats },
    };
  };
}

/** [sequences, steps, ...] to [sequences * steps, ...]. */
function flatten(g: Graph, x: Tensor): Tensor {
  return g.reshape(x, [x.shape[0] * x.shape[1], ...x.shape.slice(2)]);
}

/**
 * Cross-entropy of "seen" plus, where a role is seen, the squared error of its position in metres.
 * Columns of both: seen (a logit; 0 or 1), x_m, y_m. [B, R, 3].
 */
export function relativePoseLoss(g: Graph, poses: Tensor, truth: Tensor): Tensor {
  const logit = g.slice(poses, 2, 0, 1);
  const seen = g.slice(truth, 2, 0, 1);
  const crossEntropy = g.sub(g.softplus(logit), g.mul(logit, seen));
  const apart = g.sub(g.slice(poses, 2, 1, 3), g.slice(truth, 2, 1, 3));
  const distance = g.sum(g.square(apart), { axes: [2], keep: true });
  return g.mean(g.add(crossEntropy, g.mul(seen, distance)));
}
