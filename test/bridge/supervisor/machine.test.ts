import { ok } from "node:assert/strict";
import v8 from "node:v8";
import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { robotLimits, supervisorSchema } from "../../../bridge/supervisor/config.ts";
import {
  advance,
  createSupervisor,
  emergencyStop,
  type Lane,
  plantOf,
  type Supervisor,
} from "../../../bridge/supervisor/machine.ts";
import {
  arm,
  armed,
  disarm,
  laneOf,
  leaveLane,
  offerCommand,
  reset,
  sense,
  takeLane,
} from "../../../bridge/supervisor/requests.ts";

const config = supervisorSchema.parse({ columns: robotLimits["turtlebot3-burger"] });
const plant = plantOf(config);
const [policy, teleop] = ["policy-session", "teleop-session"];

/** A supervisor and the time, for tests that tell a story. */
class Story {
  now_s = 100;
  state: Supervisor = createSupervisor(plant, this.now_s);
  sequence = 0;

  /** Lets time pass, 5 ms a look. */
  wait(for_s: number): this {
    const end_s = this.now_s + for_s;
    while (this.now_s < end_s - 1e-9) {
      this.now_s = Math.min(end_s, this.now_s + 0.005);
      this.state = advance(this.state, plant, this.now_s);
    }
    return this;
  }

  join(lane: Lane, session: string): string | undefined {
    return this.#did(takeLane(this.state, plant, lane, session, this.now_s));
  }

  arm(session: string, beat = this.state.tick): string | undefined {
    return this.#did(arm(this.state, session, beat, this.now_s));
  }

  command(session: string, values: readonly number[], change = {}): string | undefined {
    const sequence = this.sequence++;
    const offered = { session, sequence, beat: this.state.tick, ttl_s: 0.25, values, ...change };
    return this.#did(offerCommand(this.state, plant, offered, this.now_s));
  }

  /** Commands every 50 ms. */
  drive(session: string, values: readonly number[], for_s: number): this {
    for (let i = 0; i < Math.round(for_s / 0.05); i++) {
      expect(this.command(session, values)).toBeUndefined();
      this.wait(0.05);
    }
    return this;
  }

  do(change: (state: Supervisor) => Supervisor): this {
    this.state = change(this.state);
    return this;
  }

  #did({ state, refusal }: { state: Supervisor; refusal?: string }): string | undefined {
    this.state = state;
    return refusal;
  }
}

/** Armed, both lanes taken. */
function ready(): Story {
  const story = new Story().wait(0.1);
  expect(story.join("policy", policy)).toBeUndefined();
  expect(story.join("teleop", teleop)).toBeUndefined();
  story.wait(0.1);
  expect(story.arm(teleop)).toBeUndefined();
  return story.wait(0.02);
}

