/**
 * Unmodified Python clients against our servers, and our clients against Python servers, by the Python of
 * ../python/support.ts, with what test/python/install.sh installs and requirements.txt there names; LeRobot's old wire is looked for in
 * `UNDERSTUDY_LEROBOT_0_6_0`. A client that is not installed is skipped, and named.
 */

import { type ChildProcess, spawn, spawnSync } from "node:child_process";
import path from "node:path";
import { describe, expect, it, type TestContext } from "vitest";
import { Gr00tClient } from "../../../bridge/adapters/gr00t-client.ts";
import { serveGr00t } from "../../../bridge/adapters/gr00t-server.ts";
import { encodeJpeg } from "../../../bridge/adapters/jpeg.ts";
import { openLeKiwiHost } from "../../../bridge/adapters/lekiwi-host.ts";
import { lekiwiWires, restingJoints } from "../../../bridge/adapters/lekiwi-messages.ts";
import { OpenpiClient } from "../../../bridge/adapters/openpi-client.ts";
import { serveOpenpi } from "../../../bridge/adapters/openpi-server.ts";
import { openZmqCamera } from "../../../bridge/adapters/zmq-camera.ts";
import { freePorts } from "../../../bridge/free-ports.ts";
import { drive } from "../../policies/tiny-policies.ts";
import { insistOn } from "../../support/required.ts";
import { python } from "../python/support.ts";
import { closeAfterEach } from "../support.ts";
import { linear } from "./support.ts";

const script = path.resolve(import.meta.dirname, "../../python/conformance.py");
const { UNDERSTUDY_LEROBOT_0_6_0: oldLerobot } = process.env;
const open = closeAfterEach();

const packages = [
  "cv2",
  "gr00t",
  "lerobot",
  "msgpack",
  "numpy",
  "openpi_client",
  "websockets",
  "zmq",
];
/** Those of test/python/pinned.txt. */
const pinned = ["msgpack", "numpy", "openpi_client", "websockets", "zmq"];
const lacking = new Map<string | undefined, readonly string[]>();

/** Skips, and says why, where Python has not got a package. */
function needs(context: TestContext, wanted: readonly string[], extraPath?: string): void {
  const lacks = lacking.get(extraPath) ?? packagesMissing(extraPath);
  lacking.set(extraPath, lacks);
  const absent = wanted.filter((name) => lacks.includes(name));
  if (absent.length === 0) return;
  const reason = `"${python}" lacks ${absent.join(", ")}; run test/python/install.sh, and see requirements.txt beside it`;
  if (absent.some((name) => pinned.includes(name))) insistOn("python", reason);
  context.skip(reason);
}

function packagesMissing(extraPath?: string): readonly string[] {
  const missing = `[n for n in ${JSON.stringify(packages)} if importlib.util.find_spec(n) is None]`;
  const look = `import importlib.util; print(" ".join(${missing}))`;
  const env = pythonEnv(extraPath);
  const { status, stdout } = spawnSync(python, ["-c", look], { encoding: "utf8", env });
  // without any Python, all of them
  return status === 0 ? stdout.trim().split(" ") : packages;
}

function pythonEnv(extraPath?: string): NodeJS.ProcessEnv {
  const paths = [extraPath, process.env.PYTHONPATH].filter(Boolean).join(path.delimiter);
  return { ...process.env, PYTHONPATH: paths };
}

function start(words: readonly string[], extraPath?: string): ChildProcess {
  const child = spawn(python, [script, ...words], { env: pythonEnv(extraPath) });
  open.push(() => child.kill("SIGKILL"));
  return child;
}

/** What the script prints at its end. */
async function result(context: TestContext, words: readonly string[], extraPath?: string) {
  const child = start(words, extraPath);
  let [out, err] = ["", ""];
  child.stdout?.on("data", (data) => {
    out += data;
  });
  child.stderr?.on("data", (data) => {
    err += data;
  });
  const code = await new Promise((resolve) => child.once("close", resolve));
  if (code === 3) context.skip(`"${python}" lacks ${out.trim()}`);
  expect(code, `${out}${err}`).toBe(0);
  return JSON.parse(out.trim().split("\n").at(-1) ?? "");
}

const portOf = (endpoint: string) => endpoint.split(":").at(-1) ?? "";

async function policy() {
  const own = await linear();
  open.push(() => own.close());
  return own;
}

