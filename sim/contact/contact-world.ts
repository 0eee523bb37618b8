/**
 * One Rapier world with a floor, in one of two contact modes.
 *
 * "planar": bodies are locked to x, y and yaw, Rapier solves the contacts between them, and the floor's friction is a
 * limit surface on their velocities. "coulomb": full 3-D with gravity, a floor and Rapier's Coulomb friction.
 * Why there are two, and why plain Rapier is neither: docs/decisions/contact-modes.md.
 */

import {
  type Collider,
  type ColliderDesc,
  type RapierWorld,
  type RigidBody,
  type RigidBodyDesc,
  rapier,
  stepRapier,
} from "../rapier.ts";
import {
  type DiffDriveSpec,
  pusherReach_m,
  robotFootprint,
  robotInertia,
  robotMass_kg,
  robotParts,
} from "../robots/diff-drive.ts";
import {
  footprintRadius_m,
  height,
  inertiaPerMass,
  pressureRadius_m,
  prismCorners,
  type Shape,
  yawInertiaPerMass,
} from "../shape.ts";
import { type BodyMemory, bodyMemory } from "./body-memory.ts";
import { coulombWorld } from "./coulomb.ts";
import { applyFloorFriction, gravity_mps2 } from "./limit-surface.ts";
import { type Outline, outlineOf, outlineOfPart } from "./outline.ts";

export type ContactMode = "planar" | "coulomb";

/** A thing that stands on the floor. */
export interface BodySpec {
  readonly name: string;
  readonly shape: Shape;
  readonly mass_kg: number;
  /** Against the floor; against another body the mean of both counts. */
  readonly friction: number;
  readonly motion: "dynamic" | "fixed";
}

/** What domain randomisation may change between episodes. */
export interface BodyProperties {
  readonly mass_kg?: number;
  readonly friction?: number;
  /** Where the floor carries the body: 0 evenly, 1 at its corners or rim. Planar mode only. */
  readonly support?: number;
}

/** Where the floor carries a body unless `support` says otherwise. */
export const defaultSupport = 1;

/** How many environments fit in one Rapier world: each needs a collision-group bit of 16, coulomb's floor another. */
export const environmentsPerWorld: Readonly<Record<ContactMode, number>> = {
  planar: 8,
  coulomb: 15,
};

const everyEnvironment = 0x7fff;
const floorBit = 0x8000;

/** A body and what is known of it. */
interface Entry {
  body: RigidBody;
  colliders: readonly Collider[];
  readonly radius_m: number;
  /** Height of the origin when the body stands on the floor. */
  readonly z_m: number;
  readonly build: Blueprint;
  /** What of it touches others, seen from above. */
  readonly outlines: readonly Outline[];
  /** Missing where the floor does not brake the body: wheels carry a robot. */
  readonly shape: Shape | undefined;
  mass_kg: number;
  friction: number;
  support: number;
}

/** What a body is made of, to make it once more. */
interface Blueprint {
  readonly body: RigidBodyDesc;
  readonly colliders: readonly ColliderDesc[];
}

export class ContactWorld {
  readonly world: RapierWorld;
  readonly entries: Entry[] = [];
  readonly walls: Collider[] = [];
  readonly #mode: ContactMode;
  readonly #step_s: number;
  #memory: BodyMemory | undefined;
  /** Bodies that `renew` replaced; they go after the next physics step. */
  readonly #leaving: RigidBody[] = [];
  /** Floor friction of each body: mu g dt (0 where there is none), c, and m c² / I. */
  #loss_mps = new Float64Array(0);
  #radius_m = new Float64Array(0);
  #yawRatio = new Float64Array(0);

  constructor(mode: ContactMode, step_s: number) {
    this.#mode = mode;
    this.#step_s = step_s;
    this.world = mode === "planar" ? new rapier.World({ x: 0, y: 0, z: 0 }) : coulombWorld();
    this.world.timestep = step_s;
    if (mode === "coulomb") this.#addFloor();
  }

  /** Adds a body of one environment (0 to `environmentsPerWorld` - 1); returns its index. */
  addBody(spec: BodySpec, environment: number): number {
    const { mass_kg, friction, shape, motion } = spec;
    const z_m = height(shape) / 2;
    const groups = interactionGroups(1 << environment, (1 << environment) | floorBit);
    const build = {
      body: this.#bodyDesc(motion, z_m, false),
      colliders: [colliderOf(shape).setDensity(0).setCollisionGroups(groups)],
    };
    const radius_m = footprintRadius_m(shape);
    const outlines = [outlineOf(shape)];
    const support = defaultSupport;
    return this.#add({ build, outlines, z_m, radius_m, shape, mass_kg, friction, support });
  }

