/**
 * Push objects into a row that the anchor begins: LINE of EgoPush, which only the student with the relational loss learnt.
 *
 * Task, randomisation, success and failure are those of every arrangement: see sim/arrangement/scene.ts.
 */

import { z } from "zod";
import { arrangementOf, shapeNames } from "../arrangement/arrangement.ts";
import { arrangementConfig, arrangementScene } from "../arrangement/scene.ts";

export const pushLine = arrangementScene({
  name: "push-line",
  summary: "Push objects into a row in front of an anchor.",
  config: arrangementConfig.extend({
    shape: z.enum(shapeNames).default("cube").describe("of the objects; the anchor is a cube"),
    objects: z.int().min(1).max(5).default(2).describe("to be pushed, one behind the other"),
    spacing_m: z.number().positive().default(0.25).describe("from centre to centre"),
  }),
  arrangement: ({ shape, objects, spacing_m }) =>
    arrangementOf({
      objects: Array.from({ length: objects }, (_, i) => ({
        shape,
        x_m: (i + 1) * spacing_m,
        y_m: 0,
      })),
    }),
});
