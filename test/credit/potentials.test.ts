/** Terms that EgoPush does not have cannot be farmed within a stage: they are differences of potentials. */

import fc from "fast-check";
import { expect, it } from "vitest";
import { alignment, egoPushReward, pushReading, pushStage } from "../../credit/ego-push.ts";
import { StageMachine, termNames } from "../../credit/stage.ts";

it("aligned is 1 on target and turned right, and falls to 0 with distance or 45 degrees", () => {
  const at = (activeToTarget_m: number, yaw_deg: number) =>
    alignment({ ...pushReading(), activeToTarget_m, yawError_rad: (yaw_deg * Math.PI) / 180 }, 0.3);
  expect(at(0, 0)).toBe(1);
  expect(at(0.15, 0)).toBeCloseTo(0.5, 9);
  expect(at(0.1, 15)).toBeCloseTo(4 / 9, 9);
  expect([at(0.3, 0), at(0.5, 10), at(0, 45), at(0, 60)]).toEqual([0, 0, expect.closeTo(0), 0]);
});

it.each(["align", "detour", "behind", "clear"] as const)("no loop earns anything by %s", (term) => {
  const stages = [pushStage("push", egoPushReward.parse({ [term]: 3 }))];
  const column = termNames(stages).indexOf(`push/${term}`);
  expect(column).toBeGreaterThanOrEqual(0);
  const somewhere = fc.record({
    yawError_rad: fc.double({ min: 0, max: 0.79, noNaN: true }),
    activeToTarget_m: fc.double({ min: 0.06, max: 0.6, noNaN: true }),
    detour_m: fc.double({ min: 0, max: 0.4, noNaN: true }),
    behind: fc.double({ min: -1, max: 1, noNaN: true }),
    crowding: fc.double({ min: 0, max: 2, noNaN: true }),
  });
  fc.assert(
    fc.property(fc.array(somewhere, { minLength: 2, maxLength: 8 }), (places) => {
      const machine = new StageMachine(stages, pushReading());
      machine.reset();
      const loop = [places[0], ...places, places[0]].map((place) => ({
        ...pushReading(),
        ...place,
      }));
      // the first step opens the gate where it stands
      loop.slice(1).forEach((now, i) => void machine.advance(loop[i], now));
      expect(machine.reached).toBe(true);
      expect(machine.ledger[column]).toBeCloseTo(0, 9);
    }),
  );
});

it("a robot's own detour pays until it has reached the object, and the object's from then on", () => {
  const stages = [pushStage("push", egoPushReward.parse({ detour: 3, approachDetour: 2 }))];
  const machine = new StageMachine(stages, pushReading());
  machine.reset();
  const far = { ...pushReading(), robotToActive_m: 1, activeToTarget_m: 1 };
  const paid = () => machine.ledger[termNames(stages).indexOf("push/detour")];
  const before = { ...far, approachDetour_m: 0.5, detour_m: 0.5 };
  machine.advance(before, { ...far, approachDetour_m: 0.2, detour_m: 0.5 });
  // 2 per metre times 0.3 m
  expect(paid()).toBeCloseTo(0.6, 9);
  machine.advance(far, { ...far, robotToActive_m: 0.1 });
  machine.advance(before, { ...before, approachDetour_m: 0, detour_m: 0.4 });
  // and 3 times 0.1 m
  expect(paid()).toBeCloseTo(0.9, 9);
});
