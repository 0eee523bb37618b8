/** What every pushing scene measures. */

import type { Meters, Radians } from "../core/units.ts";
import type { PushReading } from "../credit/ego-push.ts";
import { type Ground, yawDistance_rad } from "./ground.ts";
import { type DiffDriveSpec, growth_m, pusherReach_m } from "./robots/diff-drive.ts";
import { isParked, type PlanarPose, type Roles } from "./scene.ts";
import { type Shape, symmetry_rad } from "./shape.ts";

/** Fills in where the active object is, seen from the robot's pusher and from its target. */
export function measurePush(
  ground: Ground,
  robot: DiffDriveSpec,
  active: number,
  shape: Shape,
  target: PlanarPose,
  out: PushReading,
): void {
  const heading_rad = ground.yaw_rad(0);
  const reach_m = pusherReach_m(robot);
  const faceX_m = ground.x_m(0) + reach_m * Math.cos(heading_rad);
  const faceY_m = ground.y_m(0) + reach_m * Math.sin(heading_rad);
  const x_m = ground.x_m(active);
  const y_m = ground.y_m(active);
  out.robotToActive_m = Math.hypot(faceX_m - x_m, faceY_m - y_m);
  out.activeToTarget_m = Math.hypot(x_m - target.x_m, y_m - target.y_m);
  out.yawError_rad = yawDistance_rad(ground.yaw_rad(active), target.yaw_rad, symmetry_rad(shape));
  out.activeSpeed_mps = ground.speed_mps(active);
}

/** The shortest way to a target that keeps off a disc: tangent, arc, tangent. */
export interface Way {
  /** How much longer it is than the straight line; 0 where that is free. */
  readonly detour_m: Meters;
  /** Where it first leads, as an angle in the world frame. */
  readonly heading_rad: Radians;
}

/** A start or target inside the disc counts as on its rim. */
export function wayAround(
  disc: { readonly x_m: Meters; readonly y_m: Meters; readonly radius_m: Meters },
  x_m: Meters,
  y_m: Meters,
  target: { readonly x_m: Meters; readonly y_m: Meters },
): Way {
  const radius = disc.radius_m;
  const px = x_m - disc.x_m;
  const py = y_m - disc.y_m;
  const tx = target.x_m - disc.x_m;
  const ty = target.y_m - disc.y_m;
  const straight = Math.hypot(tx - px, ty - py);
  const heading_rad = Math.atan2(ty - py, tx - px);
  const along = (-px * (tx - px) - py * (ty - py)) / Math.max(straight * straight, 1e-12);
  const clearance = Math.hypot(px + along * (tx - px), py + along * (ty - py));
  if (clearance >= radius || along <= 0 || along >= 1) return { detour_m: 0, heading_rad };
  const fromStart = Math.max(radius, Math.hypot(px, py));
  const fromTarget = Math.max(radius, Math.hypot(tx, ty));
  const side = px * ty - py * tx >= 0 ? 1 : -1;
  const turn = Math.abs(Math.atan2(px * ty - py * tx, px * tx + py * ty));
  const first = Math.acos(radius / fromStart);
  const arc = Math.max(0, turn - first - Math.acos(radius / fromTarget));
  const tangents =
    Math.sqrt(fromStart * fromStart - radius * radius) +
    Math.sqrt(fromTarget * fromTarget - radius * radius);
  // the tangent touches the disc at `first` beyond the start's own bearing, on the shorter side
  const touch = Math.atan2(py, px) + side * first;
  const bearing =
    fromStart > radius
      ? Math.atan2(radius * Math.sin(touch) - py, radius * Math.cos(touch) - px)
      : Math.atan2(py, px) + (side * Math.PI) / 2;
  return { detour_m: Math.max(0, tangents + radius * arc - straight), heading_rad: bearing };
}

/**
 * Whether the robot stands where it can push the object along: the cosine of the angle between its
 * line to the object and the object's way. 1 behind it, -1 in its way; fades out at the target.
 */
export function behindness(
  ground: Ground,
  active: number,
  way: Way,
  activeToTarget_m: Meters,
): number {
  const dx = ground.x_m(active) - ground.x_m(0);
  const dy = ground.y_m(active) - ground.y_m(0);
  const range = Math.max(1e-6, Math.hypot(dx, dy));
  const cosine = (dx * Math.cos(way.heading_rad) + dy * Math.sin(way.heading_rad)) / range;
  return cosine * Math.min(1, activeToTarget_m / 0.1);
}

