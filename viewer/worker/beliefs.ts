/**
 * Where the student's own image puts each role: the middle of its pixels, at their mean inverse depth, kept in the world
 * frame while the role is out of sight. Read from the very numbers that the student is given, noise included.
 */

import {
  compose,
  multiply,
  type Quat,
  type Transform,
  transformPoint,
  type Vec3,
} from "../../core/frames.ts";
import type { CameraMount } from "../../sim/camera.ts";
import { IMAGE } from "../../sim/eyes.ts";
import { baseFromOptical } from "../../sim/render/pack.ts";
import type { Belief } from "../tape.ts";

/** Fewer pixels of a role than this are taken for noise. */
const FEWEST_PIXELS = 3;

/**
 * @param image [R, H, W] inverse depth, one layer a role
 * @param robot position (m) and orientation of the base, whose origin is `base_m` above the floor
 */
export function updateBeliefs(
  before: readonly Belief[],
  roles: readonly string[],
  image: Float32Array,
  camera: CameraMount,
  robot: Float32Array,
): Belief[] {
  const worldFromCamera = cameraPose(camera, robot);
  const pixels = IMAGE.width * IMAGE.height;
  return roles.flatMap((role, i) => {
    const seen = centre(image.subarray(i * pixels, (i + 1) * pixels), camera);
    if (seen) {
      const [x_m, y_m] = transformPoint(worldFromCamera, seen);
      return [{ role, x_m, y_m, age: 0 }];
    }
    const last = before.find((belief) => belief.role === role);
    return last ? [{ ...last, age: last.age + 1 }] : [];
  });
}

/** The camera stands on the floor plan at the base's place; its height counts from the floor. */
function cameraPose(camera: CameraMount, robot: Float32Array): Transform<"world", "camera"> {
  const [x, y, , qx, qy, qz, qw] = robot;
  const worldFromBase: Transform<"world", "base"> = {
    position: [x, y, 0],
    rotation: [qx, qy, qz, qw],
  };
  const half = camera.pitch_rad / 2;
  const pitch: Quat = [0, Math.sin(half), 0, Math.cos(half)];
  const baseFromCamera: Transform<"base", "camera"> = {
    position: [camera.x_m, 0, camera.z_m],
    rotation: multiply(pitch, baseFromOptical),
  };
  return compose(worldFromBase, baseFromCamera);
}

/** The middle of a layer's pixels as a point in the camera frame; undefined where there are hardly any. */
function centre(layer: Float32Array, camera: CameraMount): Vec3<"camera"> | undefined {
  let count = 0;
  let columns = 0;
  let rows = 0;
  let inverse = 0;
  for (let i = 0; i < layer.length; i++) {
    if (layer[i] <= 0) continue;
    count++;
    columns += i % IMAGE.width;
    rows += Math.floor(i / IMAGE.width);
    inverse += layer[i];
  }
  if (count < FEWEST_PIXELS) return undefined;
  const depth_m = count / inverse;
  const along = (sum: number, size: number) => (2 * (sum / count + 0.5)) / size - 1;
  return [
    depth_m * along(columns, IMAGE.width) * Math.tan(camera.horizontalFov_rad / 2),
    depth_m * along(rows, IMAGE.height) * Math.tan(camera.verticalFov_rad / 2),
    depth_m,
  ];
}
