/** The learner that a bench runs beside: one that it starts, or one that runs already; and how busy it was. */

import type { ChildProcess } from "node:child_process";
import { readFileSync } from "node:fs";
import path from "node:path";
import { spawnUnderstudy } from "./harness.ts";

export interface LearnerReport {
  /** What it runs, without the folders of this machine. */
  readonly command: string;
  /** Whether the bench started it, or found it at work. */
  readonly isOwn: boolean;
  /** Processor time by wall time; 1 is one core. */
  readonly busyCores: number;
}

/** Processor time comes in so many ticks a second to every program on Linux. */
const ticksPerSecond = 100;

export class Learner {
  readonly #pid: number;
  readonly #child: ChildProcess | undefined;
  readonly #command: string;
  readonly #from: { readonly cpu_s: number; readonly at_ms: number };

  private constructor(pid: number, child?: ChildProcess) {
    this.#pid = pid;
    this.#child = child;
    this.#command = commandOf(pid);
    this.#from = { cpu_s: cpuTime_s(pid), at_ms: performance.now() };
  }

  /** A teacher in training, with all its workers, until it is stopped; its checkpoint goes into `folder`. */
  static start(folder: string): Learner {
    const words = ["train", "--scene", "push-pair", "--out", path.join(folder, "teacher.ckpt")];
    const child = spawnUnderstudy(words, "ignore");
    if (child.pid === undefined) throw new Error("internal: the learner did not start");
    return new Learner(child.pid, child);
  }

  /** A process that learns already, and goes on when the bench has ended. */
  static running(pid: number): Learner {
    return new Learner(pid);
  }

  report(): LearnerReport {
    const wall_s = (performance.now() - this.#from.at_ms) / 1000;
    const busyCores = (cpuTime_s(this.#pid) - this.#from.cpu_s) / wall_s;
    return {
      command: this.#command,
      isOwn: this.#child !== undefined,
      busyCores: Math.round(100 * busyCores) / 100,
    };
  }

  /** Ends it, if the bench started it. */
  stop(): void {
    this.#child?.kill("SIGKILL");
  }
}

/** From the script on; Node's own flags say nothing. */
function commandOf(pid: number): string {
  const words = fileOf(pid, "cmdline").split("\0").filter(Boolean);
  const isScript = (word: string, i: number) =>
    i > 0 && /\.[mc]?[jt]s$/.test(word) && !/^--[^=]+$/.test(words[i - 1]);
  const own = words.slice(Math.max(0, words.findIndex(isScript)));
  return own
    .map((word) => (path.isAbsolute(word) ? path.basename(word) : word))
    .join(" ")
    .slice(0, 200);
}

/** Of all threads of a process, since it began. */
function cpuTime_s(pid: number): number {
  // proc(5): fields 14 and 15 are utime and stime; the name in field 2 may hold blanks
  const stat = fileOf(pid, "stat");
  const fields = stat.slice(stat.lastIndexOf(")") + 2).split(" ");
  return (Number(fields[11]) + Number(fields[12])) / ticksPerSecond;
}

function fileOf(pid: number, name: string): string {
  try {
    return readFileSync(`/proc/${pid}/${name}`, "utf8");
  } catch (error) {
    throw new Error(
      `There is no learner with process id ${pid} (any more): ${(error as Error).message}. Start one, and give its id.`,
    );
  }
}
