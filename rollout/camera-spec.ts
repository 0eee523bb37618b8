/** The camera that every student sees by, in the terms of the policy manifest. */

import { multiply, type Quat } from "../core/frames.ts";
import type { CameraSpec } from "../policies/manifest.ts";
import { egoPushCamera } from "../sim/camera.ts";
import { IMAGE } from "../sim/eyes.ts";
import { baseFromOptical } from "../sim/render/pack.ts";

/** @param roles what each channel of an image shows */
export function cameraOf(roles: readonly string[]): CameraSpec {
  const half = egoPushCamera.pitch_rad / 2;
  const pitch: Quat = [0, Math.sin(half), 0, Math.cos(half)];
  return {
    ...IMAGE,
    horizontalFov_rad: egoPushCamera.horizontalFov_rad,
    baseFromCamera: {
      position: [egoPushCamera.x_m, 0, egoPushCamera.z_m],
      rotation: [...multiply(pitch, baseFromOptical)],
    },
    layers: [...roles],
    inverseDepthScale_m: 1,
  };
}
