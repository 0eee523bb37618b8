/**
 * N independent environments of one scene: a robot and its bodies on a floor between four walls.
 *
 * Several environments share one Rapier world and one spot, kept apart by collision-group bits: solving them together is
 * twice as fast, and an environment moves as it would alone, to the bit.
 */

import type { Axes } from "../core/arrays.ts";
import { ConfigError } from "../core/errors.ts";
import { layout } from "../core/layout.ts";
import { environmentsPerWorld } from "./contact/colliders.ts";
import { ContactWatch } from "./contact/contact-watch.ts";
import {
  type BodyProperties,
  type BodySpec,
  type ContactMode,
  ContactWorld,
} from "./contact/contact-world.ts";
import {
  command,
  type DiffDriveSpec,
  type DriveLimits,
  driveLimits,
  driveWheels,
  type RobotPlace,
  servoState,
} from "./robots/diff-drive.ts";

export type { BodyProperties, BodySpec, ContactMode } from "./contact/contact-world.ts";

export interface WorldSpec {
  readonly robot: DiffDriveSpec;
  readonly bodies: readonly BodySpec[];
  /** Inner side of the square arena about the origin. */
  readonly arenaSide_m: number;
  readonly contact: ContactMode;
  readonly physicsStep_s: number;
  /** Physics steps per control step. */
  readonly substeps: number;
  /** Pairs of bodies that `touched` may be asked about; walls are body -1. */
  readonly watch?: readonly (readonly [a: number, b: number])[];
}

/** Columns of one body's state, in the world frame. Orientation is [x, y, z, w]. */
export const bodyState = layout({
  position: 3,
  orientation: 4,
  linearVelocity: 3,
  angularVelocity: 3,
});

/** What an engine does for a scene; see engines/open.ts for the engines there are. */
export interface PhysicsWorld {
  readonly envs: number;
  /** Names of the rows: "robot", then the bodies in order. */
  readonly bodies: readonly string[];
  /** Rows of `bodyState`. Reused; kept current by `step` and `place`. */
  readonly states: Axes<"N,B,S">;

  /**
   * Puts a body at rest on the floor. The first call after a step also rids the environment of all that is remembered of
   * its contacts, by the engine and by `touched`: an episode whose start is placed goes as it would in a new world, to the bit.
   */
  place(env: number, body: number, x_m: number, y_m: number, yaw_rad: number): void;

  /** Changes what domain randomisation varies; it stays until changed again. */
  setProperties(env: number, body: number, properties: BodyProperties): void;

  /** What that is now: mass and friction of a body. */
  propertiesOf(env: number, body: number): Pick<Required<BodyProperties>, "mass_kg" | "friction">;

  /**
   * One control step: `substeps` physics steps, then `states` is current.
   *
   * @param commands [N, 2] target speeds: v_mps, omega_radps; taken within the robot's limits
   */
  step(commands: Float32Array): void;

  /** Whether bodies `a` and `b`, a pair of `watch`, were in contact at any substep of the last step, and not placed since. */
  touched(env: number, a: number, b: number): boolean;

  free(): void;
}

