/**
 * The privileged teacher: keypoints of every role through one point encoder (EgoPush, section III-A).
 *
 * Z_k, one latent a role; a = MLP(a_{t-1}, Z_act, Z_anc, Z_obs, Z_ref). The encoder is EgoPush's PointNet,
 * Z_k = max over points of MLP(P_k), or an MLP on the pose that each object's points come to, at a
 * fraction of the cost. A teacher may also read what its student knows without seeing: where each role was last seen, and its goal.
 * The critic is separate and reads what the actor must not (an asymmetric critic).
 */

import type { Graph } from "../../nn/graph.ts";
import { constant } from "../../nn/initializers.ts";
import { linear } from "../../nn/layers.ts";
import type { DataSpec, Forward } from "../../nn/model.ts";
import { Params, type Views } from "../../nn/params.ts";
import type { Tensor } from "../../nn/tensor.ts";
import { addCritic } from "./critic.ts";
import { nearness } from "./near.ts";

/** What latents are made of: each keypoint by itself, as in EgoPush, or the pose that an object's keypoints come to. */
export const encoders = ["points", "poses"] as const;

export interface TeacherSpec {
  readonly kind: "teacher";
  /** Keypoints of each role, in the order of the row: such as { active: 4, anchor: 4, reference: 4 }. */
  readonly points: Readonly<Record<string, number>>;
  /** Columns of the critic's row. */
  readonly privileged: number;
  readonly actions: number;
  /** Width of a role's latent. */
  readonly latent: number;
  readonly hidden: number;
  /** Columns of an object's pose, where its latent is made of that; none where it is made of each keypoint by itself. */
  readonly pose?: number;
  /** Columns of what was last seen; none without a memory. */
  readonly lastSeen?: number;
  /** Columns of the goal; none where it is told by the reference alone. */
  readonly goal?: number;
  /** Columns of how close that memory is, worked out from it; see near.ts. */
  readonly near?: number;
}

/** Roles whose latents a student can also have: all but the reference, which is only imagined. */
export function visibleRoles(spec: TeacherSpec): readonly string[] {
  return Object.keys(spec.points).filter((role) => role !== "reference");
}

/** Keypoints of a row. */
export function pointsOf({ points }: TeacherSpec): number {
  return Object.values(points).reduce((sum, count) => sum + count, 0);
}

/** Keypoints of one object: some role has just one. */
function pointsOfOne({ points }: TeacherSpec): number {
  return Math.min(...Object.values(points));
}

/** Objects of a row, those of a role of several counted one by one. */
function objectsOf(spec: TeacherSpec): number {
  return pointsOf(spec) / pointsOfOne(spec);
}

export function teacherInputs(spec: TeacherSpec): DataSpec {
  return {
    ...(spec.pose
      ? { poses: { shape: [objectsOf(spec) * spec.pose] } }
      : { keypoints: { shape: [pointsOf(spec) * 3] } }),
    proprioception: { shape: [spec.actions] },
    ...(spec.lastSeen ? { lastSeen: { shape: [spec.lastSeen] } } : {}),
    ...(spec.goal ? { goal: { shape: [spec.goal] } } : {}),
  };
}

/** Parameters of the actor alone. */
export function actorParams(spec: TeacherSpec): Params {
  const { hidden, latent, actions, pose, lastSeen = 0, goal = 0, near = 0 } = spec;
  const roles = Object.keys(spec.points).length;
  return new Params()
    .linear("point.1", pose ?? 3, latent)
    .linear("point.2", latent, latent)
    .linear("head.1", actions + roles * latent + lastSeen + goal + near, hidden)
    .linear("head.2", hidden, hidden)
    .linear("head.mean", hidden, actions, 0.01);
}

