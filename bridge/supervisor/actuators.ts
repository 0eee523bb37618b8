/**
 * What a supervisor writes to. Most robots take a program: one line of JSON on its standard input for each
 * tick, and, if it has sensors, lines of JSON on its standard output. Any language can be at the other end.
 */

import { type ChildProcess, spawn } from "node:child_process";
import { createInterface } from "node:readline";
import { z } from "zod";
import { monotonic_s } from "../clock.ts";
import type { Mode } from "./machine.ts";

/** What moves a robot. `programActuators` makes them of a program. */
export interface Actuators {
  /** Numbers in m/s or rad/s, one for each column, once a tick. Must not wait. */
  write(command: readonly number[], mode: Mode): void;
  /** Called once, after a last zero: stops the robot and frees what it held. */
  close(): Promise<void> | void;
}

/** A line from the robot. */
const sensedSchema = z.strictObject({
  pose: z.strictObject({ x_m: z.number(), y_m: z.number(), yaw_rad: z.number() }).exactOptional(),
  nearest_m: z.number().min(0).exactOptional(),
  stamp_s: z.number().exactOptional(),
});
/**
 * What a robot's own sensors see: odometry (x forward of the start, y left) and the least depth in its way; and when, in seconds of
 * this machine's monotonic clock: now unless given.
 */
export type SensedLine = Readonly<z.output<typeof sensedSchema>>;

/** What a program of actuators has to say. */
export interface ProgramEvents {
  /** A line that says what sensors see. */
  sensed(seen: SensedLine): void;
  /** A line that does not. */
  refused(reason: string, sentence: string): void;
  /** The program ended though it was not closed: nothing moves the robot any more, or stops it. */
  ended(why: string): void;
}

/** How long the program may take to stop the robot after the end of its input. */
const grace_s = 1;

/** Windows has no groups of processes: a program there gets the terminal's Ctrl-C, and is killed alone. */
const hasGroups = process.platform !== "win32";

/**
 * Starts `program` in a shell, out of reach of the terminal's Ctrl-C. Each tick writes
 * `{"command":[...],"mode":"armed","stamp_s":5123.48}`, the stamp being seconds of this machine's monotonic
 * clock. While a line waits here, the newest takes its place; what the pipe holds already cannot be taken
 * back, so a program that may be held up drops lines whose stamp is old. Its end of input means: stop, and exit.
 */
export function programActuators(program: string, events: ProgramEvents): Actuators {
  const child = spawn(program, {
    shell: true,
    detached: hasGroups,
    stdio: ["pipe", "pipe", "inherit"],
  });
  let isClosed = false;
  let last: readonly number[] | undefined;
  let next: string | undefined;
  const flush = () => {
    if (next === undefined || child.stdin.writableLength > 0 || isClosed) return;
    const line = next;
    next = undefined;
    child.stdin.write(line, flush);
  };
  // said by the exit, too
  child.stdin.on("error", () => {});
  const write = (command: readonly number[], mode: Mode) => {
    const stamp_s = Math.round(1e3 * monotonic_s()) / 1e3;
    last = command;
    next = `${JSON.stringify({ command, mode, stamp_s })}\n`;
    flush();
  };
  // whatever ends this process at once, a second Ctrl-C or a mistake of ours, ends the input too: zeros go before that
  const onExit = () => {
    const zeros = last?.map(() => 0);
    if (zeros) write(zeros, "disarmed");
    killLater(child);
  };
  process.once("exit", onExit);
  child.once("exit", () => process.off("exit", onExit));
  child.on("error", (error) => events.ended(error.message));
  child.on("exit", (code, signal) => {
    if (!isClosed) events.ended(signal ? `signal ${signal}` : `exit code ${code}`);
  });
  createInterface(child.stdout).on("line", (line) => readLine(line, events));
  return {
    write,
    async close() {
      isClosed = true;
      await endOf(child, next);
    },
  };
}

function readLine(line: string, events: ProgramEvents): void {
  let value: unknown;
  try {
    value = JSON.parse(line);
  } catch {
    // what is no JSON is said below
  }
  const parsed = sensedSchema.safeParse(value);
  if (parsed.success) events.sensed(parsed.data);
  else {
    const sentence = `The actuators' program said "${line.slice(0, 80)}", not {"pose": …, "nearest_m": …, "stamp_s": …}.`;
    events.refused("not a reading", sentence);
  }
}

/** Writes what is left, ends the input and gives the program a second to stop the robot. */
async function endOf(child: ChildProcess, last = ""): Promise<void> {
  if (child.exitCode !== null || child.signalCode !== null) return;
  await new Promise<void>((resolve) => {
    const timeout = setTimeout(() => kill(child), 1000 * grace_s);
    child.once("exit", () => {
      clearTimeout(timeout);
      resolve();
    });
    child.stdin?.end(last);
  });
}

/** Kills the shell and whatever runs in it. */
function kill(child: ChildProcess): void {
  if (!hasGroups || child.pid === undefined) {
    child.kill("SIGKILL");
    return;
  }
  try {
    process.kill(-child.pid, "SIGKILL");
  } catch {
    // it has ended meanwhile
  }
}

/** The same once the grace is over, by a process that outlives this one. Without groups the program is left alone. */
function killLater(child: ChildProcess): void {
  if (!hasGroups || child.pid === undefined) return;
  const words = `sleep ${grace_s}; kill -s KILL -- -${child.pid}`;
  spawn(words, { shell: true, detached: true, stdio: "ignore" }).unref();
}
