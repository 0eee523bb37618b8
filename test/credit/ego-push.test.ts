/** Equations 1 to 4 of EgoPush by numbers worked out by hand. */

import { describe, expect, it } from "vitest";
import {
  type Credit,
  egoPushReward,
  isPlaced,
  jerkiness,
  type PushReading,
  pushReading,
  pushStage,
  slowness,
  temporalDecay,
} from "../../credit/ego-push.ts";
import { StageMachine, termNames } from "../../credit/stage.ts";

/** Weights with short numbers, so that the sums below can be done in the head. */
const reward = egoPushReward.parse({
  budgetSteps: 10,
  reachBonus: 1,
  placeBonus: 10,
  approach: 2,
  transport: 4,
  smooth: 0.01,
  smoothFrom: 0.5,
  slow: 0.015,
  slowWithin_m: 0.15,
  slowBelow_mps: 0.2,
  reach_m: 0.2,
  align_m: 0.05,
  alignYaw_deg: 15,
  settle_mps: 0.05,
});

const reading = (changes: Partial<PushReading>): PushReading => ({
  ...pushReading(),
  robotToActive_m: 0.5,
  activeToTarget_m: 1,
  ...changes,
});

/** Advances through readings; what each step paid, by term. */
function paidBy(
  readings: readonly PushReading[],
  weights = reward,
): readonly Readonly<Record<string, number>>[] {
  const stages = [pushStage("push", weights)];
  const machine = new StageMachine(stages, pushReading());
  const names = termNames(stages);
  machine.reset();
  return readings.slice(1).map((now, i) => {
    const before = machine.ledger.slice();
    machine.advance(readings[i], now);
    const paid = names.map((name, column) => [
      name.replace("push/", ""),
      machine.ledger[column] - before[column],
    ]);
    return Object.fromEntries(paid.filter(([, value]) => value !== 0));
  });
}

function expectPaid(
  paid: Readonly<Record<string, number>>,
  expected: Readonly<Record<string, number>>,
) {
  expect(Object.keys(paid).sort()).toEqual(Object.keys(expected).sort());
  for (const [term, value] of Object.entries(expected)) {
    expect(paid[term], term).toBeCloseTo(value, 6);
  }
}

describe("an episode by hand", () => {
  const paid = paidBy([
    reading({ robotToActive_m: 0.5 }),
    reading({ robotToActive_m: 0.3, activeToTarget_m: 0.9 }),
    reading({ robotToActive_m: 0.15, activeToTarget_m: 0.9 }),
    reading({ robotToActive_m: 0.25, activeToTarget_m: 0.8 }),
    reading({ robotToActive_m: 0.15, activeToTarget_m: 0.1, activeSpeed_mps: 0.1 }),
    reading({
      robotToActive_m: 0.15,
      activeToTarget_m: 0.04,
      activeSpeed_mps: 0.04,
      yawError_rad: 0.1,
    }),
  ]);

  it("pays 2 per metre for coming nearer, and nothing yet for moving the object", () => {
    expectPaid(paid[0], { approach: 0.4 });
  });

  it("pays the reach event, decayed by one of ten steps, beside the last approach", () => {
    expectPaid(paid[1], { reach: 0.9, approach: 0.3 });
  });

  it("then pays for the object's way only, though the robot fell back", () => {
    expectPaid(paid[2], { transport: 0.4 });
  });

  it("does not pay the reach event again, and pays for slowness near the target", () => {
    // g_d = 1 - 0.1 / 0.15 = 1/3, g_v = 1 - 0.1 / 0.2 = 1/2
    expectPaid(paid[3], { transport: 2.8, slow: 0.015 / 6 });
  });

  it("pays the placement, decayed by four of ten steps", () => {
    // g_d = 11/15, g_v = 4/5
    expectPaid(paid[4], { place: 6, transport: 0.24, slow: 0.015 * (44 / 75) });
  });
});

describe("temporalDecay", () => {
  it("falls from 1 to 0 over the stage", () => {
    expect([0, 75, 299, 300].map((t) => temporalDecay(t, 300))).toEqual([
      expect.closeTo(1, 9),
      expect.closeTo(0.75, 9),
      expect.closeTo(1 / 300, 9),
      0,
    ]);
  });
});

