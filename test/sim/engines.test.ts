/** MuJoCo in the place of Rapier: the same scene, its own contacts. */

import { describe, expect, it } from "vitest";
import { ConfigError } from "../../core/errors.ts";
import { load } from "../../sim/engines/load-mujoco.ts";
import { openWorld } from "../../sim/engines/open.ts";
import { egoPushRobot, pusherReach_m } from "../../sim/robots/diff-drive.ts";
import { WALLS } from "../../sim/rows.ts";
import { scenes } from "../../sim/scenes/index.ts";
import { pushable } from "../../sim/shape.ts";
import { type BodySpec, bodyState, type PhysicsWorld, type WorldSpec } from "../../sim/world.ts";
import { fingerprint, openBatch } from "../support/conformance.ts";

const cube: BodySpec = {
  name: "cube",
  shape: pushable("cube"),
  mass_kg: 0.4,
  friction: 0.5,
  motion: "dynamic",
};

function arena(bodies: readonly BodySpec[], changes: Partial<WorldSpec> = {}): WorldSpec {
  const steps = { physicsStep_s: 1 / 60, substeps: 6 };
  return { robot: egoPushRobot, bodies, arenaSide_m: 3, contact: "planar", ...steps, ...changes };
}

function pose(world: PhysicsWorld, body: number) {
  const at = body * bodyState.size;
  const [x, y, z, qx, qy, qz, qw] = world.states.subarray(at, at + 7);
  return { x_m: x, y_m: y, z_m: z, yaw_rad: 2 * Math.atan2(qz, qw), tilt: Math.hypot(qx, qy) };
}

/** Drives both engines by the same commands from the same poses. */
async function inBoth(
  spec: WorldSpec,
  starts: readonly (readonly [number, number, number])[],
  commands: readonly (readonly [number, number])[],
): Promise<readonly [rapier: PhysicsWorld, mujoco: PhysicsWorld]> {
  const worlds = [await openWorld(spec, 1), await openWorld(spec, 1, "mujoco")] as const;
  for (const world of worlds) {
    starts.forEach((start, body) => {
      world.place(0, body, ...start);
    });
    for (const command of commands) world.step(Float32Array.from(command));
  }
  return worlds;
}

