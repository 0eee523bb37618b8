/** The camera that a student sees by, in the terms of the policy manifest. */

import { multiply, type Quat } from "../core/frames.ts";
import type { CameraSpec } from "../policies/manifest.ts";
import type { CameraMount } from "../sim/camera.ts";
import { IMAGE } from "../sim/eyes.ts";
import { baseFromOptical } from "../sim/render/pack.ts";

/** @param roles what each channel of an image shows */
export function cameraOf(mount: CameraMount, roles: readonly string[]): CameraSpec {
  const { minDepth_m, maxDepth_m } = mount.sensor;
  const half = mount.pitch_rad / 2;
  const pitch: Quat = [0, Math.sin(half), 0, Math.cos(half)];
  return {
    ...IMAGE,
    horizontalFov_rad: mount.horizontalFov_rad,
    verticalFov_rad: mount.verticalFov_rad,
    baseFromCamera: {
      position: [mount.x_m, 0, mount.z_m],
      rotation: [...multiply(pitch, baseFromOptical)],
    },
    layers: [...roles],
    inverseDepthScale_m: 1,
    ...{ minDepth_m, maxDepth_m },
  };
}
