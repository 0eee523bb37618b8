/** The supervisor with its sockets and its actuators' program; the machine itself is tested beside this. */

import { mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import os from "node:os";
import path from "node:path";
import { afterEach, describe, expect, it } from "vitest";
import { Dealer } from "zeromq";
import { programActuators } from "../../../bridge/supervisor/actuators.ts";
import { robotLimits, supervisorSchema } from "../../../bridge/supervisor/config.ts";
import { connectSupervisor } from "../../../bridge/supervisor/link.ts";
import type { Lane } from "../../../bridge/supervisor/machine.ts";
import {
  type CommandMessage,
  decodeCommand,
  encodeOne,
} from "../../../bridge/supervisor/messages.ts";
import { type SuperviseOptions, supervise } from "../../../bridge/supervisor/server.ts";
import { StopLink } from "../../../bridge/supervisor/stop-link.ts";
import { ConfigError, WireError } from "../../../core/errors.ts";
import { until } from "../support.ts";

const closing: { close(): unknown }[] = [];
afterEach(async () => {
  for (const open of closing.splice(0).reverse()) await open.close();
});

const config = supervisorSchema.parse({ columns: robotLimits["turtlebot3-burger"] });
const columns = ["forward", "turn"];
const anyPort = "tcp://127.0.0.1:*";

async function start(change: Partial<SuperviseOptions> = {}) {
  const written: (readonly number[])[] = [];
  const log: string[] = [];
  const server = await supervise({
    config,
    endpoint: anyPort,
    stopEndpoint: anyPort,
    actuators: { write: (command) => void written.push(command), close() {} },
    log: (line) => log.push(line),
    ...change,
  });
  closing.push(server);
  const join = async (lane: Lane) => {
    const link = await connectSupervisor({ lane, columns, endpoint: server.endpoint });
    closing.push(link);
    return link;
  };
  const button = () => {
    const link = new StopLink(server.stopEndpoint);
    closing.push(link);
    return link;
  };
  return { server, written, log, join, button, last: () => written[written.length - 1] };
}

describe("a supervisor", () => {
  it("drives once armed, and stops when the commands stop", async () => {
    const { server, join, last } = await start();
    const [policy, operator] = [await join("policy"), await join("operator")];
    const driving = setInterval(() => policy.command([0.1, 0.5], 0.25), 20);
    closing.push({ close: () => clearInterval(driving) });
    await until(() => server.report().refused["not armed"] > 2, 2000);
    expect(last()).toEqual([0, 0]);
    await operator.arm();
    await until(() => last()[0] === 0.1 && last()[1] === 0.5, 2000);
    expect(policy.beat).toMatchObject({ mode: "armed", driver: "policy" });
    clearInterval(driving);
    await until(() => last().every((value) => value === 0), 1000);
    await until(() => policy.beat?.mode === "hold", 1000);
    operator.disarm();
    await until(() => policy.beat?.mode === "disarmed", 1000);
  });

  it("stops at the button, latched, and on anything that comes to that socket", async () => {
    const { server, join, button, last, log } = await start({ isArmed: true });
    const policy = await join("policy");
    const driving = setInterval(() => policy.command([0.2, 0], 0.25), 20);
    closing.push({ close: () => clearInterval(driving) });
    await until(() => last()[0] > 0.1, 2000);
    const red = button();
    expect(await red.stop("test")).toMatchObject({ mode: "estop", stops: 1 });
    expect(last()).toEqual([0, 0]);
    const operator = await join("operator");
    await expect(operator.arm()).rejects.toThrow("emergency stop");
    expect(await red.reset()).toMatchObject({ mode: "disarmed", stops: 1 });
    await expect(red.reset()).rejects.toThrow(WireError);
    await operator.arm();
    await until(() => last()[0] > 0.1, 2000);
    const vandal = new Dealer({ linger: 0 });
    closing.push(vandal);
    vandal.connect(server.stopEndpoint);
    await vandal.send("what is this?");
    await until(() => server.report().mode === "estop", 1000);
    expect(log.join()).toContain("EMERGENCY STOP 2");
  });

  it("gives each lane to one peer, and says what does not fit", async () => {
    const { server, join } = await start();
    await join("policy");
    const quick = { endpoint: server.endpoint, timeout_s: 0.3 };
    const second = connectSupervisor({ lane: "policy", columns, ...quick });
    await expect(second).rejects.toThrow('Lane "policy" has a peer already');
    const other = connectSupervisor({ lane: "teleop", columns: ["forward", "left"], ...quick });
    await expect(other).rejects.toThrow("takes [forward, turn], the peer gives [forward, left]");
    const nobody = connectSupervisor({
      lane: "teleop",
      columns,
      endpoint: "tcp://127.0.0.1:9",
      timeout_s: 0.2,
    });
    await expect(nobody).rejects.toThrow(/No supervisor gave the lane .*understudy supervise/);
  });

  it("opens no port to the network unless asked by name", async () => {
    await expect(start({ endpoint: "tcp://*:5611" })).rejects.toThrow(ConfigError);
    await expect(start({ stopEndpoint: "tcp://*:5612" })).rejects.toThrow("open to the network");
  });

  it("refuses a session that is played back, from anywhere", async () => {
    const { server } = await start({ isArmed: true });
    const robot = await raw(server.endpoint);
    const hello: CommandMessage = {
      type: "hello",
      protocol: "understudy-supervisor/1",
      nonce: "a-nonce-of-mine",
      lane: "policy",
      columns,
    };
    const welcome = await robot.ask(hello, "welcome");
    const beat = await robot.next("beat");
    if (welcome.type !== "welcome" || beat.type !== "beat") throw new Error("no session");
    const { session } = welcome;
    const played: CommandMessage = {
      type: "command",
      session,
      sequence: 3,
      beat: beat.beat,
      ttl_ms: 250,
      values: [0.1, 0],
    };
    await robot.send(played);
    expect(await robot.ask(played, "refused")).toMatchObject({ reason: "old sequence" });
    const thief = await raw(server.endpoint);
    expect(await thief.ask(hello, "refused")).toMatchObject({ reason: "replayed hello" });
    const stolen = { ...played, sequence: 4 };
    expect(await thief.ask(stolen, "refused")).toMatchObject({ reason: "other connection" });
    await robot.send({ type: "bye", session });
    expect(await robot.ask(stolen, "refused")).toMatchObject({ reason: "unknown session" });
    expect(await robot.ask(hello, "refused")).toMatchObject({ reason: "replayed hello" });
    expect(server.report()).toMatchObject({
      commands: 1,
      refused: {
        "old sequence": 1,
        "replayed hello": 2,
        "other connection": 1,
        "unknown session": 1,
      },
    });
  });
});

describe("an actuators' program", () => {
  const folder = mkdtempSync(path.join(os.tmpdir(), "understudy-actuators-"));
  const heard = path.join(folder, "heard");
  const script = path.join(folder, "motors.mjs");
  writeFileSync(
    script,
    `import { appendFileSync } from "node:fs";
     import { createInterface } from "node:readline";
     console.log(JSON.stringify({ nearest_m: 0.3 }));
     console.log("motors ready");
     createInterface(process.stdin).on("line", (line) => appendFileSync(${JSON.stringify(heard)}, line + "\\n"));`,
  );
  const program = `${JSON.stringify(process.execPath)} ${JSON.stringify(script)}`;
  closing.push({ close: () => rmSync(heard, { force: true }) });

  it("gets a line for each write, the end of its input when that is over, and is heard", async () => {
    const seen: unknown[] = [];
    const actuators = programActuators(program, {
      sensed: (reading) => seen.push(reading),
      refused: (reason) => seen.push(reason),
      ended: (how) => seen.push(how),
    });
    await until(() => seen.length === 2, 5000);
    actuators.write([0.1, 0], "armed");
    actuators.write([0, 0], "disarmed");
    await actuators.close();
    expect(seen).toEqual([{ nearest_m: 0.3 }, "not a reading"]);
    const lines = readFileSync(heard, "utf8").trim().split("\n");
    expect(lines.map((line) => JSON.parse(line))).toEqual([
      { command: [0.1, 0], mode: "armed" },
      { command: [0, 0], mode: "disarmed" },
    ]);
  });

  it("that ends by itself is said to have", async () => {
    const ended = new Promise<string>((resolve) => {
      const events = { sensed() {}, refused() {}, ended: resolve };
      closing.push(programActuators("exit 3", events));
    });
    expect(await ended).toBe("exit code 3");
  });
});

/** A peer that sends whatever it is told. */
async function raw(endpoint: string) {
  const socket = new Dealer({ linger: 0, receiveTimeout: 2000 });
  socket.connect(endpoint);
  closing.push(socket);
  const send = (message: CommandMessage) => socket.send(encodeOne(message));
  const next = async (type: CommandMessage["type"]): Promise<CommandMessage> => {
    for (;;) {
      const decoded = decodeCommand(await socket.receive(), "supervisor");
      if ("message" in decoded && decoded.message.type === type) return decoded.message;
    }
  };
  const ask = async (message: CommandMessage, type: CommandMessage["type"]) => {
    await send(message);
    return next(type);
  };
  return { send, next, ask };
}
