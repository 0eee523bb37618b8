/**
 * Mirror images of a roll-out as further samples (Mittal et al., 2024, https://arxiv.org/abs/2403.04359): where left and right
 * are alike, what was good to do is good to do the other way round.
 *
 * An image keeps the probability, advantage and return of what it mirrors. That holds as far as the policy is its own
 * mirror image, which learning from as many images as originals keeps it.
 */

import { parseConfig } from "../core/config.ts";
import type { Rng } from "../core/rng.ts";
import type { NetworkActor } from "../rollout/actor.ts";
import type { SimulationSpec } from "../rollout/shard.ts";
import type { VectorGroup } from "../sim/groups.ts";
import { type MirrorSigns, mirrorOf, mirrorOfAction, writeMirrored } from "../sim/mirror.ts";
import { findScene } from "../sim/scenes/index.ts";

/** The signs of each field of a training batch; of those that are not named nothing changes. */
export type BatchMirror = Readonly<Record<string, MirrorSigns>>;

export function batchMirror(
  { scene: name, config }: SimulationSpec,
  actor: NetworkActor,
): BatchMirror {
  const scene = findScene(name);
  const assembled = scene.assemble(parseConfig(scene.config, config, `scene "${name}"`));
  const inputs = Object.entries(actor.inputs).map(([input, group]) => {
    return [input, mirrorOf(assembled, group as VectorGroup)] as const;
  });
  return {
    ...Object.fromEntries(inputs),
    privileged: mirrorOf(assembled, "privileged"),
    actions: mirrorOfAction,
  };
}

const unchanged: MirrorSigns = [1];

/** All rows, and after them the mirror image of each. */
export function withMirrorImages(
  batch: Readonly<Record<string, Float32Array>>,
  mirror: BatchMirror,
): Record<string, Float32Array> {
  const twice = Object.entries(batch).map(([field, rows]) => {
    const both = new Float32Array(2 * rows.length);
    both.set(rows);
    writeMirrored(rows, mirror[field] ?? unchanged, both, rows.length);
    return [field, both];
  });
  return Object.fromEntries(twice);
}

/** For each row in `order`, by a toss, itself or its image: as many samples as before. */
export function orImages(order: Int32Array, rows: number, rng: Rng): Int32Array {
  return order.map((row) => (rng.next() < 0.5 ? row : row + rows));
}
