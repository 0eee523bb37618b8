/** LeKiwi's two wires: golden messages, colours as LeRobot sees them, and a base that stops. */

import { spawn } from "node:child_process";
import { once } from "node:events";
import { setTimeout as sleep } from "node:timers/promises";
import { describe, expect, it } from "vitest";
import { Push, Subscriber } from "zeromq";
import { CommandPort } from "../../../bridge/adapters/command-port.ts";
import { decodeJpeg, encodeJpeg } from "../../../bridge/adapters/jpeg.ts";
import { LeKiwiClient } from "../../../bridge/adapters/lekiwi-client.ts";
import { LeKiwiCommands, openLeKiwiHost } from "../../../bridge/adapters/lekiwi-host.ts";
import {
  decodeCommand,
  decodeObservation,
  encodeCommand,
  encodeObservation,
  lekiwiWires,
  restingJoints,
} from "../../../bridge/adapters/lekiwi-messages.ts";
import { decodeRoles, encodeRoles } from "../../../bridge/adapters/role-image.ts";
import { encodeCameraMessage, openZmqCamera } from "../../../bridge/adapters/zmq-camera.ts";
import { drive } from "../../policies/tiny-policies.ts";
import { closeAfterEach, until } from "../support.ts";
import { bytes, reasonOf } from "./support.ts";

const open = closeAfterEach();

describe("what Python writes", () => {
  it("reads a command; degrees become radians", () => {
    const command = decodeCommand([bytes("lekiwi command")]);
    expect(command).toMatchObject({ forward_mps: 0.2, left_mps: 0, turn_radps: Math.PI / 2 });
    expect(command.joints["arm_gripper.pos"]).toBe(5);
  });

  it("reads observations of both wires alike", () => {
    const old = decodeObservation([bytes("lekiwi 0.6.0")]);
    const now = decodeObservation([bytes("lekiwi 0.6.1 header"), bytes("jpeg")]);
    expect([old.wire, now.wire]).toEqual(["0.6.0", "0.6.1"]);
    expect(old.state).toEqual(now.state);
    expect(Buffer.from(old.cameras.get("front") ?? [])).toEqual(bytes("jpeg"));
    expect(Buffer.from(now.cameras.get("front") ?? [])).toEqual(bytes("jpeg"));
  });

  it("sees LeRobot's colours the right way round", async () => {
    const { width, height, rgb } = await decodeJpeg(bytes("jpeg"));
    expect([width, height]).toEqual([16, 8]);
    for (const [x, colour] of [
      [3, [250, 10, 5]],
      [12, [5, 10, 250]],
    ] as const) {
      const at = 3 * (4 * width + x);
      for (const [c, value] of colour.entries()) {
        expect(Math.abs(rgb[at + c] - value)).toBeLessThan(8);
      }
    }
  });

  it("publishes what ZMQCamera reads", () => {
    const ours = encodeCameraMessage(new Map([["front", bytes("jpeg")]]), 12.5);
    expect(JSON.parse(String(ours))).toEqual(JSON.parse(String(bytes("zmq camera"))));
  });
});

describe("round trips", () => {
  const state = { joints: restingJoints, forward_mps: 0.1, left_mps: -0.02, turn_radps: 1 };

  it.each(lekiwiWires)("keeps an observation over wire %s", (wire) => {
    const cameras = new Map([["front", bytes("jpeg")]]);
    const { state: back } = decodeObservation(encodeObservation({ wire, state, cameras }));
    expect(back.turn_radps).toBeCloseTo(1, 12);
    expect(back).toMatchObject({ forward_mps: 0.1, left_mps: -0.02 });
  });

  it("carries role layers through a JPEG within two codes", async () => {
    const camera = { width: 16, height: 16, layers: ["a", "b"], inverseDepthScale_m: 1 };
    const layers = new Float32Array(2 * 256);
    // role a: a square at 1 m; role b: one at 0.5 m
    for (let y = 2; y < 8; y++) layers.fill(1, y * 16 + 2, y * 16 + 8);
    for (let y = 9; y < 15; y++) layers.fill(2, 256 + y * 16 + 5, 256 + y * 16 + 13);
    const { rgb } = await decodeJpeg(
      await encodeJpeg({ width: 16, height: 16, rgb: encodeRoles(layers, camera) }, 100),
    );
    const back = new Float32Array(layers.length);
    decodeRoles(rgb, 3, camera, back);
    for (const [i, value] of back.entries()) {
      expect(Math.abs(value - layers[i])).toBeLessThan(0.075);
    }
    expect(back.filter((v) => v > 0)).toHaveLength(36 + 48);
  });
});

