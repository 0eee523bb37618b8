import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { robotLimits, supervisorSchema } from "../../../bridge/supervisor/config.ts";
import {
  approach,
  atRest,
  type Motion,
  quantized,
  withinSpeeds,
} from "../../../bridge/supervisor/limits.ts";
import {
  isInside,
  nothingSensed,
  withinZones,
  withReading,
} from "../../../bridge/supervisor/zones.ts";

describe("approach", () => {
  it("goes up and levels off as worked out by hand", () => {
    // steps of 1 s, jerk 1, acceleration at most 2: a = 1 2 2 2 2 1, and the speed is its sum
    const limits = { speed: 100, acceleration: 2, jerk: 1, quantum: 0 };
    expect(speeds(atRest, Array(8).fill(10), limits, 1)).toEqual([1, 3, 5, 7, 9, 10, 10, 10]);
  });

  it("takes as long as a jerk-limited ramp has to: v / a + a / j", () => {
    const limits = robotLimits["turtlebot3-burger"].forward;
    const path = speeds(atRest, Array(50).fill(limits.speed), limits, 0.02);
    const needed_s = limits.speed / limits.acceleration + limits.acceleration / limits.jerk;
    const there = path.findIndex((speed) => speed > limits.speed - 1e-9);
    // whole steps, at the beginning, at either corner and at the end
    expect((there + 1) * 0.02).toBeGreaterThan(needed_s - 0.02);
    expect((there + 1) * 0.02).toBeLessThan(needed_s + 0.07);
  });

  it("never breaks a limit, whatever the targets", () => {
    const positive = (min: number, max: number) => fc.double({ min, max, noNaN: true });
    const property = fc.property(
      positive(0.01, 5),
      positive(0.05, 50),
      positive(0.1, 2000),
      positive(0.002, 0.2),
      fc.array(fc.double({ min: -1, max: 1, noNaN: true }), { maxLength: 60 }),
      (speed, acceleration, jerk, step_s, shares) => {
        const limits = { speed, acceleration, jerk, quantum: 0 };
        let before = atRest;
        for (const share of shares) {
          const after = approach(before, share * speed, limits, step_s);
          expect(Math.abs(after.speed)).toBeLessThanOrEqual(speed);
          expect(Math.abs(after.acceleration)).toBeLessThanOrEqual(acceleration);
          const change = Math.abs(after.acceleration - before.acceleration);
          expect(change).toBeLessThanOrEqual(jerk * step_s * (1 + 1e-9));
          // the acceleration is the real one
          expect(after.speed - before.speed).toBeCloseTo(after.acceleration * step_s, 9);
          before = after;
        }
      },
    );
    fc.assert(property, { numRuns: 500, seed: 1 });
  });

  it("gets to any target and stays there", () => {
    const limits = robotLimits["turtlebot3-burger"].turn;
    const property = fc.property(
      fc.array(fc.double({ min: -2.84, max: 2.84, noNaN: true }), { minLength: 1, maxLength: 5 }),
      (targets) => {
        const path = targets.flatMap((target) => Array<number>(60).fill(target));
        const end = speeds(atRest, path, limits, 0.02).slice(-10);
        for (const speed of end) expect(speed).toBeCloseTo(targets[targets.length - 1], 6);
      },
    );
    fc.assert(property, { numRuns: 100, seed: 2 });
  });
});

describe("withinSpeeds", () => {
  const { forward, turn } = robotLimits["turtlebot3-burger"];
  it("slows all columns alike, so that a curve stays the curve it was", () => {
    // 0.44 m/s is twice too fast
    const [v, w] = withinSpeeds([0.44, 1], [forward, turn]);
    expect([v, w]).toEqual([0.22, 0.5]);
    expect(withinSpeeds([0.1, -2.84], [forward, turn])).toEqual([0.1, -2.84]);
  });
});

describe("quantized", () => {
  it("truncates toward zero to hundredths, as turtlebot3_node does, but not below a whole one", () => {
    const { forward } = robotLimits["turtlebot3-burger"];
    const cases = [0.219, -0.219, 0.009, 0.29, 0.14, -0.07, 0];
    expect(cases.map((speed) => quantized(speed, forward))).toEqual([
      0.21, -0.21, 0, 0.29, 0.14, -0.07, 0,
    ]);
  });
});

