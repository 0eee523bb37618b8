import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { createRng, type Rng } from "../../core/rng.ts";
import { type CameraMount, egoPushCamera } from "../../sim/camera.ts";
import { rapier } from "../../sim/rapier.ts";
import { ideal } from "../../sim/render/sensor.ts";
import { height, prismCorners, type Shape } from "../../sim/shape.ts";
import { blocks, Frustum, masksOf } from "../../sim/visibility.ts";

/** A level camera at the base's centre, 90 degrees wide and 2 * 0.75 over 1 high. */
const level: CameraMount = {
  x_m: 0,
  z_m: 0,
  pitch_rad: 0,
  horizontalFov_rad: Math.PI / 2,
  verticalFov_rad: 2 * Math.atan(0.75),
  minDepth_m: 0.2,
  maxDepth_m: 3,
  sensor: ideal,
};

describe("Frustum", () => {
  it("is EgoPush's test for a level camera: |y| <= x tan(h/2), |z| <= x tan(v/2), a range of x", () => {
    const frustum = new Frustum(level);
    expect(frustum.contains(1, 0.99, 0)).toBe(true);
    expect(frustum.contains(1, -1.01, 0)).toBe(false);
    expect(frustum.contains(1, 0, 0.74)).toBe(true);
    expect(frustum.contains(1, 0, -0.76)).toBe(false);
    expect(frustum.contains(0.19, 0, 0)).toBe(false);
    expect(frustum.contains(3.01, 0, 0)).toBe(false);
    expect(frustum.contains(-1, 0, 0)).toBe(false);
    expect(frustum.centres(1, 0.59, 0, 0.6)).toBe(true);
    expect(frustum.centres(1, 0.61, 0, 0.6)).toBe(false);
    // 0.6 * 0.75 = 0.45
    expect(frustum.centres(1, 0, 0.46, 0.6)).toBe(false);
  });

  it("sees the floor where the rays of a pitched camera meet it", () => {
    // 1 m up and 45 degrees down: the axis meets the floor 1 m ahead, the upper edge (36.87
    // degrees above the axis, so 8.13 below the horizon) 7 m ahead, the lower (81.87) 1/7 m ahead
    const frustum = new Frustum({
      ...level,
      z_m: 1,
      x_m: 0.5,
      pitch_rad: Math.PI / 4,
      maxDepth_m: 9,
    });
    expect(frustum.contains(1.5, 0, 0)).toBe(true);
    expect(frustum.contains(0.5 + 6.9, 0, 0)).toBe(true);
    expect(frustum.contains(0.5 + 7.1, 0, 0)).toBe(false);
    expect(frustum.contains(0.5 + 0.15, 0, 0)).toBe(true);
    expect(frustum.contains(0.5 + 0.14, 0, 0)).toBe(false);
    // the axis is sqrt(2) long there, and so is half the width
    expect(frustum.contains(1.5, 1.41, 0)).toBe(true);
    expect(frustum.contains(1.5, 1.42, 0)).toBe(false);
  });

  it("is symmetric, and narrower the smaller the gate", () => {
    const frustum = new Frustum(egoPushCamera);
    const length = fc.double({ min: -2, max: 2, noNaN: true });
    fc.assert(
      fc.property(length, length, length, (x, y, z) => {
        expect(frustum.contains(x, y, z)).toBe(frustum.contains(x, -y, z));
        if (frustum.centres(x, y, z, 0.5)) expect(frustum.centres(x, y, z, 0.8)).toBe(true);
      }),
    );
  });
});

describe("masksOf", () => {
  it("reads the masks from the name", () => {
    const none = { fieldOfView: false, occlusion: false, centreGate: false, whole: false };
    expect(masksOf("global")).toEqual(none);
    expect(masksOf("fov+gate")).toEqual({ ...none, fieldOfView: true, centreGate: true });
    expect(masksOf("occlusion")).toEqual({ ...none, fieldOfView: true, occlusion: true });
    const objects = { ...none, fieldOfView: true, whole: true, centreGate: true };
    expect(masksOf("objects+gate")).toEqual(objects);
  });
});

const shapes: readonly Shape[] = [
  { kind: "box", size_m: [0.2, 0.3, 0.15] },
  { kind: "cylinder", diameter_m: 0.25, height_m: 0.2 },
  { kind: "prism", side_m: 0.3, height_m: 0.15 },
];