/**
 * The way of a body past every other that takes part, anchor included but for the one it leads `to`: the detours around those in
 * its way add up, and it first leads around the one that comes first.
 */
export function wayAmong(
  ground: Ground,
  mover: number,
  target: { readonly x_m: Meters; readonly y_m: Meters },
  radius_m: Meters,
  to = mover,
): Way {
  const x_m = ground.x_m(mover);
  const y_m = ground.y_m(mover);
  let detour_m = 0;
  let heading_rad = Math.atan2(target.y_m - y_m, target.x_m - x_m);
  let first_m = Number.POSITIVE_INFINITY;
  for (let body = 1; body < ground.bodies.length; body++) {
    if (body === mover || body === to || isParked(ground, body)) continue;
    const disc = { x_m: ground.x_m(body), y_m: ground.y_m(body), radius_m };
    const way = wayAround(disc, x_m, y_m, target);
    if (way.detour_m === 0) continue;
    detour_m += way.detour_m;
    const range_m = Math.hypot(disc.x_m - x_m, disc.y_m - y_m);
    if (range_m < first_m) [first_m, heading_rad] = [range_m, way.heading_rad];
  }
  return { detour_m, heading_rad };
}

/** Detour of the robot's way to the active object past everything else that takes part. */
export function approachDetour_m(ground: Ground, robot: DiffDriveSpec, active: number): Meters {
  const object = { x_m: ground.x_m(active), y_m: ground.y_m(active) };
  return wayAmong(ground, 0, object, ROBOT_KEEP_OUT_m + growth_m(robot), active).detour_m;
}

/** Between the middles of two objects of 15 cm that can always pass each other. */
export const KEEP_OUT_m: Meters = 0.21;

/** Between the middles of EgoPush's robot and of an object that it can always pass. */
const ROBOT_KEEP_OUT_m: Meters = 0.26;

/**
 * How close the robot and the active object are to the obstacles: for each of the two, from 0 to 1 as its gap to the nearest one
 * closes over the last decimetre.
 */
export function crowding(
  ground: Ground,
  robot: DiffDriveSpec,
  { active, obstacles }: Pick<Roles, "active" | "obstacles">,
): number {
  const yaw = ground.yaw_rad(0);
  const cos = Math.cos(yaw);
  const sin = Math.sin(yaw);
  let robotGap_m = Number.POSITIVE_INFINITY;
  let objectGap_m = Number.POSITIVE_INFINITY;
  for (const body of obstacles) {
    if (isParked(ground, body)) continue;
    const dx = ground.x_m(body) - ground.x_m(0);
    const dy = ground.y_m(body) - ground.y_m(0);
    const ahead_m = cos * dx + sin * dy;
    const aside_m = Math.abs(-sin * dx + cos * dy);
    robotGap_m = Math.min(robotGap_m, fromRobot_m(robot, ahead_m, aside_m) - HALF_m);
    objectGap_m = Math.min(objectGap_m, ground.distance_m(active, body) - 2 * HALF_m);
  }
  return closeness(robotGap_m) + closeness(objectGap_m);
}

/** From the robot's outline, base and pusher, to a point; 0 inside. */
function fromRobot_m(robot: DiffDriveSpec, ahead_m: Meters, aside_m: Meters): Meters {
  const [length_m, width_m] = robot.base_m;
  const front_m = pusherReach_m(robot);
  const { width: pusherWidth_m } = robot.pusher_m;
  const back_m = -length_m / 2;
  if (pusherWidth_m === width_m) return fromBox_m(ahead_m, aside_m, back_m, front_m, width_m);
  return Math.min(
    fromBox_m(ahead_m, aside_m, back_m, length_m / 2, width_m),
    fromBox_m(ahead_m, aside_m, length_m / 2, front_m, pusherWidth_m),
  );
}

/** From a rectangle along the robot's heading, as wide to either side. */
function fromBox_m(
  ahead_m: Meters,
  aside_m: Meters,
  back_m: Meters,
  front_m: Meters,
  width_m: Meters,
): Meters {
  const beyond_m = Math.max(0, ahead_m - front_m, back_m - ahead_m);
  return Math.hypot(beyond_m, Math.max(0, aside_m - width_m / 2));
}

/** Half of what objects measure across, on average over their yaws. */
const HALF_m: Meters = 0.09;
const CLEAR_m: Meters = 0.1;

function closeness(gap_m: Meters): number {
  return Math.min(1, Math.max(0, 1 - gap_m / CLEAR_m));
}
