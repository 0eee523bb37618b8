/** The Rapier colliders that bodies, robots, walls and the floor are made of, and who meets whom. */

import { type ColliderDesc, rapier } from "../rapier.ts";
import { type DiffDriveSpec, robotFootprint, robotParts } from "../robots/diff-drive.ts";
import { prismCorners, type Shape } from "../shape.ts";
import type { ContactMode } from "./empty-world.ts";
import { wallBoxes } from "./walls.ts";

/** How many environments fit in one Rapier world: each needs a collision-group bit of 16, coulomb's floor another. */
export const environmentsPerWorld: Readonly<Record<ContactMode, number>> = {
  planar: 8,
  coulomb: 15,
};

const everyEnvironment = 0x7fff;
const floorBit = 0x8000;

/**
 * Share of a body's friction that its side has against other bodies, chosen by the push tests and by a robot pushing.
 * MuJoCo's contacts give way and let go for moments, so that what pushes slips along a side before its friction is used
 * up; ours are stiff. See docs/decisions/contact-modes.md.
 */
const sideShare: Readonly<Record<ContactMode, Readonly<Record<Shape["kind"], number>>>> = {
  planar: { box: 1, cylinder: 0.75, prism: 0.6 },
  coulomb: { box: 0.5, cylinder: 0.16, prism: 0.16 },
};

/** Frictions with the floor are multiplied; with this factor a box's is right on its floor and halved at its sides. */
const floorFriction = 2;
const footShare = 1 / floorFriction;

/** How high a foot is, as a share of its body. */
const footHeight = 0.02;
/** A prism stands on this share of its outline, since corners alone hold it too firmly against turning. */
const prismFoot = 0.9;

export interface ColliderPart {
  readonly desc: ColliderDesc;
  /** Share of the body's friction that this part has. */
  readonly frictionShare: number;
}

/** Colliders of a body in environment `env` of its world. They have no mass: bodies have theirs by formula. */
export function bodyColliders(shape: Shape, mode: ContactMode, env: number): ColliderPart[] {
  const bit = 1 << env;
  if (mode === "coulomb" && shape.kind !== "box") return sideAndFoot(shape, bit);
  const desc = colliderOf(shape).setCollisionGroups(interactionGroups(bit, bit | floorBit));
  const frictionShare = sideShare[mode][shape.kind];
  if (frictionShare < 1) desc.setFrictionCombineRule(rapier.CoefficientCombineRule.Min);
  return [{ desc: desc.setDensity(0), frictionShare }];
}

/** A foot that only the floor meets, and a side that it does not: they differ in friction. */
function sideAndFoot(shape: Exclude<Shape, { kind: "box" }>, bit: number): ColliderPart[] {
  const foot_m = footHeight * shape.height_m;
  const side = colliderOf({ ...shape, height_m: shape.height_m - foot_m })
    .setTranslation(0, 0, foot_m / 2)
    .setFrictionCombineRule(rapier.CoefficientCombineRule.Min)
    .setCollisionGroups(interactionGroups(bit, bit));
  if (shape.kind === "prism") side.setActiveHooks(neverRecycled());
  const foot = colliderOf({ ...footOf(shape), height_m: foot_m })
    .setTranslation(0, 0, (foot_m - shape.height_m) / 2)
    .setCollisionGroups(interactionGroups(bit, floorBit));
  return [
    { desc: side.setDensity(0), frictionShare: sideShare.coulomb[shape.kind] },
    { desc: foot.setDensity(0), frictionShare: footShare },
  ];
}

function footOf<S extends Exclude<Shape, { kind: "box" }>>(shape: S): S {
  return shape.kind === "prism" ? { ...shape, side_m: prismFoot * shape.side_m } : shape;
}

/**
 * Rapier works a contact out anew in every step where a hook might want a say in it. This hook is about sensors, of
 * which there are none, so nobody is ever asked.
 */
function neverRecycled() {
  return rapier.ActiveHooks.FILTER_INTERSECTION_PAIRS;
}

/** Colliders of a robot; its wheels carry it, so it does not meet the floor. */
export function robotColliders(spec: DiffDriveSpec, mode: ContactMode, env: number) {
  const parts = mode === "planar" ? robotFootprint(spec) : robotParts(spec);
  return parts.map(({ half_m, centre_m }): ColliderPart => {
    const desc = rapier.ColliderDesc.cuboid(...half_m)
      .setTranslation(...centre_m)
      .setDensity(0)
      .setCollisionGroups(interactionGroups(1 << env, 1 << env));
    return { desc, frictionShare: 1 };
  });
}

/** Four walls around a square of side `side_m` about the origin, met by every environment. */
export function wallColliders(side_m: number, friction: number): ColliderDesc[] {
  return wallBoxes(side_m).map(({ half_m, centre_m }) =>
    rapier.ColliderDesc.cuboid(...half_m)
      .setTranslation(...centre_m)
      .setFriction(friction)
      .setCollisionGroups(interactionGroups(everyEnvironment, everyEnvironment)),
  );
}

/** The floor at z = 0, 100 m wide, where every body has its own friction. */
export function floorCollider(): ColliderDesc {
  return rapier.ColliderDesc.cuboid(50, 50, 0.5)
    .setTranslation(0, 0, -0.5)
    .setFriction(floorFriction)
    .setFrictionCombineRule(rapier.CoefficientCombineRule.Multiply)
    .setCollisionGroups(interactionGroups(floorBit, everyEnvironment));
}

/** Rapier's packing: what a collider is in the upper 16 bits, what it meets in the lower. */
function interactionGroups(is: number, meets: number): number {
  return ((is << 16) | meets) >>> 0;
}

/** Rapier's collider for a shape about its centroid. */
function colliderOf(shape: Shape): ColliderDesc {
  if (shape.kind === "box") {
    const [x, y, z] = shape.size_m;
    return rapier.ColliderDesc.cuboid(x / 2, y / 2, z / 2);
  }
  if (shape.kind === "cylinder") return uprightCylinder(shape.height_m, shape.diameter_m);
  const half = shape.height_m / 2;
  const corners = prismCorners(shape.side_m).flatMap(([x, y]) => [x, y, -half, x, y, half]);
  const hull = rapier.ColliderDesc.convexHull(Float32Array.from(corners));
  if (!hull) throw new Error("internal: a prism has no convex hull.");
  return hull;
}

/** Rapier's cylinders stand along y. */
function uprightCylinder(height_m: number, diameter_m: number): ColliderDesc {
  const quarter = Math.SQRT1_2;
  return rapier.ColliderDesc.cylinder(height_m / 2, diameter_m / 2).setRotation({
    x: quarter,
    y: 0,
    z: 0,
    w: quarter,
  });
}
