/**
 * Push one object next to an anchor.
 *
 * Task: the object must come to rest beside the anchor, `offset_m` from its centre and in front of one
 * of its four faces, with its own faces parallel to the anchor's. EgoPush calls this the two-object
 * task. Which face does not matter: a cube looks the same from all four, so a student without a goal
 * input could not tell. The target is the place that is nearest to the object at the moment.
 * Randomised: all poses. Physical properties: see sim/randomization.ts.
 * Success: position, yaw (modulo the shape's symmetry) and speed within the reward's thresholds.
 * Failure: something leaves the arena or topples, or the anchor is moved.
 */

import { z } from "zod";
import type { Rng } from "../../core/rng.ts";
import { egoPushReward, pushReading, pushStage } from "../../credit/ego-push.ts";
import type { Ground } from "../ground.ts";
import {
  discs,
  pushRoom_m,
  robotBefore,
  robotBound_m,
  scatter,
  startBound_m,
} from "../placement.ts";
import { approachDetour_m, behindness, KEEP_OUT_m, measurePush, wayAround } from "../push.ts";
import { growth_m } from "../robots/diff-drive.ts";
import { robotOf, robotSettings } from "../robots/settings.ts";
import { defineScene, type PlanarPose } from "../scene.ts";
import { pushable } from "../shape.ts";

const ROBOT = 0;
const ANCHOR = 1;
const OBJECT = 2;
/** From one face of the anchor, a cube, to the next. */
const FACE_rad = Math.PI / 2;

/** The anchor starts in this square's half. */
const ANCHOR_WITHIN_m = 0.3;

const config = z
  .strictObject({
    shape: z.enum(["cube", "cylinder", "prism"]).default("cube"),
    arenaSide_m: z.number().min(2).default(3),
    startWithin_m: z.number().positive().default(1).describe("objects start in this square's half"),
    // two cubes and the gap of 5 cm that an arrangement leaves, too
    offset_m: z.number().min(0.2).default(0.25).describe("target in front of the anchor's centre"),
    anchorShift_m: z
      .number()
      .positive()
      .default(0.1)
      .describe("moving the anchor further fails; the paper sets no limit"),
    robot: robotSettings.exactOptional().describe("EgoPush's unless given"),
    reward: egoPushReward.prefault({}),
  })
  .refine(
    ({ arenaSide_m, offset_m, robot }) =>
      offset_m <= arenaSide_m / 2 - ANCHOR_WITHIN_m - pushRoom_m(robotOf(robot)),
    { path: ["offset_m"], error: "the robot does not fit between the target and the walls" },
  );
type Config = z.output<typeof config>;

export const pushPair = defineScene({
  name: "push-pair",
  summary: "Push one object next to an anchor, aligned with it.",
  config,
  timing: { physicsStep_s: 1 / 60, controlStep_s: 1 / 10 },

  cast: ({ shape, arenaSide_m, robot }) => ({
    robot: robotOf(robot),
    arenaSide_m,
    bodies: [
      { name: "anchor", shape: pushable("cube"), mass_kg: 0.4, friction: 0.5, motion: "dynamic" },
      { name: "object", shape: pushable(shape), mass_kg: 0.4, friction: 0.5, motion: "dynamic" },
    ],
  }),

  start: startPoses,

  practice: practicePoses,

  roles: () => [{ active: OBJECT, anchor: ANCHOR, obstacles: [] }],

  target: (cfg, ground) => targetPose(cfg, ground),

  stages: ({ reward }) => [pushStage("place-object", reward)],

  reading: pushReading,

  measure(cfg, ground, _stage, action, out) {
    const target = targetPose(cfg, ground);
    const robot = robotOf(cfg.robot);
    measurePush(ground, robot, OBJECT, pushable(cfg.shape), target, out);
    const anchor = { x_m: ground.x_m(ANCHOR), y_m: ground.y_m(ANCHOR), radius_m: KEEP_OUT_m };
    const way = wayAround(anchor, ground.x_m(OBJECT), ground.y_m(OBJECT), target);
    out.detour_m = way.detour_m;
    out.approachDetour_m = approachDetour_m(ground, robot, OBJECT);
    out.behind = behindness(ground, OBJECT, way, out.activeToTarget_m);
    [out.forward, out.turn] = action;
  },

  failurePenalty: ({ reward }) => reward.failure,

  failure(cfg, ground) {
    const inside_m = cfg.arenaSide_m / 2;
    for (const body of [ROBOT, OBJECT]) {
      if (Math.max(Math.abs(ground.x_m(body)), Math.abs(ground.y_m(body))) > inside_m) {
        return "out of the arena";
      }
    }
    if (ground.shift_m(ANCHOR) > cfg.anchorShift_m) return "anchor moved";
    if (ground.upright(OBJECT) < 0.7) return "object toppled";
    return undefined;
  },
});

