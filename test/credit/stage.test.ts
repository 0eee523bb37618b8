import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { type Stage, StageMachine, termNames } from "../../credit/stage.ts";

interface Reading {
  readonly x: number;
}

const at = (x: number): Reading => ({ x });

/** Done beyond `goal`; the gate opens beyond `gate`; pays what each term's name says. */
function stage(name: string, goal: number, gate: number, budgetSteps = 5): Stage<Reading> {
  return {
    name,
    budgetSteps,
    reached: ({ x }) => x > gate,
    done: ({ x }) => x > goal,
    terms: {
      one: () => 1,
      done: ({ now }) => (now.x > goal ? 10 : 0),
      gate: ({ reached }) => (reached ? 100 : 0),
      elapsed: ({ elapsedSteps }) => 1000 * elapsedSteps,
    },
  };
}

const machineOf = (...stages: Stage<Reading>[]) => {
  const machine = new StageMachine(stages, at(0));
  machine.reset();
  return machine;
};

describe("StageMachine", () => {
  it("has only the first stages where an episode is shorter, and begins where it is told", () => {
    const machine = machineOf(stage("a", 1, 9), stage("b", 3, 9), stage("c", 5, 9));
    machine.reset(1, 2);
    expect([machine.index, machine.count]).toEqual([1, 2]);
    expect(machine.advance(at(2), at(4))).toMatchObject({ completed: true, finished: true });
    expect(machine.index).toBe(2);
    machine.reset();
    expect([machine.index, machine.count]).toEqual([0, 3]);
  });

  it("pays a completion once and goes on to the next stage", () => {
    const machine = machineOf(stage("a", 1, 9), stage("b", 3, 9));
    expect(machine.advance(at(0), at(0.5))).toEqual({
      reward: 1,
      completed: false,
      finished: false,
      timedOut: false,
    });
    // 1 + 10, and one step had gone by
    expect(machine.advance(at(0.5), at(2))).toMatchObject({ reward: 1011, completed: true });
    expect([machine.index, machine.elapsedSteps]).toEqual([1, 0]);
    // beyond the first goal still, but that is not this stage's
    expect(machine.advance(at(2), at(2)).reward).toBe(1);
    expect(machine.advance(at(2), at(4))).toMatchObject({ completed: true, finished: true });
    expect(machine.index).toBe(2);
    expect(termNames(machine.stages)[1]).toBe("a/done");
    expect([machine.ledger[1], machine.ledger[5]]).toEqual([10, 10]);
  });

  it("opens the gate after the step that reached, once, and shuts it for the next stage", () => {
    const machine = machineOf(stage("a", 5, 1, 10), stage("b", 9, 6, 10));
    expect(machine.advance(at(0), at(2)).reward).toBe(1);
    expect(machine.reached).toBe(true);
    // out of reach again, the gate stays open: 1 + 100 + 1000
    expect(machine.advance(at(2), at(0)).reward).toBe(1101);
    machine.advance(at(0), at(5.5));
    expect([machine.index, machine.reached]).toEqual([1, false]);
    expect(machine.advance(at(5.5), at(5.5)).reward).toBe(1);
  });

  it("times out with the last step of the budget, unless that step completes", () => {
    const late = machineOf(stage("a", 1, 9, 3));
    const inTime = machineOf(stage("a", 1, 9, 3));
    for (const machine of [late, inTime]) {
      expect(machine.advance(at(0), at(0)).timedOut).toBe(false);
      expect(machine.advance(at(0), at(0)).timedOut).toBe(false);
    }
    expect(late.advance(at(0), at(0))).toMatchObject({ timedOut: true, completed: false });
    expect(inTime.advance(at(0), at(2))).toMatchObject({ timedOut: false, finished: true });
  });

  it("completes nothing in a step that fails, and pays one that would have nothing", () => {
    const machine = machineOf(stage("a", 1, 0), stage("b", 3, 0));
    const failed = { completed: false, finished: false };
    expect(machine.advance(at(0), at(0.5), true)).toMatchObject({ ...failed, reward: 1 });
    expect(machine.advance(at(0.5), at(2), true)).toMatchObject({ ...failed, reward: 0 });
    expect(machine.index).toBe(0);
    expect([...machine.ledger.subarray(0, 4)]).toEqual([1, 0, 0, 0]);
    expect(machine.advance(at(0.5), at(2))).toMatchObject({ completed: true });
  });

  it("begins anew at any stage, with an empty ledger", () => {
    const machine = machineOf(stage("a", 1, 0), stage("b", 2, 0));
    machine.advance(at(0), at(0.5));
    machine.fail(3);
    machine.reset(1);
    expect([machine.index, machine.elapsedSteps, machine.reached]).toEqual([1, 0, false]);
    expect(machine.ledger.every((paid) => paid === 0)).toBe(true);
  });

  it("charges failures to their own column", () => {
    const machine = machineOf(stage("a", 1, 9));
    expect(machine.fail(3)).toBe(-3);
    expect(termNames(machine.stages)).toEqual([
      "a/one",
      "a/done",
      "a/gate",
      "a/elapsed",
      "failure",
    ]);
    expect([...machine.ledger]).toEqual([0, 0, 0, 0, -3]);
  });

  it("writes all it pays into the ledger", () => {
    const places = fc.array(fc.integer({ min: 0, max: 9 }), { minLength: 1, maxLength: 20 });
    fc.assert(
      fc.property(places, (xs) => {
        const machine = machineOf(stage("a", 3, 1, 99), stage("b", 5, 4, 99), stage("c", 99, 6));
        let total = 0;
        xs.forEach((x, i) => {
          total += machine.advance(at(xs[i - 1] ?? 0), at(x)).reward;
        });
        expect(machine.ledger.reduce((sum, paid) => sum + paid, 0)).toBe(total);
      }),
    );
  });
});