describe("commands", () => {
  const say = (forward_mps: number, turn_radps: number, left_mps = 0) =>
    encodeCommand({ joints: restingJoints, forward_mps, left_mps, turn_radps });
  const moving = ({ port }: LeKiwiCommands, now_s: number) => port.commandAt(now_s).some(Boolean);

  function driving() {
    const log: string[] = [];
    const commands = new LeKiwiCommands(drive, 0.5, (line) => log.push(line));
    commands.port.observed(10);
    expect(commands.take([say(0.2, 1.42)], 10.01)).toBeUndefined();
    const [forward, turn] = commands.port.commandAt(10.02);
    expect(forward).toBeCloseTo(0.5, 6);
    expect(turn).toBeCloseTo(0.5, 6);
    return { commands, log };
  }

  const text = (json: string) => [Buffer.from(json)];
  const cases: [string, Uint8Array[], string][] = [
    ["NaN", [bytes("lekiwi command NaN")], "not finite"],
    ["too fast", [say(0.5, 0)], "outside limits"],
    ["sideways", [say(0.1, 0, 0.1)], "sideways"],
    ["half a message", [bytes("lekiwi command").subarray(0, 40)], "not JSON"],
    ["a missing speed", text('{"x.vel": 0.1, "y.vel": 0}'), "missing input"],
    ["a text for a number", text('{"x.vel": "1", "y.vel": 0, "theta.vel": 0}'), "not a map"],
    ["a list", text("[1, 2]"), "not a map"],
    ["bytes that are not UTF-8", [Uint8Array.of(0x7b, 0xff, 0x7d)], "not UTF-8"],
    [
      "an observation of another wire",
      [bytes("lekiwi 0.6.1 header"), bytes("jpeg")],
      "frame count",
    ],
    ["a megabyte", [Buffer.alloc(2 ** 20, 0x20)], "oversize"],
  ];

  it.each(cases)("%s stops the base at once, with a line and a count", (_, frames, why) => {
    const { commands, log } = driving();
    expect(commands.take(frames, 10.03)?.reason).toBe(why);
    expect(moving(commands, 10.03)).toBe(false);
    expect(commands.refusals.byReason()).toEqual({ [why]: 1 });
    expect(log).toHaveLength(1);
    // the next good command does not move it either, until it was seen again
    expect(commands.take([say(0.2, 0)], 10.04)?.reason).toBe("stopped");
    commands.port.observed(10.05);
    expect(commands.take([say(0.2, 0)], 10.06)).toBeUndefined();
    expect(moving(commands, 10.06)).toBe(true);
  });

  it("run out after half a second, and do not answer old observations", () => {
    const { commands } = driving();
    expect(moving(commands, 10.49)).toBe(true);
    expect(moving(commands, 10.52)).toBe(false);
    expect(commands.take([say(0.2, 0)], 10.6)?.reason).toBe("stopped");
  });
});

it("a command port refuses the wrong number of numbers", () => {
  const port = new CommandPort(drive, 0.5);
  port.observed(1);
  expect(reasonOf(() => port.offer(new Float32Array(3), 1))).toBe("wrong shape");
});

