/** The bridge's own commands, as a person meets them. */

import { readdirSync, readFileSync } from "node:fs";
import path from "node:path";
import { describe, expect, it } from "vitest";
import { defaultEnvEndpoint } from "../../bridge/env-server/server.ts";
import { defaultEndpoint } from "../../bridge/sockets.ts";
import { robotLimits, supervisorSchema } from "../../bridge/supervisor/config.ts";
import {
  defaultStopEndpoint,
  defaultSupervisorEndpoint,
} from "../../bridge/supervisor/messages.ts";
import { commands } from "../../cli/commands/index.ts";
import { applySettings } from "../../core/settings.ts";
import { runCommand } from "../cli/run-command.ts";
import { temporaryFolder } from "../support/temporary-folder.ts";

const folder = temporaryFolder();
const run = (...words: string[]) => runCommand(commands, words);
const nobody = "tcp://127.0.0.1:9";

describe("understudy keys", () => {
  it("makes a pair, lists it, and does not make it twice", async () => {
    const made = await run("keys", "robot-1", "--folder", folder, "--json");
    expect(made.code).toBe(0);
    const { publicKey } = JSON.parse(made.out);
    const listed = await run("keys", "--folder", folder, "--json");
    expect(JSON.parse(listed.out)).toEqual([{ name: "robot-1", publicKey }]);
    const again = await run("keys", "robot-1", "--folder", folder);
    expect(again).toMatchObject({ code: 1 });
    expect(again.err).toContain("exists already");
  });
});

describe("understudy supervise", () => {
  it("says when nobody stopped the robot", async () => {
    const { code, err } = await run("supervise", "stop", "--stopEndpoint", nobody);
    expect(code).toBe(1);
    expect(err).toMatch(/No supervisor answered .* If the robot moves, cut its power\./);
  });

  it("refuses words and settings that it does not know, and limits that contradict", async () => {
    expect((await run("supervise", "amr")).err).toContain('Did you mean "arm"?');
    const slow = await run("supervise", "--set", "watchdog_ms=100");
    expect(slow).toMatchObject({ code: 1 });
    expect(slow.err).toContain("watchdog_ms has to be longer than ramp_ms and two ticks");
    const open = await run("supervise", "--endpoint", "tcp://*:0");
    expect(open.err).toContain("open to the network");
  });

  it("says of its zones that they are off unless somebody sets them, as they are", async () => {
    const { out } = await run("supervise", "--help");
    const settings = out.replace(/\n {4,}/g, " ").split("\n");
    const zones = settings.filter((line) => /^ {2}(geofence|nearestDepth)\./.test(line));
    expect(zones).toHaveLength(6);
    for (const line of zones) expect(line).toContain("; off unless ");
    const configured = (...sets: string[]) =>
      applySettings(supervisorSchema, sets, { columns: robotLimits.lekiwi });
    expect(configured().geofence).toBeUndefined();
    expect(configured().nearestDepth).toBeUndefined();
    expect(configured("nearestDepth.slow_m=1").nearestDepth?.stop_m).toBe(0.15);
    expect(() => configured("geofence.lookAhead_s=1")).toThrow("corners_m");
  });

  it("wants both halves of what keys need", async () => {
    const { code, err } = await run("supervise", "--keys", path.join(folder, "a.secret.json"));
    expect(code).toBe(1);
    expect(err).toContain(
      'Expected "--keys" and "--allow" together or neither, got only "--keys".',
    );
  });
});

describe("understudy doctor", () => {
  it("prints what is wrong, how to mend it, and ends with exit code 1", async () => {
    const words = ["--endpoint", nobody, "--stopEndpoint", nobody];
    const { code, out, err } = await run("doctor", ...words);
    expect(code).toBe(1);
    expect(out).toMatch(/FAIL\s+port/);
    expect(out).toContain('-> Start "understudy serve');
    expect(err).toMatch(/2 of \d+ checks failed; see above\./);
  });
});

describe("understudy for robots that speak something else", () => {
  const policy = ["--policy", "policies/zoo/push-pair"];
  const simulator = ["drive-sim", "--scene", "push-pair", "--episodes", "1", "--protocol"];

  it.each([
    [["turtlebot3-drive", ...policy, "--rosbridge", "10.0.0.5:9090"], "ws://127.0.0.1:9090"],
    [["lekiwi-drive", ...policy, "--commands", "foo"], "tcp://127.0.0.1:5555"],
    [["lekiwi-drive", ...policy, "--observations", "foo"], "tcp://127.0.0.1:5556"],
    [[...simulator, "gr00t", "--server", "foo"], "tcp://127.0.0.1:5555"],
    [[...simulator, "openpi", "--server", "foo"], "ws://127.0.0.1:8000"],
  ])("says what an address looks like: %j", async (words, example) => {
    const record = words[0] === "drive-sim" ? [] : ["--record", path.join(folder, "address.mcap")];
    const { code, err } = await run(...words, ...record);
    expect(err).toMatch(/^Cannot connect to ".*": .*\. Expected something like .*\.\n$/);
    expect(err).toContain(example);
    expect(code).toBe(1);
    expect(readdirSync(folder).filter((name) => name.startsWith("address"))).toEqual([]);
  });

  it.each([
    ["gr00t", nobody],
    ["openpi", "ws://127.0.0.1:9"],
  ])("drives nothing where no server of %s is", async (protocol, server) => {
    const { code, out, err } = await run(...simulator, protocol, "--server", server);
    expect([code, out]).toEqual([1, ""]);
    expect(err).toMatch(/^The \S+ server .*\n$/);
  });
});

it("servers of our own have endpoints of their own, which Python knows, too", () => {
  const supervisor = [defaultSupervisorEndpoint, defaultStopEndpoint];
  const own = [defaultEndpoint, defaultEnvEndpoint, ...supervisor];
  expect(new Set(own).size).toBe(own.length);
  const python = path.resolve(import.meta.dirname, "../../bridge/python");
  const wire = readFileSync(path.join(python, "understudy/wire.py"), "utf8");
  expect(wire).toContain(`DEFAULT_ENDPOINT = "${defaultEnvEndpoint}"`);
  const readme = readFileSync(path.join(python, "README.md"), "utf8");
  expect(readme).toContain(`VectorEnv("${defaultEnvEndpoint}")`);
});
