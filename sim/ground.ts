/** A look at one environment from above: planar poses and speeds of its bodies. */

import type { Axes } from "../core/arrays.ts";
import type { PlanarPose } from "./scene.ts";
import { bodyState, type PhysicsWorld } from "./world.ts";

/** Reads the current state of one environment of a world. Rows: 0 is the robot. */
export class Ground {
  readonly bodies: readonly string[];
  /** All environments; see `World.states`. */
  readonly states: Axes<"N,B,S">;
  readonly #world: PhysicsWorld;
  readonly #starts: (readonly PlanarPose[])[];
  /** Which environment is looked at; set it before reading. */
  env = 0;

  constructor(world: PhysicsWorld) {
    this.#world = world;
    this.states = world.states;
    this.bodies = world.bodies;
    this.#starts = Array.from({ length: world.envs }, () => []);
  }

  /** Remembers where the current environment's bodies began: where they stand, unless `starts` says otherwise. */
  markStart(starts: readonly PlanarPose[] = this.bodies.map((_, body) => this.pose(body))): void {
    this.#starts[this.env] = starts;
  }

  /** Where the current environment's bodies began. */
  get starts(): readonly PlanarPose[] {
    return this.#starts[this.env];
  }

  /** How far a body is from where it began. */
  shift_m(body: number): number {
    const { x_m, y_m } = this.starts[body];
    return Math.hypot(this.x_m(body) - x_m, this.y_m(body) - y_m);
  }

  /** How far a body has turned since it began. */
  turned_rad(body: number): number {
    return this.yaw_rad(body) - this.starts[body].yaw_rad;
  }

  /** First column of a body in the world's states. */
  at(body: number): number {
    return (this.env * this.bodies.length + body) * bodyState.size;
  }

  x_m(body: number): number {
    return this.states[this.at(body)];
  }

  y_m(body: number): number {
    return this.states[this.at(body) + 1];
  }

  z_m(body: number): number {
    return this.states[this.at(body) + 2];
  }

  /** Where a body stands now, from above. */
  pose(body: number): PlanarPose {
    return { x_m: this.x_m(body), y_m: this.y_m(body), yaw_rad: this.yaw_rad(body) };
  }

  /** Heading of the body's x axis in the ground plane. */
  yaw_rad(body: number): number {
    const at = this.at(body) + bodyState.at.orientation;
    const x = this.states[at];
    const y = this.states[at + 1];
    const z = this.states[at + 2];
    const w = this.states[at + 3];
    return Math.atan2(2 * (w * z + x * y), 1 - 2 * (y * y + z * z));
  }

  speed_mps(body: number): number {
    const at = this.at(body) + bodyState.at.linearVelocity;
    return Math.hypot(this.states[at], this.states[at + 1]);
  }

  turnRate_radps(body: number): number {
    return this.states[this.at(body) + bodyState.at.angularVelocity + 2];
  }

  /** Cosine of the angle between the body's z axis and the vertical: 1 standing, 0 lying. */
  upright(body: number): number {
    const at = this.at(body) + bodyState.at.orientation;
    const x = this.states[at];
    const y = this.states[at + 1];
    return 1 - 2 * (x * x + y * y);
  }

  /** Whether two watched bodies touched during the last control step. */
  touched(a: number, b: number): boolean {
    return this.#world.touched(this.env, a, b);
  }

  distance_m(a: number, b: number): number {
    return Math.hypot(this.x_m(a) - this.x_m(b), this.y_m(a) - this.y_m(b));
  }
}

/** The smallest turn that makes two headings look alike on a shape of this symmetry, in [0, pi]. */
export function yawDistance_rad(a_rad: number, b_rad: number, symmetry_rad: number): number {
  if (symmetry_rad === 0) return 0;
  const turn = (a_rad - b_rad) / symmetry_rad;
  return Math.abs(turn - Math.round(turn)) * symmetry_rad;
}
