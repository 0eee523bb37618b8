/**
 * Push four objects to the four faces of an anchor: CROSS, the benchmark of EgoPush.
 *
 * Task, randomisation, success and failure are those of every arrangement: see sim/arrangement/scene.ts.
 */

import { z } from "zod";
import { arrangementOf, shapeNames } from "../arrangement/arrangement.ts";
import { arrangementConfig, arrangementScene } from "../arrangement/scene.ts";

export const pushCross = arrangementScene({
  name: "push-cross",
  summary: "Push four objects next to an anchor, one in front of each of its faces.",
  config: arrangementConfig.extend({
    shape: z.enum(shapeNames).default("cube").describe("of the objects; the anchor is a cube"),
    offset_m: z
      .number()
      .positive()
      .default(0.25)
      .describe("places in front of the anchor's centre"),
  }),
  arrangement: ({ shape, offset_m }) =>
    arrangementOf({
      objects: [0, 90, 180, 270].map((yaw_deg) => ({
        shape,
        x_m: offset_m * Math.cos((yaw_deg * Math.PI) / 180),
        y_m: offset_m * Math.sin((yaw_deg * Math.PI) / 180),
        yaw_deg,
      })),
    }),
});
