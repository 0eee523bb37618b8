import { describe, expect, it } from "vitest";
import { Router } from "zeromq";
import { monotonic_s } from "../../bridge/clock.ts";
import { decode, encode } from "../../bridge/codec.ts";
import type { Message, MessageOf } from "../../bridge/messages.ts";
import { servePolicy } from "../../bridge/policy-server.ts";
import { connectRobot } from "../../bridge/robot-client.ts";
import { supervisorSchema } from "../../bridge/supervisor/config.ts";
import { connectSupervisor } from "../../bridge/supervisor/link.ts";
import { supervise } from "../../bridge/supervisor/server.ts";
import { ConfigError, ShapeError, WireError } from "../../core/errors.ts";
import { writeBundle } from "../../policies/bundle.ts";
import { inSiUnits } from "../../policies/manifest.ts";
import { loadPolicy, loadPolicyBytes } from "../../policies/runtime/node.ts";
import { chunkPolicy, cnnPolicy, linearPolicy, summingPolicy } from "../policies/tiny-policies.ts";
import { temporaryFolder } from "../support/temporary-folder.ts";
import {
  closeAfterEach,
  lastMotion_ms,
  manifestOf,
  rawRobot,
  serveHere,
  until,
} from "./support.ts";

const closing = closeAfterEach();
const folder = temporaryFolder();

async function pair(tiny = linearPolicy(), robots = 1) {
  const here = await serveHere(tiny);
  closing.push(here);
  const robot = await connectRobot({
    manifest: manifestOf(tiny),
    endpoint: here.server.endpoint,
    robots,
  });
  closing.push(robot);
  return { ...here, robot };
}

describe("exchange", () => {
  it("brings each robot its own action", async () => {
    const { robot } = await pair(linearPolicy(), 3);
    const state = Float32Array.of(0.25, 0, 0, 0, 0.25, 0, 0, 0, 0.25);
    // [x + 2y, 0.5 - z]
    expect([...(await robot.exchange({ state }))]).toEqual([0.25, 0.5, 0.5, 0.5, 0, 0.25]);
  });

  it("gives zeros to robots that are not active", async () => {
    const { robot, server } = await pair(linearPolicy(), 3);
    const state = Float32Array.of(1, 0, 0, 0, 0.25, 0, 1, 1, 1);
    const actions = await robot.exchange({ state }, Uint8Array.of(0, 1, 0));
    expect([...actions]).toEqual([0, 0, 0.5, 0.5, 0, 0]);
    await robot.exchange({ state }, new Uint8Array(3));
    expect(server.report().observations).toBe(1);
  });

  it("keeps a memory for each robot until it is reset", async () => {
    const { robot } = await pair(summingPolicy(), 2);
    const push = Float32Array.of(0.25, 0, 0, -0.25);
    await robot.exchange({ push });
    await robot.exchange({ push }, Uint8Array.of(0, 1));
    expect([...(await robot.exchange({ push }))]).toEqual([0.5, 0, 0, -0.75]);
    const reset = Uint8Array.of(0, 1);
    expect([...(await robot.exchange({ push }, undefined, reset))]).toEqual([0.75, 0, 0, -0.25]);
  });

  it("carries the layers of 300 robots in more than one batch", async () => {
    const tiny = cnnPolicy(24);
    const { robot, server } = await pair(tiny, 300);
    const layers = new Float32Array(300 * 3 * 24 * 24).fill(0.5);
    layers.fill(0, 0, 3 * 24 * 24);
    const last_action = new Float32Array(600);
    const actions = await robot.exchange({ layers, last_action });
    expect(server.report()).toMatchObject({ actions: 300, batches: 2 });
    expect(actions[0]).not.toBe(actions[2]);
    for (let i = 4; i < 600; i++) expect(actions[i]).toBeCloseTo(actions[i - 2], 6);
  });

  it("answers robots of several sessions with one inference", async () => {
    const { server, robot } = await pair();
    const robots = [robot];
    for (let i = 0; i < 7; i++) {
      const other = await connectRobot({
        manifest: manifestOf(linearPolicy()),
        endpoint: server.endpoint,
      });
      closing.push(other);
      robots.push(other);
    }
    const answers = await Promise.all(
      robots.map((r, i) => r.exchange({ state: Float32Array.of(i / 8, 0, 0.5) })),
    );
    expect(answers.map(([forward]) => forward)).toEqual(robots.map((_, i) => i / 8));
    expect(server.report()).toMatchObject({ sessions: 8, robots: 8, actions: 8 });
    expect(server.report().batches).toBeLessThan(8);
  });

  it("refuses an observation of the wrong size before it is sent", async () => {
    const { robot } = await pair();
    await expect(robot.exchange({ state: new Float32Array(4) })).rejects.toThrow(ShapeError);
    await expect(robot.exchange({})).rejects.toThrow('observation "state" of shape [1, 3]');
  });

  it("answers one exchange at a time, and takes marks of any numbers", async () => {
    const { robot } = await pair();
    const state = Float32Array.of(0.5, 0, 0);
    const first = robot.exchange({ state }, [1], Float32Array.of(1));
    await expect(robot.exchange({ state })).rejects.toThrow("An exchange is under way.");
    expect((await first)[0]).toBe(0.5);
    await expect(robot.exchange({ state }, [1, 1])).rejects.toThrow(ShapeError);
  });

  it("gives zeros where the observation is not finite, and goes on", async () => {
    const { robot, log } = await pair();
    const bad = await robot.exchange({ state: Float32Array.of(Number.NaN, 0, 0) });
    expect([...bad]).toEqual([0, 0]);
    expect(robot.report().refused).toMatchObject({ "policy: observation": 1, "no answer": 1 });
    expect(log.join()).toContain('"state" of robot 0 holds a number that is not finite.');
    expect([...(await robot.exchange({ state: new Float32Array(3) }))]).toEqual([0, 0.5]);
  });

  it("gives zeros to a robot whose observation is outside its limits, and not to others", async () => {
    const tiny = linearPolicy();
    const inputs = tiny.manifest.inputs.map((input) => ({ ...input, low: -1, high: 1 }));
    const limited = { ...tiny, manifest: { ...tiny.manifest, inputs } };
    const { robot, server, log } = await pair(limited);
    const other = await connectRobot({ manifest: manifestOf(limited), endpoint: server.endpoint });
    closing.push(other);
    const [bad, good] = await Promise.all([
      robot.exchange({ state: Float32Array.of(9, 0, 0) }),
      other.exchange({ state: Float32Array.of(1, 0, 0) }),
    ]);
    expect([[...bad], [...good]]).toEqual([
      [0, 0],
      [1, 0.5],
    ]);
    expect(log.join()).toContain(
      '"state" of robot 0 holds 9, which is outside its limits: from -1 to 1.',
    );
  });
});

