/** The four walls of an arena, as boxes, whoever simulates them. */

import type { RobotPart } from "../robots/diff-drive.ts";

/** Friction of a wall; against a body the mean of both counts, or what the body's sides leave of it (colliders.ts). */
export const wallFriction = 0.3;

const thick_m = 0.1;
const high_m = 0.5;

/** Walls around a square of inner side `side_m` about the origin. */
export function wallBoxes(side_m: number): RobotPart[] {
  const far = (side_m + thick_m) / 2;
  const long = side_m / 2 + thick_m;
  const sides = [
    [1, 0],
    [-1, 0],
    [0, 1],
    [0, -1],
  ];
  return sides.map(([x, y]) => ({
    half_m: [x ? thick_m / 2 : long, y ? thick_m / 2 : long, high_m / 2],
    centre_m: [x * far, y * far, high_m / 2],
  }));
}