/** In front of the anchor's face that is nearest to the object, facing as it does. */
function targetPose({ offset_m }: Config, ground: Ground): PlanarPose {
  const x_m = ground.x_m(ANCHOR);
  const y_m = ground.y_m(ANCHOR);
  const yaw_rad = ground.yaw_rad(ANCHOR);
  const bearing = Math.atan2(ground.y_m(OBJECT) - y_m, ground.x_m(OBJECT) - x_m);
  const face = Math.round((bearing - yaw_rad) / FACE_rad);
  return besideFace({ x_m, y_m, yaw_rad }, face, offset_m);
}

function besideFace(anchor: PlanarPose, face: number, offset_m: number): PlanarPose {
  const yaw_rad = anchor.yaw_rad + face * FACE_rad;
  return {
    x_m: anchor.x_m + offset_m * Math.cos(yaw_rad),
    y_m: anchor.y_m + offset_m * Math.sin(yaw_rad),
    yaw_rad,
  };
}

/** The anchor near the middle, object and robot anywhere clear of it and of each other. */
function startPoses(
  { startWithin_m, offset_m, arenaSide_m, ...config }: Config,
  rng: Rng,
): readonly PlanarPose[] {
  const robotSpec = robotOf(config.robot);
  const forObject = { within_m: startWithin_m, bound_m: startBound_m(arenaSide_m, robotSpec) };
  const forRobot = { within_m: startWithin_m + 0.1, bound_m: robotBound_m(arenaSide_m, robotSpec) };
  const anchor = anchorPose(rng);
  const object = scatter(rng, forObject, discs([anchor], offset_m + 0.2));
  const robot = scatter(rng, forRobot, discs([anchor, object], 0.35 + growth_m(robotSpec)));
  return [robot, anchor, object];
}

/** The object near a target, the robot near the object and facing it roughly. */
function practicePoses(
  { offset_m, arenaSide_m, ...config }: Config,
  rng: Rng,
): readonly PlanarPose[] {
  const robotSpec = robotOf(config.robot);
  const anchor = anchorPose(rng);
  const target = besideFace(anchor, Math.floor(rng.uniform(0, 4)), offset_m);
  const nearTarget = {
    within_m: 0.5,
    centre: target,
    bound_m: startBound_m(arenaSide_m, robotSpec),
  };
  const object = scatter(rng, nearTarget, discs([anchor], 0.24));
  const bound_m = robotBound_m(arenaSide_m, robotSpec);
  const robot = robotBefore(rng, robotSpec, object, [anchor, object], bound_m);
  return [robot, anchor, object];
}

function anchorPose(rng: Rng): PlanarPose {
  return {
    x_m: rng.uniform(-ANCHOR_WITHIN_m, ANCHOR_WITHIN_m),
    y_m: rng.uniform(-ANCHOR_WITHIN_m, ANCHOR_WITHIN_m),
    yaw_rad: rng.uniform(-Math.PI, Math.PI),
  };
}
