/** Random placement that keeps bodies apart. */

import { ConfigError } from "../core/errors.ts";
import type { Rng } from "../core/rng.ts";
import type { Meters } from "../core/units.ts";
import type { PlanarPose } from "./scene.ts";

/**
 * A uniformly random pose in the square |x|, |y| <= within_m about `centre` whose centre keeps `clearance_m` from
 * every centre in `taken`. Throws a ConfigError when the square is too crowded to find one.
 */
export function scatter(
  rng: Rng,
  within_m: Meters,
  taken: readonly PlanarPose[],
  clearance_m: Meters,
  centre: { readonly x_m: Meters; readonly y_m: Meters } = { x_m: 0, y_m: 0 },
): PlanarPose {
  for (let attempt = 0; attempt < 1000; attempt++) {
    const x_m = centre.x_m + rng.uniform(-within_m, within_m);
    const y_m = centre.y_m + rng.uniform(-within_m, within_m);
    if (taken.every((pose) => Math.hypot(pose.x_m - x_m, pose.y_m - y_m) >= clearance_m)) {
      return { x_m, y_m, yaw_rad: rng.uniform(-Math.PI, Math.PI) };
    }
  }
  throw new ConfigError(
    `No free place ${clearance_m} m from ${taken.length} others within ±${within_m} m. Enlarge the start area or use fewer objects.`,
  );
}
