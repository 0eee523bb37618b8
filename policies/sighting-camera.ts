/** A manifest's camera in the terms of whoever finds things in its images: see core/sightings.ts. */

import { ConfigError } from "../core/errors.ts";
import { rotate } from "../core/frames.ts";
import type { SightingCamera } from "../core/sightings.ts";
import type { CameraSpec } from "./manifest.ts";

/** A mount may be off by so much, in metres or as the sine of an angle, before it is one that is not known here. */
const SLACK = 1e-3;

/** @throws ConfigError for a camera that is rolled, turned sideways or beside the base's middle: project its points anew first */
export function sightingCameraOf(camera: CameraSpec): SightingCamera {
  const { width, height, horizontalFov_rad, verticalFov_rad, baseFromCamera } = camera;
  const [x_m, y_m, z_m] = baseFromCamera.position;
  const right = rotate(baseFromCamera.rotation, [1, 0, 0]);
  const ahead = rotate(baseFromCamera.rotation, [0, 0, 1]);
  const off = Math.hypot(right[0], right[1] + 1, right[2]);
  if (off > SLACK || Math.abs(y_m) > SLACK) {
    const found = right.map((x) => x.toFixed(3)).join(", ");
    throw new ConfigError(
      `Expected a camera at y = 0 m of the base whose right is [0, -1, 0] there, got y = ${y_m} m and [${found}]. Project its points into the view of one that is straight.`,
    );
  }
  return {
    ...{ width, height, x_m, z_m },
    tanHalfX: Math.tan(horizontalFov_rad / 2),
    tanHalfY: Math.tan(verticalFov_rad / 2),
    pitch_rad: Math.atan2(-ahead[2], ahead[0]),
  };
}
