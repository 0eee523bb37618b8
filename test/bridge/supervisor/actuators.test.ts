/** Programs that own the actuators, as processes: what they read, and how they end. */

import { spawn } from "node:child_process";
import { existsSync, readFileSync, writeFileSync } from "node:fs";
import path from "node:path";
import { describe, expect, it } from "vitest";
import { type ProgramEvents, programActuators } from "../../../bridge/supervisor/actuators.ts";
import { temporaryFolder } from "../../support/temporary-folder.ts";
import { closeAfterEach, until } from "../support.ts";

const root = path.resolve(import.meta.dirname, "../../..");
const folder = temporaryFolder();

const closing = closeAfterEach();

const deaf: ProgramEvents = { sensed() {}, refused() {}, ended() {} };

/** A command that runs `script` in Node, in a shell that does not hand its own process over. */
function programOf(name: string, script: string): string {
  const file = path.join(folder, `${name}.mjs`);
  writeFileSync(file, script);
  const quoted = [process.execPath, `${name}.mjs`].map((word) => JSON.stringify(word)).join(" ");
  return `cd ${JSON.stringify(folder)} && ${quoted} && true`;
}

/** Writes each line that it reads, and "end of input", to the file `heard`. */
const listening = (heard: string) => `
  import { appendFileSync } from "node:fs";
  import { createInterface } from "node:readline";
  const hear = (line) => appendFileSync(${JSON.stringify(heard)}, line + "\\n");
  createInterface(process.stdin).on("line", hear).on("close", () => hear("end of input"));`;

const linesOf = (heard: string) =>
  existsSync(heard) ? readFileSync(heard, "utf8").trim().split("\n") : [];

