import { describe, expect, it } from "vitest";
import {
  footprintRadius_m,
  height,
  inertiaPerMass,
  pressureRadius_m,
  prismCorners,
  pushable,
  type Shape,
  symmetry_rad,
  yawInertiaPerMass,
} from "../../sim/shape.ts";

const shapes: readonly (readonly [string, Shape])[] = [
  ["cube", pushable("cube", 0.2)],
  ["cylinder", pushable("cylinder", 0.2)],
  ["prism", pushable("prism", 0.2)],
  ["plank", { kind: "box", size_m: [0.4, 0.1, 0.05] }],
];

describe.each(shapes)("%s", (_, shape) => {
  it("has the yaw inertia and the mean radius of its footprint, summed over a grid", () => {
    let count = 0;
    let squares = 0;
    let radii = 0;
    for (const [x, y] of grid(shape)) {
      count++;
      squares += x * x + y * y;
      radii += Math.hypot(x, y);
    }
    expect(yawInertiaPerMass(shape)).toBeCloseTo(squares / count, 4);
    expect(pressureRadius_m(shape, 0)).toBeCloseTo(radii / count, 3);
  });

  it("has its centroid at the origin", () => {
    const points = [...grid(shape)];
    expect(points.reduce((sum, [x]) => sum + x, 0) / points.length).toBeCloseTo(0, 3);
    expect(points.reduce((sum, [, y]) => sum + y, 0) / points.length).toBeCloseTo(0, 3);
  });

  it("is held by its outer circle when supported at the rim", () => {
    expect(pressureRadius_m(shape, 1)).toBeCloseTo(footprintRadius_m(shape), 12);
    for (const [x, y] of grid(shape)) {
      if (Math.hypot(x, y) > footprintRadius_m(shape)) expect.fail(`${x}, ${y} is outside.`);
    }
  });
});

it("knows the textbook values", () => {
  // uniform square: (√2 + ln(1 + √2)) / 6 of the side; disc: 2/3 of the radius
  expect(pressureRadius_m(pushable("cube", 1), 0)).toBeCloseTo(0.3826, 4);
  expect(pressureRadius_m(pushable("cylinder", 1), 0)).toBeCloseTo(1 / 3, 6);
  // solid cube: a² / 6 about every axis; equilateral triangle: a² / 12 about its centroid
  expect(inertiaPerMass(pushable("cube", 1))).toEqual([1 / 6, 1 / 6, 1 / 6]);
  expect(yawInertiaPerMass(pushable("prism", 1))).toBeCloseTo(1 / 12, 12);
  // a cylinder lying across: (3 r² + h²) / 12 with r = 1/2, h = 1
  expect(inertiaPerMass(pushable("cylinder", 1))[0]).toBeCloseTo((3 / 4 + 1) / 12, 12);
});

it("tells how far a shape must turn to look the same", () => {
  expect(symmetry_rad(pushable("cube"))).toBeCloseTo(Math.PI / 2);
  expect(symmetry_rad(pushable("prism"))).toBeCloseTo((2 * Math.PI) / 3);
  expect(symmetry_rad(pushable("cylinder"))).toBe(0);
  expect(symmetry_rad({ kind: "box", size_m: [1, 2, 1] })).toBeCloseTo(Math.PI);
  expect(height(pushable("prism"))).toBe(0.15);
});

/** Points of a fine grid that lie in the footprint. */
function* grid(shape: Shape): Generator<readonly [number, number]> {
  const reach = footprintRadius_m(shape);
  const steps = 400;
  for (let i = 0; i < steps; i++) {
    for (let k = 0; k < steps; k++) {
      const x = ((2 * i + 1) / steps - 1) * reach;
      const y = ((2 * k + 1) / steps - 1) * reach;
      if (inside(shape, x, y)) yield [x, y];
    }
  }
}

function inside(shape: Shape, x: number, y: number): boolean {
  if (shape.kind === "cylinder") return Math.hypot(x, y) <= shape.diameter_m / 2;
  if (shape.kind === "box") {
    return Math.abs(x) <= shape.size_m[0] / 2 && Math.abs(y) <= shape.size_m[1] / 2;
  }
  const corners = prismCorners(shape.side_m);
  return corners.every(([ax, ay], i) => {
    const [bx, by] = corners[(i + 1) % 3];
    return (bx - ax) * (y - ay) - (by - ay) * (x - ax) >= 0;
  });
}
