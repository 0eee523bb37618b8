import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { createRng } from "../../../core/rng.ts";
import { drawArrangement } from "../../../sim/arrangement/random.ts";
import { type Outline, outlineOf, separation_m } from "../../../sim/contact/outline.ts";
import { egoPushRobot } from "../../../sim/robots/diff-drive.ts";
import {
  type AssembledScene,
  assembleScene,
  drawEpisode,
  type Episode,
  type PlanarPose,
} from "../../../sim/scene.ts";
import { findScene } from "../../../sim/scenes/index.ts";
import { pushable, type Shape } from "../../../sim/shape.ts";

const assemble = (name: string, config?: object) => assembleScene(findScene(name), config);

const kinds = {
  cross: assemble("push-cross"),
  "fixed cross of prisms": assemble("push-cross", { shape: "prism", assignment: "fixed" }),
  "random of six": assemble("push-arrangement", {
    shapes: ["cube", "cylinder", "prism", "cube", "prism"],
  }),
};

it.each(["push-cross", "push-pair"])(
  "%s starts inside the walls, however wide its starts",
  (name) => {
    const arenaSide_m = 2.4;
    const scene = assembleScene(findScene(name), { arenaSide_m, startWithin_m: 3 });
    for (let seed = 0; seed < 100; seed++) {
      for (const close of [false, true]) {
        const { poses } = drawEpisode(scene, createRng(seed), { progress: 0, close });
        poses.forEach(({ x_m, y_m }, row) => {
          // objects: half a cube, and the robot with its pusher behind it, 21.5 cm
          const room_m = row === 0 ? 0.25 : 0.29;
          expect(Math.max(Math.abs(x_m), Math.abs(y_m))).toBeLessThanOrEqual(
            arenaSide_m / 2 - room_m + 1e-9,
          );
        });
      }
    }
  },
);

it("begins a later stage within the walls, though the last object was placed close to one", () => {
  const arrangement = { objects: [0.9, 0.6].map((x_m) => ({ x_m, y_m: 0 })) };
  const scene = assemble("push-arrangement", { arrangement, assignment: "fixed" });
  let close = 0;
  for (let seed = 0; seed < 400; seed++) {
    const { poses } = draw(scene, seed, 0.5, false);
    const [robot, , placed] = poses;
    // a wall is 1.5 m away, and 0.17 m is the farthest corner of the robot
    expect(Math.max(Math.abs(robot.x_m), Math.abs(robot.y_m)), `seed ${seed}`).toBeLessThan(1.33);
    if (Math.max(Math.abs(placed.x_m), Math.abs(placed.y_m)) > 1.1) close++;
  }
  expect(close).toBeGreaterThan(10);
});

function draw(scene: AssembledScene, seed: number, progress: number, close: boolean) {
  if (!scene.episode) throw new Error("internal: an arrangement draws its episodes.");
  return scene.episode(createRng(seed), { progress, close }) as Episode<{
    readonly slots: readonly PlanarPose[];
    readonly slotOf: readonly number[];
  }>;
}

function outlineAt(shape: Shape, { x_m, y_m, yaw_rad }: PlanarPose): Outline {
  const { corners, xy_m, radius_m } = outlineOf(shape);
  const placed = xy_m.slice();
  for (let i = 0; i < corners; i++) {
    placed[2 * i] = x_m + Math.cos(yaw_rad) * xy_m[2 * i] - Math.sin(yaw_rad) * xy_m[2 * i + 1];
    placed[2 * i + 1] = y_m + Math.sin(yaw_rad) * xy_m[2 * i] + Math.cos(yaw_rad) * xy_m[2 * i + 1];
  }
  return { corners, xy_m: placed, radius_m };
}

/** The robot with its pusher: 21.5 cm by 14 cm, 3.75 cm ahead of its origin. */
const robotShape: Shape = { kind: "box", size_m: [0.215, 0.14, 0.1] };
const robotMiddle = ({ x_m, y_m, yaw_rad }: PlanarPose) => ({
  x_m: x_m + 0.0375 * Math.cos(yaw_rad),
  y_m: y_m + 0.0375 * Math.sin(yaw_rad),
  yaw_rad,
});

