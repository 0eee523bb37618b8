/** What a student of several targets is told: where the target lies from the anchor. */

import { layout } from "../core/layout.ts";
import type { Ground } from "./ground.ts";
import type { PlanarPose, Roles } from "./scene.ts";
import { type Shape, symmetry_rad } from "./shape.ts";

/**
 * What a robot knows of its target once it was told the arrangement, and which way the anchor faced at first, and has followed
 * its own heading since: the target less the anchor, in metres along the robot's axes, and the target's yaw less the robot's, as sine
 * and cosine of as many turns as the shape has faces. That the anchor was turned since, it does not know. Zeros in stages without
 * anchor or target.
 */
export const goalLayout = layout({ offset: 2, yaw: 2 });

/** One row of `goal`; `headingError_rad` is what the robot's own heading is off by. */
export function writeGoal(
  ground: Ground,
  { anchor }: Roles,
  shape: Shape,
  target: PlanarPose | undefined,
  headingError_rad: number,
  out: Float32Array,
  start: number,
): void {
  const { at, size } = goalLayout;
  out.fill(0, start, start + size);
  if (!target || anchor === undefined) return;
  // an anchor that was turned is, to the robot, as if its own heading were off by as much
  const heading = ground.yaw_rad(0) + headingError_rad + ground.turned_rad(anchor);
  const cos = Math.cos(heading);
  const sin = Math.sin(heading);
  const dx = target.x_m - ground.x_m(anchor);
  const dy = target.y_m - ground.y_m(anchor);
  out[start + at.offset] = cos * dx + sin * dy;
  out[start + at.offset + 1] = -sin * dx + cos * dy;
  const symmetry = symmetry_rad(shape);
  const turns = symmetry > 0 ? (2 * Math.PI) / symmetry : 0;
  const yaw = turns * (target.yaw_rad - heading);
  out[start + at.yaw] = Math.sin(yaw);
  out[start + at.yaw + 1] = Math.cos(yaw);
}