describe("hello", () => {
  it("refuses a robot made for another policy, in words", async () => {
    const here = await serveHere(linearPolicy());
    closing.push(here);
    const endpoint = here.server.endpoint;
    const other = connectRobot({ manifest: manifestOf(summingPolicy()), endpoint });
    await expect(other).rejects.toThrow(WireError);
    await expect(other).rejects.toThrow(
      'Policy "linear" does not fit this robot: it has state [3] -> action [2] every 0.1 s, the robot push [2] -> action [2] every 0.1 s.',
    );
    const manifest = manifestOf(linearPolicy());
    const faster = structuredClone(manifest) as typeof manifest;
    faster.output.columns[0].scale = 9;
    await expect(connectRobot({ manifest: faster, endpoint })).rejects.toThrow(
      'both have state [3] -> action [2] every 0.1 s, but it has action.forward: {"scale":0.4,"unit":"m/s","width":1}, the robot action.forward: {"scale":9,"unit":"m/s","width":1}. Serve',
    );
  });

  it("refuses another version, even one with other fields", async () => {
    const here = await serveHere(linearPolicy());
    closing.push(here);
    const stranger = { type: "hello", protocol: "understudy/9", nonce: "12345678", extra: 1 };
    const robot = rawRobot(here.server.endpoint);
    closing.push(robot);
    await robot.send(stranger as unknown as Message);
    expect(await robot.next()).toMatchObject({
      type: "error",
      code: "protocol",
      about: "12345678",
      message:
        'This policy speaks understudy/1, the robot "understudy/9". Use the same version of understudy on both sides.',
    });
  });

  it("says what to do when nobody answers", async () => {
    const connecting = connectRobot({
      manifest: manifestOf(linearPolicy()),
      endpoint: "tcp://127.0.0.1:9",
      connectTimeout_s: 0.3,
    });
    await expect(connecting).rejects.toThrow(
      'No policy answered at "tcp://127.0.0.1:9" within 0.3 s. Start one with "understudy serve --policy DIR"',
    );
  });

  it.each([
    [{ watchdog_s: Number.NaN }, 'Expected "watchdog_s" to be a finite time above 0 s, got NaN.'],
    [{ watchdog_s: Number.POSITIVE_INFINITY }, '"watchdog_s" to be a finite time'],
    [{ connectTimeout_s: 0 }, '"connectTimeout_s" to be a finite time above 0 s, got 0.'],
    [{ exchangeTimeout_s: -1 }, '"exchangeTimeout_s" to be a finite time above 0 s, got -1.'],
    [{ patience_s: Number.NaN }, '"patience_s" to be a finite time'],
    [{ robots: 1.5 }, "Expected from 1 to 4096 robots, got 1.5."],
  ])("is not said with %j", async (options, sentence) => {
    const connecting = connectRobot({ manifest: manifestOf(linearPolicy()), ...options });
    await expect(connecting).rejects.toThrow(ConfigError);
    await expect(connecting).rejects.toThrow(sentence);
  });

  it("refuses an observation of a session that never was", async () => {
    const here = await serveHere(linearPolicy());
    closing.push(here);
    const robot = rawRobot(here.server.endpoint);
    closing.push(robot);
    await robot.send({ type: "ping", session: "made-up-session", sent_ns: 0 });
    expect(await robot.next()).toMatchObject({ code: "session", about: "made-up-session" });
  });
});

