/**
 * Arrangements as data: objects of given shapes at poses relative to an anchor, as one writes them in JSON.
 *
 * An arrangement is refused, in one sentence, when its objects would stand too close. Whether they can be pushed into place in
 * the order of their shapes is asked where a scene is made of it; see reach.ts.
 */

import { z } from "zod";
import { parseConfig } from "../../core/config.ts";
import { ConfigError } from "../../core/errors.ts";
import type { Meters } from "../../core/units.ts";
import { outlineOf, separation_m } from "../contact/outline.ts";
import type { PlanarPose } from "../scene.ts";
import { type PushableName, pushable } from "../shape.ts";

export const shapeNames = ["cube", "cylinder", "prism"] as const satisfies readonly PushableName[];

/** Most objects that an arrangement may have besides its anchor. */
export const MAX_OBJECTS = 5;

/** Gap that must be left between two objects in place: touching an obstacle ends an episode. */
export const GAP_m: Meters = 0.05;

const shape = z.enum(shapeNames);

export const arrangementSchema = z
  .strictObject({
    anchor: shape.default("cube").describe("shape of the anchor"),
    objects: z
      .array(
        z.strictObject({
          shape: shape.default("cube"),
          x_m: z.number().min(-2).max(2).describe("in front of the anchor's centre"),
          y_m: z.number().min(-2).max(2).describe("to its left"),
          yaw_deg: z.number().min(-360).max(360).default(0).describe("relative to the anchor's"),
        }),
      )
      .min(1)
      .max(MAX_OBJECTS)
      .describe("in the order in which they are pushed"),
  })
  .describe("an anchor and up to five objects at poses relative to it");
export type ArrangementInput = z.input<typeof arrangementSchema>;

/** A place for an object of one shape. */
export interface Slot extends PlanarPose {
  readonly shape: PushableName;
}

/** Places in the anchor's frame. */
export interface Arrangement {
  readonly anchor: PushableName;
  readonly slots: readonly Slot[];
}

/** Checks an arrangement and brings it into radians. @throws ConfigError */
export function arrangementOf(input: ArrangementInput): Arrangement {
  const { anchor, objects } = parseConfig(arrangementSchema, input, "an arrangement");
  const slots = objects.map(
    ({ shape, x_m, y_m, yaw_deg }): Slot => ({
      shape,
      x_m,
      y_m,
      yaw_rad: (yaw_deg * Math.PI) / 180,
    }),
  );
  const arrangement = { anchor, slots };
  refuseOverlap(arrangement);
  return arrangement;
}

/** The narrowest gap between any two of an arrangement, anchor included; infinite for one. */
export function narrowestGap_m({ anchor, slots }: Arrangement): {
  readonly gap_m: Meters;
  readonly between: readonly [string, string];
} {
  const things = [
    { name: "the anchor", outline: placedOutline({ shape: anchor, x_m: 0, y_m: 0, yaw_rad: 0 }) },
    ...slots.map((slot, i) => ({ name: `object ${i + 1}`, outline: placedOutline(slot) })),
  ];
  let gap_m = Number.POSITIVE_INFINITY;
  let between: [string, string] = ["", ""];
  things.forEach((one, i) => {
    for (const other of things.slice(i + 1)) {
      const gap = separation_m(one.outline, other.outline);
      if (gap < gap_m) [gap_m, between] = [gap, [one.name, other.name]];
    }
  });
  return { gap_m, between };
}

function refuseOverlap(arrangement: Arrangement): void {
  const { gap_m, between } = narrowestGap_m(arrangement);
  if (gap_m >= GAP_m) return;
  const found = gap_m < 0 ? "they overlap" : `the gap is ${gap_m.toFixed(3)} m`;
  throw new ConfigError(
    `Expected a gap of at least ${GAP_m} m between ${between.join(" and ")} of an arrangement, but ${found}. Move them apart.`,
  );
}

function placedOutline({ shape, x_m, y_m, yaw_rad }: Slot) {
  const { corners, xy_m, radius_m } = outlineOf(pushable(shape));
  const cos = Math.cos(yaw_rad);
  const sin = Math.sin(yaw_rad);
  const placed = new Float64Array(xy_m.length);
  for (let i = 0; i < corners; i++) {
    const [x, y] = [xy_m[2 * i], xy_m[2 * i + 1]];
    placed[2 * i] = x_m + cos * x - sin * y;
    placed[2 * i + 1] = y_m + sin * x + cos * y;
  }
  return { corners, xy_m: placed, radius_m };
}

/** A slot in the world, given where the anchor stands. */
export function inWorld(slot: PlanarPose, anchor: PlanarPose): PlanarPose {
  const cos = Math.cos(anchor.yaw_rad);
  const sin = Math.sin(anchor.yaw_rad);
  return {
    x_m: anchor.x_m + cos * slot.x_m - sin * slot.y_m,
    y_m: anchor.y_m + sin * slot.x_m + cos * slot.y_m,
    yaw_rad: anchor.yaw_rad + slot.yaw_rad,
  };
}
