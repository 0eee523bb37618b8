/**
 * Push two objects to where they make an equilateral triangle with the anchor.
 *
 * Task, randomisation, success and failure are those of every arrangement: see sim/arrangement/scene.ts.
 */

import { z } from "zod";
import { arrangementOf, shapeNames } from "../arrangement/arrangement.ts";
import { arrangementConfig, arrangementScene } from "../arrangement/scene.ts";

export const pushTriangle = arrangementScene({
  name: "push-triangle",
  summary: "Push two objects to the corners of a triangle whose third is an anchor.",
  config: arrangementConfig.extend({
    shape: z.enum(shapeNames).default("cube").describe("of the objects; the anchor is a cube"),
    side_m: z.number().positive().default(0.35).describe("from centre to centre"),
  }),
  arrangement: ({ shape, side_m }) =>
    arrangementOf({
      objects: [30, -30].map((bearing_deg) => ({
        shape,
        x_m: side_m * Math.cos((bearing_deg * Math.PI) / 180),
        y_m: side_m * Math.sin((bearing_deg * Math.PI) / 180),
      })),
    }),
});