describe("the supervisor", () => {
  it("is disarmed and refuses commands until somebody who may arms it", () => {
    const story = new Story().wait(0.1);
    expect(story.join("policy", policy)).toBeUndefined();
    story.wait(0.1);
    expect(story.command(policy, [0.1, 0])).toBe("not armed");
    expect(story.arm(policy)).toBe("may not arm");
    expect(story.wait(0.3).state).toMatchObject({ mode: "disarmed", command: [0, 0] });
    expect(story.join("operator", "operator-1")).toBeUndefined();
    expect(story.arm("operator-1")).toBe("old beat");
    story.wait(0.02);
    expect(story.arm("operator-1")).toBeUndefined();
    expect(story.command("operator-1", [0.1, 0])).toBe("may not drive");
    story.wait(0.02);
    expect(story.drive(policy, [0.1, 0], 0.5).state).toMatchObject({
      mode: "armed",
      driver: "policy",
      command: [0.1, 0],
    });
  });

  it("lets a watcher hear, and end motion, and nothing else", () => {
    const story = ready();
    expect(story.join("watcher", "watcher-1")).toBeUndefined();
    story.wait(0.02);
    expect(story.command("watcher-1", [0.1, 0])).toBe("may not drive");
    const seen = { nearest_m: 9, age_s: 0, beat: story.state.tick };
    expect(sense(story.state, "watcher-1", seen, story.now_s).refusal).toBe("may not sense");
    story.do((state) => disarm(state, "watcher-1").state);
    expect(story.state.mode).toBe("disarmed");
    expect(story.arm("watcher-1")).toBe("may not arm");
  });

  it("takes what was seen for as old as the beat that it names, however late it comes", () => {
    const story = ready();
    const { tick: beat } = story.state;
    // of a beat of at most 20 ms ago
    const [earliest_s, latest_s] = [story.now_s - 0.02, story.now_s];
    story.wait(0.2);
    const seen = { nearest_m: 0.3, age_s: 0.05 };
    const { state, refusal } = sense(story.state, policy, { ...seen, beat }, story.now_s);
    expect(refusal).toBeUndefined();
    expect(state.sensed.ranges.policy.nearest_m).toBe(0.3);
    expect(state.sensed.ranges.policy.at_s).toBeGreaterThanOrEqual(earliest_s - 0.05);
    expect(state.sensed.ranges.policy.at_s).toBeLessThanOrEqual(latest_s - 0.05);
    story.wait(0.5);
    const old = sense(story.state, policy, { ...seen, beat }, story.now_s);
    expect([old.refusal, old.state.sensed]).toEqual(["old beat", story.state.sensed]);
    const unheard = { ...seen, beat: story.state.tick + 1 };
    expect(sense(story.state, policy, unheard, story.now_s).refusal).toBe("old beat");
  });

  it("ends motion within the watchdog of the last command, and goes on when the peer returns", () => {
    const story = ready().drive(policy, [0.22, 1], 0.5);
    const last_s = story.now_s - 0.05;
    while (story.state.command.some((value) => value !== 0)) story.wait(0.005);
    expect(story.now_s - last_s).toBeLessThanOrEqual(0.25);
    expect(story.wait(0.5).state).toMatchObject({ mode: "hold", command: [0, 0], holds: 1 });
    expect(story.drive(policy, [0.1, 0], 0.5).state.command).toEqual([0.1, 0]);
  });

  it("ends motion by the ttl when that is shorter", () => {
    const story = ready().drive(policy, [0.22, 1], 0.3);
    story.command(policy, [0.22, 1], { ttl_s: 0.15 });
    const last_s = story.now_s;
    while (story.state.command.some((value) => value !== 0)) story.wait(0.005);
    expect(story.now_s - last_s).toBeLessThanOrEqual(0.15);
  });

  it("zeroes at once when it was itself asleep too long for a ramp", () => {
    const story = ready().drive(policy, [0.22, 1], 0.5);
    story.now_s += 0.3;
    expect(advance(story.state, plant, story.now_s).command).toEqual([0, 0]);
  });

  it("obeys teleop before policy, and policy again once teleop is quiet", () => {
    const story = ready().drive(policy, [0.2, 0], 0.3);
    for (let i = 0; i < 10; i++) {
      story.command(policy, [0.2, 0]);
      story.command(teleop, [0, 0.5]);
      story.wait(0.05);
    }
    expect(story.state).toMatchObject({ driver: "teleop", command: [0, 0.5] });
    story.drive(policy, [0.2, 0], 0.5);
    expect(story.state).toMatchObject({ driver: "policy", command: [0.2, 0] });
  });

  it("stops at once in an emergency, latched until that very stop is reset and it is armed", () => {
    const story = ready().drive(policy, [0.2, 1], 0.4).do(emergencyStop);
    expect(story.state.command).toEqual([0, 0]);
    expect(story.command(policy, [0.2, 0])).toBe("emergency stop");
    expect(story.arm(teleop)).toBe("emergency stop");
    expect(disarm(story.state, teleop).refusal).toBe("emergency stop");
    expect(reset(story.state, 0).refusal).toBe("other stop");
    story.do(emergencyStop);
    // a reset of the first stop comes late
    expect(reset(story.state, 1).refusal).toBe("other stop");
    story.do((state) => reset(state, 2).state).wait(0.1);
    expect(story.state.mode).toBe("disarmed");
    expect(story.command(policy, [0.2, 0])).toBe("not armed");
    expect(story.arm(teleop)).toBeUndefined();
    expect(story.wait(0.1).state.command).toEqual([0, 0]);
  });

  it("forgets on arming what was commanded before, even what is still on its way", () => {
    const story = ready().drive(policy, [0.2, 0], 0.3);
    const beat = story.state.tick;
    story.command(policy, [0.2, 0]);
    story.do(emergencyStop).do((state) => reset(state, 1).state);
    expect(story.arm(teleop)).toBeUndefined();
    expect(story.command(policy, [0.2, 0], { beat })).toBe("old beat");
    expect(story.wait(0.05).state.command).toEqual([0, 0]);
  });

  it("gives a lane to one peer at a time, and to the next when that is gone", () => {
    const story = ready();
    expect(story.join("policy", "thief")).toBe("lane taken");
    expect(story.command("thief", [0.1, 0])).toBe("unknown session");
    story.wait(0.6);
    expect(story.join("policy", "successor")).toBeUndefined();
    expect(story.command(policy, [0.1, 0])).toBe("unknown session");
    expect(leaveLane(story.state, "successor").state.lanes.policy).toBeUndefined();
  });

  it("has to be armed anew after a long silence", () => {
    const story = ready().drive(policy, [0.1, 0], 0.2).wait(9);
    expect(story.state.mode).toBe("hold");
    expect(story.wait(2).state.mode).toBe("disarmed");
  });

  it.each([
    ["old sequence", { sequence: -5 }],
    ["old beat", { beat: 1 }],
    ["old beat", { beat: 1e6 }],
    ["stale", { ttl_s: 0 }],
    ["stale", { ttl_s: Number.NaN }],
    ["wrong size", { values: [0.1] }],
    ["not finite", { values: [0.1, Number.NaN] }],
    ["not finite", { values: [Infinity, 0] }],
  ])("refuses a command: %s", (reason, change) => {
    const story = ready();
    expect(story.command(policy, [0.1, 0], change)).toBe(reason);
    expect(story.wait(0.05).state.command).toEqual([0, 0]);
  });

  it("slows what is too fast for the robot instead of refusing it", () => {
    const story = ready().drive(policy, [0.88, 0.4], 0.6);
    expect(story.state.command).toEqual([0.22, 0.1]);
  });
});

