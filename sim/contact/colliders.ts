/** The Rapier colliders that bodies, robots, walls and the floor are made of, and who meets whom. */

import { type ColliderDesc, rapier } from "../rapier.ts";
import { type DiffDriveSpec, robotFootprint, robotParts } from "../robots/diff-drive.ts";
import { prismCorners, type Shape } from "../shape.ts";
import type { ContactMode } from "./empty-world.ts";

/** How many environments fit in one Rapier world: each needs a collision-group bit of 16, coulomb's floor another. */
export const environmentsPerWorld: Readonly<Record<ContactMode, number>> = {
  planar: 8,
  coulomb: 15,
};

const everyEnvironment = 0x7fff;
const floorBit = 0x8000;

/**
 * In coulomb mode, the share of its friction that a cylinder's side has: with the contacts that the push tests ask of it,
 * MuJoCo lets a ball slip along a round side. (With stiffer ones it does not; see docs/decisions/contact-modes.md.)
 */
const roundSideFriction = 0.25;

export interface ColliderPart {
  readonly desc: ColliderDesc;
  /** Share of the body's friction that this part has. */
  readonly frictionShare: number;
}

/** Colliders of a body in environment `env` of its world. They have no mass: bodies have theirs by formula. */
export function bodyColliders(shape: Shape, mode: ContactMode, env: number): ColliderPart[] {
  const bit = 1 << env;
  if (shape.kind === "cylinder" && mode === "coulomb") return cylinderColliders(shape, bit);
  const desc = colliderOf(shape).setCollisionGroups(interactionGroups(bit, bit | floorBit));
  return [{ desc: desc.setDensity(0), frictionShare: 1 }];
}

/** A foot that only the floor meets, and a side that it does not: they differ in friction. */
function cylinderColliders(
  { diameter_m, height_m }: Extract<Shape, { kind: "cylinder" }>,
  bit: number,
): ColliderPart[] {
  const foot_m = 0.02 * height_m;
  const side = uprightCylinder(height_m - foot_m, diameter_m)
    .setTranslation(0, 0, foot_m / 2)
    .setFrictionCombineRule(rapier.CoefficientCombineRule.Min)
    .setCollisionGroups(interactionGroups(bit, bit));
  const foot = uprightCylinder(foot_m, diameter_m)
    .setTranslation(0, 0, (foot_m - height_m) / 2)
    .setCollisionGroups(interactionGroups(bit, floorBit));
  return [
    { desc: side.setDensity(0), frictionShare: roundSideFriction },
    { desc: foot.setDensity(0), frictionShare: 1 },
  ];
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
  const thick = 0.1;
  const high = 0.5;
  const far = (side_m + thick) / 2;
  const long = side_m / 2 + thick;
  const sides = [
    [1, 0],
    [-1, 0],
    [0, 1],
    [0, -1],
  ];
  return sides.map(([x, y]) =>
    rapier.ColliderDesc.cuboid(x ? thick / 2 : long, y ? thick / 2 : long, high / 2)
      .setTranslation(x * far, y * far, high / 2)
      .setFriction(friction)
      .setCollisionGroups(interactionGroups(everyEnvironment, everyEnvironment)),
  );
}

/** The floor at z = 0, 100 m wide. Frictions are multiplied, by 1, so that a body's own is what the floor gives it. */
export function floorCollider(): ColliderDesc {
  return rapier.ColliderDesc.cuboid(50, 50, 0.5)
    .setTranslation(0, 0, -0.5)
    .setFriction(1)
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
