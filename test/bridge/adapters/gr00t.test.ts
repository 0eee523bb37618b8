/** GR00T's service: golden requests in, golden replies out, and every bad request answered with its error. */

import { describe, expect, it } from "vitest";
import { Request } from "zeromq";
import { Gr00tClient } from "../../../bridge/adapters/gr00t-client.ts";
import { encodeRequest } from "../../../bridge/adapters/gr00t-messages.ts";
import { Gr00tService, modalitiesOf, serveGr00t } from "../../../bridge/adapters/gr00t-server.ts";
import { isMap, unpack } from "../../../bridge/adapters/msgpack.ts";
import { ndarray } from "../../../bridge/adapters/numpy.ts";
import type { PolicyRuntime } from "../../../policies/runtime/runtime.ts";
import { closeAfterEach } from "../support.ts";
import { bytes, linear, summing } from "./support.ts";

const open = closeAfterEach();

async function service(options: { token?: string; policy?: PolicyRuntime } = {}) {
  const log: string[] = [];
  const policy = options.policy ?? (await linear());
  open.push(() => policy.close());
  const own = new Gr00tService({ ...options, policy, log: (line) => log.push(line) });
  return { service: own, log };
}

const errorIn = (reply: Uint8Array) => {
  const map = unpack(reply);
  return isMap(map) ? map.get("error") : undefined;
};

describe("what Python writes", () => {
  // state [1, 2, 0.25]: forward 1 + 2 * 2 is clipped to 1, turn 0.5 - 0.25; times 0.4 and 2.84
  it("answers get_action byte for byte as Python's server would", async () => {
    const { service: own } = await service();
    const reply = await own.answer([bytes("gr00t get_action")]);
    expect(Buffer.from(reply)).toEqual(bytes("gr00t reply get_action"));
  });

  it("answers the flat observations of older clients with flat actions", async () => {
    const { service: own } = await service();
    const reply = unpack(await own.answer([bytes("gr00t get_action flat")]));
    expect(isMap(reply) && [...reply.keys()]).toEqual(["action.action"]);
  });

  it("answers ping byte for byte, with or without a token", async () => {
    const plain = await service();
    const pong = bytes("gr00t reply ping");
    expect(Buffer.from(await plain.service.answer([bytes("gr00t ping")]))).toEqual(pong);
    const locked = await service({ token: "s3cret" });
    expect(Buffer.from(await locked.service.answer([bytes("gr00t token")]))).toEqual(pong);
    const denied = await locked.service.answer([bytes("gr00t ping")]);
    expect(Buffer.from(denied)).toEqual(bytes("gr00t reply unauthorized"));
    expect(locked.service.report().refused).toEqual({ unauthorized: 1 });
  });
});

describe("bad requests", () => {
  const state = (values: number[], shape: number[], dtype?: "u1") =>
    encodeRequest(
      "get_action",
      {
        observation: {
          state: {
            state: ndarray(dtype ? Uint8Array.from(values) : Float32Array.from(values), shape),
          },
        },
      },
      undefined,
    );
  const cases: [string, Uint8Array[], string, string][] = [
    ["of another shape", [state([1, 2], [1, 1, 2])], "wrong shape", "[1, 1, 3]"],
    ["with two steps of time", [state([1, 2, 3, 4, 5, 6], [1, 2, 3])], "wrong shape", "[1, 1, 3]"],
    ["of another kind of number", [state([1, 2, 3], [1, 1, 3], "u1")], "wrong shape", "|u1"],
    ["with NaN", [state([1, Number.NaN, 3], [1, 1, 3])], "not finite", "not finite"],
    ["without the input", [state([], [0])], "wrong shape", "rows"],
    ["for an unknown endpoint", [encodeRequest("sudo", {}, undefined)], "unknown endpoint", "sudo"],
    ["that is a pickle", [Uint8Array.of(0x80, 0x02, 0x7d)], "not MessagePack", "MessagePack"],
    ["that is not UTF-8", [Uint8Array.of(0x81, 0xa1, 0xff, 0x01)], "not UTF-8", "UTF-8"],
    ["of two frames", [bytes("gr00t ping"), bytes("gr00t ping")], "frame count", "one frame"],
    ["that is too large", [new Uint8Array(33 * 2 ** 20)], "oversize", "bytes"],
    [
      "that stops a server without a token",
      [encodeRequest("kill", {}, undefined)],
      "unauthorized",
      "token",
    ],
  ];

  it.each(cases)(
    "answers one %s with an error, a line and a count",
    async (_, frames, why, words) => {
      const { service: own, log } = await service();
      expect(errorIn(await own.answer(frames))).toContain(words);
      expect(own.report()).toMatchObject({ actions: 0, refused: { [why]: 1 } });
      expect(log).toHaveLength(1);
      // and goes on
      expect(errorIn(await own.answer([bytes("gr00t get_action")]))).toBeUndefined();
    },
  );
});