  /** Adds a robot; wheels carry it, so no floor acts on it here. */
  addRobot(spec: DiffDriveSpec, environment: number): number {
    const z_m = spec.base_m[2] / 2;
    const groups = interactionGroups(1 << environment, 1 << environment);
    const parts = this.#mode === "planar" ? robotFootprint(spec) : robotParts(spec);
    const colliders = parts.map(({ half_m, centre_m }) =>
      rapier.ColliderDesc.cuboid(...half_m)
        .setTranslation(...centre_m)
        .setDensity(0)
        .setCollisionGroups(groups),
    );
    const [x, y, z] = robotInertia(spec);
    const body = this.#bodyDesc("dynamic", z_m, true).setAdditionalMassProperties(
      robotMass_kg(spec),
      origin,
      { x, y, z },
      upright,
    );
    const radius_m = Math.hypot(pusherReach_m(spec), spec.base_m[1] / 2, spec.pusher_m.width / 2);
    const { mass_kg, friction } = spec;
    const build = { body, colliders };
    const outlines = parts.map(outlineOfPart);
    const shape = undefined;
    return this.#add({ build, outlines, z_m, radius_m, shape, mass_kg, friction, support: 0 });
  }

  /** Four walls around a square of side `side_m` about the origin, met by every environment. Order: +x, -x, +y, -y. */
  addWalls(side_m: number, friction = 0.3): void {
    const thick = 0.1;
    const high = 0.5;
    const far = (side_m + thick) / 2;
    const long = side_m / 2 + thick;
    for (const [x, y] of [
      [1, 0],
      [-1, 0],
      [0, 1],
      [0, -1],
    ]) {
      const desc = rapier.ColliderDesc.cuboid(x ? thick / 2 : long, y ? thick / 2 : long, high / 2)
        .setTranslation(x * far, y * far, high / 2)
        .setFriction(friction)
        .setCollisionGroups(interactionGroups(everyEnvironment, everyEnvironment));
      this.walls.push(this.world.createCollider(desc));
    }
  }

  /** Poses and velocities as floats. Take it anew after any call of Rapier: its memory moves when it grows. */
  get memory(): BodyMemory {
    this.#memory ??= bodyMemory(
      this.world,
      this.entries.map((entry) => entry.body),
    );
    this.#memory.locate();
    return this.#memory;
  }

  /**
   * Replaces bodies `first` to `first + count - 1` by new ones that stand and move as they do, so that nothing which
   * Rapier remembers of their contacts goes on.
   *
   * The old bodies are taken far up and removed after the next physics step, when their contacts have ended: Rapier keeps
   * a mark at the body for each contact that is removed while it lasts, and solves later contacts in another order.
   */
  renew(first: number, count: number): void {
    for (let i = first; i < first + count; i++) {
      const entry = this.entries[i];
      const old = entry.body;
      Object.assign(entry, this.#make(entry));
      applyMass(entry);
      entry.body.setTranslation(old.translation(), true);
      entry.body.setRotation(old.rotation(), true);
      if (old.isDynamic()) {
        entry.body.setLinvel(old.linvel(), true);
        entry.body.setAngvel(old.angvel(), true);
      }
      old.setTranslation({ x: 4 * i, y: 0, z: 1000 }, true);
      this.#leaving.push(old);
    }
    this.#memory = undefined;
  }

  /** Puts a body at rest on the floor. */
  place(index: number, x_m: number, y_m: number, yaw_rad: number): void {
    const { body, z_m } = this.entries[index];
    body.setTranslation({ x: x_m, y: y_m, z: z_m }, true);
    body.setRotation({ x: 0, y: 0, z: Math.sin(yaw_rad / 2), w: Math.cos(yaw_rad / 2) }, true);
    if (body.isDynamic()) {
      body.setLinvel(origin, true);
      body.setAngvel(origin, true);
    }
    this.memory.reload();
  }

  setProperties(index: number, properties: BodyProperties): void {
    const entry = this.entries[index];
    const { mass_kg, friction, support } = properties;
    entry.mass_kg = mass_kg ?? entry.mass_kg;
    entry.support = support ?? entry.support;
    if (friction !== undefined && friction !== entry.friction) {
      entry.friction = friction;
      for (const collider of entry.colliders) collider.setFriction(friction);
    }
    this.#applyProperties(index);
  }

  /** One physics step: the floor's friction, then Rapier. */
  step(): void {
    const { memory } = this;
    if (this.#mode === "planar") this.#applyFloor(memory);
    memory.commit();
    stepRapier(this.world);
    // last first, so that the next bodies get the same places in the same order
    for (let old = this.#leaving.pop(); old; old = this.#leaving.pop()) {
      this.world.removeRigidBody(old);
    }
    memory.reload();
  }

  free(): void {
    this.world.free();
  }

  #applyFloor({ floats, starts, at }: BodyMemory): void {
    for (let i = 0; i < starts.length; i++) {
      const loss = this.#loss_mps[i];
      if (loss === 0) continue;
      const start = starts[i];
      applyFloorFriction(
        floats,
        start + at.linear,
        start + at.angular,
        loss,
        this.#radius_m[i],
        this.#yawRatio[i],
      );
    }
  }

  #addFloor(): void {
    // multiplied by 1, so that a body's own friction is what the floor gives it
    const desc = rapier.ColliderDesc.cuboid(50, 50, 0.5)
      .setTranslation(0, 0, -0.5)
      .setFriction(1)
      .setFrictionCombineRule(rapier.CoefficientCombineRule.Multiply)
      .setCollisionGroups(interactionGroups(floorBit, everyEnvironment));
    this.world.createCollider(desc);
  }

  #bodyDesc(motion: BodySpec["motion"], z_m: number, wheels: boolean): RigidBodyDesc {
    const { RigidBodyDesc } = rapier;
    if (motion === "fixed") return RigidBodyDesc.fixed().setTranslation(0, 0, z_m);
    // z stays free: where both bodies of a contact are locked in z, roll and pitch, Rapier loses their friction
    const upright = this.#mode === "planar" || wheels;
    return RigidBodyDesc.dynamic()
      .setTranslation(0, 0, z_m)
      .enabledRotations(!upright, !upright, true)
      .setGravityScale(wheels ? 0 : 1)
      .setCanSleep(!wheels);
  }

  #add(parts: Omit<Entry, "body" | "colliders">): number {
    const index = this.entries.push({ ...parts, ...this.#make(parts) }) - 1;
    this.#memory = undefined;
    this.#loss_mps = longer(this.#loss_mps, index + 1);
    this.#radius_m = longer(this.#radius_m, index + 1);
    this.#yawRatio = longer(this.#yawRatio, index + 1);
    this.#applyProperties(index);
    return index;
  }

  #make({ build, friction }: Pick<Entry, "build" | "friction">) {
    const body = this.world.createRigidBody(build.body);
    const colliders = build.colliders.map((desc) =>
      this.world.createCollider(desc.setFriction(friction), body),
    );
    return { body, colliders };
  }

  #applyProperties(index: number): void {
    const entry = this.entries[index];
    const { shape, friction, support } = entry;
    applyMass(entry);
    if (!shape || !entry.body.isDynamic()) return;
    const radius_m = pressureRadius_m(shape, support);
    this.#loss_mps[index] = friction * gravity_mps2 * this.#step_s;
    this.#radius_m[index] = radius_m;
    this.#yawRatio[index] = radius_m ** 2 / yawInertiaPerMass(shape);
  }
}

