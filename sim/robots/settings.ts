/** A robot as a setting of a scene: EgoPush's but for what is given. */

import { z } from "zod";
import { cameraSettings, egoPushCamera, mountOf } from "../camera.ts";
import { type DiffDriveSpec, egoPushRobot, pusherReach_m } from "./diff-drive.ts";

const { base_m, pusher_m, ...like } = egoPushRobot;

const length = z.number().min(0.02).max(1);
const positive = z.number().positive();

/** Fields of `DiffDriveSpec`. */
const settings = z.strictObject({
  base_m: z
    .tuple([length, length, length])
    .default([...base_m])
    .describe("edges of the base along x, y, z"),
  pusher_m: z
    .strictObject({
      length: length.default(pusher_m.length),
      width: length.default(pusher_m.width),
      height: length.default(pusher_m.height),
    })
    .prefault({}),
  mass_kg: positive.default(like.mass_kg),
  drivetrain_kg: z
    .number()
    .min(0)
    .default(like.drivetrain_kg)
    .describe("what the motors' rotors add to the mass that is set in motion"),
  halfTrack_m: positive.default(like.halfTrack_m).describe("half the distance between the wheels"),
  friction: z.number().min(0).max(2).default(like.friction).describe("of the pusher's face"),
  maxSpeed_mps: positive.max(5).default(like.maxSpeed_mps).describe("what an action of 1 means"),
  maxTurnRate_radps: positive.max(20).default(like.maxTurnRate_radps).describe("the same, turning"),
  wheelTime_s: positive
    .default(like.wheelTime_s)
    .describe("in which the wheels make up 63 % of a change of command"),
  maxForce_N: positive.default(like.maxForce_N),
  maxTorque_Nm: positive.default(like.maxTorque_Nm),
  grip_N: z.number().min(0).default(like.grip_N).describe("what the tyres hold sideways"),
  camera: cameraSettings.exactOptional().describe("EgoPush's unless given"),
});
export type RobotSettings = z.output<typeof settings>;

export const robotSettings = settings.refine((each) => seesWhatItPushes(robotOf(each)), {
  path: ["pusher_m", "height"],
  error: "pusher or base hide from the camera what is pushed: lower them, or raise the camera",
});

/** What scenes give it to push measures this much, up and ahead. */
const PUSHED_m = 0.15;

/** Whether the camera, over base and pusher, sees the near or the far upper edge of what the pusher touches. */
function seesWhatItPushes(robot: DiffDriveSpec): boolean {
  const { x_m, z_m } = robot.camera;
  const reach_m = pusherReach_m(robot);
  const brims = [
    [robot.base_m[0] / 2, robot.base_m[2]],
    [reach_m, robot.pusher_m.height],
  ].filter(([ahead_m]) => ahead_m > x_m);
  return [reach_m, reach_m + PUSHED_m].some((edge_m) =>
    brims.every(([ahead_m, up_m]) => {
      const share = (ahead_m - x_m) / (edge_m - x_m);
      return z_m + share * (PUSHED_m - z_m) >= up_m;
    }),
  );
}

const known = new WeakMap<RobotSettings, DiffDriveSpec>();

/** EgoPush's robot where none is set. The same settings make the same robot, so that it may be asked for in every step. */
export function robotOf(settings: RobotSettings | undefined): DiffDriveSpec {
  if (!settings) return egoPushRobot;
  const found = known.get(settings);
  if (found) return found;
  const { camera } = settings;
  const robot = { ...settings, camera: camera ? mountOf(camera) : egoPushCamera };
  known.set(settings, robot);
  return robot;
}
