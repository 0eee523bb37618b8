import { describe, expect, it } from "vitest";
import { HIDDEN, KEYPOINTS, keypointsOf } from "../../sim/keypoints.ts";
import { objectPoseLayout, writeObjectPoses } from "../../sim/object-poses.ts";
import { type PushableName, pushable } from "../../sim/shape.ts";

const { at, size } = objectPoseLayout;
const close = (values: readonly number[]) => values.map((x) => expect.closeTo(x, 5));

/** Keypoints of a shape at [x, y, yaw] of the base frame. */
function pointsAt(shape: PushableName, x: number, y: number, yaw: number): Float32Array {
  const points = keypointsOf(pushable(shape));
  const [c, s] = [Math.cos(yaw), Math.sin(yaw)];
  for (let k = 0; k < points.length; k += 3) {
    const [px, py] = [points[k], points[k + 1]];
    points[k] = x + c * px - s * py;
    points[k + 1] = y + s * px + c * py;
  }
  return points;
}

function poseOf(points: Float32Array): number[] {
  const row = new Float32Array(size);
  writeObjectPoses(points, 0, 1, row, 0);
  return [...row];
}

describe("the pose that keypoints come to", () => {
  it("says where a cube is and how it is turned", () => {
    // 3-4-5 triangle: range 0.5 m, bearing cosine 0.8, sine 0.6. The corners of a cube lie at 45 degrees and so
    // on, all equally far off: (z / r)^4 is cos(180) + i sin(180) = -1, turned by four times the yaw
    const yaw = Math.PI / 24;
    const pose = poseOf(pointsAt("cube", 0.4, 0.3, yaw));
    const fourth = [-Math.cos(Math.PI / 6), -Math.sin(Math.PI / 6)];
    expect(pose).toEqual(close([1, 0.4, 0.3, 0.5, 0.8, 0.6, 0, 0, ...fourth]));
  });

  it("is the same for all yaws at which a shape looks alike, and for no other", () => {
    const alike = { cube: Math.PI / 2, cylinder: Math.PI / 2, prism: (2 * Math.PI) / 3 };
    for (const shape of ["cube", "cylinder", "prism"] as const) {
      const pose = poseOf(pointsAt(shape, 0.7, -0.2, 0.3));
      expect(poseOf(pointsAt(shape, 0.7, -0.2, 0.3 + alike[shape]))).toEqual(close(pose));
      expect(poseOf(pointsAt(shape, 0.7, -0.2, 0.6))).not.toEqual(close(pose));
    }
  });

  it("does not care for the order of the points", () => {
    const points = pointsAt("prism", 0.5, 0.1, 1);
    const reversed = new Float32Array(points.length);
    for (let k = 0; k < KEYPOINTS; k++) {
      reversed.set(points.subarray(3 * k, 3 * k + 3), 3 * (KEYPOINTS - 1 - k));
    }
    expect(poseOf(reversed)).toEqual(close(poseOf(points)));
  });

  it("takes the shown points only, and is zero without any", () => {
    const points = pointsAt("cube", 0.5, 0, 0);
    points.fill(HIDDEN, 6);
    // the two corners in front of the origin's left and right: (0.575, 0.075) and (0.425, 0.075)
    const pose = poseOf(points);
    expect(pose[at.shown]).toBe(0.5);
    expect(pose.slice(at.place, at.place + 2)).toEqual(close([0.5, 0.075]));
    points.fill(HIDDEN);
    expect(poseOf(points)).toEqual(Array(size).fill(0));
  });

  it("writes each object of a row where it belongs", () => {
    const one = pointsAt("cube", 0.5, 0.1, 0.2);
    const other = pointsAt("prism", 0.9, -0.3, 1);
    const row = new Float32Array(2 + 2 * size);
    writeObjectPoses(Float32Array.from([9, ...one, ...other]), 1, 2, row, 2);
    expect([...row.subarray(2)]).toEqual(close([...poseOf(one), ...poseOf(other)]));
  });
});
