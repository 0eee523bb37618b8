/** A robot as a setting of a scene: EgoPush's but for what is given. */

import { z } from "zod";
import { cameraSettings, egoPushCamera, mountOf } from "../camera.ts";
import { type DiffDriveSpec, egoPushRobot } from "./diff-drive.ts";

const { base_m, pusher_m, ...like } = egoPushRobot;

const length = z.number().min(0.02).max(1);
const positive = z.number().positive();

/** Fields of `DiffDriveSpec`. */
export const robotSettings = z.strictObject({
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
export type RobotSettings = z.output<typeof robotSettings>;

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
