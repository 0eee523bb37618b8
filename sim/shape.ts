/**
 * Shapes of the things that stand on the floor, and the numbers physics needs of them.
 *
 * A body's origin is its centroid and its axis is z, so a body on the floor is at z = height / 2.
 */

export type Shape =
  | { readonly kind: "box"; readonly size_m: readonly [x: number, y: number, z: number] }
  | { readonly kind: "cylinder"; readonly diameter_m: number; readonly height_m: number }
  /** Upright prism over an equilateral triangle with one vertex on +x. */
  | { readonly kind: "prism"; readonly side_m: number; readonly height_m: number };

export type PushableName = "cube" | "cylinder" | "prism";

/** EgoPush's objects (arXiv 2602.18071): side, diameter and height are all `side_m`. */
export function pushable(name: PushableName, side_m = 0.15): Shape {
  if (name === "cube") return { kind: "box", size_m: [side_m, side_m, side_m] };
  if (name === "cylinder") return { kind: "cylinder", diameter_m: side_m, height_m: side_m };
  return { kind: "prism", side_m, height_m: side_m };
}

export function height(shape: Shape): number {
  return shape.kind === "box" ? shape.size_m[2] : shape.height_m;
}

/** Radius of the circle about the origin that holds the footprint. */
export function footprintRadius_m(shape: Shape): number {
  if (shape.kind === "box") return Math.hypot(shape.size_m[0], shape.size_m[1]) / 2;
  if (shape.kind === "cylinder") return shape.diameter_m / 2;
  return shape.side_m / Math.sqrt(3);
}

/** Corners of a prism's triangle about its centroid, counter-clockwise from +x. */
export function prismCorners(side_m: number): (readonly [x: number, y: number])[] {
  const rim = side_m / Math.sqrt(3);
  return [0, 1, 2].map((k) => {
    const angle = (2 * Math.PI * k) / 3;
    return [rim * Math.cos(angle), rim * Math.sin(angle)];
  });
}

/** Yaw after which the shape looks the same; 0 when every yaw does. */
export function symmetry_rad(shape: Shape): number {
  if (shape.kind === "cylinder") return 0;
  if (shape.kind === "prism") return (2 * Math.PI) / 3;
  return shape.size_m[0] === shape.size_m[1] ? Math.PI / 2 : Math.PI;
}

/** Moment of inertia about z through the centroid, per kilogram, of the uniform solid (m²). */
export function yawInertiaPerMass(shape: Shape): number {
  if (shape.kind === "box") return (shape.size_m[0] ** 2 + shape.size_m[1] ** 2) / 12;
  if (shape.kind === "cylinder") return shape.diameter_m ** 2 / 8;
  return shape.side_m ** 2 / 12;
}

/** Principal moments of inertia per kilogram about x, y and z through the centroid (m²). */
export function inertiaPerMass(shape: Shape): readonly [x: number, y: number, z: number] {
  const upright = height(shape) ** 2 / 12;
  const z = yawInertiaPerMass(shape);
  if (shape.kind === "box") {
    return [shape.size_m[1] ** 2 / 12 + upright, shape.size_m[0] ** 2 / 12 + upright, z];
  }
  return [z / 2 + upright, z / 2 + upright, z];
}

/**
 * Radius c of the limit surface: the torque that turns the body in place on the floor is c times the force that slides
 * it (Goyal, Ruina and Papadopoulos, 1991; the mean distance of the floor's pressure from the centroid).
 *
 * @param support 0 for uniform pressure, 1 for pressure at the corners (a cylinder: the rim) only, as in engines that
 *   hold a body by its contact points; in between, a mixture of both.
 */
export function pressureRadius_m(shape: Shape, support: number): number {
  const rim = footprintRadius_m(shape);
  return (1 - support) * meanRadius_m(shape) + support * rim;
}

/** Mean distance from the centroid over the footprint. */
function meanRadius_m(shape: Shape): number {
  if (shape.kind === "cylinder") return shape.diameter_m / 3;
  if (shape.kind === "prism")
    return meanRadiusOfWedge(shape.side_m / (2 * Math.sqrt(3)), Math.PI / 3);
  const [a, b] = [shape.size_m[0] / 2, shape.size_m[1] / 2];
  const alongX = meanRadiusOfWedge(a, Math.atan2(b, a));
  const alongY = meanRadiusOfWedge(b, Math.atan2(a, b));
  return (alongX + alongY) / 2;
}

/**
 * Mean distance from the apex over a right triangle of height `d` whose apex angle is `angle`:
 * ∫ r² dr dφ / area, r up to d / cos φ, = (d / 3) (sec tan + ln(sec + tan)) / tan.
 */
function meanRadiusOfWedge(d: number, angle: number): number {
  const sec = 1 / Math.cos(angle);
  const tan = Math.tan(angle);
  return (d / 3) * ((sec * tan + Math.log(sec + tan)) / tan);
}