describe("unmodified clients", () => {
  it("GR00T's PolicyClient (or its stand-in) is served", async (context) => {
    needs(context, ["zmq", "msgpack", "numpy"]);
    const endpoint = "tcp://127.0.0.1:*";
    const server = await serveGr00t({ policy: await policy(), endpoint, token: "s3cret" });
    open.push(() => server.close());
    const seen = await result(context, ["gr00t", portOf(server.endpoint), "s3cret"]);
    // two rows: [0.25, 0, 0] -> 0.25, 0.5 and [0, 0, 0.25] -> 0, 0.25; times 0.4 and 2.84
    const expected = [[[0.1, 1.42]], [[0, 0.71]]];
    expect(seen.action.flat(2)).toEqual(expected.flat(2).map((v) => expect.closeTo(v, 6)));
    expect(seen).toMatchObject({
      ping: true,
      dtype: "float32",
      info: {},
      reset: {},
      keys: { state: ["state"], action: ["action"], language: ["task"] },
      unauthorized: "Server error: Unauthorized: Invalid API token",
      again: [2, 1, 2],
    });
    expect(seen.unknown).toContain("Unknown endpoint");
    expect(seen["not finite"]).toContain("not finite");
  });

  it("openpi's WebsocketClientPolicy is served", async (context) => {
    needs(context, ["openpi_client", "msgpack", "websockets"]);
    const server = await serveOpenpi({ policy: await policy(), port: 0, apiKey: "s3cret" });
    open.push(() => server.close());
    const seen = await result(context, ["openpi", portOf(server.endpoint), "s3cret"]);
    expect(seen.actions[0]).toEqual([expect.closeTo(0.1, 6), expect.closeTo(1.42, 6)]);
    expect(seen).toMatchObject({
      metadata: { name: "linear", action_horizon: 1 },
      timing: ["infer_ms", "prev_total_ms"],
      status: 401,
      again: [1, 2],
    });
    expect(seen["not finite"]).toContain("not finite");
  });

  it.for(lekiwiWires)("LeRobot's LeKiwiClient drives, wire %s", async (wire, context) => {
    const extra = wire === "0.6.0" ? oldLerobot : undefined;
    needs(context, ["lerobot", "cv2", "zmq"], extra);
    const anyPort = { commands: "tcp://127.0.0.1:*", observations: "tcp://127.0.0.1:*" };
    const host = await openLeKiwiHost({ ...anyPort, output: drive, wire, watchdog_s: 30 });
    open.push(() => host.close());
    const front = new Map([["front", await leftRed()]]);
    const timer = setInterval(() => {
      const [forward, turn] = host.command();
      const said = { forward_mps: 0.4 * forward, left_mps: 0, turn_radps: 2.84 * turn };
      void host.publish({ joints: restingJoints, ...said }, front);
    }, 50);
    open.push(() => clearInterval(timer));
    const ports = [portOf(host.commandsEndpoint), portOf(host.observationsEndpoint)];
    const seen = await result(context, ["lekiwi", ...ports], extra);
    if (seen.version !== wire) context.skip(`lerobot is ${seen.version}, not ${wire}`);
    expect(seen).toMatchObject({
      "x.vel": expect.closeTo(0.2, 5),
      "theta.vel": expect.closeTo(90, 3),
      shape: [64, 64, 3],
    });
    expectRed(seen.left);
  });

  it("LeRobot's ZMQCamera sees", async (context) => {
    needs(context, ["lerobot", "cv2", "zmq"]);
    const camera = await openZmqCamera({ endpoint: "tcp://127.0.0.1:*" });
    open.push(() => camera.close());
    const jpegs = new Map([["front", await leftRed()]]);
    const timer = setInterval(() => void camera.publishJpegs(jpegs, 0), 50);
    open.push(() => clearInterval(timer));
    const seen = await result(context, ["zmq-camera", portOf(camera.endpoint)]);
    expect(seen.shape).toEqual([64, 64, 3]);
    expectRed(seen.left);
  });
});

describe("Python servers", () => {
  it("GR00T's PolicyServer drives our client", async (context) => {
    needs(context, ["gr00t", "zmq", "msgpack", "numpy"]);
    const [port] = await freePorts(1);
    start(["gr00t-server", String(port)]);
    const robot = (await policy()).manifest;
    const endpoint = `tcp://127.0.0.1:${port}`;
    const client = new Gr00tClient({
      robot,
      endpoint,
      token: "s3cret",
      task: "push",
      timeout_s: 30,
    });
    open.push(() => client.close());
    const chunk = await client.act({ state: Float32Array.of(0.1, -0.2, 9) });
    expect(chunk).toHaveLength(4);
    expect(chunk[3]).toEqual(Float32Array.of(0.1, -0.2));
  });

  it("openpi's packer and websockets drive our client", async (context) => {
    needs(context, ["openpi_client", "msgpack", "websockets"]);
    const [port] = await freePorts(1);
    const server = start(["openpi-server", String(port)]);
    await new Promise((resolve) => server.stdout?.once("data", resolve));
    const robot = (await policy()).manifest;
    const client = new OpenpiClient({ robot, url: `ws://127.0.0.1:${port}`, timeout_s: 30 });
    open.push(() => client.close());
    expect(await client.act({ state: Float32Array.of(0.1, -0.2, 9) })).toHaveLength(4);
    const spoilt = { state: Float32Array.of(Number.NaN, 0, 0) };
    await expect(client.act(spoilt)).rejects.toThrow("the state is not finite");
    expect(await client.act({ state: Float32Array.of(0.1, -0.2, 9) })).toHaveLength(4);
  });
});

/** 64 x 64, the left half red, the right half blue. */
function leftRed(): Promise<Buffer> {
  const rgb = new Uint8Array(64 * 64 * 3);
  for (let p = 0; p < 64 * 64; p++) rgb.set(p % 64 < 32 ? [250, 10, 5] : [5, 10, 250], 3 * p);
  return encodeJpeg({ width: 64, height: 64, rgb });
}

function expectRed(pixel: number[]): void {
  for (const [c, value] of [250, 10, 5].entries()) {
    expect(Math.abs(pixel[c] - value)).toBeLessThan(8);
  }
}
