/**
 * Canonical keypoints of objects, what a privileged teacher is told about them.
 *
 * EgoPush describes every object by K points but does not print K. Here K = 4 points on the top
 * face: seen from a camera that looks down on the object they are the last to be hidden.
 */

import { height, type Shape } from "./shape.ts";

export const KEYPOINTS = 4;

/** What stands in for a keypoint that must not be seen: [-10, -10, -10] (EgoPush, section III-A). */
export const HIDDEN = -10;

/** [K][3] in the body frame, metres. A prism has three corners and the middle of its top. */
export function keypointsOf(shape: Shape): Float32Array {
  const top_m = height(shape) / 2;
  return Float32Array.from(corners(shape).flatMap(([x, y]) => [x, y, top_m]));
}

function corners(shape: Shape): readonly (readonly [x: number, y: number])[] {
  switch (shape.kind) {
    case "box": {
      const [x, y] = shape.size_m;
      return [
        [x / 2, y / 2],
        [-x / 2, y / 2],
        [-x / 2, -y / 2],
        [x / 2, -y / 2],
      ];
    }
    case "cylinder":
      return ring(4, shape.diameter_m / 2);
    case "prism":
      return [...ring(3, shape.side_m / Math.sqrt(3)), [0, 0]];
  }
}

function ring(count: number, radius_m: number): readonly (readonly [number, number])[] {
  return Array.from({ length: count }, (_, i) => {
    const angle = (2 * Math.PI * i) / count;
    return [radius_m * Math.cos(angle), radius_m * Math.sin(angle)] as const;
  });
}