/** What may happen: honest peers, restarts, losses, delays, repetitions, lies, stalls. */
const odd = fc.constantFrom(Number.NaN, Infinity, -Infinity, -1, 0, 1e9, 0.1);
const speed = fc.oneof({ weight: 12, arbitrary: fc.double({ min: -3, max: 3, noNaN: true }) }, odd);
const event = fc.record({
  wait_s: fc.oneof(
    { weight: 6, arbitrary: fc.double({ min: 0, max: 0.03, noNaN: true }) },
    { weight: 2, arbitrary: fc.double({ min: 0.03, max: 0.15, noNaN: true }) },
    { weight: 1, arbitrary: fc.double({ min: 0, max: 1, noNaN: true }) },
  ),
  /** How many looks the process takes in that time: a busy one takes few. */
  looks: fc.integer({ min: 1, max: 30 }),
  what: fc.oneof(
    { weight: 24, arbitrary: fc.constant("command" as const) },
    { weight: 2, arbitrary: fc.constantFrom("replay", "delayed", "wild") },
    { weight: 3, arbitrary: fc.constantFrom("arm", "arm", "reset", "reset", "join") },
    { weight: 1, arbitrary: fc.constantFrom("leave", "disarm", "stop") },
  ),
  lane: fc.constantFrom("policy", "policy", "teleop"),
  values: fc.tuple(speed, speed),
  lag: fc.nat(20),
  ttl_s: fc.oneof({ weight: 5, arbitrary: fc.constant(0.25) }, fc.double({ min: 0, max: 1 }), odd),
});

describe("no sequence of messages, losses, reorderings and delays", () => {
  it("breaks a limit, or moves the robot after the watchdog, an e-stop or without arming", () => {
    let moves = 0;
    const property = fc.property(fc.array(event, { minLength: 20, maxLength: 80 }), (events) => {
      moves += witness(events);
    });
    fc.assert(property, { numRuns: 400, seed: 5 });
    // the events do let the robot move
    expect(moves).toBeGreaterThan(5000);
  });
});

