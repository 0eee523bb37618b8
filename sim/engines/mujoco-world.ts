/**
 * N environments of one scene in MuJoCo: the independent engine that policies trained in Rapier are checked in.
 *
 * Each environment has a model of its own, since masses and frictions differ. The robot's drive is the scene's own
 * (`driveWheels`), turned into forces on the robot's coordinates; contacts are MuJoCo's. A body's pressure on the floor
 * (`support`) is what MuJoCo's contact points make of it.
 */

import type { MainModule } from "@mujoco/mujoco";
import type { Axes } from "../../core/arrays.ts";
import { type BodyPair, ContactWatch } from "../contact/contact-watch.ts";
import { outlineOf, outlineOfPart } from "../contact/outline.ts";
import { wallFriction } from "../contact/walls.ts";
import {
  command,
  type DriveLimits,
  driveLimits,
  driveWheels,
  type RobotPlace,
  robotFootprint,
  robotInertia,
  robotMass_kg,
  robotRadius_m,
  servoState,
} from "../robots/diff-drive.ts";
import { footprintRadius_m } from "../shape.ts";
import {
  type BodyProperties,
  bodyState,
  checkWorldSpec,
  type PhysicsWorld,
  type WorldSpec,
} from "../world.ts";
import { loadMujoco } from "./load-mujoco.ts";
import { type ContactPair, pairFriction, wallRow, worldModel } from "./mjcf.ts";
import { MujocoEnvironment } from "./mujoco-environment.ts";
import { freeVelocity, type Row, readFree, robotCoordinates, rowsOf } from "./mujoco-rows.ts";

/** MuJoCo's contacts are springs: it takes this many steps for each of the scene's, 480 a second at the usual 60. */
const stepsPerPhysicsStep = 8;

