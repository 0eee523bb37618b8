/**
 * The visual student: one depth image a role through one encoder (EgoPush, section III-C).
 *
 * Ẑ_k = E(d̃_k) with weights shared by the roles; E joins convolutions with image moments, which say
 * from the first update on where a role is, how large, how far and how turned (moments.ts). â = MLP(a_{t-1}, Ẑ_act, Ẑ_anc, Ẑ_obs), optionally
 * with a GRU before the head. A student that is told its goal, where the target lies from the anchor, imagines the latent
 * that the teacher has of the reference from it and from the anchor's: Ẑ_ref = MLP(Ẑ_anc, goal); its head reads the goal, too. An auxiliary head estimates where each role is, for supervision and
 * for looking at.
 */

import type { Graph } from "../../nn/graph.ts";
import { conv2d, gru, linear } from "../../nn/layers.ts";
import type { DataSpec, Forward } from "../../nn/model.ts";
import { Params, type Views } from "../../nn/params.ts";
import type { Tensor } from "../../nn/tensor.ts";
import { poseColumns } from "../manifest.ts";
import { columnsOf } from "./known.ts";
import { imageMoments, MOMENTS } from "./moments.ts";
import { nearness } from "./near.ts";
import { headOf } from "./teacher.ts";

export interface StudentSpec {
  readonly kind: "student";
  /** Channels of the image, in order. */
  readonly roles: readonly string[];
  readonly width: number;
  readonly height: number;
  /** Rows at the top that are not looked at, because nothing shows above the horizon; all are without it. */
  readonly skyRows?: number;
  readonly actions: number;
  readonly latent: number;
  readonly hidden: number;
  /** Channels of the convolutions; none leaves the image moments alone. */
  readonly channels: readonly number[];
  /** Units that join convolutions and moments. */
  readonly joint: number;
  /** Units of the GRU; 0 leaves it out. */
  readonly memory: number;
  /** Columns of the goal; none where there is only one. */
  readonly goal?: number;
  /** Columns of what was last seen; none without that memory. */
  readonly lastSeen?: number;
  /** Columns of how close that memory is, worked out from it; see near.ts. */
  readonly near?: number;
}

/** Roles that the student has a latent of: those it sees and, where it is told its goal, the reference. */
export function latentRoles({
  roles,
  goal,
}: Pick<StudentSpec, "roles" | "goal">): readonly string[] {
  return goal ? [...roles, "reference"] : roles;
}

/** Columns of the relative-pose head, per role: see `poseColumns`; here "seen" is still a logit. */
export const POSE_COLUMNS = poseColumns.size;

const KERNELS = [
  { kernel: 8, stride: 4 },
  { kernel: 4, stride: 2 },
  { kernel: 3, stride: 1 },
] as const;

/** Pixels that the first convolution steps over. */
export const EYE_STRIDE = KERNELS[0].stride;

export function studentInputs(spec: StudentSpec): DataSpec {
  return {
    layers: { shape: [spec.roles.length, spec.height, spec.width] },
    proprioception: { shape: [spec.actions] },
    ...(spec.goal ? { goal: { shape: [spec.goal] } } : {}),
    ...(spec.lastSeen ? { lastSeen: { shape: [spec.lastSeen] } } : {}),
    ...(spec.memory > 0 ? { memory: { shape: [spec.memory] } } : {}),
  };
}

