/** Two real processes, and what happens when the policy's dies, freezes or is started again. */

import type { ChildProcess } from "node:child_process";
import { once } from "node:events";
import { setTimeout as sleep } from "node:timers/promises";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { Dealer } from "zeromq";
import { encode } from "../../bridge/codec.ts";
import { connectRobot, type RobotLink } from "../../bridge/robot-client.ts";
import { createRng } from "../../core/rng.ts";
import { linearPolicy } from "../policies/tiny-policies.ts";
import { lastMotion_ms, manifestOf, serveThere, until } from "./support.ts";

/** The watchdog, and some room for an action that was on its way. */
const stopsWithin_ms = 250 + 50;

const manifest = manifestOf(linearPolicy());
let child: ChildProcess;
let endpoint: string;
let robot: RobotLink;
let control: NodeJS.Timeout;

beforeEach(async () => {
  ({ child, endpoint } = await serveThere("linear"));
  robot = await connectRobot({ manifest, endpoint });
  const state = Float32Array.of(0.5, 0, 0);
  control = setInterval(() => robot.observe({ state }), 20);
  await until(moving, 1000);
});

afterEach(async () => {
  clearInterval(control);
  await robot.close();
  await kill(child);
});

const moving = () => robot.commandOf(0)[0] === 0.5;
const stopped = () => robot.commandOf(0).every((value) => value === 0);

async function kill(victim: ChildProcess): Promise<void> {
  if (victim.exitCode !== null || victim.signalCode !== null) return;
  const gone = once(victim, "exit");
  victim.kill("SIGKILL");
  await gone;
}

/** Stays at zero: nothing late sets it in motion again. */
async function staysStopped(for_ms: number): Promise<void> {
  for (let waited_ms = 0; waited_ms < for_ms; waited_ms += 5) {
    expect(stopped()).toBe(true);
    await sleep(5);
  }
}

describe("a robot whose policy", () => {
  it("was killed stops, and moves again soon after a new one runs", async () => {
    child.kill("SIGKILL");
    expect(await lastMotion_ms(moving, 2000)).toBeLessThan(stopsWithin_ms);
    await staysStopped(700);
    expect(robot.connected).toBe(false);
    ({ child } = await serveThere("linear", endpoint));
    await until(moving, 2000);
    expect(robot.report().reconnections).toBe(1);
  });

  it("was frozen stops, obeys nothing old when it wakes, and then moves again", async () => {
    child.kill("SIGSTOP");
    expect(await lastMotion_ms(moving, 2000)).toBeLessThan(stopsWithin_ms);
    await staysStopped(900);
    const actionsBefore = robot.report().actions;
    clearInterval(control);
    child.kill("SIGCONT");
    // it answers what had piled up, but no observation is fresh
    await staysStopped(400);
    expect(robot.report().actions).toBe(actionsBefore);
    const state = Float32Array.of(0.5, 0, 0);
    control = setInterval(() => robot.observe({ state }), 20);
    await until(moving, 2000);
  });

  it("was replaced by one for another robot stays stopped and is told why", async () => {
    await kill(child);
    ({ child } = await serveThere("summing", endpoint));
    const state = new Float32Array(3);
    clearInterval(control);
    await until(() => robot.report().refused["policy: manifest"] === 1, 3000);
    expect(stopped()).toBe(true);
    expect(() => robot.observe({ state })).toThrow(/does not fit this robot/);
    await expect(robot.exchange({ state })).rejects.toThrow(/does not fit this robot/);
  });

  it("is frozen in lock-step gets zeros, then an error that says so", async () => {
    clearInterval(control);
    const patient = await connectRobot({
      manifest,
      endpoint,
      exchangeTimeout_s: 0.15,
      patience_s: 0.5,
    });
    try {
      const state = Float32Array.of(0.5, 0, 0);
      expect((await patient.exchange({ state }))[0]).toBe(0.5);
      child.kill("SIGSTOP");
      expect([...(await patient.exchange({ state }))]).toEqual([0, 0]);
      await sleep(600);
      await expect(patient.exchange({ state })).rejects.toThrow(/has been silent for 0.5 s/);
    } finally {
      await patient.close();
    }
  });

  it("gets garbage from somebody else goes on, and counts each refusal", async () => {
    clearInterval(control);
    const vandal = new Dealer({ linger: 0 });
    vandal.connect(endpoint);
    const rng = createRng(3);
    const sound = encode({ type: "ping", session: "12345678", sent_ns: 1 })[0];
    const sent = 3000;
    for (let i = 0; i < sent; i++) {
      const frame = Uint8Array.from(sound);
      for (let k = 0; k < 4; k++) {
        frame[Math.floor(rng.next() * frame.length)] = Math.floor(rng.next() * 256);
      }
      const cut = frame.subarray(0, Math.ceil(rng.next() * frame.length));
      await vandal.send(rng.next() < 0.3 ? [cut, frame, cut] : [cut]);
      if (i % 200 === 0) await sleep(1);
    }
    const state = Float32Array.of(0.25, 0, 0);
    let moved = 0;
    // on a busy machine an answer may take so long that it counts no more
    for (let tries = 0; tries < 20 && moved === 0; tries++) {
      [moved] = await robot.exchange({ state });
    }
    expect(moved).toBe(0.25);
    let refused = 0;
    for (let tries = 0; tries < 100 && refused < sent; tries++) {
      await sleep(20);
      child.send("report");
      const [report] = (await once(child, "message")) as [{ refused: Record<string, number> }];
      refused = Object.values(report.refused).reduce((a, b) => a + b, 0);
    }
    expect(refused).toBe(sent);
    vandal.close();
  });
});
