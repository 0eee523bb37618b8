/** Where the episodes of an arrangement begin: at its first stage or, to practise, at a later one. */

import type { Rng } from "../../core/rng.ts";
import type { Meters, Radians } from "../../core/units.ts";
import {
  discs,
  robotBefore,
  robotBound_m,
  robotClear_m,
  scatter,
  startBound_m,
} from "../placement.ts";
import { type DiffDriveSpec, growth_m, pusherReach_m } from "../robots/diff-drive.ts";
import type { Episode, EpisodeWish, PlanarPose } from "../scene.ts";
import { pushable, symmetry_rad } from "../shape.ts";
import { type Arrangement, inWorld } from "./arrangement.ts";
import { type Plan, planNearest } from "./plan.ts";
import { isFree, type Reach } from "./reach.ts";

/** How slots are given to objects. */
export const assignments = ["nearest", "fixed"] as const;
export type Assignment = (typeof assignments)[number];

export interface StartSettings {
  readonly robot: DiffDriveSpec;
  readonly arenaSide_m: Meters;
  /** Objects start in this square's half. */
  readonly startWithin_m: Meters;
  /** The anchor starts in this square's half. */
  readonly anchorWithin_m: Meters;
  readonly assignment: Assignment;
  /** Objects that count as placed are off by no more than a share of these. */
  readonly align_m: Meters;
  readonly alignYaw_rad: Radians;
}

/** Between the centres of two objects that start at random: EgoPush's robot passes between them. */
const APART_m = 0.35;
/** Between the centre of an object that waits and a slot, or the anchor. */
const CLEAR_m = 0.3;
/** How far an object that counts as placed may be off, as a share of the thresholds. */
const PLACED_SHARE = 0.7;

/** Draws an episode that begins at stage `floor(progress * stages)`; bodies are robot, anchor, then one a stage. */
export function drawArrangedEpisode(
  arrangement: Arrangement,
  reach: Reach,
  settings: StartSettings,
  rng: Rng,
  { progress, close }: EpisodeWish,
): Episode<Plan> {
  const { slots } = arrangement;
  const firstStage = Math.floor(progress * slots.length);
  const anchor = anchorPose(settings, rng);
  const done = placedSlots(arrangement, reach, settings, rng, firstStage);
  const inPlace = done.map((slot) => nearSlot(arrangement, slot, anchor, settings, rng));
  const near = close
    ? [closeObject(arrangement, reach, settings, rng, { anchor, done, inPlace })]
    : [];
  const given = [...done, ...near.map(({ slot }) => slot)];
  const standing = [...inPlace, ...near.map(({ pose }) => pose)];
  const waiting = scatterWaiting(arrangement, settings, rng, anchor, standing);
  const moves = plan(arrangement, reach, settings, anchor, given, waiting);
  const objects = [...standing, ...moves.map(({ pose }) => pose)];
  const slotOf = [...given, ...moves.map(({ slot }) => slot)];
  const robot = robotPose(settings, rng, anchor, objects, firstStage, close);
  return {
    poses: [robot, anchor, ...objects],
    firstStage,
    stages: slots.length,
    plan: { slots, slotOf },
  };
}

function anchorPose({ anchorWithin_m: within }: StartSettings, rng: Rng): PlanarPose {
  return {
    x_m: rng.uniform(-within, within),
    y_m: rng.uniform(-within, within),
    yaw_rad: rng.uniform(-Math.PI, Math.PI),
  };
}

/** Slots that the stages before `firstStage` have filled, stage by stage: any that could have been. */
function placedSlots(
  { slots }: Arrangement,
  reach: Reach,
  { assignment }: StartSettings,
  rng: Rng,
  firstStage: number,
): number[] {
  const done: number[] = [];
  let filled = 0;
  for (let stage = 0; stage < firstStage; stage++) {
    const slot = assignment === "fixed" ? stage : anySlot(slots, reach, rng, stage, filled);
    done.push(slot);
    filled |= 1 << slot;
  }
  return done;
}

/** A random slot for the object of `stage` that leaves the later ones within reach. */
function anySlot(
  slots: Arrangement["slots"],
  reach: Reach,
  rng: Rng,
  stage: number,
  filled: number,
): number {
  const free = slots.flatMap(({ shape }, i) =>
    shape === slots[stage].shape && isFree(i, filled) ? [i] : [],
  );
  const open = free.filter((slot) => reach.allows(slot, filled));
  return open[Math.floor(rng.next() * open.length)];
}

/** An object in its slot as well as it must be, turned to any of the yaws that look alike. */
function nearSlot(
  { slots }: Arrangement,
  slot: number,
  anchor: PlanarPose,
  { align_m, alignYaw_rad }: StartSettings,
  rng: Rng,
): PlanarPose {
  const { x_m, y_m, yaw_rad } = inWorld(slots[slot], anchor);
  const off_m = PLACED_SHARE * align_m * Math.sqrt(rng.next());
  const bearing = rng.uniform(-Math.PI, Math.PI);
  const symmetry = symmetry_rad(pushable(slots[slot].shape));
  const turn =
    symmetry === 0
      ? rng.uniform(-Math.PI, Math.PI)
      : symmetry * Math.floor(rng.uniform(0, (2 * Math.PI) / symmetry)) +
        PLACED_SHARE * rng.uniform(-alignYaw_rad, alignYaw_rad);
  return {
    x_m: x_m + off_m * Math.cos(bearing),
    y_m: y_m + off_m * Math.sin(bearing),
    yaw_rad: yaw_rad + turn,
  };
}

