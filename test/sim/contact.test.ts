import { execFileSync } from "node:child_process";
import path from "node:path";
import { describe, expect, it } from "vitest";
import { bodyMemory, layoutOfBodies, publicFloats } from "../../sim/contact/body-memory.ts";
import { type BodySpec, ContactWorld } from "../../sim/contact/contact-world.ts";
import { applyFloorFriction } from "../../sim/contact/limit-surface.ts";
import {
  type Outline,
  outlineOf,
  separation_m,
  wallDistance_m,
} from "../../sim/contact/outline.ts";
import { defaultPushProbe, probePush } from "../../sim/probe.ts";
import { type RapierWorld, type RigidBody, rapier } from "../../sim/rapier.ts";
import { pressureRadius_m, pushable, yawInertiaPerMass } from "../../sim/shape.ts";

const cube: BodySpec = {
  name: "cube",
  shape: pushable("cube", 0.1),
  mass_kg: 0.2,
  friction: 0.5,
  motion: "dynamic",
};

describe("body memory", () => {
  it("is found in this build of Rapier", () => {
    expect(layoutOfBodies()).toBeDefined();
  });

  it.each([true, false])("reads what the API reads (direct: %s)", (direct) => {
    const { world, bodies } = crowd();
    const memory = bodyMemory(world, bodies, direct);
    for (let i = 0; i < 50; i++) world.step();
    // grow Rapier's memory in between
    const others = Array.from({ length: 200 }, () => crowd().world);
    memory.locate();
    memory.reload();
    for (const [i, body] of bodies.entries()) {
      expect(read(memory, i)).toEqual(publicFloats(body));
    }
    for (const other of [world, ...others]) other.free();
  });

  it("writes what the API writes: both ways move the same, to the bit", () => {
    const [a, b] = [true, false].map((direct) => {
      const { world, bodies } = crowd();
      const memory = bodyMemory(world, bodies, direct);
      for (let i = 0; i < 200; i++) {
        memory.locate();
        const { floats, starts, at } = memory;
        floats[starts[0] + at.linear] = 0.3;
        for (let k = 0; k < bodies.length; k++) {
          applyFloorFriction(floats, starts[k] + at.linear, starts[k] + at.angular, 0.01, 0.05);
        }
        memory.commit();
        world.step();
        memory.reload();
      }
      const floats = bodies.map(publicFloats);
      world.free();
      return floats;
    });
    expect(a).toEqual(b);
    expect(a[1][0]).toBeGreaterThan(0.3);
  });
});

it("loads the plain build in Node, with a memory that can be read", () => {
  const script = `
    WebAssembly.validate = () => false;
    const { rapierBuild } = await import("./sim/rapier.ts");
    const { layoutOfBodies } = await import("./sim/contact/body-memory.ts");
    const { probePush, defaultPushProbe } = await import("./sim/probe.ts");
    const { rows } = probePush(defaultPushProbe);
    process.stdout.write(JSON.stringify([rapierBuild, layoutOfBodies() !== undefined, rows.at(-1).yaw_rad]));`;
  const output = execFileSync(
    process.execPath,
    ["--import", "tsx", "--input-type=module", "--eval", script],
    { cwd: path.resolve(import.meta.dirname, "../.."), encoding: "utf8" },
  );
  const [build, found, yaw_rad] = JSON.parse(output);
  expect([build, found]).toEqual(["plain", true]);
  expect(yaw_rad).toBeCloseTo(probePush(defaultPushProbe).rows[9].yaw_rad, 3);
});

describe("floor friction", () => {
  it.each([
    ["planar", 0.03],
    // four corners of Rapier's Coulomb friction hold 6 % less than mu
    ["coulomb", 0.08],
  ] as const)("stops a sliding box after v² / (2 mu g) (%s)", (mode, tolerance) => {
    // 1 / (2 · 0.5 · 9.81) = 0.1019 m
    const { x_m } = glide(mode, 1 / 240, { v_mps: 1 });
    expect(Math.abs(x_m / 0.1019 - 1)).toBeLessThan(tolerance);
  });

  it("stops it half a step's way earlier in a coarse step of planar mode", () => {
    // friction comes before the move: v² / (2 mu g) - v dt / 2 = 0.1019 - 0.0083
    expect(glide("planar", 1 / 60, { v_mps: 1 }).x_m).toBeCloseTo(0.0936, 3);
  });

  it("stops a spin in planar mode after c w / (mu g)", () => {
    // c = 0.6 · 0.0707 + 0.4 · 0.0383 = 0.0577 m; 0.0577 · 10 / 4.905 = 0.1177 s
    expect(glide("planar", 1 / 960, { omega_radps: 10 }).stopped_s).toBeCloseTo(0.1177, 2);
  });

  it("stops a spin in coulomb mode as corners do, after w I / (mu m g c)", () => {
    const { shape } = cube;
    const stop_s = (10 * yawInertiaPerMass(shape)) / (0.5 * 9.81 * pressureRadius_m(shape, 1));
    expect(glide("coulomb", 1 / 960, { omega_radps: 10 }).stopped_s / stop_s).toBeCloseTo(1, 1);
  });

  it("couples sliding and turning: a spinning box slides further", () => {
    const straight = glide("planar", 1 / 240, { v_mps: 0.5 }).x_m;
    expect(glide("planar", 1 / 240, { v_mps: 0.5, omega_radps: 15 }).x_m).toBeGreaterThan(
      1.3 * straight,
    );
  });
});

