/** From where a camera sees a whole square of floor, as large as it goes. */

import { type PerspectiveCamera, Vector3 } from "three";

/** Share of the picture that the square may fill. */
const MARGIN = 0.96;

/** How far in front of the middle the camera may look at most, and in what steps that is tried. */
const FURTHEST_m = 0.6;
const STEP_m = 0.02;

/**
 * Where to stand, and what to look at, to see a square about the origin from a direction: what is near is larger, so the picture is
 * fullest when the camera looks at some point on the near side of the middle.
 *
 * @param from unit vector from the square to the camera, not straight up
 */
export function frameSquare(
  camera: PerspectiveCamera,
  side_m: number,
  from: Vector3,
): { readonly position: Vector3; readonly centre: Vector3 } {
  const ahead = new Vector3(from.x, from.y, 0);
  let nearest_m = Number.POSITIVE_INFINITY;
  let centre = new Vector3();
  for (let shift_m = 0; shift_m < FURTHEST_m; shift_m += STEP_m) {
    const tried = ahead.clone().multiplyScalar(shift_m);
    const distance_m = distanceFrom(camera, side_m, from, tried);
    if (distance_m >= nearest_m) continue;
    nearest_m = distance_m;
    centre = tried;
  }
  return { position: from.clone().multiplyScalar(nearest_m).add(centre), centre };
}

/** How far from `centre` along `from` the camera sees all four corners. */
function distanceFrom(
  { fov, aspect }: PerspectiveCamera,
  side_m: number,
  from: Vector3,
  centre: Vector3,
): number {
  const right = new Vector3(0, 0, 1).cross(from).normalize();
  const up = from.clone().cross(right);
  const tanY = MARGIN * Math.tan((fov / 2) * (Math.PI / 180));
  const tanX = tanY * aspect;
  const ends = [-side_m / 2, side_m / 2];
  const corners = ends.flatMap((x) => ends.map((y) => new Vector3(x, y, 0).sub(centre)));
  return Math.max(
    ...corners.map((corner) => {
      const across = Math.abs(corner.dot(right)) / tanX;
      const along = Math.abs(corner.dot(up)) / tanY;
      return corner.dot(from) + Math.max(across, along);
    }),
  );
}