/** The active object near the slot that it is to be pushed to. */
function closeObject(
  arrangement: Arrangement,
  reach: Reach,
  settings: StartSettings,
  rng: Rng,
  placed: {
    readonly anchor: PlanarPose;
    readonly done: readonly number[];
    readonly inPlace: readonly PlanarPose[];
  },
): { slot: number; pose: PlanarPose } {
  const { anchor, done, inPlace } = placed;
  const filled = done.reduce((set, slot) => set | (1 << slot), 0);
  const stage = done.length;
  const slot =
    settings.assignment === "fixed" ? stage : anySlot(arrangement.slots, reach, rng, stage, filled);
  const target = inWorld(arrangement.slots[slot], anchor);
  const off = discs([anchor, ...inPlace], 0.24);
  const area = {
    within_m: 0.5,
    centre: target,
    bound_m: startBound_m(settings.arenaSide_m, settings.robot),
  };
  return { slot, pose: scatter(rng, area, off) };
}

/** Objects that wait for their stage, clear of all slots and of each other. */
function scatterWaiting(
  { slots }: Arrangement,
  settings: StartSettings,
  rng: Rng,
  anchor: PlanarPose,
  standing: readonly PlanarPose[],
): PlanarPose[] {
  // a robot that is wider on both sides
  const apart_m = APART_m + 2 * Math.max(0, growth_m(settings.robot));
  const taken = [
    ...discs([anchor, ...slots.map((slot) => inWorld(slot, anchor))], CLEAR_m),
    ...discs(standing, apart_m),
  ];
  const area = {
    within_m: settings.startWithin_m,
    bound_m: startBound_m(settings.arenaSide_m, settings.robot),
  };
  return slots.slice(standing.length).map(() => {
    const pose = scatter(rng, area, taken);
    taken.push(...discs([pose], apart_m));
    return pose;
  });
}

/** Which of those that wait goes where, for the stages after those that are `given`. */
function plan(
  arrangement: Arrangement,
  reach: Reach,
  { assignment }: StartSettings,
  anchor: PlanarPose,
  given: readonly number[],
  waiting: readonly PlanarPose[],
): readonly { readonly pose: PlanarPose; readonly slot: number }[] {
  if (assignment === "fixed") {
    return waiting.map((pose, i) => ({ pose, slot: given.length + i }));
  }
  const shapes = arrangement.slots.slice(given.length).map(({ shape }) => shape);
  const filled = given.reduce((set, slot) => set | (1 << slot), 0);
  const objects = waiting.map((pose, i) => ({ pose, shape: shapes[i] }));
  return planNearest(arrangement, reach, anchor, filled, shapes, objects);
}

/** Anywhere for a full start; else near the object it is to push, or where the last push has left it. */
function robotPose(
  settings: StartSettings,
  rng: Rng,
  anchor: PlanarPose,
  objects: readonly PlanarPose[],
  firstStage: number,
  close: boolean,
): PlanarPose {
  const all = [anchor, ...objects];
  const bound_m = robotBound_m(settings.arenaSide_m, settings.robot);
  if (close) {
    return robotBefore(rng, settings.robot, objects[firstStage], all, bound_m);
  }
  const after =
    firstStage > 0
      ? afterPush(settings.robot, rng, anchor, objects, firstStage - 1, bound_m)
      : undefined;
  const anywhere = { within_m: settings.startWithin_m + 0.1, bound_m };
  return after ?? scatter(rng, anywhere, discs(all, APART_m + growth_m(settings.robot)));
}

/** Behind the object that was placed last, on the side away from the anchor; undefined where that is taken or too close to a wall. */
function afterPush(
  robot: DiffDriveSpec,
  rng: Rng,
  anchor: PlanarPose,
  objects: readonly PlanarPose[],
  last: number,
  bound_m: Meters,
): PlanarPose | undefined {
  const placed = objects[last];
  const outward = Math.atan2(placed.y_m - anchor.y_m, placed.x_m - anchor.x_m);
  const bearing = outward + rng.uniform(-0.5, 0.5);
  const range_m = 0.11 + pusherReach_m(robot) + rng.uniform(0, 0.1);
  const x_m = placed.x_m + range_m * Math.cos(bearing);
  const y_m = placed.y_m + range_m * Math.sin(bearing);
  if (Math.max(Math.abs(x_m), Math.abs(y_m)) > bound_m) return undefined;
  const clear_m = robotClear_m(robot);
  const free = [anchor, ...objects].every(
    (other, i) => i === last + 1 || Math.hypot(other.x_m - x_m, other.y_m - y_m) > clear_m,
  );
  return free ? { x_m, y_m, yaw_rad: bearing + Math.PI } : undefined;
}
