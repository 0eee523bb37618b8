/**
 * A differential-drive robot: a box on two wheels with a pusher in front, driven by limited forces.
 *
 * The wheels' servos follow the commanded speeds with a time constant and hold them under load up to the drive's limits;
 * the tyres resist sideways slip up to a limit. The robot is a dynamic body, so it can be stopped and turned by what it hits.
 */

import { layout } from "../../core/layout.ts";

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
  /** Share of the way to the command that the servo's target goes in one physics step. */
  readonly follow: number;
  readonly forward_mps: number;
  readonly sideways_mps: number;
  readonly turn_radps: number;
}

export function driveLimits(spec: DiffDriveSpec, step_s: number): DriveLimits {
  return {
    follow: 1 - Math.exp(-step_s / spec.wheelTime_s),
    forward_mps: (spec.maxForce_N / robotMass_kg(spec)) * step_s,
    sideways_mps: (spec.grip_N / robotMass_kg(spec)) * step_s,
    turn_radps: (spec.maxTorque_Nm / robotInertia(spec)[2]) * step_s,
  };
}

/** `value` moved towards `target` by at most `limit`. */
export function approach(value: number, target: number, limit: number): number {
  return value + Math.max(-limit, Math.min(limit, target - value));
}