describe.each(["planar", "coulomb"] as const)("contact friction (%s)", (mode) => {
  it("brakes a box that glances off a wall", () => {
    const along = { v_mps: 0.5 };
    const free = glide(mode, 1 / 240, along).x_m;
    const glancing = glide(mode, 1 / 240, { ...along, toWall_mps: 0.3 }).x_m;
    // an impulse of m · 0.3 m/s takes up to mu · 0.3 = 0.12 m/s from 0.5: (0.38 / 0.5)² = 0.58 of the way
    expect(glancing).toBeLessThan(0.9 * free);
  });
});

describe("outlines", () => {
  const at = (outline: Outline, x: number, y: number): Outline => ({
    ...outline,
    xy_m: outline.xy_m.map((value, i) => value + (i % 2 ? y : x)),
  });
  const square = outlineOf(pushable("cube", 0.2));
  const disc = outlineOf(pushable("cylinder", 0.2));
  const triangle = outlineOf(pushable("prism", 0.3));

  it("measure gaps between squares, discs and triangles", () => {
    expect(separation_m(square, at(square, 0.25, 0.05))).toBeCloseTo(0.05, 12);
    expect(separation_m(square, at(square, 0.15, 0.05))).toBeCloseTo(-0.05, 12);
    expect(separation_m(disc, at(disc, 0.3, 0.4))).toBeCloseTo(0.3, 12);
    // corner (0.1, 0.1) to a centre at (0.4, 0.5): 0.5 less the radius
    expect(separation_m(square, at(disc, 0.4, 0.5))).toBeCloseTo(0.4, 12);
    expect(separation_m(at(disc, 0.25, 0), square)).toBeCloseTo(0.05, 12);
    // the prism's flat side is at x = -side / (2 √3) = -0.0866
    expect(separation_m(triangle, at(square, -0.2, 0))).toBeCloseTo(0.1 - 0.0866, 4);
    // and its vertex at side / √3 = 0.1732
    expect(separation_m(at(disc, 0.3, 0), triangle)).toBeCloseTo(0.2 - 0.1732, 4);
  });

  it("measure gaps to the walls", () => {
    expect(wallDistance_m(at(square, 0.5, -0.8), 1)).toBeCloseTo(0.1, 12);
    expect(wallDistance_m(at(disc, 0.95, 0), 1)).toBeCloseTo(-0.05, 12);
  });
});

/** A few boxes in a row that will collide. */
function crowd(): { world: RapierWorld; bodies: RigidBody[] } {
  const world = new rapier.World({ x: 0, y: 0, z: 0 });
  const bodies = [0, 1, 2, 3].map((i) =>
    world.createRigidBody(
      rapier.RigidBodyDesc.dynamic()
        .setTranslation(0.15 * i, 0.01 * i, 0)
        .enabledRotations(false, false, true),
    ),
  );
  for (const body of bodies) {
    world.createCollider(rapier.ColliderDesc.cuboid(0.05, 0.05, 0.05).setMass(0.2), body);
  }
  bodies[0].setLinvel({ x: 0.5, y: 0, z: 0 }, true);
  return { world, bodies };
}

function read({ floats, starts, at }: ReturnType<typeof bodyMemory>, i: number): number[] {
  const fields = [
    [at.position, 3],
    [at.rotation, 4],
    [at.linear, 3],
    [at.angular, 3],
  ];
  return fields.flatMap(([offset, width]) => [
    ...floats.slice(starts[i] + offset, starts[i] + offset + width),
  ]);
}

interface Start {
  readonly v_mps?: number;
  readonly omega_radps?: number;
  /** Speed towards a wall that the box almost touches. */
  readonly toWall_mps?: number;
}

/** Lets a box go and tells where and when it came to rest. */
function glide(mode: "planar" | "coulomb", step_s: number, start: Start) {
  const world = new ContactWorld(mode, step_s);
  world.addWalls(4);
  const box = world.addBody(cube, 0);
  const y_m = start.toWall_mps ? 1.9495 : 0;
  world.place(box, 0, y_m, 0);
  // let coulomb's box settle on its contacts
  for (let t = 0; t < 0.2; t += step_s) world.step();
  const { body } = world.entries[box];
  body.setLinvel({ x: start.v_mps ?? 0, y: start.toWall_mps ?? 0, z: 0 }, true);
  body.setAngvel({ x: 0, y: 0, z: start.omega_radps ?? 0 }, true);
  const from_m = body.translation().x;
  let stopped_s = 0;
  for (let t = step_s; t < 1; t += step_s) {
    world.step();
    const moving = Math.hypot(body.linvel().x, body.linvel().y) > 1e-3;
    if (moving || Math.abs(body.angvel().z) > 1e-2) stopped_s = t;
  }
  const x_m = body.translation().x - from_m;
  world.free();
  return { x_m, stopped_s };
}