it("remembers from request to request, until a reset", async () => {
  const { policy } = await summing();
  const { service: own } = await service({ policy });
  const push = { push: ndarray(Float32Array.of(0.1, 0.2), [1, 1, 2]) };
  const request = encodeRequest("get_action", { observation: { state: push } }, undefined);
  const first = await own.answer([request]);
  expect(await own.answer([request])).not.toEqual(first);
  await own.answer([bytes("gr00t reset")]);
  expect(await own.answer([request])).toEqual(first);
});

describe("client and server over a socket", () => {
  it("agree, in SI units", async () => {
    const policy = await linear();
    open.push(() => policy.close());
    const server = await serveGr00t({ policy, endpoint: "tcp://127.0.0.1:*", token: "s3cret" });
    open.push(() => server.close());
    const robot = policy.manifest;
    const { endpoint } = server;
    const client = new Gr00tClient({ robot, endpoint, token: "s3cret", timeout_s: 10 });
    open.push(() => client.close());
    await client.ping();
    expect(await client.modalityKeys()).toEqual({
      state: ["state"],
      action: ["action"],
      language: ["task"],
    });
    const [[forward_mps, turn_radps]] = await client.act({ state: Float32Array.of(0.25, 0, 0) });
    expect(forward_mps).toBeCloseTo(0.1, 6);
    expect(turn_radps).toBeCloseTo(1.42, 6);
    await expect(client.act({ state: Float32Array.of(Number.NaN, 0, 0) })).rejects.toThrow(
      "not finite",
    );
    const stranger = new Gr00tClient({ robot, endpoint, token: "guess", timeout_s: 10 });
    open.push(() => stranger.close());
    await expect(stranger.ping()).rejects.toThrow("Unauthorized");
  });

  it("the client gives up on a silent server, and the next question is answered", async () => {
    const policy = await linear();
    open.push(() => policy.close());
    const robot = policy.manifest;
    const endpoint = `ipc:///tmp/understudy-gr00t-${process.pid}`;
    const client = new Gr00tClient({ robot, endpoint, timeout_s: 0.1 });
    open.push(() => client.close());
    await expect(client.ping()).rejects.toThrow(`gave no answer to "ping"`);
    const server = await serveGr00t({ policy, endpoint });
    open.push(() => server.close());
    const patient = new Gr00tClient({ robot, endpoint, timeout_s: 10 });
    open.push(() => patient.close());
    await patient.ping();
  });

  it("the client gets each its own answer where several are asked at once", async () => {
    const policy = await linear();
    const server = await serveGr00t({ policy, endpoint: "tcp://127.0.0.1:*" });
    const { endpoint } = server;
    const client = new Gr00tClient({ robot: policy.manifest, endpoint, timeout_s: 10 });
    open.push(
      () => policy.close(),
      () => server.close(),
      () => client.close(),
    );
    const asked = [0.25, -0.5, 1].map((x) => client.act({ state: Float32Array.of(x, 0, 0) }));
    const forward_mps = (await Promise.all(asked)).map(([[forward]]) => forward.toFixed(3));
    expect(forward_mps).toEqual(["0.100", "-0.200", "0.400"]);
  });

  it("ends when a client with the token says so", async () => {
    const policy = await linear();
    open.push(() => policy.close());
    const server = await serveGr00t({ policy, endpoint: "tcp://127.0.0.1:*", token: "s3cret" });
    const socket = new Request({ linger: 0 });
    socket.connect(server.endpoint);
    open.push(() => socket.close());
    await socket.send(encodeRequest("kill", undefined, "s3cret"));
    const [reply] = await socket.receive();
    expect(unpack(reply)).toBeNull();
    await server.ended;
  });

  it("listens to this machine only, unless asked by name", async () => {
    const policy = await linear();
    open.push(() => policy.close());
    await expect(serveGr00t({ policy, endpoint: "tcp://*:5555" })).rejects.toThrow(
      "open to the network",
    );
  });
});

it("calls images video and the rest state, by the robot's names", async () => {
  const policy = await linear();
  open.push(() => policy.close());
  expect(modalitiesOf(policy.manifest, { state: "base" }).state.modality_keys).toEqual(["base"]);
});
