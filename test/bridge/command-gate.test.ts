import fc from "fast-check";
import { describe, expect, it } from "vitest";
import {
  commandAt,
  type Gate,
  type GateLimits,
  observationSent,
  offer,
  openGate,
  policyHeard,
  stepBegun,
} from "../../bridge/command-gate.ts";

const limits: GateLimits = { size: 2, low: -1, high: 1, watchdog_s: 0.25 };
const session = "this-session";

/** A gate that has sent observation 1 at 10 s. */
const ready = observationSent(openGate(session, limits), 1, 10);
const good = {
  session,
  sequence: 1,
  observation: 1,
  ttl_s: 0.2,
  values: Float32Array.of(0.5, -0.5),
};

describe("command gate", () => {
  it("is zero before the first action", () => {
    expect([...commandAt(ready, 10)]).toEqual([0, 0]);
  });

  it("commands an action until its ttl after the observation", () => {
    const { gate, refusal } = offer(ready, limits, good, 10.1);
    expect(refusal).toBeUndefined();
    expect([...commandAt(gate, 10.1)]).toEqual([0.5, -0.5]);
    expect([...commandAt(gate, 10.19)]).toEqual([0.5, -0.5]);
    expect([...commandAt(gate, 10.2)]).toEqual([0, 0]);
  });

  it("stops at the watchdog when the ttl is longer", () => {
    const { gate } = offer(ready, limits, { ...good, ttl_s: 60 }, 10.1);
    expect([...commandAt(gate, 10.34)]).toEqual([0.5, -0.5]);
    expect([...commandAt(gate, 10.36)]).toEqual([0, 0]);
  });

  it("is zero where the watchdog or the time is no number", () => {
    for (const watchdog_s of [Number.NaN, undefined as unknown as number]) {
      const unwatched = observationSent(openGate(session, { ...limits, watchdog_s }), 1, 10);
      const { gate, refusal } = offer(unwatched, limits, good, 10);
      expect(refusal).toBeUndefined();
      expect([...commandAt(gate, 10)]).toEqual([0, 0]);
    }
    const { gate } = offer(ready, limits, good, 10);
    expect([...commandAt(gate, Number.NaN)]).toEqual([0, 0]);
  });

  it("clips rounding, and keeps no hold on the sender's array", () => {
    const values = Float32Array.of(1.000001, -1.000001);
    const { gate } = offer(ready, limits, { ...good, values }, 10);
    values.fill(5);
    expect([...commandAt(gate, 10)]).toEqual([1, -1]);
  });

  it.each([
    ["other session", { session: "another" }],
    ["unknown observation", { observation: 2 }],
    ["stale", { ttl_s: 0.09 }],
    ["stale", { ttl_s: Number.NaN }],
    ["wrong size", { values: Float32Array.of(0) }],
    ["wrong size", { values: new Float32Array(3) }],
    ["not finite", { values: Float32Array.of(0, Number.NaN) }],
    ["not finite", { values: Float32Array.of(Number.NEGATIVE_INFINITY, 0) }],
    ["outside limits", { values: Float32Array.of(0, 1.1) }],
    ["old sequence", { sequence: Number.NaN }],
  ])("refuses an action: %s", (reason, change) => {
    const { gate, refusal } = offer(ready, limits, { ...good, ...change }, 10.1);
    expect(refusal).toBe(reason);
    expect(gate).toBe(ready);
  });

  it("refuses what is repeated, out of order, or answers an older observation", () => {
    const both = observationSent(ready, 2, 10.05);
    const { gate } = offer(both, limits, { ...good, sequence: 5, observation: 2 }, 10.1);
    expect(offer(gate, limits, { ...good, sequence: 5, observation: 2 }, 10.1).refusal).toBe(
      "old sequence",
    );
    expect(offer(gate, limits, { ...good, sequence: 4, observation: 2 }, 10.1).refusal).toBe(
      "old sequence",
    );
    expect(offer(gate, limits, { ...good, sequence: 6 }, 10.1).refusal).toBe("older observation");
  });

  it("is zero when the clock goes back", () => {
    const { gate } = offer(ready, limits, good, 10.1);
    expect([...commandAt(gate, 10.05)]).toEqual([0, 0]);
    expect(offer(ready, limits, good, 9.9).refusal).toBe("stale");
  });
});

// what may happen to a robot, in any order; about half of the actions are honest
const odd = fc.constantFrom(Number.NaN, Infinity, -Infinity, -1, 0, 1e9, 2, 1.0000001);
const number = fc.oneof({ weight: 5, arbitrary: fc.double({ min: -1, max: 1 }) }, odd);
const vector = fc.array(number, { minLength: 0, maxLength: 3 }).map((v) => Float32Array.from(v));
const wild = fc.record({
  session: fc.constantFrom(session, session, session, "another", ""),
  sequence: fc.oneof(fc.nat(30), odd),
  observation: fc.oneof(fc.nat(10), odd),
  ttl_s: fc.oneof(fc.double({ min: 0, max: 2, noNaN: true }), odd),
  values: vector,
});
const event = fc.record({
  wait_s: fc.oneof(
    { weight: 4, arbitrary: fc.double({ min: 0, max: 0.1, noNaN: true }) },
    fc.double({ min: 0, max: 0.5, noNaN: true }),
  ),
  observe: fc.boolean(),
  restart: fc.integer({ min: 0, max: 20 }).map((n) => n === 0),
  action: fc.oneof(fc.constantFrom("none", "honest", "honest"), wild),
});

