/**
 * What a supervisor writes to. Most robots take a program: one line of JSON on its standard input for each
 * tick, and, if it has sensors, lines of JSON on its standard output. Any language can be at the other end.
 */

import { type ChildProcess, spawn } from "node:child_process";
import { createInterface } from "node:readline";
import { z } from "zod";
import type { Mode } from "./machine.ts";

export interface Actuators {
  /** Numbers in m/s or rad/s, one for each column. Must not wait. */
  write(command: readonly number[], mode: Mode): void;
  close(): Promise<void> | void;
}

/** A line from the robot. */
const sensedSchema = z.strictObject({
  pose: z.strictObject({ x_m: z.number(), y_m: z.number(), yaw_rad: z.number() }).exactOptional(),
  nearest_m: z.number().min(0).exactOptional(),
});
export type SensedLine = Readonly<z.output<typeof sensedSchema>>;

export interface ProgramEvents {
  /** A line that says what sensors see. */
  sensed(seen: SensedLine): void;
  /** A line that does not. */
  refused(reason: string, sentence: string): void;
  /** The program ended though it was not closed: nothing moves the robot any more, or stops it. */
  ended(why: string): void;
}

/**
 * Starts `program` in a shell. Each tick writes `{"command":[...],"mode":"armed"}`; a program that does not
 * read loses lines, never gets old ones. Its end of input means: stop, and exit.
 */
export function programActuators(program: string, events: ProgramEvents): Actuators {
  const child = spawn(program, { shell: true, stdio: ["pipe", "pipe", "inherit"] });
  let isClosed = false;
  let next: string | undefined;
  const flush = () => {
    if (next === undefined || child.stdin.writableNeedDrain || isClosed) return;
    child.stdin.write(next);
    next = undefined;
  };
  child.stdin.on("drain", flush);
  // said by the exit, too
  child.stdin.on("error", () => {});
  child.on("error", (error) => events.ended(error.message));
  child.on("exit", (code, signal) => {
    if (!isClosed) events.ended(signal ? `signal ${signal}` : `exit code ${code}`);
  });
  createInterface(child.stdout).on("line", (line) => readLine(line, events));
  return {
    write(command, mode) {
      next = `${JSON.stringify({ command, mode })}\n`;
      flush();
    },
    async close() {
      isClosed = true;
      await endOf(child);
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
    const sentence = `The actuators' program said "${line.slice(0, 80)}", not {"pose": …, "nearest_m": …}.`;
    events.refused("not a reading", sentence);
  }
}

/** Ends the input and gives the program a second to stop the robot. */
async function endOf(child: ChildProcess): Promise<void> {
  if (child.exitCode !== null || child.signalCode !== null) return;
  await new Promise<void>((resolve) => {
    const timeout = setTimeout(() => child.kill("SIGKILL"), 1000);
    child.once("exit", () => {
      clearTimeout(timeout);
      resolve();
    });
    child.stdin?.end();
  });
}