/** Plays events and checks what the actuators are told at each look. Counts looks in motion. */
function witness(
  events: readonly (typeof event extends fc.Arbitrary<infer E> ? E : never)[],
): number {
  const story = ready();
  const ticks_s: number[] = [];
  let [moves, joined, mayMove] = [0, 0, true];
  /** When motion must have ended, by what was accepted. */
  let deadline_s = story.now_s;
  const sessions: Record<string, string> = { policy, teleop };
  const past: Parameters<typeof offerCommand>[2][] = [];
  // no beat of before counts, as nothing says when it was
  const beats_s = new Map<number, number>();
  story.do((state) => armed(state, story.now_s));
  for (const { wait_s, looks, what, lane, values, lag, ttl_s } of events) {
    for (let look = 0; look < looks; look++) {
      const before = story.state;
      story.now_s += wait_s / looks;
      story.state = advance(before, plant, story.now_s);
      if (story.state.tick > before.tick) {
        beats_s.set(story.state.tick, story.now_s);
        ticks_s.push(story.now_s);
      }
      moves += check(before, story, deadline_s, mayMove);
    }
    const session = sessions[lane];
    const beat = story.state.tick - (what === "delayed" ? lag : 0);
    const honest = { session, sequence: story.sequence++, beat, ttl_s, values };
    const replayed = past[past.length - 1 - (lag % Math.max(1, past.length))];
    const wild = { ...honest, session: "nobody", beat: lag * 1e5 };
    const offered = what === "replay" && replayed ? replayed : what === "wild" ? wild : honest;
    if (["command", "replay", "delayed", "wild"].includes(what)) {
      const { state, refusal } = offerCommand(story.state, plant, offered, story.now_s);
      story.state = state;
      past.push(offered);
      if (refusal) continue;
      expect(Object.values(sessions)).toContain(offered.session);
      const expires_s = (beats_s.get(offered.beat) ?? Number.NaN) + offered.ttl_s;
      const until_s = Math.min(story.now_s + 0.25, expires_s);
      expect(until_s).toBeGreaterThanOrEqual(story.now_s);
      deadline_s = Math.max(deadline_s, until_s);
      continue;
    }
    if (what === "stop") {
      story.do(emergencyStop);
      mayMove = false;
      expect(story.state.command).toEqual([0, 0]);
    }
    if (what === "reset") story.do((state) => reset(state, state.stops).state);
    if (what === "disarm") {
      story.do((state) => disarm(state, session).state);
    }
    if (what === "leave") story.do((state) => leaveLane(state, session).state);
    if (what === "join" && story.join(lane, `${lane}-${joined}`) === undefined) {
      sessions[lane] = `${lane}-${joined++}`;
    }
    if (what === "arm" && laneOf(story.state, session) && story.arm(session) === undefined) {
      mayMove = true;
    }
  }
  // ticks never come faster than their period, however the looks are bunched
  for (const [i, tick_s] of ticks_s.entries()) {
    const span = Math.max(0, i - 10);
    expect(tick_s - ticks_s[span]).toBeGreaterThan((i - span - 1) * plant.tick_s - 1e-9);
  }
  return moves;
}

function check(before: Supervisor, { state, now_s }: Story, deadline_s: number, mayMove: boolean) {
  // stops are not held back by the limits: they hold from one driven tick to the next
  const isDriven = before.driver && state.driver && now_s < before.zeroBy_s;
  for (const [i, value] of state.command.entries()) {
    const { speed, quantum, acceleration, jerk } = plant.columns[i];
    ok(Math.abs(value) <= speed, `${value} is too fast`);
    ok(Math.abs(value / quantum - Math.round(value / quantum)) < 1e-6, `${value} is not a quantum`);
    if (isDriven && state.tick > before.tick) {
      const [was, is] = [before.motions[i], state.motions[i]];
      const change = Math.abs(is.speed - was.speed);
      ok(change <= acceleration * plant.tick_s + 1e-9, `accelerates by ${change} in a tick`);
      const jolt = Math.abs(is.acceleration - was.acceleration);
      ok(jolt <= jerk * plant.tick_s + 1e-9, `jolts by ${jolt} in a tick`);
    }
    if (!state.driver) ok(Math.abs(value) <= Math.abs(before.command[i]), "speeds up undriven");
  }
  if (state.command.every((value) => value === 0)) return 0;
  ok(now_s < deadline_s, `moves ${now_s - deadline_s} s after the watchdog`);
  ok(mayMove && state.mode !== "estop", "moves though not armed");
  return 1;
}

it("takes commands for hours without filling the old heap", () => {
  const oldSpace_MB = () => {
    const spaces = v8.getHeapSpaceStatistics();
    return (
      (spaces.find(({ space_name }) => space_name === "old_space")?.space_used_size ?? 0) / 1e6
    );
  };
  let now_s = 100;
  let state = armed(createSupervisor(plant, now_s), now_s);
  state = takeLane(state, plant, "policy", policy, now_s).state;
  const drive = (commands: number) => {
    for (let i = 0; i < commands; i++) {
      now_s += plant.tick_s;
      state = advance(state, plant, now_s);
      const command = { session: policy, sequence: state.tick, beat: state.tick, ttl_s: 0.25 };
      const { state: next, refusal } = offerCommand(
        state,
        plant,
        { ...command, values: [0.1, 0.2] },
        now_s,
      );
      ok(refusal === undefined, refusal);
      state = next;
    }
  };
  // the first thousands are the compilers'
  drive(10_000);
  const before_MB = oldSpace_MB();
  drive(10_000);
  // 400 bytes a command would be 4 MB
  expect(oldSpace_MB() - before_MB).toBeLessThan(2.5);
});
