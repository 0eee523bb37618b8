/** Footprints as convex outlines, and the gap between two of them. */

import { footprintRadius_m, prismCorners, type Shape } from "../../sim/shape.ts";

/** Corners [x, y] in metres in the body frame, counter-clockwise. */
export type Outline = readonly (readonly [x: number, y: number])[];

/** A cylinder becomes a regular polygon of this many sides: 0.5 % too small at most. */
const ROUND = 24;

export function outlineOf(shape: Shape): Outline {
  if (shape.kind === "box") {
    const [x, y] = [shape.size_m[0] / 2, shape.size_m[1] / 2];
    return [
      [x, y],
      [-x, y],
      [-x, -y],
      [x, -y],
    ];
  }
  if (shape.kind === "prism") return prismCorners(shape.side_m);
  const radius_m = footprintRadius_m(shape);
  return Array.from({ length: ROUND }, (_, i) => {
    const angle = (2 * Math.PI * i) / ROUND;
    return [radius_m * Math.cos(angle), radius_m * Math.sin(angle)] as const;
  });
}

/** An outline in the plane, flat [x0, y0, x1, y1, ...]; `out` is filled. */
export function placeOutline(
  outline: Outline,
  x_m: number,
  y_m: number,
  yaw_rad: number,
  out: Float64Array,
): void {
  const c = Math.cos(yaw_rad);
  const s = Math.sin(yaw_rad);
  for (let i = 0; i < outline.length; i++) {
    const [x, y] = outline[i];
    out[2 * i] = x_m + c * x - s * y;
    out[2 * i + 1] = y_m + s * x + c * y;
  }
}

/** Smallest distance between two convex outlines; 0 where they touch or overlap. NaN stays NaN. */
export function gap_m(a: Float64Array, b: Float64Array): number {
  if (Number.isNaN(a[0] + b[0])) return Number.NaN;
  if (overlap(a, b)) return 0;
  return Math.min(nearestCorner(a, b), nearestCorner(b, a));
}

/** Separating axes: the outlines overlap unless the outward normal of some edge parts them. */
function overlap(a: Float64Array, b: Float64Array): boolean {
  return !partedByEdge(a, b) && !partedByEdge(b, a);
}

function partedByEdge(a: Float64Array, b: Float64Array): boolean {
  for (let i = 0; i < a.length; i += 2) {
    const j = (i + 2) % a.length;
    const nx = a[j + 1] - a[i + 1];
    const ny = a[i] - a[j];
    let outside = true;
    for (let k = 0; k < b.length && outside; k += 2) {
      outside = nx * (b[k] - a[i]) + ny * (b[k + 1] - a[i + 1]) > 0;
    }
    if (outside) return true;
  }
  return false;
}

/** Smallest distance from a corner of `a` to an edge of `b`. */
function nearestCorner(a: Float64Array, b: Float64Array): number {
  let best = Number.POSITIVE_INFINITY;
  for (let i = 0; i < a.length; i += 2) {
    for (let j = 0; j < b.length; j += 2) {
      const k = (j + 2) % b.length;
      best = Math.min(best, toSegment(a[i], a[i + 1], b[j], b[j + 1], b[k], b[k + 1]));
    }
  }
  return best;
}

function toSegment(
  x: number,
  y: number,
  fromX: number,
  fromY: number,
  toX: number,
  toY: number,
): number {
  const dx = toX - fromX;
  const dy = toY - fromY;
  const along = ((x - fromX) * dx + (y - fromY) * dy) / (dx * dx + dy * dy);
  const t = Math.min(1, Math.max(0, along));
  return Math.hypot(x - fromX - t * dx, y - fromY - t * dy);
}
