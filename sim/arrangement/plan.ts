/** Which object goes where: slots are given out when an episode begins, and stay given. */

import type { Meters } from "../../core/units.ts";
import { KEEP_OUT_m, wayAround } from "../push.ts";
import type { PlanarPose } from "../scene.ts";
import type { PushableName } from "../shape.ts";
import { type Arrangement, inWorld, type Slot } from "./arrangement.ts";
import { isFree, type Reach, type SlotSet } from "./reach.ts";

/** What an episode is about: its slots, and which of them each stage fills. */
export interface Plan {
  /** In the anchor's frame. */
  readonly slots: readonly Slot[];
  /** [stage] */
  readonly slotOf: readonly number[];
}

/** An object that waits to be pushed. */
export interface Waiting {
  readonly pose: PlanarPose;
  readonly shape: PushableName;
}

/** One stage of a plan: which of those that waited goes to which slot. */
export interface Move {
  readonly pose: PlanarPose;
  readonly slot: number;
}

/**
 * Gives the objects out to the stages that are left, in order. A stage takes an object of its shape to a slot of that
 * shape: of all such pairs the one with the shortest way around anchor, filled slots and whatever else waits, among slots that leave every
 * later one within reach. Unplaced objects stand still, so this is the choice that would be made stage by stage.
 *
 * @param filled slots that are taken already, as bits; the others have to be completable
 * @param shapes of the stages that are left
 */
export function planNearest(
  arrangement: Arrangement,
  reach: Reach,
  anchor: PlanarPose,
  filled: SlotSet,
  shapes: readonly PushableName[],
  waiting: readonly Waiting[],
): Move[] {
  const slots = arrangement.slots.map((slot) => ({ ...slot, ...inWorld(slot, anchor) }));
  const left = [...waiting];
  let taken = filled;
  return shapes.map((shape) => {
    const free = slots.flatMap((slot, i) => (slot.shape === shape && isFree(i, taken) ? [i] : []));
    const open = free.filter((slot) => reach.allows(slot, taken));
    const standing = [anchor, ...slots.filter((_, i) => !isFree(i, taken))];
    let best: { way_m: number; index: number; slot: number } | undefined;
    for (const [index, { pose, shape: found }] of left.entries()) {
      if (found !== shape) continue;
      const others = left.flatMap((other, i) => (i === index ? [] : [other.pose]));
      for (const slot of open) {
        const way_m = wayLength_m([...standing, ...others], pose, slots[slot]);
        if (!best || way_m < best.way_m) best = { way_m, index, slot };
      }
    }
    if (!best) throw new Error("internal: a stage has no object or no open slot of its shape.");
    taken |= 1 << best.slot;
    const [{ pose }] = left.splice(best.index, 1);
    return { pose, slot: best.slot };
  });
}

/** Length of the way past things that stand around; detours add up. */
function wayLength_m(standing: readonly PlanarPose[], from: PlanarPose, to: PlanarPose): Meters {
  const straight = Math.hypot(to.x_m - from.x_m, to.y_m - from.y_m);
  return standing.reduce((sum, { x_m, y_m }) => {
    return sum + wayAround({ x_m, y_m, radius_m: KEEP_OUT_m }, from.x_m, from.y_m, to).detour_m;
  }, straight);
}
