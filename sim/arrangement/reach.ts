/**
 * Which places of an arrangement can still be filled when others are.
 *
 * A place can be filled if an object with the robot behind it can come in along some straight line: a corridor as wide as
 * the robot, from outside, in which nothing stands. That is stricter than a clever pusher would need, and cheap. An
 * outermost place can always be filled, so an arrangement of one shape can be made from the inside out. Stages take shapes in
 * the order of the slots, though, so one of several shapes may have no order that does.
 */

import type { Meters } from "../../core/units.ts";
import { type DiffDriveSpec, pusherReach_m } from "../robots/diff-drive.ts";
import { footprintRadius_m, pushable } from "../shape.ts";
import type { Arrangement, Slot } from "./arrangement.ts";

/** The ground that a robot needs to push an object into its place. */
interface Corridor {
  /** Half the robot's width, and room for what it is off by. */
  readonly halfWidth_m: Meters;
  /** From the place outwards: an object, the robot behind it, and room to turn. */
  readonly length_m: Meters;
}

function corridorOf(robot: DiffDriveSpec): Corridor {
  return {
    halfWidth_m: Math.max(robot.base_m[1], robot.pusher_m.width) / 2 + 0.015,
    length_m: 0.15 / 2 + pusherReach_m(robot) + 0.2,
  };
}

/** Directions that are tried. */
const DIRECTIONS = 24;

/** Sets of slots as bits. */
export type SlotSet = number;

/** Answers for one arrangement, each set of filled slots looked at once. */
export class Reach {
  readonly #arrangement: Arrangement;
  readonly #corridor: Corridor;
  readonly #known = new Map<SlotSet, boolean>();

  constructor(arrangement: Arrangement, robot: DiffDriveSpec) {
    this.#arrangement = arrangement;
    this.#corridor = corridorOf(robot);
  }

  /** Whether `slot` can be filled now without making a later one impossible. */
  allows(slot: number, filled: SlotSet): boolean {
    return this.enterable(slot, filled) && this.completable(filled | (1 << slot));
  }

  /** Whether the stages that are left can fill the other slots; those before have filled `filled`, each a slot of its shape. */
  completable(filled: SlotSet): boolean {
    const known = this.#known.get(filled);
    if (known !== undefined) return known;
    const { slots } = this.#arrangement;
    const next = slots[slots.filter((_, i) => !isFree(i, filled)).length];
    const possible =
      next === undefined ||
      slots.some(
        ({ shape }, i) => shape === next.shape && isFree(i, filled) && this.allows(i, filled),
      );
    this.#known.set(filled, possible);
    return possible;
  }

  /** Whether some corridor leads into `slot` past the anchor and what is filled. */
  enterable(slot: number, filled: SlotSet): boolean {
    const { anchor, slots } = this.#arrangement;
    const standing: Slot[] = [
      { shape: anchor, x_m: 0, y_m: 0, yaw_rad: 0 },
      ...slots.filter((_, i) => i !== slot && !isFree(i, filled)),
    ];
    return Array.from({ length: DIRECTIONS }, (_, k) => (2 * Math.PI * k) / DIRECTIONS).some(
      (direction) =>
        standing.every((other) => leavesOpen(this.#corridor, slots[slot], direction, other)),
    );
  }
}

export const isFree = (slot: number, filled: SlotSet): boolean => (filled & (1 << slot)) === 0;

/** Whether `other`, as a disc, leaves the corridor from `slot` outwards in `direction` open. */
function leavesOpen(
  { halfWidth_m, length_m }: Corridor,
  slot: Slot,
  direction: number,
  other: Slot,
): boolean {
  const dx = other.x_m - slot.x_m;
  const dy = other.y_m - slot.y_m;
  const along = dx * Math.cos(direction) + dy * Math.sin(direction);
  const across = Math.abs(dy * Math.cos(direction) - dx * Math.sin(direction));
  const radius = footprintRadius_m(pushable(other.shape));
  return along < 0 || along > length_m + radius || across >= halfWidth_m + radius;
}
