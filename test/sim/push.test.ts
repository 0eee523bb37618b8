import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { Ground } from "../../sim/ground.ts";
import { approachDetour_m, crowding, wayAround } from "../../sim/push.ts";
import { egoPushRobot } from "../../sim/robots/diff-drive.ts";
import { findScene } from "../../sim/scenes/index.ts";
import { openBatch } from "../support/conformance.ts";

const disc = { x_m: 3, y_m: -1, radius_m: 1 };
/** The way from one point to another, both seen from the middle of the disc. */
const way = (x: number, y: number, tx: number, ty: number) =>
  wayAround(disc, 3 + x, -1 + y, { x_m: 3 + tx, y_m: -1 + ty });

describe("wayAround", () => {
  it("goes along two tangents and the arc between", () => {
    // tangents of sqrt(3), an arc of 180 - 2 * 60 degrees, against 4 straight on
    const { detour_m, heading_rad } = way(-2, 0, 2, 0);
    expect(detour_m).toBeCloseTo(2 * Math.sqrt(3) + Math.PI / 3 - 4, 9);
    expect(Math.abs(heading_rad)).toBeCloseTo(Math.PI / 6, 9);
  });

  it("passes on the shorter side", () => {
    expect(way(-2, 0.1, 2, 0.1).heading_rad).toBeGreaterThan(0);
    expect(way(-2, -0.1, 2, -0.1).heading_rad).toBeLessThan(0);
  });

  it("is the straight line where that is free", () => {
    expect(way(-2, 1.01, 2, 1.01)).toEqual({ detour_m: 0, heading_rad: 0 });
    expect(way(2, 0, 5, 0)).toEqual({ detour_m: 0, heading_rad: 0 });
    expect(way(2, 0, 2, 3).heading_rad).toBeCloseTo(Math.PI / 2, 9);
  });

  it("is as long there as back, and never longer than half way round", () => {
    const angle = fc.double({ min: -Math.PI, max: Math.PI, noNaN: true });
    const range = fc.double({ min: 1.01, max: 4, noNaN: true });
    fc.assert(
      fc.property(angle, range, angle, range, (a, r, b, s) => {
        const from = [r * Math.cos(a), r * Math.sin(a)] as const;
        const to = [s * Math.cos(b), s * Math.sin(b)] as const;
        const there = way(...from, ...to).detour_m;
        expect(there).toBeCloseTo(way(...to, ...from).detour_m, 6);
        expect(there).toBeGreaterThanOrEqual(0);
        // at worst half way round the disc instead of across it
        expect(there).toBeLessThanOrEqual(Math.PI - 2 + 1e-6);
      }),
    );
  });
});

describe("what stands about", () => {
  const [ANCHOR, ACTIVE, NEAR, FAR] = [1, 2, 3, 4];
  /** Robot at the origin looking along x, its object 1 m ahead, two others where they are put, the rest in corners. */
  async function groundWith(near: readonly [number, number], far: readonly [number, number]) {
    const batch = await openBatch(findScene("push-cross"), { envs: 1, groups: ["proprioception"] });
    batch.reset();
    batch.world.place(0, 0, 0, 0, 0);
    batch.world.place(0, ANCHOR, -1.3, -1.3, 0);
    batch.world.place(0, ACTIVE, 1, 0, 0);
    batch.world.place(0, NEAR, ...near, 0);
    batch.world.place(0, FAR, ...far, 0);
    batch.world.place(0, 5, -1.3, 1.3, 0);
    return { ground: new Ground(batch.world), batch };
  }
  const roles = { active: ACTIVE, obstacles: [NEAR, FAR, 5] };

  it("is no detour unless it stands in the robot's way, and the object itself never does", async () => {
    const free = await groundWith([0.5, 0.5], [0.5, -0.5]);
    expect(approachDetour_m(free.ground, egoPushRobot, ACTIVE)).toBe(0);
    const blocked = await groundWith([0.5, 0], [1.3, 1.3]);
    // tangents of sqrt(0.5^2 - 0.26^2) on both sides and the arc between, 26 cm off, against 1 m
    const arc = 0.26 * (Math.PI - 2 * Math.acos(0.26 / 0.5));
    const way_m = 2 * Math.sqrt(0.5 ** 2 - 0.26 ** 2) + arc;
    expect(approachDetour_m(blocked.ground, egoPushRobot, ACTIVE)).toBeCloseTo(way_m - 1, 5);
    free.batch.free();
    blocked.batch.free();
  });

  it("crowds the robot as it closes up, before its pusher as behind and beside it", async () => {
    const { ground, batch } = await groundWith([-1, 1.3], [1.3, 1.3]);
    const crowded = (x_m: number, y_m: number) => {
      batch.world.place(0, NEAR, x_m, y_m, 0);
      return crowding(ground, egoPushRobot, roles);
    };
    // the pusher's face is 14.5 cm ahead, the back 7 cm behind, the sides 7 cm off; objects count as 9 cm deep
    expect(crowded(0.145 + 0.09 + 0.101, 0)).toBe(0);
    expect(crowded(0.145 + 0.09 + 0.05, 0)).toBeCloseTo(0.5, 5);
    expect(crowded(-0.07 - 0.09 - 0.025, 0)).toBeCloseTo(0.75, 5);
    expect(crowded(0, 0.07 + 0.09)).toBeCloseTo(1, 5);
    expect(crowded(0, -0.07 - 0.08)).toBe(1);
    batch.free();
  });

  it("crowds a robot whose pusher is wider than its base before all of that", async () => {
    const { ground, batch } = await groundWith([-1, 1.3], [1.3, 1.3]);
    const pusher_m = { ...egoPushRobot.pusher_m, width: 0.4 };
    const crowded = (x_m: number, y_m: number) => {
      batch.world.place(0, NEAR, x_m, y_m, 0);
      return crowding(ground, { ...egoPushRobot, pusher_m }, roles);
    };
    // 20 cm to either side from 7 cm ahead on, 7 cm behind that
    expect(crowded(0.1, 0.2)).toBe(1);
    expect(crowded(0.1, -0.2 - 0.09 - 0.05)).toBeCloseTo(0.5, 5);
    expect(crowded(-0.07 - 0.09 - 0.05, 0)).toBeCloseTo(0.5, 5);
    // 3 cm beside the base, but the pusher's back is nearer
    expect(crowded(0.04, 0.07 + 0.09 + 0.03)).toBe(1);
    batch.free();
  });

  it("crowds the object, too", async () => {
    const { ground, batch } = await groundWith([1, 0.18 + 0.05], [1.3, 1.3]);
    expect(crowding(ground, egoPushRobot, roles)).toBeCloseTo(0.5, 5);
    batch.free();
  });
});