describe("a scene in MuJoCo", () => {
  it("has a robot that drives as in Rapier where nothing is in its way", async () => {
    const commands = Array.from({ length: 40 }, (_, t) => [0.3, t < 20 ? 1 : -0.5] as const);
    const [rapier, mujoco] = await inBoth(arena([]), [[0, 0, 0]], commands);
    const [expected, found] = [pose(rapier, 0), pose(mujoco, 0)];
    expect(found.x_m).toBeCloseTo(expected.x_m, 1);
    expect(found.y_m).toBeCloseTo(expected.y_m, 1);
    expect(found.yaw_rad).toBeCloseTo(expected.yaw_rad, 1);
    expect(Math.hypot(expected.x_m, expected.y_m)).toBeGreaterThan(0.7);
    for (const world of [rapier, mujoco]) world.free();
  });

  it("stops a robot at a wall by the drive's force, not by its mass", async () => {
    const commands = Array.from({ length: 60 }, () => [0.4, 0] as const);
    const [rapier, mujoco] = await inBoth(arena([]), [[0.5, 0, 0]], commands);
    const stop_m = 1.5 - pusherReach_m(egoPushRobot);
    for (const world of [rapier, mujoco]) {
      expect(Math.abs(pose(world, 0).x_m - stop_m)).toBeLessThan(0.01);
      world.free();
    }
  });

  it.each(["cube", "cylinder", "prism"] as const)("has a robot that pushes a %s", async (shape) => {
    const spec = arena([{ ...cube, shape: pushable(shape) }]);
    const commands = Array.from({ length: 20 }, () => [0.3, 0] as const);
    // a gap of a few centimetres, and an object whose flat side or vertex faces the pusher
    const starts = [
      [-0.8, 0, 0],
      [-0.5, 0, 0],
    ] as const;
    const [rapier, mujoco] = await inBoth(spec, starts, commands);
    const [expected, found] = [pose(rapier, 1), pose(mujoco, 1)];
    expect(found.x_m).toBeGreaterThan(-0.3);
    expect(Math.abs(found.x_m - expected.x_m)).toBeLessThan(0.02);
    expect(Math.abs(found.y_m - expected.y_m)).toBeLessThan(0.02);
    expect(found.tilt).toBeLessThan(0.02);
    for (const world of [rapier, mujoco]) world.free();
  });

  it("brakes a body by its own friction on the floor, whatever its mass", async () => {
    const world = await openWorld(arena([cube]), 1, "mujoco");
    const slideOf = (properties: { mass_kg?: number; friction?: number }) => {
      world.place(0, 0, -1, 0, 0);
      world.place(0, 1, -0.75, 0, 0);
      world.setProperties(0, 1, properties);
      for (let t = 0; t < 15; t++) world.step(Float32Array.of(0.4, 0));
      // the robot brakes at 20 N / 6 kg = 3.3 m/s², harder than the floor, so its load slides on
      const from_m = pose(world, 1).x_m;
      for (let t = 0; t < 10; t++) world.step(Float32Array.of(-0.4, 0));
      return pose(world, 1).x_m - from_m;
    };
    // v² / (2 mu g) = 0.16 / (2 · 0.15 · 9.81) = 54 mm
    expect(slideOf({ friction: 0.15 })).toBeCloseTo(0.054, 2);
    expect(slideOf({ friction: 0.3 })).toBeCloseTo(0.027, 2);
    expect(slideOf({ friction: 0.15, mass_kg: 0.8 })).toBeCloseTo(0.054, 2);
    world.free();
  });

  it("keeps fixed bodies, turned as they were placed, and notes who touched whom", async () => {
    const watch = [
      [0, 1],
      [0, WALLS],
    ] as const;
    const spec = arena([{ ...cube, motion: "fixed" }, cube], { watch });
    const world = await openWorld(spec, 2, "mujoco");
    for (const env of [0, 1]) {
      world.place(env, 0, -0.4, 0, env === 0 ? 0 : Math.PI);
      world.place(env, 1, 0.2, 0, 0.3);
      world.place(env, 2, 0.2, 1, 0);
    }
    for (let t = 0; t < 40; t++) world.step(Float32Array.of(0.4, 0, 0.4, 0));
    expect(pose(world, 1)).toMatchObject({ x_m: expect.closeTo(0.2, 6), y_m: 0 });
    expect(pose(world, 1).yaw_rad).toBeCloseTo(0.3, 6);
    expect(pose(world, 0).x_m).toBeLessThan(0.2 - 0.075 - pusherReach_m(egoPushRobot) + 0.02);
    expect([world.touched(0, 0, 1), world.touched(0, 0, WALLS)]).toEqual([true, false]);
    expect([world.touched(1, 0, 1), world.touched(1, 0, WALLS)]).toEqual([false, true]);
    // a new episode of one touches nothing yet, and the other's contacts stay
    world.place(0, 0, -0.4, 0, 0);
    expect([world.touched(0, 0, 1), world.touched(1, 0, WALLS)]).toEqual([false, true]);
    world.free();
  });

  it.each(scenes.map((scene) => [scene.name, scene] as const))(
    "%s starts from its seed alone, and is finite",
    async (_, scene) => {
      const groups = ["keypoints:occlusion", "proprioception", "privileged", "layers"] as const;
      const options = { envs: 2, engine: "mujoco", groups, purpose: "evaluation" } as const;
      const drifted = await openBatch(scene, options);
      const fresh = await openBatch(scene, options);
      for (const batch of [drifted, fresh]) batch.reset();
      for (let t = 0; t < 5; t++) drifted.step(Float32Array.of(1, 1, 1, -0.5));
      for (const batch of [drifted, fresh]) batch.reset();
      for (let t = 0; t < 5; t++) {
        for (const batch of [drifted, fresh]) batch.step(Float32Array.of(1, 0, 0.5, 0.2));
      }
      // the second episode of both, so the same starts
      expect(fingerprint(drifted)).toBe(fingerprint(fresh));
      expect(fresh.world.states.every(Number.isFinite)).toBe(true);
      for (const batch of [drifted, fresh]) batch.free();
    },
  );
});

it("says in a sentence how to get MuJoCo where it is missing", async () => {
  const missing = load("@mujoco/not-installed-here");
  await expect(missing).rejects.toThrow(ConfigError);
  await expect(missing).rejects.toThrow(
    'The MuJoCo engine needs the package "@mujoco/not-installed-here", which is not installed.',
  );
});
