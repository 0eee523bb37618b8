/** Where a place of a plan is. */

import type { PlanarPose } from "../sim/scene.ts";
import type { Place } from "./plan.ts";

/** Where a place is, given its anchor; a place of any heading takes `activeYaw_rad`, the active object's own. */
export function placePose(place: Place, anchor: PlanarPose, activeYaw_rad: number): PlanarPose {
  const [c, s] = [Math.cos(anchor.yaw_rad), Math.sin(anchor.yaw_rad)];
  return {
    x_m: anchor.x_m + c * place.x_m - s * place.y_m,
    y_m: anchor.y_m + s * place.x_m + c * place.y_m,
    yaw_rad:
      place.yaw_deg === null ? activeYaw_rad : anchor.yaw_rad + (place.yaw_deg * Math.PI) / 180,
  };
}