export function teacherNetwork(spec: TeacherSpec) {
  const { latent, actions, pose, lastSeen = 0, goal = 0, near = 0 } = spec;
  const roles = Object.keys(spec.points).length;
  const params = addCritic(actorParams(spec), spec).add("logStd", [actions], constant(-0.5));
  const act: Forward = (g, views, inputs) => {
    const latents = pose
      ? encodePoses(g, views, spec, pose, inputs.poses)
      : encodePoints(g, views, spec, inputs.keypoints);
    const batch = latents.shape[0];
    const flat = g.reshape(latents, [batch, roles * latent]);
    const known = [
      ...(lastSeen > 0 ? [inputs.lastSeen] : []),
      ...(goal > 0 ? [inputs.goal] : []),
      ...(near > 0 ? [nearness(g, inputs.lastSeen)] : []),
    ];
    const features = g.concat([inputs.proprioception, flat, ...known], 1);
    return { mean: headOf(g, views, features), latents };
  };
  return { params, act, inputs: teacherInputs(spec) };
}

/** Points [B, P*3] to one latent a role [B, R, L]. */
function encodePoints(g: Graph, views: Views, spec: TeacherSpec, points: Tensor): Tensor {
  const counts = Object.values(spec.points);
  const total = pointsOf(spec);
  const batch = points.shape[0];
  const each = g.reshape(points, [batch * total, 3]);
  const hidden = g.relu(linear(g, views, "point.1", each));
  const encoded = linear(g, views, "point.2", hidden);
  if (counts.every((count) => count === counts[0])) {
    const grouped = g.reshape(encoded, [batch, counts.length, counts[0], spec.latent]);
    return g.maxReduce(grouped, { axes: [2] });
  }
  const byPoint = g.split(g.reshape(encoded, [batch, total, spec.latent]), counts, 1);
  const shown = g.split(g.reshape(points, [batch, total, 3]), counts, 1);
  const one = Math.min(...counts);
  const pooled = byPoint.map((role, i) =>
    g.maxReduce(counts[i] > one ? withoutHidden(g, role, shown[i]) : role, {
      axes: [1],
      keep: true,
    }),
  );
  return g.concat(pooled, 1);
}

/** Poses [B, O*P], `shown` first in each, to one latent a role [B, R, L]. */
function encodePoses(
  g: Graph,
  views: Views,
  spec: TeacherSpec,
  columns: number,
  poses: Tensor,
): Tensor {
  const objects = objectsOf(spec);
  const batch = poses.shape[0];
  const rows = g.reshape(poses, [batch * objects, columns]);
  const encoded = linear(g, views, "point.2", g.relu(linear(g, views, "point.1", rows)));
  const byObject = g.reshape(encoded, [batch, objects, spec.latent]);
  const counts = Object.values(spec.points).map((count) => count / pointsOfOne(spec));
  if (counts.every((count) => count === 1)) return byObject;
  const shown = g.slice(g.reshape(poses, [batch, objects, columns]), 2, 0, 1);
  const hidden = g.split(g.sub(1, g.min(g.mul(shown, 1e3), 1)), counts, 1);
  const pooled = g.split(byObject, counts, 1).map((role, i) => {
    if (counts[i] === 1) return role;
    return g.maxReduce(unlessAnyShown(g, role, hidden[i]), { axes: [1], keep: true });
  });
  return g.concat(pooled, 1);
}

/**
 * Takes hidden points, whose coordinates are -10, out of the maximum over a role of several objects while any of its
 * points is shown: else one object out of view would drown the others.
 */
function withoutHidden(g: Graph, encoded: Tensor, points: Tensor): Tensor {
  const x = g.slice(points, 2, 0, 1);
  return unlessAnyShown(g, encoded, g.clip(g.sub(g.mul(x, -0.2), 1), 0, 1));
}

/** Takes rows that are `hidden`, 0 or 1, out of a maximum to come while any other is shown. [B, N, L], [B, N, 1] */
function unlessAnyShown(g: Graph, encoded: Tensor, hidden: Tensor): Tensor {
  const anyShown = g.maxReduce(g.sub(1, hidden), { axes: [1], keep: true });
  return g.sub(encoded, g.mul(g.mul(hidden, anyShown), 1e3));
}

/** The action head, shared in shape with the student, which is warm-started from it. */
export function headOf(g: Graph, views: Views, x: Tensor): Tensor {
  const hidden = g.tanh(linear(g, views, "head.2", g.tanh(linear(g, views, "head.1", x))));
  return linear(g, views, "head.mean", hidden);
}