it.each(lekiwiWires)("client and host drive over sockets, wire %s", async (wire) => {
  const anyPort = { commands: "tcp://127.0.0.1:*", observations: "tcp://127.0.0.1:*" };
  const host = await openLeKiwiHost({ ...anyPort, output: drive, wire, watchdog_s: 30 });
  open.push(() => host.close());
  const { commandsEndpoint: commands, observationsEndpoint: observations } = host;
  const client = new LeKiwiClient({ output: drive, commands, observations, watchdog_s: 30 });
  const state = { joints: restingJoints, forward_mps: 0, left_mps: 0, turn_radps: 0 };
  const next = client.next(30);
  while (!(await host.publish(state, new Map([["front", bytes("jpeg")]])))) await sleep(10);
  const seen = await next;
  if (!seen) throw new Error("nothing was seen");
  expect(seen.cameras.size).toBe(1);
  client.drive(Float32Array.of(1, -0.5), seen.number);
  await until(() => host.command().some(Boolean), 30_000);
  expect(host.command()[0]).toBeCloseTo(1, 6);
  // a message that is none stops it
  const stranger = new Push({ linger: 0 });
  open.push(() => stranger.close());
  stranger.connect(commands);
  const nothing = client.next(30);
  await client.close();
  expect(await nothing).toBeUndefined();
  await until(() => !host.command().some(Boolean), 30_000);
  await stranger.send("{");
  await until(() => host.report().refused["not JSON"] === 1, 30_000);
});

it("a client does not move by an old picture, however many newer ones have come", async () => {
  const anyPort = { commands: "tcp://127.0.0.1:*", observations: "tcp://127.0.0.1:*" };
  const host = await openLeKiwiHost({ ...anyPort, output: drive, wire: "0.6.1", watchdog_s: 30 });
  open.push(() => host.close());
  const { commandsEndpoint: commands, observationsEndpoint: observations } = host;
  const client = new LeKiwiClient({ output: drive, commands, observations, watchdog_s: 0.5 });
  open.push(() => client.close());
  const state = { joints: restingJoints, forward_mps: 0, left_mps: 0, turn_radps: 0 };
  const pictures = setInterval(() => void host.publish(state, new Map()), 20);
  open.push(() => clearInterval(pictures));
  const old = await client.next(30);
  await sleep(600);
  client.drive(Float32Array.of(1, 0), old?.number ?? 0);
  expect(client.refusals.byReason()).toEqual({ stopped: 1 });
  const newer = await client.next(30);
  client.drive(Float32Array.of(1, 0), newer?.number ?? 0);
  await until(() => host.command().some(Boolean), 30_000);
});

it("a client is given the newest of the pictures that came while its process was busy", async () => {
  const frames = [0.1, 0.2, 0.3].map((forward_mps) => {
    const state = { joints: restingJoints, forward_mps, left_mps: 0, turn_radps: 0 };
    return encodeObservation({ wire: "0.6.1", state, cameras: new Map() }).map(String);
  });
  const script = `
    const { Push } = require("zeromq");
    const push = new Push();
    push.bind("tcp://127.0.0.1:*").then(() => console.log(push.lastEndpoint));
    process.stdin.once("data", async () => {
      for (const frames of ${JSON.stringify(frames)}) await push.send(frames);
    });`;
  const robot = spawn(process.execPath, ["-e", script], { stdio: ["pipe", "pipe", "inherit"] });
  open.push(() => robot.kill("SIGKILL"));
  const [endpoint] = await once(robot.stdout, "data");
  const observations = String(endpoint).trim();
  const client = new LeKiwiClient({ output: drive, commands: "tcp://127.0.0.1:9", observations });
  open.push(() => client.close());
  const next = client.next(30);
  await sleep(50);
  robot.stdin.write("now");
  Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0, 500);
  expect((await next)?.state.forward_mps).toBeCloseTo(0.3, 9);
});

it("publishes a camera on a socket", async () => {
  const camera = await openZmqCamera({ endpoint: "tcp://127.0.0.1:*" });
  open.push(() => camera.close());
  const subscriber = new Subscriber({ linger: 0 });
  open.push(() => subscriber.close());
  subscriber.connect(camera.endpoint);
  subscriber.subscribe("");
  const message = subscriber.receive();
  const rgb = new Uint8Array(8 * 8 * 3).fill(100);
  let heard = false;
  void message.then(() => {
    heard = true;
  });
  while (!heard) {
    await camera.publish({ front: { width: 8, height: 8, rgb } }, 1);
    await sleep(20);
  }
  const { images } = JSON.parse(String((await message)[0]));
  const { rgb: back } = await decodeJpeg(Buffer.from(images.front, "base64"));
  expect(Math.abs(back[0] - 100)).toBeLessThan(3);
});