/** The world in Rapier. */
export class World implements PhysicsWorld {
  readonly envs: number;
  readonly bodies: readonly string[];
  readonly states: Axes<"N,B,S">;
  readonly #spec: WorldSpec;
  readonly #worlds: ContactWorld[] = [];
  readonly #perWorld: number;
  readonly #limits: DriveLimits;
  /** What the wheels' servos remember, [N, `servoState`]. */
  readonly #servos: Float64Array;
  // the robot that is being driven
  readonly #robot: RobotPlace = {
    floats: new Float32Array(0),
    rotation: 0,
    linear: 0,
    angular: 0,
  };
  readonly #watches: ContactWatch[];
  /** 1 where an environment has moved since its bodies were made. */
  readonly #used: Uint8Array;

  constructor(spec: WorldSpec, envs: number) {
    checkWorldSpec(spec, envs);
    this.envs = envs;
    this.bodies = ["robot", ...spec.bodies.map((body) => body.name)];
    this.states = new Float32Array(envs * this.bodies.length * bodyState.size);
    this.#spec = spec;
    this.#perWorld = environmentsPerWorld[spec.contact];
    this.#limits = driveLimits(spec.robot, spec.physicsStep_s);
    this.#used = new Uint8Array(envs);
    this.#servos = new Float64Array(envs * servoState.size);
    for (let first = 0; first < envs; first += this.#perWorld) {
      this.#worlds.push(this.#build(Math.min(this.#perWorld, envs - first)));
    }
    const pairs = spec.watch ?? [];
    this.#watches = this.#worlds.map(
      (world) => new ContactWatch(world, this.bodies.length, pairs, spec.arenaSide_m),
    );
    for (const [w, world] of this.#worlds.entries()) this.#read(w, world);
  }

  place(env: number, body: number, x_m: number, y_m: number, yaw_rad: number): void {
    const world = this.#worldOf(env);
    if (this.#used[env]) {
      world.renew(this.#indexOf(env, 0), this.bodies.length);
      this.#watches[Math.floor(env / this.#perWorld)].clear(env % this.#perWorld);
    }
    this.#used[env] = 0;
    const index = this.#indexOf(env, body);
    world.place(index, x_m, y_m, yaw_rad);
    if (body === 0) {
      this.#servos.fill(0, env * servoState.size, (env + 1) * servoState.size);
    }
    this.#readBody(world.memory, index, env * this.bodies.length + body);
  }

  setProperties(env: number, body: number, properties: BodyProperties): void {
    this.#worldOf(env).setProperties(this.#indexOf(env, body), properties);
  }

  propertiesOf(env: number, body: number) {
    return this.#worldOf(env).propertiesOf(this.#indexOf(env, body));
  }

  step(commands: Float32Array): void {
    this.#used.fill(1);
    for (const [w, world] of this.#worlds.entries()) {
      const watch = this.#watches[w];
      watch.clear();
      for (let s = 0; s < this.#spec.substeps; s++) {
        this.#drive(w, world, commands);
        world.step();
        watch.update();
      }
      this.#read(w, world);
    }
  }

  touched(env: number, a: number, b: number): boolean {
    return this.#watches[Math.floor(env / this.#perWorld)].touched(env % this.#perWorld, a, b);
  }

  free(): void {
    for (const world of this.#worlds) world.free();
    this.#worlds.length = 0;
  }

  #build(envs: number): ContactWorld {
    const { contact, physicsStep_s, arenaSide_m, robot, bodies } = this.#spec;
    const world = new ContactWorld(contact, physicsStep_s);
    world.addWalls(arenaSide_m);
    for (let env = 0; env < envs; env++) {
      world.addRobot(robot, env);
      for (const body of bodies) world.addBody(body, env);
    }
    return world;
  }

  #worldOf(env: number): ContactWorld {
    return this.#worlds[Math.floor(env / this.#perWorld)];
  }

  #indexOf(env: number, body: number): number {
    return (env % this.#perWorld) * this.bodies.length + body;
  }

  /** One physics step of every robot's drive. */
  #drive(w: number, world: ContactWorld, commands: Float32Array): void {
    const { floats, starts, at } = world.memory;
    const robot = this.#robot;
    robot.floats = floats;
    const rows = this.bodies.length;
    for (let i = 0, env = w * this.#perWorld; i < starts.length; i += rows, env++) {
      robot.rotation = starts[i] + at.rotation;
      robot.linear = starts[i] + at.linear;
      robot.angular = starts[i] + at.angular;
      const c = env * command.size;
      const servo = env * servoState.size;
      driveWheels(robot, this.#servos, servo, commands[c], commands[c + 1], this.#limits);
    }
  }

  /** Copies the states of one Rapier world's bodies. */
  #read(w: number, world: ContactWorld): void {
    const first = w * this.#perWorld * this.bodies.length;
    const { memory } = world;
    for (let i = 0; i < world.entries.length; i++) this.#readBody(memory, i, first + i);
  }

  #readBody({ floats, starts, at }: ContactWorld["memory"], index: number, row: number): void {
    const { states } = this;
    const start = starts[index];
    let to = row * bodyState.size;
    for (let k = 0; k < 3; k++) states[to++] = floats[start + at.position + k];
    for (let k = 0; k < 4; k++) states[to++] = floats[start + at.rotation + k];
    for (let k = 0; k < 3; k++) states[to++] = floats[start + at.linear + k];
    for (let k = 0; k < 3; k++) states[to++] = floats[start + at.angular + k];
  }
}

/** Throws unless an engine can build this. */
export function checkWorldSpec(spec: WorldSpec, envs: number): void {
  if (!Number.isInteger(envs) || envs < 1) {
    throw new ConfigError(`Expected at least 1 environment, got ${envs}.`);
  }
  if (!Number.isInteger(spec.substeps) || spec.substeps < 1) {
    throw new ConfigError(
      `Expected at least 1 physics step per control step, got ${spec.substeps}.`,
    );
  }
  if (!(spec.physicsStep_s > 0 && spec.physicsStep_s <= 0.1)) {
    throw new ConfigError(
      `Expected a physics step above 0 and up to 0.1 s, got ${spec.physicsStep_s}; 1/60 is usual.`,
    );
  }
}
