/**
 * The privileged teacher: keypoints of every role through one point encoder (EgoPush, section III-A).
 *
 * Z_k = max over points of MLP(P_k), one latent a role; a = MLP(a_{t-1}, Z_act, Z_anc, Z_obs, Z_ref).
 * A teacher with a memory also reads where each role was last seen, beside its latents.
 * The critic is separate and reads what the actor must not (an asymmetric critic).
 */

import type { Graph } from "../../nn/graph.ts";
import { constant } from "../../nn/initializers.ts";
import { linear } from "../../nn/layers.ts";
import type { DataSpec, Forward } from "../../nn/model.ts";
import { Params, type Views } from "../../nn/params.ts";
import type { Tensor } from "../../nn/tensor.ts";

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
  /** Columns of what was last seen; none without a memory. */
  readonly lastSeen?: number;
}

/** Roles whose latents a student can also have: all but the reference, which is only imagined. */
export function visibleRoles(spec: TeacherSpec): readonly string[] {
  return Object.keys(spec.points).filter((role) => role !== "reference");
}

export function teacherInputs(spec: TeacherSpec): DataSpec {
  const points = Object.values(spec.points).reduce((sum, count) => sum + count, 0);
  return {
    keypoints: { shape: [points * 3] },
    proprioception: { shape: [spec.actions] },
    ...(spec.lastSeen ? { lastSeen: { shape: [spec.lastSeen] } } : {}),
  };
}

export function teacherNetwork(spec: TeacherSpec) {
  const { hidden, latent, actions, lastSeen = 0 } = spec;
  const roles = Object.keys(spec.points).length;
  const params = new Params()
    .linear("point.1", 3, latent)
    .linear("point.2", latent, latent)
    .linear("head.1", actions + roles * latent + lastSeen, hidden)
    .linear("head.2", hidden, hidden)
    .linear("head.mean", hidden, actions, 0.01)
    .linear("critic.1", spec.privileged, hidden)
    .linear("critic.2", hidden, hidden)
    .linear("critic.value", hidden, 1)
    .add("logStd", [actions], constant(-0.5));
  const act: Forward = (g, views, inputs) => {
    const latents = encodePoints(g, views, spec, inputs.keypoints);
    const batch = latents.shape[0];
    const flat = g.reshape(latents, [batch, roles * latent]);
    const remembered = lastSeen > 0 ? [inputs.lastSeen] : [];
    const features = g.concat([inputs.proprioception, flat, ...remembered], 1);
    return { mean: headOf(g, views, features), latents };
  };
  return { params, act, inputs: teacherInputs(spec) };
}

/** Points [B, P*3] to one latent a role [B, R, L]. */
function encodePoints(g: Graph, views: Views, spec: TeacherSpec, points: Tensor): Tensor {
  const counts = Object.values(spec.points);
  const total = counts.reduce((sum, count) => sum + count, 0);
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

/**
 * Takes hidden points, whose coordinates are -10, out of the maximum over a role of several objects while any of its
 * points is shown: else one object out of view would drown the others.
 */
function withoutHidden(g: Graph, encoded: Tensor, points: Tensor): Tensor {
  const x = g.slice(points, 2, 0, 1);
  const hidden = g.clip(g.sub(g.mul(x, -0.2), 1), 0, 1);
  const anyShown = g.maxReduce(g.sub(1, hidden), { axes: [1], keep: true });
  return g.sub(encoded, g.mul(g.mul(hidden, anyShown), 1e3));
}

/** The action head, shared in shape with the student, which is warm-started from it. */
export function headOf(g: Graph, views: Views, x: Tensor): Tensor {
  const hidden = g.tanh(linear(g, views, "head.2", g.tanh(linear(g, views, "head.1", x))));
  return linear(g, views, "head.mean", hidden);
}

/** V(s) [B] of privileged rows [B, O]. */
export const criticValue: Forward = (g, views, { privileged }) => {
  const hidden = g.tanh(
    linear(g, views, "critic.2", g.tanh(linear(g, views, "critic.1", privileged))),
  );
  return { value: g.reshape(linear(g, views, "critic.value", hidden), [privileged.shape[0]]) };
};
