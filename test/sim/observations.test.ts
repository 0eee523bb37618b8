/** Observation rows of scenes set up by hand: the robot at (0.5, -0.2), facing along +y. */

import { describe, expect, it } from "vitest";
import { z } from "zod";
import { createRng } from "../../core/rng.ts";
import { writeGoal } from "../../sim/goal.ts";
import { Ground } from "../../sim/ground.ts";
import { HIDDEN, KEYPOINTS } from "../../sim/keypoints.ts";
import { jitterKeypoints, Observer, proprioceptionLayout } from "../../sim/observations.ts";
import { privilegedLayout, privilegedLayoutOf, writePrivileged } from "../../sim/privileged.ts";
import { egoPushRobot } from "../../sim/robots/diff-drive.ts";
import { defineScene, type PlanarPose, type Roles } from "../../sim/scene.ts";
import type { Shape } from "../../sim/shape.ts";
import type { Observability } from "../../sim/visibility.ts";
import { bodyState, World } from "../../sim/world.ts";

const cube: Shape = { kind: "box", size_m: [0.15, 0.15, 0.15] };
const tower: Shape = { kind: "box", size_m: [0.15, 0.15, 0.4] };
const can: Shape = { kind: "cylinder", diameter_m: 0.1, height_m: 0.2 };

const [ACTIVE, ANCHOR, NEAR, FAR] = [1, 2, 3, 4];
const roles: Roles = { active: ACTIVE, anchor: ANCHOR, obstacles: [FAR, NEAR] };

const scene = defineScene({
  name: "table",
  summary: "Four bodies, nothing to do.",
  config: z.strictObject({}),
  timing: { physicsStep_s: 1 / 60, controlStep_s: 1 / 10 },
  cast: () => ({
    robot: egoPushRobot,
    arenaSide_m: 6,
    bodies: [cube, tower, can, cube].map((shape, i) => ({
      name: `body ${i + 1}`,
      shape,
      mass_kg: 0.4,
      friction: 0.5,
      motion: "dynamic",
    })),
  }),
  start: () => [],
  roles: () => [roles],
  target: () => undefined,
  reading: () => ({}),
  measure: () => {},
  stages: () => [{ name: "none", budgetSteps: 1, done: () => false, terms: {} }],
  failure: () => undefined,
}).assemble({});

/** Rows of the bodies at these poses; the robot's is [0.5, -0.2, 90 degrees]. */
function setUp(poses: Readonly<Record<number, readonly [x: number, y: number, yaw_rad: number]>>) {
  const { robot, bodies, arenaSide_m } = scene.cast;
  const spec = { robot, bodies, arenaSide_m, contact: "planar", physicsStep_s: 1 / 60 } as const;
  const world = new World({ ...spec, substeps: 6 }, 1);
  world.place(0, 0, 0.5, -0.2, Math.PI / 2);
  // out of everybody's way unless placed
  for (let body = 1; body <= 4; body++)
    world.place(0, body, ...(poses[body] ?? [-2.5, -2.5 + body, 0]));
  const ground = new Ground(world);
  ground.markStart();
  const observer = new Observer(scene);
  const keypoints = (observability: Observability, target?: PlanarPose) => {
    const row = new Float32Array(observer.keypoints.size);
    observer.writeKeypoints(ground, roles, target, observability, row, 0);
    return (role: string, slot = 0) => {
      const at = (observer.keypoints.at as Readonly<Record<string, number>>)[role];
      const from = at + slot * KEYPOINTS * 3;
      return [...row.subarray(from, from + KEYPOINTS * 3)];
    };
  };
  return { world, ground, observer, keypoints };
}

const hidden = Array.from({ length: KEYPOINTS * 3 }, () => HIDDEN);
const close = (values: readonly number[]) => values.map((x) => expect.closeTo(x, 5));

