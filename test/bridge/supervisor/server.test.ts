/** The supervisor with its sockets; the machine itself and the actuators' program are tested beside this. */

import { setTimeout as sleep } from "node:timers/promises";
import { describe, expect, it } from "vitest";
import { Dealer } from "zeromq";
import { monotonic_s } from "../../../bridge/clock.ts";
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
import { commands } from "../../../cli/commands/index.ts";
import { ConfigError, WireError } from "../../../core/errors.ts";
import { runCommand } from "../../cli/run-command.ts";
import { closeAfterEach, rawPeer, until } from "../support.ts";

const closing = closeAfterEach();

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
    // once more changes nothing
    await operator.arm();
    await until(() => last()[0] === 0.1 && last()[1] === 0.5, 2000);
    expect(policy.beat).toMatchObject({ mode: "armed", driver: "policy" });
    clearInterval(driving);
    await until(() => last().every((value) => value === 0), 1000);
    await until(() => policy.beat?.mode === "hold", 1000);
    operator.disarm();
    await until(() => policy.beat?.mode === "disarmed", 1000);
  });

  it("drives on what is seen, and stops on what was seen too long ago, however it was held up", async () => {
    const nearestDepth = { stop_m: 0.15, slow_m: 0.5, maxAge_ms: 1000 };
    const { server, join, last } = await start({
      isArmed: true,
      config: supervisorSchema.parse({ columns: config.columns, nearestDepth }),
    });
    const policy = await join("policy");
    let nearest_m: number | undefined = 3;
    const driving = setInterval(() => {
      policy.command([0.1, 0], 0.25);
      if (nearest_m !== undefined) policy.sense({ nearest_m });
    }, 20);
    closing.push({ close: () => clearInterval(driving) });
    await until(() => last()[0] === 0.1, 2000);
    // another sensor sees something, and says when: first what was so before, then what is so now
    server.sensed({ nearest_m: 0.1, stamp_s: monotonic_s() - 2 });
    await sleep(200);
    expect(last()[0]).toBe(0.1);
    // by the wall's clock it would be new for ever
    server.sensed({ nearest_m: 0.1, stamp_s: Date.now() / 1000 });
    expect(server.report().refused["stamp to come"]).toBe(1);
    await sleep(100);
    expect(last()[0]).toBe(0.1);
    server.sensed({ nearest_m: 0.1, stamp_s: monotonic_s() });
    await until(() => policy.beat?.zones.join() === "near", 2000);
    // both are silent now
    nearest_m = undefined;
    await until(() => policy.beat?.zones.join() === "no depth", 4000);
    expect(last()[0]).toBe(0);
  });

  it("keeps the link of a peer whose patience is shorter than its own ticks", async () => {
    const slow = { tick_ms: 900, ramp_ms: 900, watchdog_ms: 4000 };
    const { join } = await start({ config: supervisorSchema.parse({ ...config, ...slow }) });
    const watcher = await join("watcher");
    const first = watcher.beat?.beat ?? 0;
    await until(() => (watcher.beat?.beat ?? 0) >= first + 2, 10_000);
    expect(watcher.report().reconnections).toBe(0);
  });

  it("stops at the button, latched, and on anything that comes to that socket", async () => {
    const { server, join, button, last, log } = await start({ isArmed: true });
    const [policy, operator] = [await join("policy"), await join("operator")];
    const driving = setInterval(() => policy.command([0.2, 0], 0.25), 20);
    closing.push({ close: () => clearInterval(driving) });
    await until(() => last()[0] > 0.1, 2000);
    const red = button();
    expect(await red.stop("test")).toMatchObject({ mode: "estop", stops: 1 });
    expect(last()).toEqual([0, 0]);
    // at once: the operator may not have heard of it yet
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

  it("answers each of two stops at once, and neither is said again after that", async () => {
    const { server, button } = await start({ isArmed: true });
    const red = button();
    await red.ask();
    const states = await Promise.all([red.stop("one"), red.stop("two"), red.ask()]);
    expect(states.map(({ mode }) => mode)).toEqual(["estop", "estop", "estop"]);
    const { stops } = server.report();
    expect((await red.reset()).mode).toBe("disarmed");
    await sleep(300);
    expect(server.report()).toMatchObject({ mode: "disarmed", stops });
  });

  it("gives each lane to one peer, and says what does not fit", async () => {
    const { server, join } = await start();
    await join("policy");
    // each asks until its time is over, and then says why it was refused
    const refused = { endpoint: server.endpoint, timeout_s: 3 };
    const second = connectSupervisor({ lane: "policy", columns, ...refused });
    const other = connectSupervisor({ lane: "teleop", columns: ["forward", "left"], ...refused });
    await Promise.all([
      expect(second).rejects.toThrow('Lane "policy" has a peer already'),
      expect(other).rejects.toThrow("takes [forward, turn], the peer gives [forward, left]"),
    ]);
    const nobody = connectSupervisor({
      lane: "teleop",
      columns,
      endpoint: "tcp://127.0.0.1:9",
      timeout_s: 0.2,
    });
    await expect(nobody).rejects.toThrow(/No supervisor gave the lane .*understudy supervise/);
  });

  it("is waited for three seconds where the time is undefined, and not at all where it is none", async () => {
    const nobody = { lane: "teleop", columns, endpoint: "tcp://127.0.0.1:9" } as const;
    const unset = { timeout_s: undefined } as object;
    await expect(connectSupervisor({ ...nobody, ...unset })).rejects.toThrow("within 3 s.");
    const never = connectSupervisor({ ...nobody, timeout_s: Number.NaN });
    await expect(never).rejects.toThrow(ConfigError);
    await expect(never).rejects.toThrow(
      'Expected "timeout_s" to be a finite time above 0 s, got NaN.',
    );
  });

  it("is armed and watched by peers that know no columns of it, and tells them", async () => {
    const lekiwi = supervisorSchema.parse({ columns: robotLimits.lekiwi });
    const { server, join } = await start({ config: lekiwi });
    const armed = await runCommand(commands, ["supervise", "arm", "--endpoint", server.endpoint]);
    expect(armed).toMatchObject({ code: 0, out: "hold\n" });
    const watcher = await join("watcher");
    expect(watcher.columns).toEqual(["forward", "left", "turn"]);
    expect(watcher.beat?.command).toEqual([0, 0, 0]);
  });

  it("opens no port to the network unless asked by name", async () => {
    await expect(start({ endpoint: "tcp://*:5611" })).rejects.toThrow(ConfigError);
    await expect(start({ stopEndpoint: "tcp://*:5612" })).rejects.toThrow("open to the network");
  });

  it("refuses a session that is played back, from anywhere", async () => {
    const { server } = await start({ isArmed: true });
    const robot = raw(server.endpoint);
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
    const thief = raw(server.endpoint);
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

/** A peer that sends whatever it is told. */
function raw(endpoint: string) {
  const peer = rawPeer<CommandMessage>(endpoint, {
    encode: encodeOne,
    decode: (frames) => decodeCommand(frames, "supervisor"),
  });
  closing.push(peer);
  return peer;
}
