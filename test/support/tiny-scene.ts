/**
 * The smallest scene with two stages, whose ends are easy to bring about: drive forward to the mark
 * at 0.1 m, then on to the one at 0.2 m; more than 0.1 m backward is a failure; idling runs out of time.
 */

import { z } from "zod";
import { egoPushRobot } from "../../sim/robots/diff-drive.ts";
import { defineScene } from "../../sim/scene.ts";
import { pushable } from "../../sim/shape.ts";

export const tinyScene = defineScene({
  name: "tiny",
  summary: "Drive over two marks.",
  config: z.strictObject({
    budgetSteps: z.int().min(1).default(12),
    penalty: z.number().default(0.5),
  }),
  timing: { physicsStep_s: 1 / 60, controlStep_s: 1 / 10 },
  cast: () => ({
    robot: egoPushRobot,
    arenaSide_m: 4,
    bodies: ["first", "second"].map((name) => ({
      name,
      shape: pushable("cube"),
      mass_kg: 0.4,
      friction: 0.5,
      motion: "dynamic",
    })),
  }),
  start: () => [
    { x_m: 0, y_m: 0, yaw_rad: 0 },
    { x_m: 1, y_m: 0.5, yaw_rad: 0 },
    { x_m: 1, y_m: -0.5, yaw_rad: 0.3 },
  ],
  // the first stage has an anchor and a target, the second has neither but an obstacle
  roles: () => [
    { active: 1, anchor: 2, obstacles: [] },
    { active: 2, obstacles: [1] },
  ],
  target: (_config, _ground, stage) => (stage === 0 ? { x_m: 1, y_m: 0, yaw_rad: 0 } : undefined),
  reading: () => ({ x_m: 0, stage: 0, forward: 0 }),
  measure(_config, ground, stage, action, out) {
    out.x_m = ground.x_m(0);
    out.stage = stage;
    out.forward = action[0];
  },
  stages: ({ budgetSteps }) =>
    [0.1, 0.2].map((mark_m, stage) => ({
      name: `mark ${stage + 1}`,
      budgetSteps,
      done: ({ x_m }) => x_m > mark_m,
      terms: {
        progress: ({ before, now }) => now.x_m - before.x_m,
        mark: ({ now }) => (now.x_m > mark_m ? 1 : 0),
        // what was measured for one stage must never be compared with what was measured for another
        mixed: ({ before, now }) => (before.stage === now.stage ? 0 : 100),
      },
    })),
  failure: (_config, ground) => (ground.x_m(0) < -0.1 ? "went back" : undefined),
  failurePenalty: ({ penalty }) => penalty,
});