describe("keypoints", () => {
  it("are the corners of the top face in the base frame: x forward, y left, z from the floor", () => {
    // 1 m ahead and 0.2 m to the left, turned like the world; canonical x is left of the robot's
    const { keypoints, world } = setUp({ [ACTIVE]: [0.3, 0.8, 0] });
    const h = 0.075;
    expect(keypoints("global")("active")).toEqual(
      close(
        [
          [1 + h, 0.2 - h, 0.15],
          [1 + h, 0.2 + h, 0.15],
          [1 - h, 0.2 + h, 0.15],
          [1 - h, 0.2 - h, 0.15],
        ].flat(),
      ),
    );
    world.free();
  });

  it("turn with the body", () => {
    // turned by 45 degrees, its corners lie on the axes, sqrt(2) * 0.075 m out
    const { keypoints, world } = setUp({ [ACTIVE]: [0.5, 0.8, Math.PI / 4] });
    const d = Math.SQRT2 * 0.075;
    expect(keypoints("global")("active")).toEqual(
      close(
        [
          [1 + d, 0, 0.15],
          [1, d, 0.15],
          [1 - d, 0, 0.15],
          [1, -d, 0.15],
        ].flat(),
      ),
    );
    world.free();
  });

  it("hides what is behind the robot, and shows it where nothing is masked", () => {
    const { keypoints, world } = setUp({ [ACTIVE]: [0.5, -1.2, 0] });
    expect(keypoints("fov")("active")).toEqual(hidden);
    expect(keypoints("global")("active")).not.toContain(HIDDEN);
    world.free();
  });

  it("hides point by point at the edge of the view", () => {
    // 1 m ahead the half width is 0.69 m at the camera's height; the body straddles that
    const { keypoints, world } = setUp({ [ACTIVE]: [0.5 - 0.71, 0.8, 0] });
    const xs = keypoints("fov")("active").filter((_, i) => i % 3 === 0);
    const shown = xs.filter((x) => x !== HIDDEN);
    expect(shown.length).toBeGreaterThan(0);
    expect(shown.length).toBeLessThan(KEYPOINTS);
    world.free();
  });

  it("shows an object whole, or not at all, where the mask is by objects", () => {
    const inside = setUp({ [ACTIVE]: [0.5 - 0.66, 0.8, 0] });
    expect(inside.keypoints("fov")("active")).toContain(HIDDEN);
    expect(inside.keypoints("objects")("active")).not.toContain(HIDDEN);
    inside.world.free();
    const outside = setUp({ [ACTIVE]: [0.5 - 0.75, 0.8, 0] });
    expect(
      outside
        .keypoints("fov")("active")
        .filter((x) => x !== HIDDEN),
    ).not.toEqual([]);
    expect(outside.keypoints("objects")("active")).toEqual(hidden);
    outside.world.free();
  });

  it("moves all points of a role together where a tracker is noisy, and leaves hidden ones hidden", () => {
    const { keypoints, observer, world } = setUp({
      [ACTIVE]: [0.3, 0.8, 0],
      [ANCHOR]: [0.5, -2, 0],
    });
    const exact = [...keypoints("fov")("active"), ...keypoints("fov")("anchor")];
    const offsets: number[] = [];
    for (let i = 0; i < 400; i++) {
      const row = new Float32Array(observer.keypoints.size).fill(HIDDEN);
      row.set(exact, 0);
      jitterKeypoints(observer.keypoints, 0.02, createRng(i), row, 0);
      const moved = [...row.subarray(0, KEYPOINTS * 3)].map((x, k) => x - exact[k]);
      expect(moved.filter((_, k) => k % 3 === 2)).toEqual(close([0, 0, 0, 0]));
      for (let k = 3; k < KEYPOINTS * 3; k++) expect(moved[k]).toBeCloseTo(moved[k % 3], 5);
      expect([...row.subarray(KEYPOINTS * 3, KEYPOINTS * 6)]).toEqual(hidden);
      offsets.push(moved[0], moved[1]);
    }
    const mean = offsets.reduce((a, b) => a + b, 0) / offsets.length;
    const deviation = Math.sqrt(offsets.reduce((a, b) => a + b * b, 0) / offsets.length);
    expect(Math.abs(mean)).toBeLessThan(0.003);
    expect(deviation).toBeGreaterThan(0.0185);
    expect(deviation).toBeLessThan(0.0215);
    world.free();
  });

  it("moves the reference with the anchor, whatever else is in view", () => {
    const { keypoints, observer, world } = setUp({
      [ACTIVE]: [0.3, 0.8, 0],
      [ANCHOR]: [0.5, 0.9, 0],
      [NEAR]: [0.8, 0.9, 0],
    });
    const seen = keypoints("global", { x_m: 0.5, y_m: 0.65, yaw_rad: 0 });
    const exact = [seen("anchor"), seen("reference"), seen("obstacles", 0)];
    const row = new Float32Array(observer.keypoints.size).fill(HIDDEN);
    const { anchor, reference, obstacles } = observer.keypoints.at as Record<string, number>;
    [anchor, reference, obstacles].forEach((at, i) => void row.set(exact[i], at));
    jitterKeypoints(observer.keypoints, 0.02, createRng(1), row, 0);
    const moved = [anchor, reference, obstacles].map((at, i) => row[at] - exact[i][0]);
    expect(moved[0]).not.toBeCloseTo(0, 4);
    expect(moved[1]).toBeCloseTo(moved[0], 6);
    expect(moved[2]).not.toBeCloseTo(moved[0], 4);
    world.free();
  });

  it("sorts obstacles by distance", () => {
    const { keypoints, world } = setUp({ [NEAR]: [0.5, 0.5, 0], [FAR]: [0.5, 1.8, 0] });
    const seen = keypoints("global");
    // the can's first point is 5 cm along its own x, which is the robot's right
    expect(seen("obstacles", 0).slice(0, 3)).toEqual(close([0.7, -0.05, 0.2]));
    expect(seen("obstacles", 1).slice(0, 3)).toEqual(close([2 + 0.075, -0.075, 0.15]));
    world.free();
  });

  it("hides what stands behind something taller under occlusion only", () => {
    const { keypoints, world } = setUp({ [ANCHOR]: [0.5, 0.5, 0], [ACTIVE]: [0.5, 0.9, 0] });
    expect(keypoints("fov")("active")).not.toContain(HIDDEN);
    expect(keypoints("occlusion")("active")).toEqual(hidden);
    // what is in front is not hidden by what is behind
    expect(keypoints("occlusion")("anchor")).toEqual(keypoints("fov")("anchor"));
    world.free();
  });

  it("shows it again once it stands aside", () => {
    const { keypoints, world } = setUp({ [ANCHOR]: [0.5, 0.5, 0], [ACTIVE]: [0.1, 0.9, 0] });
    expect(keypoints("occlusion")("active")).not.toContain(HIDDEN);
    world.free();
  });

  it("looks over what is no taller than itself, as the camera stands above both", () => {
    const { keypoints, world } = setUp({ [FAR]: [0.5, 0.5, 0], [ACTIVE]: [0.5, 0.9, 0] });
    expect(keypoints("occlusion")("active")).not.toContain(HIDDEN);
    world.free();
  });
});