/** Gives a body its mass as a uniform solid; a robot's is in its blueprint. */
function applyMass({ body, shape, mass_kg }: Entry): void {
  if (!shape || !body.isDynamic()) return;
  const [x, y, z] = inertiaPerMass(shape);
  const inertia = { x: mass_kg * x, y: mass_kg * y, z: mass_kg * z };
  body.setAdditionalMassProperties(mass_kg, origin, inertia, upright, true);
}

const origin = { x: 0, y: 0, z: 0 } as const;
const upright = { x: 0, y: 0, z: 0, w: 1 } as const;

/** Rapier's packing: what a collider is in the upper 16 bits, what it meets in the lower. */
function interactionGroups(is: number, meets: number): number {
  return ((is << 16) | meets) >>> 0;
}

function longer(values: Float64Array, length: number): Float64Array<ArrayBuffer> {
  const result = new Float64Array(length);
  result.set(values.subarray(0, length));
  return result;
}

/** Rapier's collider for a shape about its centroid. */
function colliderOf(shape: Shape): ColliderDesc {
  const { ColliderDesc } = rapier;
  if (shape.kind === "box") {
    const [x, y, z] = shape.size_m;
    return ColliderDesc.cuboid(x / 2, y / 2, z / 2);
  }
  if (shape.kind === "cylinder") {
    // Rapier's cylinders stand along y
    const quarter = Math.SQRT1_2;
    return ColliderDesc.cylinder(shape.height_m / 2, shape.diameter_m / 2).setRotation({
      x: quarter,
      y: 0,
      z: 0,
      w: quarter,
    });
  }
  const half = shape.height_m / 2;
  const corners = prismCorners(shape.side_m).flatMap(([x, y]) => [x, y, -half, x, y, half]);
  const hull = ColliderDesc.convexHull(Float32Array.from(corners));
  if (!hull) throw new Error("internal: a prism has no convex hull.");
  return hull;
}
