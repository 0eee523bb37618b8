/**
 * Push objects to where an arrangement has them: one that is written down as JSON, or another one in each episode.
 *
 * Task, success and failure are those of every arrangement: see sim/arrangement/scene.ts.
 * Randomised: all poses and, unless it is given, the arrangement, which is drawn from the episode's seed. A student that
 * was trained on those is told its goal and serves any arrangement.
 */

import { z } from "zod";
import { ConfigError } from "../../core/errors.ts";
import {
  arrangementOf,
  arrangementSchema,
  MAX_OBJECTS,
  shapeNames,
} from "../arrangement/arrangement.ts";
import { arrangementConfig, arrangementScene } from "../arrangement/scene.ts";

export const pushArrangement = arrangementScene({
  name: "push-arrangement",
  summary: "Push objects to where a given or random arrangement about an anchor has them.",
  config: arrangementConfig.extend({
    arrangement: z
      .union([z.literal("random"), arrangementSchema])
      .default("random")
      .describe('what to make: "random", or JSON such as {"objects":[{"x_m":0.25,"y_m":0}]}'),
    shapes: z
      .array(z.enum(shapeNames))
      .min(1)
      .max(MAX_OBJECTS)
      .default(["cube", "cube", "cube", "cube"])
      .describe("of the objects of random arrangements"),
    fewest: z
      .int()
      .min(1)
      .max(MAX_OBJECTS)
      .default(1)
      .describe("objects of a random arrangement, at least; the last ones are left out"),
  }),
  arrangement({ arrangement, shapes, fewest }) {
    if (arrangement !== "random") return arrangementOf(arrangement);
    if (fewest > shapes.length) {
      throw new ConfigError(
        `Expected "fewest" to be at most the number of "shapes", ${shapes.length}, got ${fewest}.`,
      );
    }
    return { anchor: "cube", shapes, fewest };
  },
});
