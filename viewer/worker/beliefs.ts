/**
 * Where a student believes things to be: what its pose head says, what its memory of the last sightings holds, and, for a
 * student with neither, where its own image puts each role. All read from the very numbers that the student is given.
 */

import {
  compose,
  multiply,
  type Quat,
  type Transform,
  transformPoint,
  type Vec3,
} from "../../core/frames.ts";
import { ageOf_s, lastSeenColumns } from "../../core/last-seen.ts";
import type { Seconds } from "../../core/units.ts";
import { type PolicyInput, type PoseOutput, poseColumns } from "../../policies/manifest.ts";
import type { CameraMount } from "../../sim/camera.ts";
import { IMAGE } from "../../sim/eyes.ts";
import { baseFromOptical } from "../../sim/render/pack.ts";
import type { Belief } from "../tape.ts";

/** Fewer pixels of a role than this are taken for noise. */
const FEWEST_PIXELS = 3;

/** A belief as the student has it: from where the robot stands, forward and left. */
export type RelativeBelief = Omit<Belief, "x_m" | "y_m"> & {
  readonly ahead_m: number;
  readonly left_m: number;
};

/** What the pose head says of each role, [R, columns]; see `poseColumns`. */
export function headBeliefs({ roles }: PoseOutput, poses: Float32Array): RelativeBelief[] {
  const { at, size } = poseColumns;
  return roles.map((role, line) => {
    const seen = poses[line * size + at.seen];
    const [ahead_m, left_m] = poses.subarray(line * size + at.place_m);
    return { role, by: "head", ahead_m, left_m, age_s: 0, seen };
  });
}

/** What was seen at all, out of a row of the input `lastSeen`: its columns come in blocks, one a thing. */
export function memoryBeliefs({ columns = [] }: PolicyInput, row: Float32Array): RelativeBelief[] {
  const { at, size } = lastSeenColumns;
  const names = columns.flatMap(({ name }) => /^(.*)\.known$/.exec(name)?.[1] ?? []);
  return names.flatMap((role, i): RelativeBelief[] => {
    const start = i * size;
    if (row[start + at.known] === 0) return [];
    const [ahead_m, left_m] = row.subarray(start + at.place);
    const age_s = ageOf_s(row[start + at.staleness]);
    return [{ role, by: "memory", ahead_m, left_m, age_s, seen: 1 }];
  });
}

/** The same in the world, of a robot that stands there; position (m) and orientation. */
export function placed(beliefs: readonly RelativeBelief[], robot: Float32Array): Belief[] {
  const [x, y, , , , qz, qw] = robot;
  const yaw_rad = 2 * Math.atan2(qz, qw);
  const cos = Math.cos(yaw_rad);
  const sin = Math.sin(yaw_rad);
  return beliefs.map(({ ahead_m, left_m, ...belief }) => ({
    ...belief,
    x_m: x + cos * ahead_m - sin * left_m,
    y_m: y + sin * ahead_m + cos * left_m,
  }));
}

/**
 * The middle of each role's pixels, at their mean inverse depth, kept in the world frame while the role is out of sight.
 *
 * @param image [R, H, W] inverse depth, one layer a role
 * @param robot position (m) and orientation of the base, whose origin is `base_m` above the floor
 */
export function imageBeliefs(
  before: readonly Belief[],
  roles: readonly string[],
  image: Float32Array,
  camera: CameraMount,
  robot: Float32Array,
  step_s: Seconds,
): Belief[] {
  const worldFromCamera = cameraPose(camera, robot);
  const pixels = IMAGE.width * IMAGE.height;
  return roles.flatMap((role, i): Belief[] => {
    const seen = centre(image.subarray(i * pixels, (i + 1) * pixels), camera);
    if (seen) {
      const [x_m, y_m] = transformPoint(worldFromCamera, seen);
      return [{ role, by: "image", x_m, y_m, age_s: 0, seen: 1 }];
    }
    const last = before.find((belief) => belief.role === role);
    return last ? [{ ...last, age_s: last.age_s + step_s }] : [];
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
