/**
 * A differential-drive robot: a box on two wheels with a pusher in front, driven by limited forces.
 *
 * The wheels' servos follow the commanded speeds with a time constant and hold them under load up to the drive's limits;
 * the tyres resist sideways slip up to a limit. The robot is a dynamic body, so it can be stopped and turned by what it hits.
 */

import { layout } from "../../core/layout.ts";
import { type CameraMount, egoPushCamera } from "../camera.ts";

export interface DiffDriveSpec {
  /** The base's edges along x, y, z; the body's origin is the base's centre. */
  readonly base_m: readonly [x: number, y: number, z: number];
  /** A solid block in front of the base that reaches down to the base's underside. */
  readonly pusher_m: { readonly length: number; readonly width: number; readonly height: number };
  readonly mass_kg: number;
  /** What the motors' rotors add through their gears to the mass that has to be set in motion. */
  readonly drivetrain_kg: number;
  /** Half the distance between the wheels. */
  readonly halfTrack_m: number;
  /** Friction of the pusher's face. */
  readonly friction: number;
  readonly maxSpeed_mps: number;
  readonly maxTurnRate_radps: number;
  /** Time in which the wheels make up 63 % of a change of command. */
  readonly wheelTime_s: number;
  readonly maxForce_N: number;
  readonly maxTorque_Nm: number;
  /** What the tyres hold sideways. */
  readonly grip_N: number;
  readonly camera: CameraMount;
}

/** EgoPush's robot (arXiv 2602.18071, section 1.1). Mass and limits are those of a TurtleBot3 with a pusher. */
export const egoPushRobot: DiffDriveSpec = {
  base_m: [0.14, 0.14, 0.143],
  pusher_m: { length: 0.075, width: 0.14, height: 0.1 },
  mass_kg: 2,
  drivetrain_kg: 4,
  halfTrack_m: 0.08,
  friction: 0.5,
  maxSpeed_mps: 0.4,
  maxTurnRate_radps: 2.84,
  wheelTime_s: 0.1,
  maxForce_N: 20,
  maxTorque_Nm: 2,
  grip_N: 20,
  camera: egoPushCamera,
};

/** Columns of a command row. */
export const command = layout({ v_mps: 1, omega_radps: 1 });

/** A box of the robot's collision body: half extents, and its centre in the base frame. */
export interface RobotPart {
  readonly half_m: readonly [x: number, y: number, z: number];
  readonly centre_m: readonly [x: number, y: number, z: number];
}

/** The robot's collision boxes, as tall as they are. */
export function robotParts(spec: DiffDriveSpec): RobotPart[] {
  const [x, y, z] = spec.base_m;
  const { length, width, height } = spec.pusher_m;
  return [
    { half_m: [x / 2, y / 2, z / 2], centre_m: [0, 0, 0] },
    {
      half_m: [length / 2, width / 2, height / 2],
      centre_m: [(x + length) / 2, 0, (height - z) / 2],
    },
  ];
}

/** Distance from the base's centre to the pusher's face. */
export function pusherReach_m(spec: DiffDriveSpec): number {
  return spec.base_m[0] / 2 + spec.pusher_m.length;
}

/** The parts seen from above: one box where the pusher is as wide as the base. Heights do not matter. */
export function robotFootprint(spec: DiffDriveSpec): RobotPart[] {
  const [x, y, z] = spec.base_m;
  const { length, width } = spec.pusher_m;
  if (width !== y) return robotParts(spec);
  return [{ half_m: [(x + length) / 2, y / 2, z / 2], centre_m: [length / 2, 0, 0] }];
}

/** Radius of the circle about the base's centre that holds base and pusher. */
export function robotRadius_m(spec: DiffDriveSpec): number {
  const [x, y] = spec.base_m;
  const behind_m = Math.hypot(x / 2, y / 2);
  return Math.max(behind_m, Math.hypot(pusherReach_m(spec), spec.pusher_m.width / 2));
}

/** How much larger its circle is than that of EgoPush's robot, by which distances that suit that one have to grow. */
export function growth_m(spec: DiffDriveSpec): number {
  return robotRadius_m(spec) - robotRadius_m(egoPushRobot);
}

/**
 * The mass that contacts feel. Geared motors resist being pushed: the rotors of a TurtleBot3's motors (258:1) act like a
 * few kilograms at the wheels.
 */
export function robotMass_kg(spec: DiffDriveSpec): number {
  return spec.mass_kg + spec.drivetrain_kg;
}

