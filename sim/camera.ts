/** The robot's camera: where it sits on the base and what it can see. */

import type { Meters, Radians } from "../core/units.ts";

/** A forward-looking camera, pitched about the base's y axis. */
export interface CameraMount {
  /** Forward of the base's centre. */
  readonly x_m: Meters;
  /** Above the floor. */
  readonly z_m: Meters;
  /** Positive looks down. */
  readonly pitch_rad: Radians;
  readonly horizontalFov_rad: Radians;
  readonly verticalFov_rad: Radians;
  readonly minDepth_m: Meters;
  readonly maxDepth_m: Meters;
}

const degrees = Math.PI / 180;

/** How far a camera may nod, by its mount and the floor, before `skyRows` is wrong about it. */
export const NODDING_rad: Radians = 2.5 * degrees;

/**
 * EgoPush's camera (arXiv 2602.18071, section V): a D435i 20 cm above the floor, pitched 11.5
 * degrees down, 69 degrees wide with 4:3 pixels. Its place along the base and its depth range are
 * not printed; here it sits 3 cm behind the centre, so that a pushed box stays beyond the blind zone.
 * Every scene's students look through this one; it cannot be set.
 */
export const egoPushCamera: CameraMount = {
  x_m: -0.03,
  z_m: 0.2,
  pitch_rad: 11.5 * degrees,
  horizontalFov_rad: 69 * degrees,
  verticalFov_rad: 2 * Math.atan(0.75 * Math.tan(34.5 * degrees)),
  minDepth_m: 0.15,
  maxDepth_m: 3,
};

/**
 * Rows at the top of an image of `rows` in which nothing shows that stands on the floor and is no taller than `tallest_m`: those
 * above the horizon, less what a nodding camera wants, in steps of `multiple`. None for what is taller than the camera, which shows
 * anywhere when it is near.
 */
export function skyRows(
  { z_m, pitch_rad, verticalFov_rad }: CameraMount,
  tallest_m: Meters,
  rows: number,
  multiple = 1,
): number {
  if (tallest_m >= z_m) return 0;
  // 0 in the middle of the image, 1 at its upper edge
  const horizon = Math.tan(pitch_rad + NODDING_rad) / Math.tan(verticalFov_rad / 2);
  const above = (rows / 2) * (1 - horizon);
  return Math.max(0, Math.floor(above / multiple) * multiple);
}
