/** openpi's protocol: golden messages, and errors as text with close code 1011. */

import { once } from "node:events";
import { type AddressInfo, createServer, type Socket } from "node:net";
import { describe, expect, it } from "vitest";
import { type RawData, WebSocket } from "ws";
import { ndarray } from "../../../bridge/adapters/numpy.ts";
import { OpenpiClient } from "../../../bridge/adapters/openpi-client.ts";
import {
  decodeOpenpi,
  encodeOpenpi,
  openpiArray,
} from "../../../bridge/adapters/openpi-messages.ts";
import { type OpenpiServerOptions, serveOpenpi } from "../../../bridge/adapters/openpi-server.ts";
import { breakOff, closeAfterEach } from "../support.ts";
import { bytes, linear } from "./support.ts";

const open = closeAfterEach();

async function serve(options: Partial<OpenpiServerOptions> = {}) {
  const policy = await linear();
  const log: string[] = [];
  const server = await serveOpenpi({ policy, port: 0, log: (l) => log.push(l), ...options });
  open.push(
    () => policy.close(),
    () => server.close(),
  );
  return { server, policy, log };
}

/** Everything a connection says, and how it ends. */
function listen(url: string, headers: Record<string, string> = {}) {
  const socket = new WebSocket(url, { headers, perMessageDeflate: false });
  open.push(() => socket.terminate());
  const messages: { data: Buffer; isBinary: boolean }[] = [];
  const waiting: (() => void)[] = [];
  socket.on("message", (data: RawData, isBinary: boolean) => {
    messages.push({ data: data as Buffer, isBinary });
    for (const wake of waiting.splice(0)) wake();
  });
  const closed = new Promise<{ code: number; reason: string }>((resolve) =>
    socket.on("close", (code, reason) => resolve({ code, reason: String(reason) })),
  );
  const refused = new Promise<string>((resolve) =>
    socket.on("error", (error) => resolve(error.message)),
  );
  const message = async (i: number) => {
    while (messages.length <= i) await new Promise<void>((resolve) => waiting.push(resolve));
    return messages[i];
  };
  return { socket, message, closed, refused };
}

describe("what Python writes", () => {
  it("reads arrays and single numbers", () => {
    const observation = decodeOpenpi(bytes("openpi observation"));
    expect(openpiArray(observation, "observation/state")).toMatchObject({
      dtype: "<f4",
      shape: [3],
      data: Float32Array.of(1, 2, 0.25),
    });
    const numbers = decodeOpenpi(bytes("openpi generic"));
    expect(openpiArray(numbers, "x")?.data).toEqual(Float64Array.of(1.5));
    expect(openpiArray(numbers, "n")?.data).toEqual(Float64Array.of(7));
  });

  it("writes arrays byte for byte as openpi's packer", () => {
    const actions = ndarray(Float32Array.of(0.4, 0.71), [1, 2]);
    expect(Buffer.from(encodeOpenpi({ actions }))).toEqual(bytes("openpi actions"));
  });
});

