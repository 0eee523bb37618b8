/** What every pushing scene measures. */

import type { PushReading } from "../credit/ego-push.ts";
import { type Ground, yawDistance_rad } from "./ground.ts";
import type { DiffDriveSpec } from "./robots/diff-drive.ts";
import type { PlanarPose } from "./scene.ts";
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
  const reach_m = robot.base_m[0] / 2 + robot.pusher_m.length;
  const faceX_m = ground.x_m(0) + reach_m * Math.cos(heading_rad);
  const faceY_m = ground.y_m(0) + reach_m * Math.sin(heading_rad);
  const x_m = ground.x_m(active);
  const y_m = ground.y_m(active);
  out.robotToActive_m = Math.hypot(faceX_m - x_m, faceY_m - y_m);
  out.activeToTarget_m = Math.hypot(x_m - target.x_m, y_m - target.y_m);
  out.yawError_rad = yawDistance_rad(ground.yaw_rad(active), target.yaw_rad, symmetry_rad(shape));
  out.activeSpeed_mps = ground.speed_mps(active);
}