describe("no sequence of messages, losses, reorderings or delays", () => {
  it("moves the robot outside its limits, or after the watchdog, or on an old observation", () => {
    let moves = 0;
    const property = fc.property(fc.array(event, { maxLength: 40 }), (events) => {
      let now_s = 100;
      let sequence = 0;
      let gate: Gate = openGate(session, limits);
      let last: Accepted = { accepted_s: Number.NEGATIVE_INFINITY, expires_s: 0 };
      const observed_s: number[] = [];
      let answers = 0;
      for (const { wait_s, observe, restart, action } of events) {
        moves += checkAlong(gate, now_s, now_s + wait_s, last);
        now_s += wait_s;
        if (restart) gate = openGate(session, limits);
        if (observe) {
          observed_s[sequence] = now_s;
          gate = observationSent(gate, sequence++, now_s);
        }
        if (action === "none") continue;
        const offered = action === "honest" ? honest(answers++, sequence - 1) : action;
        const result = offer(gate, limits, offered, now_s);
        gate = result.gate;
        if (result.refusal) continue;
        expect(offered.session).toBe(session);
        // NaN, and so a failure, unless that observation was sent
        last = { accepted_s: now_s, expires_s: observed_s[offered.observation] + offered.ttl_s };
        expect(now_s).toBeLessThanOrEqual(last.expires_s);
      }
      moves += checkAlong(gate, now_s, now_s + 1, last);
    });
    fc.assert(property, { numRuns: 1500, seed: 7 });
    // the events do let robots move
    expect(moves).toBeGreaterThan(500);
  });
});

function honest(sequence: number, observation: number) {
  const values = Float32Array.of(0.5, -0.5);
  return { session, sequence, observation, ttl_s: 0.3, values };
}

interface Accepted {
  readonly accepted_s: number;
  /** Its ttl after the observation that it answers. */
  readonly expires_s: number;
}

/** Motion needs an action accepted within the watchdog, for a fresh observation. Counts the motions. */
function checkAlong(gate: Gate, from_s: number, to_s: number, last: Accepted): number {
  let moves = 0;
  for (let i = 0; i <= 4; i++) {
    const now_s = from_s + (i / 4) * (to_s - from_s);
    const command = commandAt(gate, now_s);
    expect(command.length).toBe(2);
    for (const value of command) expect(Math.abs(value)).toBeLessThanOrEqual(1);
    if (command.every((value) => value === 0)) continue;
    moves++;
    expect(now_s - last.accepted_s).toBeLessThanOrEqual(limits.watchdog_s);
    expect(now_s).toBeLessThanOrEqual(last.expires_s);
  }
  return moves;
}

describe("a chunk", () => {
  const step_s = 0.1;
  const chunked = { ...limits, step_s };
  const ready = observationSent(openGate(session, chunked), 1, 10);
  /** Forward 0.1, 0.2, 0.3, for the steps that begin at 10, 10.1 and 10.2 s. */
  const chunk = { ...good, steps: 3, values: Float32Array.of(0.1, 0, 0.2, 0, 0.3, 0) };
  const forward = (gate: Gate, now_s: number) => Number(commandAt(gate, now_s)[0].toFixed(3));

  it("gives one action for each control step begun, then zeros", () => {
    let { gate } = offer(ready, chunked, chunk, 10.01);
    expect(forward(gate, 10.02)).toBe(0.1);
    gate = stepBegun(gate);
    expect(forward(gate, 10.1)).toBe(0.2);
    gate = observationSent(gate, 2, 10.2);
    expect(forward(gate, 10.2)).toBe(0.3);
    expect(forward(stepBegun(gate), 10.21)).toBe(0);
  });

  it("that comes late goes on at the step that is due, by steps begun and not by time", () => {
    // the second step began early: what counts is that it began
    const { gate } = offer(observationSent(ready, 2, 10.03), chunked, chunk, 10.05);
    expect(forward(gate, 10.05)).toBe(0.2);
  });

  it("is refused when all its steps have begun already", () => {
    const late = stepBegun(stepBegun(stepBegun(ready)));
    expect(offer(late, chunked, chunk, 10.15).refusal).toBe("used up");
  });

  it("stops at the watchdog unless the policy is heard, and goes on while it is", () => {
    const { gate } = offer(ready, chunked, chunk, 10);
    const second = stepBegun(gate);
    expect(forward(second, 10.24)).toBe(0.2);
    expect(forward(second, 10.26)).toBe(0);
    expect(forward(policyHeard(second, 10.2), 10.26)).toBe(0.2);
    // heard or not, an action is too old its ttl after its own step
    expect(forward(policyHeard(second, 10.31), 10.31)).toBe(0);
  });

  it("is refused when its numbers are not steps times size", () => {
    const short = { ...chunk, values: chunk.values.slice(0, 4) };
    expect(offer(ready, chunked, short, 10.01).refusal).toBe("wrong size");
  });

  it("does not live on signs of life when it is a single action", () => {
    const { gate } = offer(ready, chunked, { ...good, ttl_s: 9 }, 10);
    expect(forward(policyHeard(gate, 10.2), 10.3)).toBe(0);
  });
});