/** Corners of the footprint; 96 of them stand for a circle. */
function footprint(shape: Shape): readonly (readonly [x: number, y: number])[] {
  if (shape.kind === "prism") return prismCorners(shape.side_m);
  if (shape.kind === "box") {
    const [x, y] = [shape.size_m[0] / 2, shape.size_m[1] / 2];
    return [
      [x, y],
      [-x, y],
      [-x, -y],
      [x, -y],
    ];
  }
  return Array.from({ length: 96 }, (_, i) => {
    const angle = (2 * Math.PI * i) / 96;
    return [Math.cos(angle) * (shape.diameter_m / 2), Math.sin(angle) * (shape.diameter_m / 2)];
  });
}

/**
 * The surface of the solid, `scale` times as large, as triangles: rays against Rapier's cylinder and
 * convex polyhedron are iterative, and stop 1 cm above the top of one.
 */
function surfaceOf(shape: Shape, scale: number) {
  const rim = footprint(shape);
  const half = height(shape) / 2;
  const vertices = rim.flatMap(([x, y]) => [x, y, half, x, y, -half]);
  const triangles = rim.flatMap((_, i) => {
    const [a, b] = [2 * i, (2 * i + 2) % (2 * rim.length)];
    const wall = [a, a + 1, b, b, a + 1, b + 1];
    return i === 0 ? wall : [...wall, 0, a, b, 1, a + 1, b + 1];
  });
  return new rapier.TriMesh(
    Float32Array.from(vertices, (length) => length * scale),
    Uint32Array.from(triangles),
  );
}

type Point = readonly [x: number, y: number, z: number];

/** What Rapier's ray says; undefined where the segment only grazes the solid. */
function rapierBlocks(shape: Shape, from: Point, to: Point): boolean | undefined {
  const [x, y, z] = from;
  const direction = { x: to[0] - x, y: to[1] - y, z: to[2] - z };
  const ray = new rapier.Ray({ x, y, z }, direction);
  const [inner, outer] = [0.99, 1.01].map((scale) => {
    const origin = { x: 0, y: 0, z: 0 };
    const upright = { ...origin, w: 1 };
    const toi = surfaceOf(shape, scale).castRay(ray, origin, upright, 1, true);
    return toi >= 0 && toi < 0.99;
  });
  return inner === outer ? inner : undefined;
}

describe("blocks", () => {
  const point = (rng: Rng): Point => [
    rng.uniform(-0.4, 0.4),
    rng.uniform(-0.4, 0.4),
    rng.uniform(-0.2, 0.2),
  ];

  it.each(shapes)("agrees with Rapier's rays on a $kind", (shape) => {
    const rng = createRng(5).split(shape.kind);
    const counts = { blocked: 0, free: 0 };
    for (let i = 0; i < 2000; i++) {
      const [from, to] = [point(rng), point(rng)];
      // a camera is outside of everything
      if (Math.hypot(from[0], from[1]) < 0.2) continue;
      const expected = rapierBlocks(shape, from, to);
      if (expected === undefined) continue;
      counts[expected ? "blocked" : "free"]++;
      expect(blocks(shape, ...from, ...to), `${from} to ${to}`).toBe(expected);
    }
    expect(counts.blocked).toBeGreaterThan(200);
    expect(counts.free).toBeGreaterThan(200);
  });

  it("does not count the body that the end point lies on", () => {
    const cube: Shape = { kind: "box", size_m: [0.2, 0.2, 0.2] };
    expect(blocks(cube, 1, 0, 0, 0.1, 0, 0)).toBe(false);
    expect(blocks(cube, 1, 0, 0, -0.1, 0, 0)).toBe(true);
    expect(blocks(cube, 1, 0, 1, 0.1, 0.1, 0.1)).toBe(false);
  });

  it("sees along an axis, where nothing changes sideways", () => {
    const can: Shape = { kind: "cylinder", diameter_m: 0.2, height_m: 0.2 };
    expect(blocks(can, 0, 0, 1, 0, 0, -1)).toBe(true);
    expect(blocks(can, 0.11, 0, 1, 0.11, 0, -1)).toBe(false);
    expect(blocks(can, 0.2, 0, 0.05, 0.2, 0, 0.05)).toBe(false);
  });
});
