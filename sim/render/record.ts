/** What `ViewSetup` writes, and the rasteriser and the gpu.js kernel draw. */

import { layout } from "../../core/layout.ts";

/** What the six functions mean; a convex solid is its number of entered planes, 1 to 3. */
export const recordKind = {
  sphere: 4,
  cylinderSide: 5,
  cylinderCap: 6,
  cylinderAbove: 7,
  room: 8,
} as const;

/** Covers pixels x0 <= x < x1, y0 <= y < y1. `functions` are six of a + b x + c y. */
export const record = layout({
  kind: 1,
  slot: 1,
  x0: 1,
  x1: 1,
  y0: 1,
  y1: 1,
  id: 1,
  functions: 18,
  sphereScale: 1,
  spare: 6,
});

/** Per slot: n.l = a + t (b0 + bx x + by y), and the surface's colour. */
export const shade = layout({ light: 4, rgb: 3, spare: 1 });
