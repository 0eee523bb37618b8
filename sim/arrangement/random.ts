/** Arrangements drawn at random: what a student that is told its goal is trained on. */

import { ConfigError } from "../../core/errors.ts";
import type { Rng } from "../../core/rng.ts";
import type { Meters } from "../../core/units.ts";
import type { DiffDriveSpec } from "../robots/diff-drive.ts";
import { type PushableName, pushable, symmetry_rad } from "../shape.ts";
import { type Arrangement, GAP_m, narrowestGap_m, type Slot } from "./arrangement.ts";
import { Reach } from "./reach.ts";

export interface RandomArrangements {
  readonly anchor: PushableName;
  /** Of the objects, in order; an arrangement has the first few of them. */
  readonly shapes: readonly PushableName[];
  /** Objects of an arrangement, at least. */
  readonly fewest: number;
}

/** Between the centres of neighbours. */
const NEAREST_m: Meters = 0.22;
const FARTHEST_m: Meters = 0.45;
/** Tries for one object before all are drawn anew. */
const ATTEMPTS = 50;
/** How often all are drawn before it is taken for impossible; in the default arena the first time does for nearly all. */
const ROUNDS = 200;

/**
 * An arrangement of between `fewest` and all of the objects, none beyond `reach_m` from the anchor. Each stands next to
 * the anchor or to an object before it; half of them squarely, as people arrange things, half at any angle. The objects can be
 * pushed there in order by `robot`.
 *
 * @throws ConfigError where none is found
 */
export function drawArrangement(
  { anchor, shapes, fewest }: RandomArrangements,
  robot: DiffDriveSpec,
  reach_m: Meters,
  rng: Rng,
): Arrangement {
  const count = fewest + Math.floor(rng.next() * (shapes.length - fewest + 1));
  for (let round = 0; round < ROUNDS; round++) {
    const slots = drawSlots(anchor, shapes.slice(0, count), reach_m, rng);
    if (slots && new Reach({ anchor, slots }, robot).completable(0)) return { anchor, slots };
  }
  throw new ConfigError(
    `Found no arrangement of ${count} objects within ${reach_m.toFixed(2)} m of the anchor. Ask for fewer objects, enlarge "arenaSide_m" or reduce "anchorWithin_m".`,
  );
}

/** Slots one after another; undefined where one found no room. */
function drawSlots(
  anchor: PushableName,
  shapes: readonly PushableName[],
  reach_m: Meters,
  rng: Rng,
): Slot[] | undefined {
  const slots: Slot[] = [];
  for (const shape of shapes) {
    const slot = drawSlot(anchor, slots, shape, reach_m, rng);
    if (!slot) return undefined;
    slots.push(slot);
  }
  return slots;
}

function drawSlot(
  anchor: PushableName,
  slots: readonly Slot[],
  shape: PushableName,
  reach_m: Meters,
  rng: Rng,
): Slot | undefined {
  const origin = { x_m: 0, y_m: 0, yaw_rad: 0 };
  for (let attempt = 0; attempt < ATTEMPTS; attempt++) {
    const neighbours = [origin, ...slots];
    const beside = neighbours[Math.floor(rng.next() * neighbours.length)];
    const square = rng.next() < 0.5;
    const range_m = rng.uniform(NEAREST_m, FARTHEST_m);
    const any = rng.uniform(-Math.PI, Math.PI);
    const bearing = beside.yaw_rad + (square ? quarterTurn(any) : any);
    const symmetry = symmetry_rad(pushable(shape));
    const yaw_rad = square ? beside.yaw_rad : rng.uniform(0, symmetry || 2 * Math.PI);
    const slot = {
      shape,
      x_m: beside.x_m + range_m * Math.cos(bearing),
      y_m: beside.y_m + range_m * Math.sin(bearing),
      yaw_rad,
    };
    if (Math.hypot(slot.x_m, slot.y_m) > reach_m) continue;
    if (narrowestGap_m({ anchor, slots: [...slots, slot] }).gap_m >= GAP_m) return slot;
  }
  return undefined;
}

const quarterTurn = (angle: number) => (Math.round(angle / (Math.PI / 2)) * Math.PI) / 2;
