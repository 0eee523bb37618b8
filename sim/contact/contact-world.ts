/**
 * One Rapier world with a floor, in one of two contact modes.
 *
 * "planar": bodies stay upright on the floor, Rapier solves the contacts between them, and the floor's friction is a limit
 * surface on their velocities. "coulomb": full 3-D with gravity, a floor and Rapier's Coulomb friction.
 * Why there are two, and why plain Rapier is neither: docs/decisions/contact-modes.md.
 */

import {
  type Collider,
  type RapierWorld,
  type RigidBody,
  type RigidBodyDesc,
  rapier,
  stepRapier,
} from "../rapier.ts";
import {
  type DiffDriveSpec,
  robotFootprint,
  robotInertia,
  robotMass_kg,
  robotRadius_m,
} from "../robots/diff-drive.ts";
import {
  footprintRadius_m,
  height,
  inertiaPerMass,
  pressureRadius_m,
  type Shape,
} from "../shape.ts";
import { type BodyMemory, bodyMemory } from "./body-memory.ts";
import {
  bodyColliders,
  type ColliderPart,
  floorCollider,
  robotColliders,
  wallColliders,
} from "./colliders.ts";
import { type ContactMode, emptyWorld } from "./empty-world.ts";
import { applyFloorFriction, gravity_mps2 } from "./limit-surface.ts";
import { type Outline, outlineOf, outlineOfPart } from "./outline.ts";
import { wallFriction } from "./walls.ts";

export type { ContactMode } from "./empty-world.ts";

/** A thing that stands on the floor. */
export interface BodySpec {
  readonly name: string;
  readonly shape: Shape;
  readonly mass_kg: number;
  /** Against the floor; against another body the mean of both counts, or what the sides' shares leave of it (colliders.ts). */
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

/** Where the floor carries a body unless `support` says otherwise: what agrees best with MuJoCo over the push tests. */
const defaultSupport: Readonly<Record<Shape["kind"], number>> = {
  box: 0.6,
  cylinder: 0.7,
  prism: 0.6,
};

/** A body and what is known of it. */
interface Entry {
  body: RigidBody;
  colliders: readonly Collider[];
  readonly build: Blueprint;
  /** What of it touches others, seen from above. */
  readonly outlines: readonly Outline[];
  /** Radius of the circle about the origin that holds the outlines. */
  readonly radius_m: number;
  /** Height of the origin when the body stands on the floor. */
  readonly z_m: number;
  /** Missing where the floor does not brake the body: wheels carry a robot. */
  readonly shape: Shape | undefined;
  mass_kg: number;
  friction: number;
  support: number;
}

/** What a body is made of, to make it once more. */
interface Blueprint {
  readonly body: RigidBodyDesc;
  readonly colliders: readonly ColliderPart[];
}

export class ContactWorld {
  readonly world: RapierWorld;
  readonly entries: Entry[] = [];
  readonly #mode: ContactMode;
  readonly #step_s: number;
  #memory: BodyMemory | undefined;
  /** Bodies that `renew` replaced; they go after the next physics step. */
  readonly #leaving: RigidBody[] = [];
  /** Floor friction of each body: mu g dt (0 where there is none), and c. */
  #loss_mps = new Float64Array(0);
  #radius_m = new Float64Array(0);

  constructor(mode: ContactMode, step_s: number) {
    this.#mode = mode;
    this.#step_s = step_s;
    this.world = emptyWorld(mode);
    this.world.timestep = step_s;
    if (mode === "coulomb") this.world.createCollider(floorCollider());
  }