describe("the reference", () => {
  const target: PlanarPose = { x_m: 0.5, y_m: 0.6, yaw_rad: 0 };

  it("has the active object's points at its target", () => {
    const { keypoints, world } = setUp({ [ACTIVE]: [-0.3, 0.2, 1], [ANCHOR]: [0.5, 1.1, 0] });
    const there = setUp({ [ACTIVE]: [0.5, 0.6, 0] });
    const expected = there.keypoints("global")("active");
    expect(keypoints("fov", target)("reference")).toEqual(close(expected));
    for (const each of [world, there.world]) each.free();
  });

  it.each([
    ["ahead", 0, true],
    // half the width of the view at 1 m is 0.70 m, and the gate is 0.6 of it
    ["0.35 m to the left", 0.35, true],
    ["0.5 m to the left, still in view", 0.5, false],
    ["out of view", 1.4, false],
  ])("is shown through the gate with the anchor %s: %f m, %s", (_, left_m, shown) => {
    const { keypoints, world } = setUp({ [ANCHOR]: [0.5 - left_m, 0.8, 0] });
    expect(keypoints("fov", target)("reference")).not.toContain(HIDDEN);
    const gated = keypoints("fov+gate", target)("reference");
    if (shown) expect(gated).not.toContain(HIDDEN);
    else expect(gated).toEqual(hidden);
    world.free();
  });

  it("is hidden like anything else where it is out of view", () => {
    const { keypoints, world } = setUp({ [ANCHOR]: [0.5, 0.8, 0] });
    const behind = { ...target, y_m: -1 };
    expect(keypoints("fov", behind)("reference")).toEqual(hidden);
    expect(keypoints("global", behind)("reference")).not.toContain(HIDDEN);
    world.free();
  });
});

describe("privileged", () => {
  it("tells a critic where everything is, in the robot's frame", () => {
    const { ground, world } = setUp({
      [ACTIVE]: [0.2, 0.3, Math.PI / 6],
      [ANCHOR]: [0.5, 0.8, 0],
    });
    const setVelocity = (body: number, vx: number, vy: number, turn: number) => {
      world.states.set([vx, vy, 0, 0, 0, turn], body * bodyState.size + 7);
    };
    setVelocity(0, 0, 0.2, 0.5);
    setVelocity(ACTIVE, -0.1, 0, -1);
    const columns = privilegedLayoutOf(scene);
    const row = new Float32Array(columns.size + 5).fill(7);
    const progress = {
      stage: 2,
      remaining: 3,
      reached: true,
      elapsed: 0.25,
      action: [0.5, -1] as const,
    };
    const target = { x_m: 0.5, y_m: 0.8, yaw_rad: 0 };
    writePrivileged(scene, columns, ground, roles, target, progress, row, 5);
    const read = (name: keyof typeof privilegedLayout.at) => {
      const from = 5 + privilegedLayout.at[name];
      return [...row.subarray(from, from + privilegedLayout.width[name])];
    };
    expect(read("robotTwist")).toEqual(close([0.2, 0, 0.5]));
    expect(read("robotPose")).toEqual(close([0.5, -0.2, 1, 0]));
    // 0.5 m ahead and 0.3 m to the left: sqrt(0.34) m away, atan(0.6) = 30.96 of 180 degrees
    expect(read("active")).toEqual(close([0.5, 0.3, 0.583095, 0.172021]));
    // to the world's -x is to the robot's left
    expect(read("activeTwist")).toEqual(close([0, 0.1, -1]));
    expect(read("activePose")).toEqual(close([0.2, 0.3]));
    expect(read("target")).toEqual(close([1, 0, 1, 0]));
    // from the object 0.3 m along x and 0.5 m along y
    expect(read("push")).toEqual(close([0.5, -0.3, 0.583095, -0.172021]));
    // 30 degrees times the four turns of a square are 120
    expect(read("yawError")).toEqual(close([Math.sqrt(3) / 2, -0.5]));
    expect(read("anchor")).toEqual(close([1, 0]));
    expect(read("progress")).toEqual([2, 1, 0.25]);
    expect(read("previousAction")).toEqual([0.5, -1]);
    expect([...row.subarray(0, 5)]).toEqual([7, 7, 7, 7, 7]);
    world.free();
  });
});