describe("jerkiness", () => {
  const step = (before: Partial<PushReading>, now: Partial<PushReading>) => ({
    before: reading(before),
    now: reading(now),
    elapsedSteps: 0,
    budgetSteps: 10,
    reached: false,
    episodeSteps: 0,
    episodeBudgetSteps: 10,
    last: true,
  });

  it.each([
    ["small changes are free", [0, 0], [0.5, -0.5], 0],
    ["0.6 costs 0.6^4", [0, 0], [0.6, 0], 0.1296],
    ["the sign does not matter", [0.6, 0], [0, 0.6], 2 * 0.1296],
    ["a full reversal costs 2^4", [1, -1], [-1, -1], 16],
  ] as const)("%s", (_, [v0, w0], [v1, w1], expected) => {
    const found = jerkiness(step({ forward: v0, turn: w0 }, { forward: v1, turn: w1 }), 0.5);
    expect(found).toBeCloseTo(expected, 9);
  });
});

describe("slowness", () => {
  it.each([
    [0, 0, 1],
    [0, 0.2, 0],
    [0.075, 0.1, 0.25],
    [0, 9, -1],
    [0.15, 0, 0],
    [0.4, 9, 0],
  ])("at %f m and %f m/s is %f", (activeToTarget_m, activeSpeed_mps, expected) => {
    const now = reading({ activeToTarget_m, activeSpeed_mps });
    expect(slowness(now, 0.15, 0.2)).toBeCloseTo(expected, 9);
  });
});

describe("isPlaced", () => {
  const placed = reading({ activeToTarget_m: 0.049, activeSpeed_mps: 0.049, yawError_rad: 0.26 });

  it("wants position, yaw (15 degrees are 0.2618 rad) and speed at once", () => {
    expect(isPlaced(placed, reward)).toBe(true);
    expect(isPlaced({ ...placed, activeToTarget_m: 0.05 }, reward)).toBe(false);
    expect(isPlaced({ ...placed, yawError_rad: 0.262 }, reward)).toBe(false);
    expect(isPlaced({ ...placed, activeSpeed_mps: 0.05 }, reward)).toBe(false);
  });
});

it("by default, waiting near the target never pays as much as placing", () => {
  const weights = egoPushReward.parse({});
  // the most that slowness can pay: next to the target and at rest for the whole budget
  const waiting = weights.slow * weights.budgetSteps;
  expect(waiting).toBeLessThan(weights.placeBonus);
});

describe("credit", () => {
  const far = reading({ robotToActive_m: 0.3 });
  const near = reading({ robotToActive_m: 0.1 });
  const placed = reading({ robotToActive_m: 0.1, activeToTarget_m: 0.01 });
  /** Two stages, each reached in its second step and placed in its fourth; what reaching and placing paid. */
  function paidUnder(credit: Credit) {
    const weights = { ...reward, credit, approach: 0, transport: 0, slow: 0, smooth: 0 };
    const stages = [pushStage("one", weights), pushStage("two", weights)];
    const machine = new StageMachine(stages, pushReading());
    machine.reset();
    const steps = [far, near, near, placed];
    for (const now of [...steps, ...steps]) machine.advance(far, now);
    const names = termNames(stages);
    const paid = (name: string) => machine.ledger[names.indexOf(name)];
    return ["one/reach", "one/place", "two/reach", "two/place"].map(paid);
  }

  it.each([
    ["terminal", [0, 0, 0, 10]],
    ["stages", [1, 10, 1, 10]],
    // the stage's budget is 10 steps, the episode's 20
    ["stage-timer", [0.9, 7, 0.9, 7]],
    ["global-timer", [0.95, 8.5, 0.75, 6.5]],
  ] as const)("%s pays for reaching and placing %j", (credit, expected) => {
    expect(paidUnder(credit)).toEqual(expected.map((x) => expect.closeTo(x, 6)));
  });

  it("may ask for more of a placement than that it stays one", () => {
    const strict = { ...reward, placeShare: 0.8 };
    // 80 % of 5 cm and of 15 degrees
    const at = (activeToTarget_m: number, yaw_deg: number) =>
      isPlaced({ ...placed, activeToTarget_m, yawError_rad: (yaw_deg * Math.PI) / 180 }, strict);
    expect([at(0.039, 11.9), at(0.041, 0), at(0, 12.1)]).toEqual([true, false, false]);
  });

  it("is given for no placement that has disturbed an earlier one", () => {
    expect(isPlaced(placed, reward)).toBe(true);
    expect(isPlaced({ ...placed, othersInPlace: false }, reward)).toBe(false);
  });
});