  /** Adds a body of one environment (0 to `environmentsPerWorld` - 1); returns its index. */
  addBody(spec: BodySpec, env: number): number {
    const { mass_kg, friction, shape, motion } = spec;
    const z_m = height(shape) / 2;
    const build = {
      body: this.#bodyDesc(motion, z_m, false),
      colliders: bodyColliders(shape, this.#mode, env),
    };
    const radius_m = footprintRadius_m(shape);
    const outlines = [outlineOf(shape)];
    const support = defaultSupport[shape.kind];
    return this.#add({ build, outlines, radius_m, z_m, shape, mass_kg, friction, support });
  }

  /** Adds a robot; wheels carry it, so no floor acts on it here. */
  addRobot(spec: DiffDriveSpec, env: number): number {
    const z_m = spec.base_m[2] / 2;
    const [x, y, z] = robotInertia(spec);
    const build = {
      body: this.#bodyDesc("dynamic", z_m, true).setAdditionalMassProperties(
        robotMass_kg(spec),
        origin,
        { x, y, z },
        upright,
      ),
      colliders: robotColliders(spec, this.#mode, env),
    };
    const radius_m = robotRadius_m(spec);
    const outlines = robotFootprint(spec).map(outlineOfPart);
    const { mass_kg, friction } = spec;
    const shape = undefined;
    return this.#add({ build, outlines, radius_m, z_m, shape, mass_kg, friction, support: 0 });
  }

  /** Adds four walls around a square of side `side_m` about the origin, met by every environment. */
  addWalls(side_m: number, friction = wallFriction): void {
    for (const desc of wallColliders(side_m, friction)) this.world.createCollider(desc);
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
      this.#applyMass(entry);
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
      for (const [i, { frictionShare }] of entry.build.colliders.entries()) {
        entry.colliders[i].setFriction(friction * frictionShare);
      }
    }
    this.#applyProperties(index);
  }

  propertiesOf(index: number): Pick<Required<BodyProperties>, "mass_kg" | "friction"> {
    const { mass_kg, friction } = this.entries[index];
    return { mass_kg, friction };
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
      const linear = starts[i] + at.linear;
      applyFloorFriction(floats, linear, starts[i] + at.angular, loss, this.#radius_m[i]);
      floats[linear + 2] = 0;
    }
  }

  #bodyDesc(motion: BodySpec["motion"], z_m: number, wheels: boolean): RigidBodyDesc {
    const { RigidBodyDesc } = rapier;
    if (motion === "fixed") return RigidBodyDesc.fixed().setTranslation(0, 0, z_m);
    // z stays free: where both bodies of a contact are locked in z, roll and pitch, Rapier loses their friction
    const tips = this.#mode === "coulomb" && !wheels;
    return RigidBodyDesc.dynamic()
      .setTranslation(0, 0, z_m)
      .enabledRotations(tips, tips, true)
      .setGravityScale(wheels ? 0 : 1)
      .setCanSleep(!wheels);
  }

  #add(parts: Omit<Entry, "body" | "colliders">): number {
    const index = this.entries.push({ ...parts, ...this.#make(parts) }) - 1;
    this.#memory = undefined;
    this.#loss_mps = longer(this.#loss_mps, index + 1);
    this.#radius_m = longer(this.#radius_m, index + 1);
    this.#applyProperties(index);
    return index;
  }

  #make({ build, friction }: Pick<Entry, "build" | "friction">) {
    const body = this.world.createRigidBody(build.body);
    const colliders = build.colliders.map(({ desc, frictionShare }) =>
      this.world.createCollider(desc.setFriction(friction * frictionShare), body),
    );
    return { body, colliders };
  }

  #applyProperties(index: number): void {
    const entry = this.entries[index];
    this.#applyMass(entry);
    const { shape, friction, support, body } = entry;
    if (!shape || !body.isDynamic()) return;
    this.#loss_mps[index] = friction * gravity_mps2 * this.#step_s;
    this.#radius_m[index] = pressureRadius_m(shape, support);
  }

  /** Gives a body its mass and inertia; a robot's are in its blueprint. For planar yaw see limit-surface.ts. */
  #applyMass({ body, shape, mass_kg, support }: Entry): void {
    if (!shape || !body.isDynamic()) return;
    const [x, y, solid] = inertiaPerMass(shape);
    const z = this.#mode === "planar" ? pressureRadius_m(shape, support) ** 2 : solid;
    const inertia = { x: mass_kg * x, y: mass_kg * y, z: mass_kg * z };
    body.setAdditionalMassProperties(mass_kg, origin, inertia, upright, true);
  }
}

const origin = { x: 0, y: 0, z: 0 } as const;
const upright = { x: 0, y: 0, z: 0, w: 1 } as const;

function longer(values: Float64Array, length: number): Float64Array<ArrayBuffer> {
  const result = new Float64Array(length);
  result.set(values);
  return result;
}