describe("an actuators' program", () => {
  it("gets a line for each write, the end of its input when that is over, and is heard", async () => {
    const heard = path.join(folder, "heard");
    const script = `${listening(heard)}
      console.log(JSON.stringify({ nearest_m: 0.3, stamp_s: 5.5 }));
      console.log("motors ready");`;
    const seen: unknown[] = [];
    const actuators = programActuators(programOf("motors", script), {
      sensed: (reading) => seen.push(reading),
      refused: (reason) => seen.push(reason),
      ended: (how) => seen.push(how),
    });
    await until(() => seen.length === 2, 10_000);
    actuators.write([0.1, 0], "armed");
    actuators.write([0, 0], "disarmed");
    await actuators.close();
    expect(seen).toEqual([{ nearest_m: 0.3, stamp_s: 5.5 }, "not a reading"]);
    const [first, second, end] = linesOf(heard);
    expect(JSON.parse(first)).toEqual({
      command: [0.1, 0],
      mode: "armed",
      stamp_s: expect.any(Number),
    });
    expect(JSON.parse(second)).toMatchObject({ command: [0, 0], mode: "disarmed" });
    expect(end).toBe("end of input");
  });

  it("that ends by itself is said to have", async () => {
    const ended = new Promise<string>((resolve) => {
      closing.push(programActuators("exit 3", { ...deaf, ended: resolve }));
    });
    expect(await ended).toBe("exit code 3");
  });

  it("that sleeps finds no more lines than its pipe holds, the newest last", async () => {
    const [heard, awake] = [path.join(folder, "late"), path.join(folder, "awake")];
    const sleeping = `
      import { existsSync } from "node:fs";
      const wait = new Int32Array(new SharedArrayBuffer(4));
      while (!existsSync(${JSON.stringify(awake)})) Atomics.wait(wait, 0, 0, 5);`;
    const actuators = programActuators(
      programOf("sleeper", `${sleeping}\n${listening(heard)}`),
      deaf,
    );
    const pipe = await linesThatAPipeHolds();
    for (let i = 0; i < pipe + 2000; i++) {
      actuators.write([0.1, 0.4], "armed");
      await new Promise(setImmediate);
    }
    await new Promise((resolve) => setTimeout(resolve, 20));
    actuators.write([0, 0], "estop");
    writeFileSync(awake, "");
    await until(() => linesOf(heard).some((line) => line.includes("estop")), 10_000);
    await actuators.close();
    const lines = linesOf(heard)
      .slice(0, -1)
      .map((line) => JSON.parse(line));
    // one is cut off where the pipe is full, and the newest waits behind it; lengths differ a little
    expect(lines.length).toBeLessThanOrEqual(pipe + 50);
    expect(lines.at(-1).mode).toBe("estop");
    // by the stamps the program can tell what is old
    expect(lines.at(-1).stamp_s - lines.at(-3).stamp_s).toBeGreaterThan(0.01);
  });

  it("that goes on after the end of its input is killed, whatever the shell has around it", async () => {
    const own = path.join(folder, "own-process");
    const script = `
      import { writeFileSync } from "node:fs";
      writeFileSync(${JSON.stringify(own)}, String(process.pid));
      setInterval(() => {}, 1000);`;
    const actuators = programActuators(programOf("stubborn", script), deaf);
    await until(() => existsSync(own) && readFileSync(own, "utf8") !== "", 10_000);
    const pid = Number(readFileSync(own, "utf8"));
    expect(isRunning(pid)).toBe(true);
    await actuators.close();
    await until(() => !isRunning(pid), 2000);
  });

  it.each([
    ["exits", 130],
    ["throws", 1],
  ])("is told zero, then the end, by a process that %s while it drives", async (how, code) => {
    const heard = path.join(folder, how);
    const script = `${listening(heard)}
      console.log(JSON.stringify({ nearest_m: 1 }));`;
    const owner = spawn(
      process.execPath,
      [
        ...["--import", "tsx", path.join(import.meta.dirname, "ends-at-once.ts")],
        ...[how, programOf(`motors-of-one-that-${how}`, script)],
      ],
      { cwd: root, stdio: "ignore" },
    );
    closing.push({ close: () => owner.kill("SIGKILL") });
    expect(await new Promise((resolve) => owner.once("exit", resolve))).toBe(code);
    await until(() => linesOf(heard).includes("end of input"), 10_000);
    const [driving, zero, end, ...more] = linesOf(heard);
    expect(JSON.parse(driving)).toMatchObject({ command: [0.1, 0.4], mode: "armed" });
    expect(JSON.parse(zero)).toMatchObject({ command: [0, 0], mode: "disarmed" });
    expect([end, ...more]).toEqual(["end of input"]);
  });

  /** `understudy supervise` with these actuators, in a group of processes of its own, as in a terminal. */
  function supervise(actuators: string) {
    const words = ["--endpoint", "tcp://127.0.0.1:*", "--stopEndpoint", "tcp://127.0.0.1:*"];
    const supervisor = spawn(
      process.execPath,
      [
        ...["--import", "tsx", path.join(root, "cli", "main.ts"), "supervise", ...words],
        ...["--actuators", actuators],
      ],
      { cwd: root, detached: true, stdio: ["ignore", "ignore", "pipe"] },
    );
    closing.push({ close: () => supervisor.kill("SIGKILL") });
    let said = "";
    supervisor.stderr.on("data", (chunk) => {
      said += chunk;
    });
    return {
      ended: new Promise((resolve) => supervisor.once("exit", resolve)),
      said: () => said,
      // it reaches every process of the group
      pressCtrlC: () => process.kill(-(supervisor.pid as number), "SIGINT"),
    };
  }

  it("outlives the Ctrl-C that ends its supervisor, and is told zero before the end", async () => {
    const heard = path.join(folder, "interrupted");
    const supervisor = supervise(programOf("motors-of-a-terminal", listening(heard)));
    await until(() => linesOf(heard).length > 2, 30_000);
    supervisor.pressCtrlC();
    expect(await supervisor.ended).toBe(130);
    const [zero, end] = linesOf(heard).slice(-2);
    expect(end).toBe("end of input");
    expect(JSON.parse(zero)).toMatchObject({ command: [0, 0], mode: "disarmed" });
  });

  it("that hears neither is killed soon after a second Ctrl-C has ended its supervisor", async () => {
    const own = path.join(folder, "deaf-process");
    const script = `
      import { writeFileSync } from "node:fs";
      process.on("SIGINT", () => {});
      setInterval(() => {}, 1000);
      writeFileSync(${JSON.stringify(own)}, String(process.pid));`;
    const supervisor = supervise(programOf("deaf", script));
    await until(() => existsSync(own) && readFileSync(own, "utf8") !== "", 30_000);
    const pid = Number(readFileSync(own, "utf8"));
    await until(() => supervisor.said().includes("supervising"), 30_000);
    supervisor.pressCtrlC();
    await until(() => supervisor.said().includes("once more to stop at once"), 10_000);
    expect(isRunning(pid)).toBe(true);
    supervisor.pressCtrlC();
    expect(await supervisor.ended).toBe(130);
    await until(() => !isRunning(pid), 10_000);
  });
});

/** How many lines go into the pipe of a process that reads none. */
async function linesThatAPipeHolds(): Promise<number> {
  const child = spawn("exec sleep 60", { shell: true, stdio: ["pipe", "ignore", "ignore"] });
  const line = `${JSON.stringify({ command: [0.1, 0.4], mode: "armed", stamp_s: 12345.678 })}\n`;
  let lines = 0;
  for (; child.stdin.writableLength === 0; lines++) {
    child.stdin.write(line);
    await new Promise(setImmediate);
  }
  child.stdin.on("error", () => {});
  child.kill("SIGKILL");
  return lines;
}

function isRunning(pid: number): boolean {
  try {
    process.kill(pid, 0);
    return true;
  } catch {
    return false;
  }
}