describe("a connection", () => {
  it("begins with the server's metadata, then answers what Python sends", async () => {
    const { server } = await serve();
    const { socket, message } = listen(server.endpoint);
    const metadata = decodeOpenpi((await message(0)).data);
    expect(metadata.get("action_horizon")).toBe(1);
    socket.send(bytes("openpi observation"));
    const { data } = await message(1);
    // forward is clipped to 1, turn 0.5 - 0.25; times 0.4 and 2.84
    const actions = openpiArray(decodeOpenpi(data), "actions");
    expect(actions).toMatchObject({ shape: [1, 2], data: Float32Array.of(0.4, 0.71) });
  });

  const nan = { state: ndarray(Float32Array.of(1, Number.NaN, 0), [3]) };
  const cases: [string, Uint8Array | string, string, string][] = [
    ["text", "hello", "not MessagePack", "binary"],
    ["noise", Uint8Array.of(0xc1, 2, 3), "not MessagePack", "MessagePack"],
    ["bad UTF-8", Uint8Array.of(0x81, 0xa1, 0xff, 0x01), "not UTF-8", "UTF-8"],
    ["NaN", encodeOpenpi(nan), "not finite", "not finite"],
    ["a missing input", encodeOpenpi({ prompt: "push" }), "missing input", '"state"'],
    ["a list for an array", encodeOpenpi({ state: [1, 2, 3] }), "not an array", "array"],
    [
      "another shape",
      encodeOpenpi({ state: ndarray(new Float32Array(4), [4]) }),
      "wrong shape",
      "[3]",
    ],
  ];

  it.each(cases)("ends at %s: the reason as text, then 1011", async (_, sent, why, words) => {
    const { server, log } = await serve();
    const { socket, message, closed } = listen(server.endpoint);
    await message(0);
    socket.send(sent);
    const { data, isBinary } = await message(1);
    expect(isBinary).toBe(false);
    expect(String(data)).toContain(words);
    expect(await closed).toEqual({
      code: 1011,
      reason: "Internal server error. Traceback included in previous frame.",
    });
    expect(server.report()).toMatchObject({ actions: 0, refused: { [why]: 1 } });
    expect(log.some((line) => line.includes(why))).toBe(true);
  });

  it("is refused without the key, and accepted with it", async () => {
    const { server } = await serve({ apiKey: "s3cret" });
    expect(await listen(server.endpoint).refused).toContain("401");
    const { message } = listen(server.endpoint, { Authorization: "Api-Key s3cret" });
    expect((await message(0)).isBinary).toBe(true);
    expect(server.report().refused).toEqual({ unauthorized: 1 });
  });

  it("is refused to pages of other sites, and not to programs, unless they have the key", async () => {
    const { server } = await serve();
    const { host } = new URL(server.endpoint);
    for (const origin of ["http://example.org", "null", `https://${host}`]) {
      expect(await listen(server.endpoint, { origin }).refused).toContain("403");
    }
    // a name that somebody points at this machine
    const renamed = { origin: "http://example.org:8000", host: "example.org:8000" };
    expect(await listen(server.endpoint, renamed).refused).toContain("403");
    expect(server.report().refused).toEqual({ unauthorized: 4 });
    for (const headers of [{}, { host: "robot.local" }, { origin: `http://${host}` }]) {
      expect((await listen(server.endpoint, headers).message(0)).isBinary).toBe(true);
    }
    const { server: locked } = await serve({ apiKey: "s3cret" });
    const headers = { origin: "http://example.org", authorization: "Api-Key s3cret" };
    expect((await listen(locked.endpoint, headers).message(0)).isBinary).toBe(true);
  });

  it("that is refused may be reset, and the server goes on", async () => {
    const { server } = await serve({ apiKey: "s3cret" });
    const { host } = new URL(server.endpoint);
    for (let i = 0; i < 10; i++) expect(await breakOff(host)).toContain("401");
    const { message } = listen(server.endpoint, { Authorization: "Api-Key s3cret" });
    expect((await message(0)).isBinary).toBe(true);
  });
});

it("answers /healthz", async () => {
  const { server } = await serve();
  const response = await fetch(`${server.endpoint.replace("ws:", "http:")}/healthz`);
  expect([response.status, await response.text()]).toEqual([200, "OK\n"]);
});

describe("the client", () => {
  it("asks in SI units, and says what the server refused", async () => {
    const { server, policy } = await serve();
    const url = server.endpoint;
    const client = new OpenpiClient({ robot: policy.manifest, url, timeout_s: 10 });
    open.push(() => client.close());
    const [[forward_mps]] = await client.act({ state: Float32Array.of(0.25, 0, 0) });
    expect(forward_mps).toBeCloseTo(0.1, 6);
    const spoilt = { state: Float32Array.of(Number.NaN, 0, 0) };
    await expect(client.act(spoilt)).rejects.toThrow("not finite");
    // on a new connection
    await client.act({ state: Float32Array.of(0.25, 0, 0) });
  });

  it("gets each its own answer where several are asked at once", async () => {
    const { server, policy } = await serve();
    const url = server.endpoint;
    const client = new OpenpiClient({ robot: policy.manifest, url, timeout_s: 10 });
    open.push(() => client.close());
    const state = new Float32Array(3);
    const asked = [0.25, -0.5, 1].map((x) => {
      state[0] = x;
      return client.act({ state });
    });
    const forward_mps = (await Promise.all(asked)).map(([[forward]]) => forward.toFixed(3));
    expect(forward_mps).toEqual(["0.100", "-0.200", "0.400"]);
    expect(server.report()).toMatchObject({ requests: 3, actions: 3 });
  });

  it("hangs up while it connects, too, and says that it was closed", async () => {
    const { policy } = await serve();
    const silent = createServer().listen(0, "127.0.0.1");
    open.push(() => void silent.close());
    await once(silent, "listening");
    const url = `ws://127.0.0.1:${(silent.address() as AddressInfo).port}`;
    const client = new OpenpiClient({ robot: policy.manifest, url, timeout_s: 10 });
    const told = expect(client.metadata()).rejects.toThrow("openpi server");
    const waiting = expect(client.metadata()).rejects.toThrow("was closed");
    const [connection] = (await once(silent, "connection")) as [Socket];
    const over = once(connection.resume(), "close");
    client.close();
    await Promise.all([over, told, waiting]);
    await expect(client.act({ state: new Float32Array(3) })).rejects.toThrow("was closed");
  });

  it("gives up on a server that is not there", async () => {
    const { server, policy } = await serve();
    await server.close();
    const url = server.endpoint;
    const client = new OpenpiClient({ robot: policy.manifest, url, timeout_s: 10 });
    await expect(client.act({ state: new Float32Array(3) })).rejects.toThrow("openpi server");
  });
});
