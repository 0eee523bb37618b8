/** Outlines of bodies on the floor and the gaps between them. */

import type { RobotPart } from "../robots/diff-drive.ts";
import { prismCorners, type Shape } from "../shape.ts";

/** A convex polygon of 1 to 4 corners, counter-clockwise, widened by a radius: a disc is one widened corner. */
export interface Outline {
  corners: number;
  /** x and y of each corner. */
  readonly xy_m: Float64Array;
  radius_m: number;
}

/** Outline of a shape about its origin. */
export function outlineOf(shape: Shape): Outline {
  if (shape.kind === "cylinder") {
    return { corners: 1, xy_m: Float64Array.of(0, 0), radius_m: shape.diameter_m / 2 };
  }
  if (shape.kind === "prism") {
    const xy_m = Float64Array.from(prismCorners(shape.side_m).flat());
    return { corners: 3, xy_m, radius_m: 0 };
  }
  return rectangle(0, 0, shape.size_m[0] / 2, shape.size_m[1] / 2);
}

export function outlineOfPart({ centre_m, half_m }: RobotPart): Outline {
  return rectangle(centre_m[0], centre_m[1], half_m[0], half_m[1]);
}

function rectangle(x: number, y: number, a: number, b: number): Outline {
  const xy_m = Float64Array.of(x + a, y + b, x - a, y + b, x - a, y - b, x + a, y - b);
  return { corners: 4, xy_m, radius_m: 0 };
}

/**
 * Gap between two outlines, negative where they overlap. Between two corners of two polygons it is the gap along the best
 * edge normal, which is a little less than the distance.
 */
export function separation_m(a: Outline, b: Outline): number {
  const radii = a.radius_m + b.radius_m;
  if (a.corners === 1 && b.corners === 1) {
    return Math.hypot(a.xy_m[0] - b.xy_m[0], a.xy_m[1] - b.xy_m[1]) - radii;
  }
  if (a.corners === 1) return pointToPolygon_m(a.xy_m[0], a.xy_m[1], b) - radii;
  if (b.corners === 1) return pointToPolygon_m(b.xy_m[0], b.xy_m[1], a) - radii;
  return Math.max(alongNormals_m(a, b), alongNormals_m(b, a)) - radii;
}

/** Gap between an outline and the nearest wall of a square arena about the origin. */
export function wallDistance_m({ corners, xy_m, radius_m }: Outline, halfSide_m: number): number {
  let farthest = 0;
  for (let i = 0; i < 2 * corners; i++) farthest = Math.max(farthest, Math.abs(xy_m[i]));
  return halfSide_m - farthest - radius_m;
}

/** The widest gap along a normal of an edge of `a` (separating-axis test, one side). */
function alongNormals_m(a: Outline, b: Outline): number {
  let widest = Number.NEGATIVE_INFINITY;
  for (let i = 0; i < a.corners; i++) {
    const x = a.xy_m[2 * i];
    const y = a.xy_m[2 * i + 1];
    const next = 2 * ((i + 1) % a.corners);
    const ex = a.xy_m[next] - x;
    const ey = a.xy_m[next + 1] - y;
    let least = Number.POSITIVE_INFINITY;
    for (let k = 0; k < b.corners; k++) {
      least = Math.min(least, ey * (b.xy_m[2 * k] - x) - ex * (b.xy_m[2 * k + 1] - y));
    }
    widest = Math.max(widest, least / Math.sqrt(ex * ex + ey * ey));
  }
  return widest;
}

/** Distance of a point from a polygon, negative inside. */
function pointToPolygon_m(px: number, py: number, polygon: Outline): number {
  let inside = Number.NEGATIVE_INFINITY;
  let outside = Number.POSITIVE_INFINITY;
  for (let i = 0; i < polygon.corners; i++) {
    const x = polygon.xy_m[2 * i];
    const y = polygon.xy_m[2 * i + 1];
    const next = 2 * ((i + 1) % polygon.corners);
    const ex = polygon.xy_m[next] - x;
    const ey = polygon.xy_m[next + 1] - y;
    const squared = ex * ex + ey * ey;
    const dx = px - x;
    const dy = py - y;
    inside = Math.max(inside, (ey * dx - ex * dy) / Math.sqrt(squared));
    const along = Math.max(0, Math.min(1, (dx * ex + dy * ey) / squared));
    outside = Math.min(outside, Math.hypot(dx - along * ex, dy - along * ey));
  }
  return inside > 0 ? outside : inside;
}