describe.each(Object.entries(kinds))("episodes of a %s", (_, scene) => {
  const wish = [fc.nat(), fc.double({ min: 0, max: 0.999, noNaN: true }), fc.boolean()] as const;

  it("begin with nothing touching anything, inside the walls", () => {
    fc.assert(
      fc.property(...wish, (seed, progress, close) => {
        const { poses, stages } = draw(scene, seed, progress, close);
        expect(poses).toHaveLength(scene.cast.bodies.length + 1);
        const taking = poses.slice(0, stages + 2);
        const outlines = taking.map((pose, row) =>
          row === 0
            ? outlineAt(robotShape, robotMiddle(pose))
            : outlineAt(scene.cast.bodies[row - 1].shape, pose),
        );
        outlines.forEach((one, i) => {
          for (const other of outlines.slice(i + 1))
            expect(separation_m(one, other)).toBeGreaterThan(0.002);
          const far = Math.max(...one.xy_m.map(Math.abs)) + one.radius_m;
          expect(far).toBeLessThan(1.5);
        });
      }),
      { numRuns: 150 },
    );
  });

  it("have the objects of earlier stages in place, each in a slot of its own", () => {
    fc.assert(
      fc.property(...wish, (seed, progress, close) => {
        const { poses, stages, firstStage, plan } = draw(scene, seed, progress, close);
        expect(firstStage).toBe(Math.floor(progress * stages));
        expect(new Set(plan.slotOf).size).toBe(stages);
        const anchor = poses[1];
        for (let stage = 0; stage < firstStage; stage++) {
          const slot = plan.slots[plan.slotOf[stage]];
          const { x_m, y_m } = poses[stage + 2];
          // the slot, turned and moved by the anchor's pose as a complex number
          const [c, s] = [Math.cos(anchor.yaw_rad), Math.sin(anchor.yaw_rad)];
          const dx = x_m - anchor.x_m - (c * slot.x_m - s * slot.y_m);
          const dy = y_m - anchor.y_m - (s * slot.x_m + c * slot.y_m);
          expect(Math.hypot(dx, dy)).toBeLessThan(0.05);
        }
      }),
      { numRuns: 60 },
    );
  });

  it("follow from the seed alone", () => {
    for (const close of [false, true])
      expect(draw(scene, 7, 0.6, close)).toEqual(draw(scene, 7, 0.6, close));
    expect(draw(scene, 8, 0.6, false).poses).not.toEqual(draw(scene, 7, 0.6, false).poses);
  });
});

describe("random arrangements", () => {
  const shapes = ["cube", "cube", "prism", "cylinder", "cube"] as const;
  const drawn = (seed: number) =>
    drawArrangement({ anchor: "cube", shapes, fewest: 2 }, egoPushRobot, 0.8, createRng(seed));

  it("have all counts, keep their distance and stay within reach", () => {
    const counts = new Map<number, number>();
    for (let seed = 0; seed < 400; seed++) {
      const { slots } = drawn(seed);
      counts.set(slots.length, (counts.get(slots.length) ?? 0) + 1);
      expect(slots.map(({ shape }) => shape)).toEqual(shapes.slice(0, slots.length));
      const outlines = [{ x_m: 0, y_m: 0, yaw_rad: 0, shape: "cube" as const }, ...slots].map(
        (slot) => outlineAt(pushable(slot.shape), slot),
      );
      outlines.forEach((one, i) => {
        for (const other of outlines.slice(i + 1))
          expect(separation_m(one, other)).toBeGreaterThanOrEqual(0.05);
      });
      for (const { x_m, y_m } of slots) expect(Math.hypot(x_m, y_m)).toBeLessThanOrEqual(0.8);
    }
    // 100 of each of 2, 3, 4 and 5, with a standard deviation of 9
    expect([...counts.keys()].sort()).toEqual([2, 3, 4, 5]);
    for (const count of counts.values()) expect(Math.abs(count - 100)).toBeLessThan(45);
  });
});
