/** What every bench shares: which machine, which commit, fair timing, and where results go. */

import { type ChildProcess, execFileSync, type StdioOptions, spawn } from "node:child_process";
import { createHash } from "node:crypto";
import { existsSync, readFileSync } from "node:fs";
import os from "node:os";
import path from "node:path";
import { formatCommand } from "../cli/format.ts";
import { writeFileWhole } from "../core/files.ts";
import { median } from "../core/statistics.ts";

const root = path.resolve(import.meta.dirname, "..");

export interface Machine {
  readonly cpu: string;
  readonly cores: number;
  readonly memory_GiB: number;
  readonly node: string;
  readonly platform: string;
}

export function machine(): Machine {
  const cpus = os.cpus();
  return {
    cpu: cpus[0]?.model.trim() ?? "unknown",
    cores: cpus.length,
    memory_GiB: Math.round(os.totalmem() / 2 ** 30),
    node: process.version,
    platform: `${process.platform}-${process.arch}`,
  };
}

/** The commit that is checked out, with "-dirty" when a tracked file differs; "unknown" outside git. */
export function commit(): string {
  try {
    const git = (...args: string[]) =>
      execFileSync("git", args, {
        cwd: root,
        encoding: "utf8",
        stdio: ["ignore", "pipe", "ignore"],
      });
    const changed = git(
      "status",
      "--porcelain",
      "--untracked-files=no",
      "--",
      ".",
      ":!bench/results",
    );
    return git("rev-parse", "--short=12", "HEAD").trim() + (changed.trim() ? "-dirty" : "");
  } catch {
    return "unknown";
  }
}

/** Where a row of results was made, for files whose rows come from several calls. */
export interface Origin {
  readonly commit: string;
  readonly cpu: string;
}

export function originHere(): Origin {
  return { commit: commit(), cpu: machine().cpu };
}

/** A short name for whatever JSON can say, such as all that decides what a row measured. */
export function digest(value: unknown): string {
  return digestOf(JSON.stringify(value));
}

export function digestOf(bytes: string | Uint8Array): string {
  return createHash("sha256").update(bytes).digest("hex").slice(0, 12);
}

/** What `bench/results/<name>.json` holds by now; undefined where there is none. The caller says of what form it is. */
export function readResults<T>(name: string): T | undefined {
  const file = resultsFile(name);
  return existsSync(file) ? (JSON.parse(readFileSync(file, "utf8")) as T) : undefined;
}

function resultsFile(name: string): string {
  return path.join(root, "bench", "results", `${name}.json`);
}

/** The command that runs this script with these words, for a shell in the repository. */
export function commandOf(script: string, words: readonly string[]): string {
  return formatCommand(["npx", "tsx", path.relative(root, script), ...words]);
}

/**
 * Writes `bench/results/<name>.json`: the data beside the command, the machine and the commit. Returns its path. Files with rows of
 * several calls bring a `command` of their own.
 */
export function writeResults(name: string, data: Readonly<Record<string, unknown>>): string {
  const file = resultsFile(name);
  const [, script = "", ...words] = process.argv;
  const command = commandOf(script, words);
  const report = { name, command, commit: commit(), machine: machine(), ...data };
  writeFileWhole(file, `${JSON.stringify(report, null, 2)}\n`);
  return file;
}

/** The command-line program, from its sources, in a process of its own. */
export function spawnUnderstudy(words: readonly string[], stdio: StdioOptions): ChildProcess {
  const main = path.join(root, "cli", "main.ts");
  const flags = ["--import", import.meta.resolve("tsx"), main, ...words];
  return spawn(process.execPath, flags, { cwd: root, stdio });
}

/** What a process has written to its standard output so far. */
export function textOf(child: ChildProcess): () => string {
  let text = "";
  child.stdout?.on("data", (chunk) => {
    text += chunk;
  });
  return () => text;
}

/** One thing to time. `work` does `units` units (frames, steps) and may be asynchronous. */
export interface Contender {
  readonly name: string;
  readonly units: number;
  work(): void | Promise<void>;
}

export interface Timing {
  readonly name: string;
  readonly unitsPerSecond: number;
  readonly microsecondsPerUnit: number;
  /** Fastest and slowest round, in microseconds per unit. */
  readonly range: readonly [number, number];
}

/**
 * Times contenders in turn, round after round, and reports the median round of each: what else the
 * machine does then hits all of them alike. Each round repeats the work for at least `round_ms`.
 */
export async function interleavedMedians(
  contenders: readonly Contender[],
  options: { readonly rounds?: number; readonly round_ms?: number } = {},
): Promise<Timing[]> {
  const { rounds = 7, round_ms = 150 } = options;
  const micros = contenders.map(() => [] as number[]);
  for (const contender of contenders) await contender.work();
  for (let round = 0; round < rounds; round++) {
    for (const [i, contender] of contenders.entries()) {
      micros[i].push(await timeRound(contender, round_ms));
    }
  }
  return contenders.map(({ name }, i) => {
    const middle = median(micros[i]);
    return {
      name,
      unitsPerSecond: Math.round(1e6 / middle),
      microsecondsPerUnit: round3(middle),
      range: [round3(Math.min(...micros[i])), round3(Math.max(...micros[i]))],
    };
  });
}

async function timeRound(contender: Contender, round_ms: number): Promise<number> {
  const start = performance.now();
  let repeats = 0;
  let elapsed_ms = 0;
  do {
    const pending = contender.work();
    if (pending) await pending;
    repeats++;
    elapsed_ms = performance.now() - start;
  } while (elapsed_ms < round_ms);
  return (elapsed_ms * 1000) / (repeats * contender.units);
}

function round3(value: number): number {
  return Number(value.toPrecision(4));
}
