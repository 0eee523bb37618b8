/** Random placement that keeps bodies apart. */

import { ConfigError } from "../core/errors.ts";
import type { Rng } from "../core/rng.ts";
import type { Meters } from "../core/units.ts";
import { type DiffDriveSpec, egoPushRobot, growth_m, pusherReach_m } from "./robots/diff-drive.ts";
import type { PlanarPose } from "./scene.ts";

/** Ground that a centre must keep off. */
export interface Disc {
  readonly x_m: Meters;
  readonly y_m: Meters;
  readonly radius_m: Meters;
}

/** A square to place in: |x|, |y| <= within_m about its centre, cut to |x|, |y| <= bound_m about the origin. */
export interface Area {
  readonly within_m: Meters;
  readonly centre?: { readonly x_m: Meters; readonly y_m: Meters };
  readonly bound_m?: Meters;
}

const ORIGIN = { x_m: 0, y_m: 0 };
const ATTEMPTS = 1000;

/** Ground about each of these that others keep off, centre to centre. */
export function discs(
  centres: readonly { readonly x_m: Meters; readonly y_m: Meters }[],
  radius_m: Meters,
): Disc[] {
  return centres.map(({ x_m, y_m }) => ({ x_m, y_m, radius_m }));
}

/** From an object's middle to a wall that the robot fits in front of, to push it away from there. */
export function pushRoom_m(robot: DiffDriveSpec): Meters {
  return 0.15 / 2 + pusherReach_m(robot) + robot.base_m[0] / 2;
}

/** How far from an arena's middle an object may start: with room for the robot between it and the wall. */
export function startBound_m(arenaSide_m: Meters, robot = egoPushRobot): Meters {
  return arenaSide_m / 2 - pushRoom_m(robot);
}

/** How far from it the robot may start: it can turn there. */
export function robotBound_m(arenaSide_m: Meters, robot = egoPushRobot): Meters {
  return arenaSide_m / 2 - (0.25 + growth_m(robot));
}

/** Between the centres of EgoPush's robot and an object at close quarters: it can turn on the spot. */
const ROBOT_CLEAR_m = 0.28;

/** How far a robot keeps off the middle of an object where it begins close to it. */
export function robotClear_m(robot: DiffDriveSpec): Meters {
  return ROBOT_CLEAR_m + growth_m(robot);
}

/**
 * The robot close to what it is to push, roughly facing it, and off all things, that one included; farther away where there is no room.
 *
 * @param bound_m how far from the middle of the arena it may be
 * @throws ConfigError where there is no room at all
 */
export function robotBefore(
  rng: Rng,
  robot: DiffDriveSpec,
  active: PlanarPose,
  things: readonly PlanarPose[],
  bound_m: Meters,
): PlanarPose {
  const taken = discs(things, robotClear_m(robot));
  const close = { within_m: 0.6 + Math.max(0, growth_m(robot)), centre: active, bound_m };
  const pose = findPlace(rng, close, taken) ?? scatter(rng, { within_m: bound_m }, taken);
  const towards_rad = Math.atan2(active.y_m - pose.y_m, active.x_m - pose.x_m);
  return { ...pose, yaw_rad: towards_rad + rng.uniform(-0.8, 0.8) };
}

/** A uniformly random pose in the area whose centre is off all discs. @throws ConfigError when none is found */
export function scatter(rng: Rng, area: Area, taken: readonly Disc[]): PlanarPose {
  const found = findPlace(rng, area, taken);
  if (found) return found;
  const clearance_m = Math.max(...taken.map(({ radius_m }) => radius_m));
  throw new ConfigError(
    `No free place ${clearance_m} m from ${taken.length} others within ±${area.within_m} m. Enlarge the start area or use fewer objects.`,
  );
}

function findPlace(rng: Rng, area: Area, taken: readonly Disc[]): PlanarPose | undefined {
  const { within_m, centre = ORIGIN, bound_m = Number.POSITIVE_INFINITY } = area;
  for (let attempt = 0; attempt < ATTEMPTS; attempt++) {
    const x_m = centre.x_m + rng.uniform(-within_m, within_m);
    const y_m = centre.y_m + rng.uniform(-within_m, within_m);
    if (Math.max(Math.abs(x_m), Math.abs(y_m)) > bound_m) continue;
    const free = taken.every((disc) => Math.hypot(disc.x_m - x_m, disc.y_m - y_m) >= disc.radius_m);
    if (free) return { x_m, y_m, yaw_rad: rng.uniform(-Math.PI, Math.PI) };
  }
  return undefined;
}
