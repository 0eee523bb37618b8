import { describe, expect, it } from "vitest";
import { exact } from "../../sim/randomization.ts";
import { lastSeenNames } from "../../sim/recollection.ts";
import type { SceneBatch } from "../../sim/scene-batch.ts";
import { findScene } from "../../sim/scenes/index.ts";
import { bodyState } from "../../sim/world.ts";
import { openBatch } from "../support/conformance.ts";

const ACTIVE = 2;

/** One environment of push-cross: the robot in a corner, the active object 0.8 m ahead of it. */
async function setUp(randomization = exact) {
  const batch = await openBatch(findScene("push-cross"), {
    envs: 1,
    groups: ["lastSeen"],
    randomization,
  });
  batch.reset();
  const ahead_m = 0.8 * Math.SQRT1_2;
  batch.world.place(0, 0, -1.2, -1.2, Math.PI / 4);
  batch.world.place(0, ACTIVE, -1.2 + ahead_m, -1.2 + ahead_m, 0);
  const step = (forward: number, turn: number) => {
    batch.step(Float32Array.of(forward, turn));
    expect(batch.ends).toEqual([]);
  };
  step(0, 0);
  return { batch, step, read: () => [...batch.groups.lastSeen.subarray(0, 4)] };
}

/** Where a body really is, in the robot's frame. */
function truth(batch: SceneBatch, row: number): readonly [x: number, y: number] {
  const at = (body: number) => body * bodyState.size;
  const s = batch.world.states;
  const yaw = 2 * Math.atan2(s[5], s[6]);
  const [dx, dy] = [s[at(row)] - s[0], s[at(row) + 1] - s[1]];
  return [Math.cos(yaw) * dx + Math.sin(yaw) * dy, -Math.sin(yaw) * dx + Math.cos(yaw) * dy];
}

describe("the group lastSeen", () => {
  it("says where things are while they are in view", async () => {
    const { batch, read } = await setUp();
    expect(read()).toEqual([1, expect.closeTo(0.8, 3), expect.closeTo(0, 3), 0]);
    batch.free();
  });

  it("follows by the robot's own commands what has gone out of view, and lets it grow stale", async () => {
    const { batch, step, read } = await setUp();
    for (let t = 0; t < 10; t++) step(0.5, 0.6);
    // until the wheels have done what they were told
    for (let t = 0; t < 5; t++) step(0, 0);
    const [known, x, y, staleness] = read();
    const [trueX, trueY] = truth(batch, ACTIVE);
    expect(trueX).toBeLessThan(0.3);
    expect(known).toBe(1);
    expect(Math.hypot(x - trueX, y - trueY)).toBeLessThan(0.04);
    expect(staleness).toBeGreaterThan(0.1);
    expect(staleness).toBeLessThan(1);
    batch.free();
  });

  it("goes by what was commanded, not by when that arrives, which no robot knows", async () => {
    const apartAfterTurning = async (delay: number) => {
      const { batch, step, read } = await setUp({ ...exact, actionDelaySteps: [delay, delay] });
      for (let t = 0; t < 10; t++) step(0, 1);
      // until the wheels have done what they were told
      for (let t = 0; t < 8; t++) step(0, 0);
      const [, x, y] = read();
      const [trueX, trueY] = truth(batch, ACTIVE);
      batch.free();
      return Math.hypot(x - trueX, y - trueY);
    };
    expect(await apartAfterTurning(0)).toBeLessThan(0.05);
    // once it is out of view, two steps of turning go uncounted: 2 * 0.1 s * 2.84 rad/s, 0.8 m away
    expect(await apartAfterTurning(2)).toBeGreaterThan(0.3);
  });

  it("has a place for each role, and for three obstacles the nearest first", async () => {
    const batch = await openBatch(findScene("push-cross"), { envs: 64, groups: ["lastSeen"] });
    expect(lastSeenNames(batch.scene)).toEqual([
      "active",
      "anchor",
      "obstacle 1",
      "obstacle 2",
      "obstacle 3",
    ]);
    batch.reset();
    const rows = batch.groups.lastSeen;
    let known = 0;
    for (let env = 0; env < 64; env++) {
      const range = (i: number) => {
        const at = env * 20 + (2 + i) * 4;
        if (rows[at] === 0) {
          expect([...rows.subarray(at, at + 4)]).toEqual([0, 0, 0, 1]);
          return Number.POSITIVE_INFINITY;
        }
        known++;
        return Math.hypot(rows[at + 1], rows[at + 2]);
      };
      const ranges = [range(0), range(1), range(2)];
      expect(ranges).toEqual([...ranges].sort((a, b) => a - b));
    }
    // a camera 69 degrees wide sees about a fifth of what stands around it
    expect(known).toBeGreaterThan(12);
    expect(known).toBeLessThan(110);
    batch.free();
  });
});

describe("a robot with a camera", () => {
  it("knows from its images where things are, within a few centimetres, and nothing of what they do not show", async () => {
    const envs = 16;
    const batch = await openBatch(findScene("push-cross"), {
      envs,
      groups: ["layers", "lastSeen"],
    });
    batch.reset();
    const states = batch.world.states;
    const bodies = batch.world.bodies.length;
    const errors: number[] = [];
    let unknown = 0;
    for (let env = 0; env < envs; env++) {
      const row = env * batch.rowSizes.lastSeen;
      // the anchor, body 1, is the second of the memory's four columns each
      const [known, x, y] = batch.groups.lastSeen.subarray(row + 4, row + 8);
      const at = (body: number) => (env * bodies + body) * bodyState.size;
      const yaw = 2 * Math.atan2(states[at(0) + 5], states[at(0) + 6]);
      const [dx, dy] = [states[at(1)] - states[at(0)], states[at(1) + 1] - states[at(0) + 1]];
      const ahead = Math.cos(yaw) * dx + Math.sin(yaw) * dy;
      const left = -Math.sin(yaw) * dx + Math.cos(yaw) * dy;
      if (known === 1) errors.push(Math.hypot(x - ahead, y - left));
      else unknown++;
      // 45 degrees off the axis is beyond the image of 69 degrees
      if (Math.abs(Math.atan2(left, ahead)) > Math.PI / 4) expect(known).toBe(0);
    }
    expect(errors.length).toBeGreaterThan(1);
    expect(unknown).toBeGreaterThan(1);
    expect(Math.max(...errors)).toBeLessThan(0.08);
    errors.sort((a, b) => a - b);
    expect(errors[Math.floor(errors.length / 2)]).toBeLessThan(0.03);
    // it is not told either: the truth would be exact
    expect(errors[0]).toBeGreaterThan(1e-4);
    batch.free();
  });
});