it("privileged has the nearest obstacles where a stage has more of them than there is room for", () => {
  const { ground, world } = setUp({ [NEAR]: [0.5, 0.8, 0], [FAR]: [0.5, 1.8, 0] });
  const columns = privilegedLayoutOf(scene);
  const row = new Float32Array(columns.size + 4).fill(7);
  const progress = { stage: 0, remaining: 3, reached: false, elapsed: 0, action: [0, 0] } as const;
  // without an anchor there are three
  const crowded = { active: ACTIVE, obstacles: [ANCHOR, FAR, NEAR] };
  writePrivileged(scene, columns, ground, crowded, undefined, progress, row, 0);
  const at = columns.at as Readonly<Record<string, number>>;
  expect([...row.subarray(at.obstacles, at.obstacles + 4)]).toEqual(close([1, 0, 2, 0]));
  expect(row[at.remaining]).toBe(3);
  expect([...row.subarray(columns.size)]).toEqual([7, 7, 7, 7]);
  world.free();
});

it("names every column", () => {
  expect(proprioceptionLayout.size).toBe(2);
  const { observer, world } = setUp({});
  expect(observer.keypoints.width).toEqual({
    active: 12,
    anchor: 12,
    obstacles: 24,
    reference: 12,
  });
  world.free();
});

describe("goal", () => {
  const target = { x_m: 0.75, y_m: 0.8, yaw_rad: Math.PI / 2 + Math.PI / 8 };
  const row = (headingError_rad: number, shape: Shape = cube) => {
    const { ground, world } = setUp({ [ANCHOR]: [0.5, 0.8, 1] });
    const out = new Float32Array(6).fill(7);
    writeGoal(ground, roles, shape, target, headingError_rad, out, 1);
    world.free();
    return [...out];
  };

  it("is the way from anchor to target in the robot's axes, whose x is the world's y", () => {
    // 0.25 m along the world's x is to the right; 22.5 degrees times the four turns of a cube are 90
    expect(row(0)).toEqual([7, ...close([0, -0.25, 1, 0]), 7]);
    // a cylinder has no yaw
    expect(row(0, can).slice(1, 5)).toEqual(close([0, -0.25, 0, 1]));
  });

  it("turns with what the robot takes for its heading", () => {
    // it believes to face 90 degrees further to the left: along -x
    expect(row(Math.PI / 2).slice(1, 3)).toEqual(close([-0.25, 0]));
    // 22.5 degrees off make 90 for a cube
    expect(row(Math.PI / 8).slice(3, 5)).toEqual(close([0, 1]));
  });

  it("knows nothing of an anchor that was turned, which turns the target with it", () => {
    const { ground, world } = setUp({ [ANCHOR]: [0.5, 0.8, 1] });
    const told = () => {
      const { x_m, y_m, yaw_rad } = ground.pose(ANCHOR);
      const [cos, sin] = [Math.cos(yaw_rad), Math.sin(yaw_rad)];
      const ahead = { x_m: x_m + 0.25 * cos, y_m: y_m + 0.25 * sin, yaw_rad };
      const out = new Float32Array(4);
      writeGoal(ground, roles, cube, ahead, 0, out, 0);
      return [...out];
    };
    const before = told();
    world.place(0, ANCHOR, 0.52, 0.79, 1.3);
    expect(told()).toEqual(close(before));
    world.free();
  });

  it("is nothing where there is no anchor or no target", () => {
    const { ground, world } = setUp({});
    const nothing = (who: Roles, where: PlanarPose | undefined) => {
      const out = new Float32Array(4).fill(7);
      writeGoal(ground, who, cube, where, 0, out, 0);
      expect([...out]).toEqual([0, 0, 0, 0]);
    };
    nothing(roles, undefined);
    nothing({ active: ACTIVE, obstacles: [] }, target);
    world.free();
  });
});
