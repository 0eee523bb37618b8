/**
 * What the keypoints of a rigid object come to: whether it is shown, where it is and which way it is turned.
 *
 * A point encoder has to learn this from samples, point by point; here it is a fixed formula, and what is left to learn
 * reads one short row an object. Like a point encoder it does not care for the order of an object's points.
 */

import { layout } from "../core/layout.ts";
import { HIDDEN, KEYPOINTS } from "./keypoints.ts";

/**
 * One object of a row of `poses:<observability>`: the share of its points that is shown; the middle of these, [x, y] in metres in
 * the base frame; its range in metres; cosine and sine of its bearing; the third and fourth moments. All 0 while nothing is shown.
 *
 * The n-th moment, [re, im], is the mean of (z / r)^n, where z = x + iy from the middle and r is the root mean square of |z|. It
 * turns n times as fast as the object, so it is the same for all yaws at which a shape of n corners looks alike, and 0
 * for a shape of another number of corners.
 */
export const objectPoseLayout = layout({
  shown: 1,
  place: 2,
  range: 1,
  bearing: 2,
  third: 2,
  fourth: 2,
});

/** Writes the pose of each object of a row of keypoints, `objects` of them from `from` on, one after another at `start`. */
export function writeObjectPoses(
  keypoints: Float32Array,
  from: number,
  objects: number,
  out: Float32Array,
  start: number,
): void {
  for (let object = 0; object < objects; object++) {
    writePose(
      keypoints,
      from + object * KEYPOINTS * 3,
      out,
      start + object * objectPoseLayout.size,
    );
  }
}

function writePose(points: Float32Array, from: number, out: Float32Array, start: number): void {
  const { at, size } = objectPoseLayout;
  out.fill(0, start, start + size);
  let shown = 0;
  let x_m = 0;
  let y_m = 0;
  for (let k = from; k < from + KEYPOINTS * 3; k += 3) {
    if (points[k] === HIDDEN) continue;
    shown++;
    x_m += points[k];
    y_m += points[k + 1];
  }
  if (shown === 0) return;
  x_m /= shown;
  y_m /= shown;
  const range_m = Math.sqrt(x_m * x_m + y_m * y_m);
  out[start + at.shown] = shown / KEYPOINTS;
  out[start + at.place] = x_m;
  out[start + at.place + 1] = y_m;
  out[start + at.range] = range_m;
  out[start + at.bearing] = x_m / Math.max(range_m, 1e-6);
  out[start + at.bearing + 1] = y_m / Math.max(range_m, 1e-6);

  let spread = 0;
  let re3 = 0;
  let im3 = 0;
  let re4 = 0;
  let im4 = 0;
  for (let k = from; k < from + KEYPOINTS * 3; k += 3) {
    if (points[k] === HIDDEN) continue;
    const x = points[k] - x_m;
    const y = points[k + 1] - y_m;
    const re2 = x * x - y * y;
    const im2 = 2 * x * y;
    spread += x * x + y * y;
    re3 += re2 * x - im2 * y;
    im3 += re2 * y + im2 * x;
    re4 += re2 * re2 - im2 * im2;
    im4 += 2 * re2 * im2;
  }
  // a single point, which has no yaw, stays at 0
  const square = Math.max(spread / shown, 1e-9);
  const third = shown * square * Math.sqrt(square);
  const fourth = shown * square * square;
  out[start + at.third] = re3 / third;
  out[start + at.third + 1] = im3 / third;
  out[start + at.fourth] = re4 / fourth;
  out[start + at.fourth + 1] = im4 / fourth;
}
