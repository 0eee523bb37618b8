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

/**
 * EgoPush's camera (arXiv 2602.18071, section V): a D435i 20 cm above the floor, pitched 11.5
 * degrees down, 69 degrees wide with 4:3 pixels. Its place along the base and its depth range are
 * not printed; here it sits 3 cm behind the centre, so that a pushed box stays beyond the blind zone.
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