describe("servePolicy", () => {
  it("opens no port to the network unless asked by name, and says when a port is taken", async () => {
    const { server, robot } = await pair();
    expect(robot.connected).toBe(true);
    const policy = {} as never;
    await expect(servePolicy({ policy, endpoint: "tcp://*:5601" })).rejects.toThrow(ConfigError);
    await expect(servePolicy({ policy, endpoint: "tcp://0.0.0.0:1" })).rejects.toThrow(
      "open to the network",
    );
    await expect(servePolicy({ policy, endpoint: server.endpoint })).rejects.toThrow(
      /Cannot listen at .*in use.*Choose another endpoint/,
    );
  });

  it("forgets a robot that says goodbye", async () => {
    const { server, robot } = await pair();
    expect(server.report().sessions).toBe(1);
    await robot.close();
    await until(() => server.report().sessions === 0, 1000);
    await expect(robot.exchange({ state: new Float32Array(3) })).rejects.toThrow("was closed");
  });
});

describe("free-running", () => {
  it("commands the newest action, and zero once it is too old", async () => {
    const { robot } = await pair();
    expect([...robot.commandOf(0)]).toEqual([0, 0]);
    robot.observe({ state: Float32Array.of(0.5, 0, 0) });
    await until(() => robot.commandOf(0)[0] === 0.5, 1000);
    const moved_ms = await lastMotion_ms(() => robot.commandOf(0)[0] !== 0, 1000);
    expect(moved_ms).toBeLessThan(300);
    expect(robot.report()).toMatchObject({ observations: 1, actions: 1, connected: true });
  });

  it("keeps its watchdog when that is undefined", async () => {
    // the policy's own ttl is far longer
    const here = await serveHere(linearPolicy(), 60_000);
    closing.push(here);
    const unset = { watchdog_s: undefined, robots: undefined } as object;
    const robot = await connectRobot({
      manifest: manifestOf(linearPolicy()),
      endpoint: here.server.endpoint,
      ...unset,
    });
    closing.push(robot);
    robot.observe({ state: Float32Array.of(0.5, 0, 0) });
    await until(() => robot.report().actions === 1, 10_000);
    const later_s = monotonic_s() + 0.25;
    expect(robot.timeLeft_s(0)).toBeLessThanOrEqual(0.25);
    expect([...robot.commandOf(0, later_s)]).toEqual([0, 0]);
  });

  it("measures the clocks and hears the policy's own count", async () => {
    const { robot } = await pair();
    await robot.exchange({ state: new Float32Array(3) });
    await until(() => robot.report().status !== undefined, 2000);
    expect(robot.report().status).toMatchObject({ observations: 1, actions: 1, refused: 0 });
    // one machine, one clock
    expect(Math.abs(robot.report().clockOffset_s)).toBeLessThan(0.01);
  });
});

describe("a policy that answers too few numbers", () => {
  it("is told of, moves nothing, and goes on", async () => {
    const tiny = linearPolicy();
    const runtime = await loadPolicyBytes(manifestOf(tiny), tiny.onnx);
    const policy = { ...runtime, step: async () => ({ actions: new Float32Array(1), state: {} }) };
    const server = await servePolicy({ policy, endpoint: "tcp://127.0.0.1:*" });
    closing.push(runtime, server);
    const robot = await connectRobot({ manifest: manifestOf(tiny), endpoint: server.endpoint });
    closing.push(robot);
    expect([...(await robot.exchange({ state: new Float32Array(3) }))]).toEqual([0, 0]);
    expect([...(await robot.exchange({ state: new Float32Array(3) }))]).toEqual([0, 0]);
    expect(server.report().refused).toEqual({ policy: 2 });
  });
});

