/** What a planner is told about the scene it plans for: plain data, no handles. */

import type { Meters, Radians } from "../core/units.ts";

/** One thing that stands on the floor. */
export interface ObjectView {
  /** As plans call it. */
  readonly name: string;
  readonly shape: "cube" | "box" | "cylinder" | "prism";
  /** Undefined where the scene gives its objects no colours. */
  readonly colour?: string;
  /** Longest edge, or diameter, of its footprint. */
  readonly size_m: Meters;
  /** World frame. */
  readonly x_m: Meters;
  readonly y_m: Meters;
  readonly yaw_rad: Radians;
  /** It cannot be pushed. */
  readonly fixed?: boolean;
}

/** A scene at one moment. The arena is a square about the origin. */
export interface WorldView {
  /** Its name. */
  readonly scene: string;
  readonly arenaSide_m: Meters;
  /** In the world frame. */
  readonly robot: { readonly x_m: Meters; readonly y_m: Meters; readonly yaw_rad: Radians };
  readonly objects: readonly ObjectView[];
}