export function studentNetwork(spec: StudentSpec) {
  const { latent, hidden, actions, memory } = spec;
  const features = actions + latentRoles(spec).length * latent + columnsOf(spec);
  const params = new Params();
  spec.channels.forEach((channels, i) => {
    params.conv(`eye.${i + 1}`, spec.channels[i - 1] ?? 1, channels, KERNELS[i].kernel);
  });
  const joined = spec.joint + convolved(spec);
  params
    .linear("eye.moments", MOMENTS, spec.joint, Math.SQRT2)
    .linear("eye.joint", joined, spec.joint, Math.SQRT2)
    .linear("eye.latent", spec.joint, latent)
    .linear("head.1", memory > 0 ? memory : features, hidden)
    .linear("head.2", hidden, hidden)
    .linear("head.mean", hidden, actions, 0.01)
    .linear("pose.1", latent, latent)
    .linear("pose.2", latent, POSE_COLUMNS);
  if (spec.goal) {
    params
      .linear("reference.1", latent + spec.goal, spec.joint, Math.SQRT2)
      .linear("reference.2", spec.joint, latent);
  }
  if (memory > 0) params.gru("memory", features, memory);
  const headed = (g: Graph, views: Views, latents: Tensor, x: Tensor) => ({
    mean: headOf(g, views, x),
    latents,
    poses: poseHead(g, views, spec, latents),
  });
  const act: Forward = (g, views, inputs) => {
    const latents = latentsOf(g, views, spec, inputs.layers, inputs.goal);
    const seen = featuresOf(g, spec, latents, inputs);
    if (memory === 0) return headed(g, views, latents, seen);
    const next = gru(g, views, "memory", seen, inputs.memory);
    return { ...headed(g, views, latents, next), nextMemory: next };
  };
  /** Sequences [B, T, ...] from a memory of zero; results of steps `first` on, [B * (T - first), ...]. */
  const unroll = (g: Graph, views: Views, inputs: Tensors, window: Window) => {
    const { sequences, steps, first } = window;
    const flat = (x: Tensor) => g.reshape(x, [sequences * steps, ...x.shape.slice(2)]);
    const { begins, ...sequence } = inputs;
    const flattened = Object.fromEntries(
      Object.keys(studentInputs({ ...spec, memory: 0 })).map((name) => [
        name,
        flat(sequence[name]),
      ]),
    );
    const latents = latentsOf(g, views, spec, flattened.layers, flattened.goal);
    const seen = featuresOf(g, spec, latents, flattened);
    if (memory === 0) return headed(g, views, latents, seen);
    const late = (x: Tensor, width: readonly number[]) => {
      const kept = g.slice(g.reshape(x, [sequences, steps, ...width]), 1, first, steps);
      return g.reshape(kept, [sequences * (steps - first), ...width]);
    };
    const remembered = remember(g, views, g.reshape(seen, [sequences, steps, -1]), begins);
    return headed(
      g,
      views,
      late(latents, [latentRoles(spec).length, latent]),
      late(remembered, [memory]),
    );
  };
  return { params, act, unroll, inputs: studentInputs(spec) };
}

type Tensors = Readonly<Record<string, Tensor>>;

interface Window {
  readonly sequences: number;
  readonly steps: number;
  readonly first: number;
}

/** [a_{t-1}, Z_1, .., Z_R, last seen, goal, near] in one row, as the teacher has it. */
function featuresOf(g: Graph, spec: StudentSpec, latents: Tensor, inputs: Tensors): Tensor {
  const flat = g.reshape(latents, [latents.shape[0], latentRoles(spec).length * spec.latent]);
  const { proprioception, lastSeen, goal } = inputs;
  return g.concat(
    [
      proprioception,
      flat,
      ...(spec.lastSeen ? [lastSeen] : []),
      ...(spec.goal ? [goal] : []),
      ...(spec.near ? [nearness(g, lastSeen)] : []),
    ],
    1,
  );
}

/** Runs the GRU over [B, T, F]; `begins` [B, T] is 1 where an episode begins, and forgets there. */
function remember(g: Graph, views: Views, features: Tensor, begins: Tensor): Tensor {
  const [sequences, steps, width] = features.shape;
  const units = views["memory.hidden.w"].shape[0];
  let state = g.expand(g.constant([0], [1, 1]), [sequences, units]);
  const states: Tensor[] = [];
  for (let t = 0; t < steps; t++) {
    const keep = g.sub(1, g.slice(begins, 1, t, t + 1));
    const x = g.reshape(g.slice(features, 1, t, t + 1), [sequences, width]);
    state = gru(g, views, "memory", x, g.mul(state, keep));
    states.push(g.reshape(state, [sequences, 1, units]));
  }
  return g.reshape(g.concat(states, 1), [sequences * steps, units]);
}