/** Moments of inertia about x, y and z: the base as a uniform block, and for z also the drivetrain, kg m². */
export function robotInertia(spec: DiffDriveSpec): readonly [x: number, y: number, z: number] {
  const [x, y, z] = spec.base_m;
  const k = spec.mass_kg / 12;
  const drivetrain = spec.drivetrain_kg * spec.halfTrack_m ** 2;
  return [k * (y * y + z * z), k * (x * x + z * z), k * (x * x + y * y) + drivetrain];
}

/** The most that one physics step can change, worked out once per world. */
export interface DriveLimits {
  readonly maxSpeed_mps: number;
  readonly maxTurnRate_radps: number;
  /** Share of the way to the command that the servos' target goes in one physics step. */
  readonly follow: number;
  /** Share of an error of speed that the servos' integrators take up in one physics step. */
  readonly integrate: number;
  readonly forward_mps: number;
  readonly sideways_mps: number;
  readonly turn_radps: number;
}

/** Time in which the servos make up for a steady load. */
const integratorTime_s = 0.05;
/** Share of the full speed that the servos' integrators may ask for on top of the target. */
const integratorShare = 0.25;

export function driveLimits(spec: DiffDriveSpec, step_s: number): DriveLimits {
  return {
    maxSpeed_mps: spec.maxSpeed_mps,
    maxTurnRate_radps: spec.maxTurnRate_radps,
    follow: 1 - Math.exp(-step_s / spec.wheelTime_s),
    integrate: Math.min(1, step_s / integratorTime_s),
    forward_mps: (spec.maxForce_N / robotMass_kg(spec)) * step_s,
    sideways_mps: (spec.grip_N / robotMass_kg(spec)) * step_s,
    turn_radps: (spec.maxTorque_Nm / robotInertia(spec)[2]) * step_s,
  };
}

/** What the wheels' servos remember, zero at rest: their targets and what their integrators add. */
export const servoState = layout({ v_mps: 1, omega_radps: 1, addV_mps: 1, addOmega_radps: 1 });

/** Where a robot's rotation [x, y, z, w] and velocities stand in `floats`. */
export interface RobotPlace {
  floats: Float32Array;
  rotation: number;
  linear: number;
  angular: number;
}

/**
 * Moves a robot's velocity towards what its servos want, by no more than its forces allow: one physics step of drive.
 * Changes the velocities in `robot.floats` and row `servo` of `servos` (`servoState`).
 */
export function driveWheels(
  robot: RobotPlace,
  servos: Float64Array,
  servo: number,
  commandV_mps: number,
  commandOmega_radps: number,
  limits: DriveLimits,
): void {
  const { floats, rotation, linear, angular } = robot;
  // the heading as a unit vector, from a rotation about z only
  const cos = 1 - 2 * floats[rotation + 2] * floats[rotation + 2];
  const sin = 2 * floats[rotation + 2] * floats[rotation + 3];
  const forward = floats[linear] * cos + floats[linear + 1] * sin;
  const sideways = floats[linear + 1] * cos - floats[linear] * sin;
  const turn = floats[angular + 2];
  const { maxSpeed_mps, maxTurnRate_radps, follow, integrate } = limits;

  // what the last step's contacts took from the targets goes into the integrators
  const addV = servos[servo + 2] + integrate * (servos[servo] - forward);
  const addOmega = servos[servo + 3] + integrate * (servos[servo + 1] - turn);
  servos[servo + 2] = approach(0, addV, integratorShare * maxSpeed_mps);
  servos[servo + 3] = approach(0, addOmega, integratorShare * maxTurnRate_radps);
  servos[servo] += follow * (approach(0, commandV_mps, maxSpeed_mps) - servos[servo]);
  servos[servo + 1] +=
    follow * (approach(0, commandOmega_radps, maxTurnRate_radps) - servos[servo + 1]);

  const newForward = approach(forward, servos[servo] + servos[servo + 2], limits.forward_mps);
  const newSideways = approach(sideways, 0, limits.sideways_mps);
  floats[linear] = newForward * cos - newSideways * sin;
  floats[linear + 1] = newForward * sin + newSideways * cos;
  floats[linear + 2] = 0;
  floats[angular + 2] = approach(turn, servos[servo + 1] + servos[servo + 3], limits.turn_radps);
}

/** `value` moved towards `target` by at most `limit`. */
function approach(value: number, target: number, limit: number): number {
  return value + Math.max(-limit, Math.min(limit, target - value));
}
