/** Where the robot may go: a fence around it and what stands in front of it. Pure functions. */

import type { SupervisorConfig } from "./config.ts";

/** What sensors see at one moment. */
export interface Reading {
  /** In the odometry frame: x forward of the start, y left, counter-clockwise from x. */
  readonly pose?: { readonly x_m: number; readonly y_m: number; readonly yaw_rad: number };
  /** Least depth in the way of the robot. */
  readonly nearest_m?: number;
}

/** The newest that is known, each with a moment on the supervisor's clock from which on it may have changed. */
export interface Sensed {
  readonly pose?: NonNullable<Reading["pose"]>;
  readonly posed_s: number;
  /** By who sees it: one may see nothing where another sees something. */
  readonly ranges: Readonly<Record<string, { readonly nearest_m: number; readonly at_s: number }>>;
}

export const nothingSensed: Sensed = { posed_s: Number.NEGATIVE_INFINITY, ranges: {} };

/** What is known once `source` has seen something at `at_s`. What comes late changes nothing that is newer. */
export function withReading(
  sensed: Sensed,
  source: string,
  { pose, nearest_m }: Reading,
  at_s: number,
): Sensed {
  const { ranges, posed_s } = sensed;
  const isNewer = nearest_m !== undefined && at_s >= (ranges[source]?.at_s ?? at_s);
  return {
    ...sensed,
    ...(pose && at_s >= posed_s ? { pose, posed_s: at_s } : {}),
    ...(isNewer ? { ranges: { ...ranges, [source]: { nearest_m, at_s } } } : {}),
  };
}

export type Zone = "fence" | "no odometry" | "near" | "no depth";

/** Targets that keep the robot within its zones, and the zones that changed them. */
export function withinZones(
  targets: readonly number[],
  names: readonly string[],
  config: SupervisorConfig,
  sensed: Sensed,
  now_s: number,
  isTeleop: boolean,
): { readonly targets: readonly number[]; readonly zones: readonly Zone[] } {
  const zones: Zone[] = [];
  let allowed = targets;
  const fenced = beyondFence(allowed, names, config, sensed, now_s, isTeleop);
  if (fenced) {
    zones.push(fenced.zone);
    allowed = allowed.map((target, i) => (fenced.all || isTravel(names[i]) ? 0 : target));
  }
  const slowed = beforeObstacle(config, sensed, now_s);
  const forward = names.indexOf("forward");
  if (slowed && allowed[forward] > 0) {
    zones.push(slowed.zone);
    allowed = allowed.map((target, i) => (i === forward ? target * slowed.share : target));
  }
  return { targets: allowed, zones };
}

/** Whether a target moves the robot over the floor, rather than turning it. */
function isTravel(name: string): boolean {
  return name === "forward" || name === "left";
}

function beyondFence(
  targets: readonly number[],
  names: readonly string[],
  { geofence }: SupervisorConfig,
  { pose, posed_s }: Sensed,
  now_s: number,
  isTeleop: boolean,
): { readonly zone: Zone; readonly all: boolean } | undefined {
  if (!geofence) return undefined;
  const { corners_m, lookAhead_s, maxAge_ms } = geofence;
  if (!pose || !(now_s - posed_s <= maxAge_ms / 1000)) {
    return isTeleop ? undefined : { zone: "no odometry", all: true };
  }
  const { x_m, y_m, yaw_rad } = pose;
  if (!isInside(x_m, y_m, corners_m)) {
    // a person may drive it back
    return isTeleop ? undefined : { zone: "fence", all: true };
  }
  const speed = (name: string) => targets[names.indexOf(name)] ?? 0;
  const [cos, sin] = [Math.cos(yaw_rad), Math.sin(yaw_rad)];
  const aheadX_m = x_m + lookAhead_s * (speed("forward") * cos - speed("left") * sin);
  const aheadY_m = y_m + lookAhead_s * (speed("forward") * sin + speed("left") * cos);
  return isInside(aheadX_m, aheadY_m, corners_m) ? undefined : { zone: "fence", all: false };
}

function beforeObstacle(
  { nearestDepth }: SupervisorConfig,
  { ranges }: Sensed,
  now_s: number,
): { readonly zone: Zone; readonly share: number } | undefined {
  if (!nearestDepth) return undefined;
  const { stop_m, slow_m, maxAge_ms } = nearestDepth;
  const fresh = Object.values(ranges).filter(({ at_s }) => now_s - at_s <= maxAge_ms / 1000);
  if (fresh.length === 0) return { zone: "no depth", share: 0 };
  const nearest_m = Math.min(...fresh.map((range) => range.nearest_m));
  const share = Math.max(0, Math.min(1, (nearest_m - stop_m) / (slow_m - stop_m)));
  return share < 1 ? { zone: "near", share } : undefined;
}

/** Even-odd rule: a ray towards +x crosses the outline of what it starts inside of an odd number of times. */
export function isInside(
  x_m: number,
  y_m: number,
  corners_m: readonly (readonly [x: number, y: number])[],
): boolean {
  let inside = false;
  for (const [i, [x1, y1]] of corners_m.entries()) {
    const [x2, y2] = corners_m[(i + 1) % corners_m.length];
    if (y1 > y_m === y2 > y_m) continue;
    if (x_m < x1 + ((y_m - y1) / (y2 - y1)) * (x2 - x1)) inside = !inside;
  }
  return inside;
}
