/**
 * Drive up to a box: the smallest scene, and the template for new ones.
 *
 * Task: bring the robot's middle within `reach_m` of the box's.
 * Randomised: the direction of the box and the heading of the robot.
 * Success: the box is reached. Failure: the robot leaves the arena.
 */

import { z } from "zod";
import { temporalDecay } from "../../credit/ego-push.ts";
import { egoPushRobot } from "../robots/diff-drive.ts";
import { defineScene } from "../scene.ts";
import { pushable } from "../shape.ts";

const ROBOT = 0;
const BOX = 1;

export const reachBox = defineScene({
  name: "reach-box",
  summary: "Drive up to a box.",

  config: z.strictObject({
    start_m: z.number().min(0.4).max(1.2).default(0.8).describe("distance from robot to box"),
    // where the pusher's face touches the box it is 0.22 m
    reach_m: z.number().min(0.23).default(0.3).describe("counts as reached, centre to centre"),
    budgetSteps: z.int().min(1).default(150).describe("control steps until time is up"),
  }),

  timing: { physicsStep_s: 1 / 60, controlStep_s: 1 / 10 },

  cast: () => ({
    robot: egoPushRobot,
    arenaSide_m: 3,
    bodies: [
      { name: "box", shape: pushable("cube"), mass_kg: 0.4, friction: 0.5, motion: "dynamic" },
    ],
  }),

  start({ start_m }, rng) {
    const bearing = rng.uniform(-Math.PI, Math.PI);
    return [
      { x_m: 0, y_m: 0, yaw_rad: rng.uniform(-Math.PI, Math.PI) },
      { x_m: start_m * Math.cos(bearing), y_m: start_m * Math.sin(bearing), yaw_rad: bearing },
    ];
  },

  roles: () => [{ active: BOX, obstacles: [] }],

  target: () => undefined,

  reading: () => ({ distance_m: 0 }),

  measure(_config, ground, _stage, _action, out) {
    out.distance_m = ground.distance_m(ROBOT, BOX);
  },

  stages: ({ reach_m, budgetSteps }) => [
    {
      name: "reach",
      budgetSteps,
      done: ({ distance_m }) => distance_m < reach_m,
      terms: {
        approach: ({ before, now }) => 2 * (before.distance_m - now.distance_m),
        reach: (step) =>
          step.now.distance_m < reach_m ? temporalDecay(step.elapsedSteps, budgetSteps) : 0,
      },
    },
  ],

  failure: (_config, ground) =>
    Math.max(Math.abs(ground.x_m(ROBOT)), Math.abs(ground.y_m(ROBOT))) > 1.5
      ? "out of the arena"
      : undefined,
});