describe("withinZones", () => {
  const names = ["forward", "turn"];
  const base = supervisorSchema.parse({ columns: robotLimits["turtlebot3-burger"] });
  const square = [
    [0, 0],
    [2, 0],
    [2, 2],
    [0, 2],
  ] as [number, number][];
  const fenced = { ...base, geofence: { corners_m: square, lookAhead_s: 0.5, maxAge_ms: 250 } };
  const facing = (x_m: number, yaw_rad: number) => ({
    ...nothingSensed,
    pose: { x_m, y_m: 1, yaw_rad },
    posed_s: 10,
  });
  const forward = [0.2, 0.4];

  it("lets the robot turn, but not go where the fence is half a second ahead", () => {
    // 0.2 m/s for 0.5 s is 0.1 m
    expect(withinZones(forward, names, fenced, facing(1.85, 0), 10, false).targets).toEqual(
      forward,
    );
    const near = withinZones(forward, names, fenced, facing(1.95, 0), 10, false);
    expect(near).toEqual({ targets: [0, 0.4], zones: ["fence"] });
    const away = withinZones(forward, names, fenced, facing(1.95, Math.PI), 10, false);
    expect(away.targets).toEqual(forward);
    const backwards = withinZones([-0.2, 0], names, fenced, facing(0.05, 0), 10, false);
    expect(backwards.zones).toEqual(["fence"]);
  });

  it("lets only teleop move a robot that is outside, or whose place is not known", () => {
    expect(withinZones(forward, names, fenced, facing(2.1, 0), 10, false).targets).toEqual([0, 0]);
    expect(withinZones(forward, names, fenced, facing(2.1, 0), 10, true).targets).toEqual(forward);
    const late = withinZones(forward, names, fenced, facing(1, 0), 10.3, false);
    expect(late).toEqual({ targets: [0, 0], zones: ["no odometry"] });
    expect(withinZones(forward, names, fenced, nothingSensed, 10, false).targets).toEqual([0, 0]);
  });

  it("slows before what is near, and stops the way forward but not back", () => {
    const depth = { ...base, nearestDepth: { stop_m: 0.1, slow_m: 0.5, maxAge_ms: 250 } };
    const seen = (nearest_m: number) => withReading(nothingSensed, "camera", { nearest_m }, 10);
    const targets = (nearest_m: number, wanted = forward) =>
      withinZones(wanted, names, depth, seen(nearest_m), 10, false).targets;
    expect(targets(0.6)).toEqual(forward);
    // half of the way from 0.5 to 0.1
    expect(targets(0.3)[0]).toBeCloseTo(0.1, 12);
    expect(targets(0.3)[1]).toBe(0.4);
    expect(targets(0.05)).toEqual([0, 0.4]);
    expect(targets(0.05, [-0.2, 0])).toEqual([-0.2, 0]);
    const old = withinZones(forward, names, depth, seen(3), 10.3, true);
    expect(old).toEqual({ targets: [0, 0.4], zones: ["no depth"] });
    // the bumper sees nothing in front of it, and has said so last
    const both = withReading(seen(0.05), "bumper", { nearest_m: 4 }, 10.1);
    expect(withinZones(forward, names, depth, both, 10.1, false).zones).toEqual(["near"]);
    // by then the camera is silent
    expect(withinZones(forward, names, depth, both, 10.3, false).targets).toEqual(forward);
    // what comes late is not what is so now
    const late = withReading(both, "camera", { nearest_m: 3 }, 9.9);
    expect(withinZones(forward, names, depth, late, 10.1, false).zones).toEqual(["near"]);
  });

  it("goes by the pose that is newest, not by the one that came last", () => {
    const outside = { pose: { x_m: 2.1, y_m: 1, yaw_rad: 0 } };
    const inside = { pose: { x_m: 1, y_m: 1, yaw_rad: 0 } };
    const known = withReading(withReading(nothingSensed, "a", outside, 10), "b", inside, 9.9);
    expect(withinZones(forward, names, fenced, known, 10, false).zones).toEqual(["fence"]);
    const newer = withReading(known, "b", inside, 10.1);
    expect(withinZones(forward, names, fenced, newer, 10.1, false).targets).toEqual(forward);
  });

  it("knows the inside of a fence that is not convex", () => {
    // an L: the notch is above (1, 1)
    const corners: [number, number][] = [
      [0, 0],
      [2, 0],
      [2, 1],
      [1, 1],
      [1, 2],
      [0, 2],
    ];
    expect(isInside(0.5, 1.5, corners)).toBe(true);
    expect(isInside(1.5, 0.5, corners)).toBe(true);
    expect(isInside(1.5, 1.5, corners)).toBe(false);
    expect(isInside(-0.1, 0.5, corners)).toBe(false);
  });
});

function speeds(
  from: Motion,
  targets: readonly number[],
  limits: Parameters<typeof approach>[2],
  step_s: number,
): number[] {
  let motion = from;
  return targets.map((target) => {
    motion = approach(motion, target, limits, step_s);
    return Number(motion.speed.toFixed(9));
  });
}