describe("chunks", () => {
  it("have each action obeyed in its own control step, and zeros after the last", async () => {
    const tiny = chunkPolicy();
    const { server, close } = await serveHere(tiny, 60_000);
    closing.push({ close });
    const { endpoint } = server;
    const robot = await connectRobot({ manifest: manifestOf(tiny), endpoint, watchdog_s: 60 });
    closing.push(robot);
    const state = Float32Array.of(0.25);
    // in lock-step there is a new answer for each step
    expect([...(await robot.exchange({ state }))]).toEqual([0.25, 0]);
    robot.observe({ state });
    await until(() => robot.report().actions === 2, 10_000);
    const forwards: number[] = [];
    for (let step = 0; step < 4; step++) {
      forwards.push(robot.commandOf(0)[0]);
      robot.advance();
    }
    expect(forwards).toEqual([0.25, 0.5, 0.75, 0]);
  });

  it("of a bundle are used up step by step, then the supervisor holds", async () => {
    const manifest = await writeBundle(folder, chunkPolicy());
    const policy = await loadPolicy(folder);
    const server = await servePolicy({ policy, endpoint: "tcp://127.0.0.1:*", ttl_ms: 60_000 });
    closing.push(policy, server);
    const robot = await connectRobot({ manifest, endpoint: server.endpoint, watchdog_s: 60 });
    closing.push(robot);
    const columns = { forward: { speed: 1, acceleration: 1e4, jerk: 1e6 } };
    const supervisor = await supervise({
      config: supervisorSchema.parse({ columns: { ...columns, turn: columns.forward } }),
      actuators: { write() {}, close() {} },
      endpoint: "tcp://127.0.0.1:*",
      stopEndpoint: "tcp://127.0.0.1:*",
      isArmed: true,
    });
    closing.push(supervisor);
    const base = await connectSupervisor({
      lane: "policy",
      columns: ["forward", "turn"],
      endpoint: supervisor.endpoint,
    });
    closing.push(base);
    const forwarding = setInterval(() => {
      base.command(inSiUnits(manifest.output, robot.commandOf(0)), robot.timeLeft_s(0));
    }, 5);
    closing.push({ close: () => clearInterval(forwarding) });
    const moving_mps = () => supervisor.report().command[0];
    robot.observe({ state: Float32Array.of(0.25) });
    // 0.25, 0.5 and 0.75 of 0.4 m/s, one a step, however long a step takes
    for (const speed of [0.1, 0.2, 0.3]) {
      await until(() => Math.abs(moving_mps() - speed) < 1e-6, 10_000);
      robot.advance();
    }
    expect([...robot.commandOf(0)]).toEqual([0, 0]);
    await until(() => supervisor.report().mode === "hold" && moving_mps() === 0, 10_000);
    // the next observation brings the next chunk
    robot.observe({ state: Float32Array.of(0.5) });
    await until(() => Math.abs(moving_mps() - 0.2) < 1e-6, 10_000);
    expect(server.report().refused).toEqual({});
  });
});

describe("a policy that lies", () => {
  it("moves nothing, and each lie is counted", async () => {
    const { router, endpoint } = await falsePolicy();
    const manifest = manifestOf(linearPolicy());
    const connecting = connectRobot({ manifest, endpoint });
    const [address, ...frames] = await router.receive();
    const hello = decode(frames, "robot");
    if (!("message" in hello) || hello.message.type !== "hello") throw new Error("no hello");
    const { nonce, manifestHash } = hello.message;
    const session = "the-session";
    const say = (message: Message, ...blobs: Float32Array[]) =>
      router.send([address, ...encode(message, blobs)]);
    await say({ type: "welcome", nonce, session, policy: "liar", manifestHash, ttl_ms: 250 });
    const robot = await connecting;
    closing.push(robot);
    robot.observe({ state: new Float32Array(3) });
    let sequence = 1;
    const lie = (change: Partial<MessageOf<"action">>, ...values: number[]) => {
      const truth = { session, sequence: sequence++, observation: 0, ttl_ms: 250, robots: [0] };
      const size = values.length;
      const message = { type: "action", ...truth, size, ...change } as const;
      return say(message, Float32Array.from(values));
    };
    await lie({ session: "another-session" }, 1, 1);
    await lie({ observation: 5 }, 1, 1);
    await lie({ robots: [1] }, 1, 1);
    await lie({}, 1, 1, 1);
    await lie({}, Number.NaN, 1);
    await lie({}, 1, 2);
    await router.send([address, "nonsense"]);
    await until(() => Object.keys(robot.report().refused).length === 7, 1000);
    expect(robot.report()).toMatchObject({
      actions: 0,
      refused: {
        "other session": 1,
        "unknown observation": 1,
        "unknown robot": 1,
        "wrong size": 1,
        "not finite": 1,
        "outside limits": 1,
        "not MessagePack": 1,
      },
    });
    expect([...robot.commandOf(0)]).toEqual([0, 0]);
    robot.observe({ state: new Float32Array(3) });
    await lie({ observation: 1 }, 1, -1);
    await until(() => robot.commandOf(0)[0] === 1, 1000);
  });
});

async function falsePolicy() {
  const router = new Router({ linger: 0, receiveTimeout: 2000 });
  await router.bind("tcp://127.0.0.1:*");
  closing.push(router);
  return { router, endpoint: router.lastEndpoint ?? "" };
}