export class MujocoWorld implements PhysicsWorld {
  readonly envs: number;
  readonly bodies: readonly string[];
  readonly states: Axes<"N,B,S">;
  readonly #spec: WorldSpec;
  readonly #environments: MujocoEnvironment[];
  readonly #rows: readonly Row[];
  readonly #pairs: readonly ContactPair[];
  /** [N][B] friction of each thing, to mix anew. */
  readonly #frictions: number[][];
  /** Mass and moments of inertia of each body as specified. */
  readonly #inertias: readonly { readonly mass_kg: number; readonly inertia: Float64Array }[];
  readonly #watch: ContactWatch;
  readonly #limits: DriveLimits;
  readonly #servos: Float64Array;
  /** 1 where an environment has moved since it was last placed. */
  readonly #used: Uint8Array;
  /** What turns a change of the robot's speeds in one step into force along x and y, and torque. */
  readonly #effort: { readonly perSpeed: number; readonly perTurnRate: number };
  // the robot that is being driven, as `driveWheels` reads it
  readonly #robot: RobotPlace = {
    floats: new Float32Array(bodyState.size),
    rotation: bodyState.at.orientation,
    linear: bodyState.at.linearVelocity,
    angular: bodyState.at.angularVelocity,
  };

  private constructor(mujoco: MainModule, spec: WorldSpec, envs: number) {
    checkWorldSpec(spec, envs);
    const step_s = spec.physicsStep_s / stepsPerPhysicsStep;
    const { xml, pairs } = worldModel(spec, step_s);
    this.envs = envs;
    this.bodies = ["robot", ...spec.bodies.map((body) => body.name)];
    this.states = new Float32Array(envs * this.bodies.length * bodyState.size);
    this.#spec = spec;
    this.#pairs = pairs;
    this.#rows = rowsOf(spec);
    this.#environments = Array.from({ length: envs }, () => new MujocoEnvironment(mujoco, xml));
    const frictions = [spec.robot.friction, ...spec.bodies.map(({ friction }) => friction)];
    this.#frictions = this.#environments.map(() => [...frictions]);
    const moments = this.#environments[0].model.body_inertia as Float64Array;
    this.#inertias = spec.bodies.map(({ mass_kg }, i) => {
      return { mass_kg, inertia: moments.slice(3 * (i + 2), 3 * (i + 3)) };
    });
    this.#limits = driveLimits(spec.robot, step_s);
    this.#servos = new Float64Array(envs * servoState.size);
    this.#used = new Uint8Array(envs);
    this.#effort = {
      perSpeed: robotMass_kg(spec.robot) / step_s,
      perTurnRate: robotInertia(spec.robot)[2] / step_s,
    };
    this.#watch = this.#openWatch(spec.watch ?? []);
    for (let env = 0; env < envs; env++) this.#read(env);
  }

  static async open(spec: WorldSpec, envs: number): Promise<MujocoWorld> {
    return new MujocoWorld(await loadMujoco(), spec, envs);
  }

  place(env: number, body: number, x_m: number, y_m: number, yaw_rad: number): void {
    const environment = this.#environments[env];
    if (this.#used[env]) {
      environment.keeping((mujoco) => mujoco.mj_resetData(environment.model, environment.data));
      this.#watch.clear(env);
    }
    this.#used[env] = 0;
    const { moves, position, velocity, z_m } = this.#rows[body];
    const quaternion = [Math.cos(yaw_rad / 2), 0, 0, Math.sin(yaw_rad / 2)];
    if (body === 0) {
      environment.qpos.set([x_m, y_m, yaw_rad]);
      environment.qvel.fill(0, 0, robotCoordinates.size);
      this.#servos.fill(0, env * servoState.size, (env + 1) * servoState.size);
    } else if (moves) {
      environment.qpos.set([x_m, y_m, z_m, ...quaternion], position);
      environment.qvel.fill(0, velocity, velocity + freeVelocity.size);
    } else {
      environment.mocap.position.set([x_m, y_m, z_m], 3 * position);
      environment.mocap.quaternion.set(quaternion, 4 * position);
    }
    this.#read(env);
  }

  setProperties(env: number, body: number, { mass_kg, friction }: BodyProperties): void {
    const environment = this.#environments[env];
    const { model } = environment;
    // the model's bodies and geoms: the world's come first, then the robot's
    const [modelBody, geom] = [body + 1, model.ngeom - this.#spec.bodies.length + body - 1];
    if (friction !== undefined) {
      this.#frictions[env][body] = friction;
      if (body > 0) (model.geom_friction as Float64Array)[3 * geom] = friction;
      this.#mixFrictions(env);
    }
    const mass = model.body_mass as Float64Array;
    if (mass_kg === undefined || mass_kg === mass[modelBody] || body === 0) return;
    const { inertia, mass_kg: specified_kg } = this.#inertias[body - 1];
    mass[modelBody] = mass_kg;
    const scaled = inertia.map((moment) => (moment * mass_kg) / specified_kg);
    (model.body_inertia as Float64Array).set(scaled, 3 * modelBody);
    environment.keeping((mujoco) => mujoco.mj_setConst(model, environment.data));
  }

  propertiesOf(env: number, body: number) {
    const { model } = this.#environments[env];
    const mass = model.body_mass as Float64Array;
    return { mass_kg: mass[body + 1], friction: this.#frictions[env][body] };
  }

  step(commands: Float32Array): void {
    this.#used.fill(1);
    this.#watch.clear();
    for (let s = 0; s < this.#spec.substeps; s++) {
      for (let env = 0; env < this.envs; env++) {
        for (let i = 0; i < stepsPerPhysicsStep; i++) {
          this.#drive(env, commands);
          this.#environments[env].step();
        }
        this.#read(env);
      }
      this.#watch.update();
    }
  }

  touched(env: number, a: number, b: number): boolean {
    return this.#watch.touched(env, a, b);
  }

  free(): void {
    for (const environment of this.#environments.splice(0)) environment.free();
  }

  /** Forces that change the robot's speeds as its wheels do, where nothing is in the way. */
  #drive(env: number, commands: Float32Array): void {
    const { qpos, qvel, force } = this.#environments[env];
    const { floats, rotation, linear, angular } = this.#robot;
    floats[rotation + 2] = Math.sin(qpos[2] / 2);
    floats[rotation + 3] = Math.cos(qpos[2] / 2);
    floats[linear] = qvel[0];
    floats[linear + 1] = qvel[1];
    floats[angular + 2] = qvel[2];
    const c = env * command.size;
    const servo = env * servoState.size;
    driveWheels(this.#robot, this.#servos, servo, commands[c], commands[c + 1], this.#limits);
    force[0] = (floats[linear] - qvel[0]) * this.#effort.perSpeed;
    force[1] = (floats[linear + 1] - qvel[1]) * this.#effort.perSpeed;
    force[2] = (floats[angular + 2] - qvel[2]) * this.#effort.perTurnRate;
  }

  #mixFrictions(env: number): void {
    const frictions = this.#frictions[env];
    const of = (row: number) => (row === wallRow ? wallFriction : frictions[row]);
    const mixed = this.#environments[env].model.pair_friction as Float64Array;
    this.#pairs.forEach(({ a, b }, pair) => {
      // two directions of sliding; then spinning and rolling, which these contacts do not have
      mixed.fill(pairFriction(of(a), of(b)), 5 * pair, 5 * pair + 2);
    });
  }

  /** Copies the states of one environment's bodies. */
  #read(env: number): void {
    const environment = this.#environments[env];
    const { qpos, qvel } = environment;
    const { states } = this;
    for (let body = 0; body < this.#rows.length; body++) {
      const { moves, position, velocity, z_m } = this.#rows[body];
      const to = (env * this.#rows.length + body) * bodyState.size;
      if (body === 0) {
        const [x, y, yaw] = qpos;
        states.set([x, y, z_m, 0, 0, Math.sin(yaw / 2), Math.cos(yaw / 2)], to);
        states.set([qvel[0], qvel[1], 0, 0, 0, qvel[2]], to + bodyState.at.linearVelocity);
      } else if (moves) {
        readFree(qpos, position, qvel, velocity, states, to);
      } else {
        const { mocap } = environment;
        const [w, x, y, z] = mocap.quaternion.subarray(4 * position);
        states.set(mocap.position.subarray(3 * position, 3 * position + 3), to);
        states.set([x, y, z, w], to + bodyState.at.orientation);
      }
    }
  }

  #openWatch(pairs: readonly BodyPair[]): ContactWatch {
    const { robot, bodies, arenaSide_m } = this.#spec;
    const things = [
      { outlines: robotFootprint(robot).map(outlineOfPart), radius_m: robotRadius_m(robot) },
      ...bodies.map(({ shape }) => ({
        outlines: [outlineOf(shape)],
        radius_m: footprintRadius_m(shape),
      })),
    ];
    const entries = this.#environments.flatMap(() => things);
    const starts = Int32Array.from(entries, (_, row) => row * bodyState.size);
    const { position, orientation, linearVelocity, angularVelocity } = bodyState.at;
    const at = {
      position,
      rotation: orientation,
      linear: linearVelocity,
      angular: angularVelocity,
    };
    const memory = { floats: this.states, starts, at };
    return new ContactWatch({ entries, memory }, this.#rows.length, pairs, arenaSide_m);
  }
}