/** Inverse depth [B, R, H, W] to one latent a role [B, R, L]. */
function encodeLayers(g: Graph, views: Views, spec: StudentSpec, layers: Tensor): Tensor {
  const batch = layers.shape[0];
  const images = g.reshape(layers, [batch * spec.roles.length, 1, spec.height, spec.width]);
  // most images are of a role that is out of view
  const latents = g.skipEmptyRows(images, (seen) => encodeImages(g, views, spec, seen));
  return g.reshape(latents, [batch, spec.roles.length, spec.latent]);
}

/** Inverse depth [N, 1, H, W] to one latent each [N, L]. */
function encodeImages(g: Graph, views: Views, spec: StudentSpec, images: Tensor): Tensor {
  const { width, height, skyRows: sky = 0 } = spec;
  const count = images.shape[0];
  const ground = sky > 0 ? g.slice(images, 2, sky, height) : images;
  const moments = imageMoments(g, ground, { width, height, firstRow: sky });
  const summary = g.relu(linear(g, views, "eye.moments", moments));
  let x = ground;
  spec.channels.forEach((_, i) => {
    x = g.relu(conv2d(g, views, `eye.${i + 1}`, x, KERNELS[i]));
  });
  const flat = g.reshape(x, [count, -1]);
  const both = spec.channels.length > 0 ? g.concat([flat, summary], 1) : summary;
  return linear(g, views, "eye.latent", g.relu(linear(g, views, "eye.joint", both)));
}

/** Latents of all roles [B, R, L]: of what is seen, and of the reference as the goal has it. */
function latentsOf(
  g: Graph,
  views: Views,
  spec: StudentSpec,
  layers: Tensor,
  goal: Tensor | undefined,
): Tensor {
  const seen = encodeLayers(g, views, spec, layers);
  if (!spec.goal || !goal) return seen;
  const batch = seen.shape[0];
  const at = spec.roles.indexOf("anchor");
  const anchor = g.reshape(g.slice(seen, 1, at, at + 1), [batch, spec.latent]);
  const hidden = g.relu(linear(g, views, "reference.1", g.concat([g.relu(anchor), goal], 1)));
  const reference = linear(g, views, "reference.2", hidden);
  return g.concat([seen, g.reshape(reference, [batch, 1, spec.latent])], 1);
}

/** [B, R, POSE_COLUMNS]: a logit for "seen", and x, y in metres. */
function poseHead(g: Graph, views: Views, spec: StudentSpec, latents: Tensor): Tensor {
  const roles = latentRoles(spec).length;
  const rows = latents.shape[0] * roles;
  const each = g.relu(g.reshape(latents, [rows, spec.latent]));
  const hidden = g.relu(linear(g, views, "pose.1", each));
  const poses = linear(g, views, "pose.2", hidden);
  return g.reshape(poses, [latents.shape[0], roles, POSE_COLUMNS]);
}

/** The head's logits [B, R, POSE_COLUMNS] as whoever looks at them wants them: "seen" from 0 to 1. */
export function readablePoses(g: Graph, poses: Tensor): Tensor {
  const seen = g.sigmoid(g.slice(poses, 2, 0, poseColumns.width.seen));
  const place = g.slice(poses, 2, poseColumns.at.place_m, poseColumns.size);
  return g.concat([seen, place], 2);
}

/** Numbers that the convolutions, none of which pads, leave of an image. */
function convolved({ channels, width, height, skyRows: sky = 0 }: StudentSpec): number {
  if (channels.length === 0) return 0;
  const shrink = (size: number) =>
    channels.reduce(
      (left, _, i) => Math.floor((left - KERNELS[i].kernel) / KERNELS[i].stride) + 1,
      size,
    );
  return shrink(width) * shrink(height - sky) * channels[channels.length - 1];
}
