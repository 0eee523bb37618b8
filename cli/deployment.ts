/** Deployment as it is on a robot: the policy in one process, the robots in another, ZeroMQ between. */

import { type ChildProcess, spawn } from "node:child_process";
import { createInterface, type Interface } from "node:readline";
import { fileURLToPath } from "node:url";
import { WireError } from "../core/errors.ts";
import { type Proportion, wilson } from "../core/statistics.ts";
import type { SimulationSpec } from "../rollout/shard.ts";
import { conditionsOf } from "../rollout/thread.ts";
import { readProgressLine } from "./progress-lines.ts";

export interface Deployment {
  readonly success: Proportion;
  readonly outcomes: Readonly<Record<string, number>>;
  readonly meanTime_s: number;
  readonly meanPathLength_m: number;
  /** One robot alone: from its observation sent to its action received. */
  readonly latencyP50_ms: number;
  readonly latencyP99_ms: number;
  /** Actions that these are of: one episode's. */
  readonly latencyActions: number;
}

interface RobotSimReport extends Omit<Deployment, `latency${string}`> {
  readonly roundTripP50_ms: number;
  readonly roundTripP99_ms: number;
  /** How many came in time. */
  readonly actions: number;
}

interface DeployOptions {
  readonly simulation: SimulationSpec;
  readonly bundle: string;
  /** Files with scenes of one's own. */
  readonly modules?: readonly string[];
  readonly episodes: number;
  /** Ends both processes. */
  readonly signal: AbortSignal;
  /** Success of the episodes that are done, 0 to 1. */
  readonly onProgress?: (done: number, success: number) => void;
}

/**
 * Serves the bundle and drives simulated robots through it, each in a process of its own.
 *
 * @returns undefined when the signal ended it.
 * @throws WireError when a process ends before its work is done.
 */
export async function deploy(options: DeployOptions): Promise<Deployment | undefined> {
  const { bundle, episodes, signal } = options;
  const anyPort = "tcp://127.0.0.1:*";
  const server = understudy(["serve", "--policy", bundle, "--endpoint", anyPort], signal);
  const ended = outputOf(server, `The policy server of "${bundle}"`).then(() => {
    throw new WireError(`The policy server of "${bundle}" ended before the robots did.`);
  });
  try {
    const endpoint = await Promise.race([servingAt(server), ended]);
    const robots = (count: number) =>
      Promise.race([robotSim({ ...options, episodes: count }, endpoint), ended]);
    const { success, outcomes, meanTime_s, meanPathLength_m } = await robots(episodes);
    const alone = await robots(1);
    return {
      success: wilson(success.successes, success.trials),
      outcomes,
      meanTime_s,
      meanPathLength_m,
      latencyP50_ms: alone.roundTripP50_ms,
      latencyP99_ms: alone.roundTripP99_ms,
      latencyActions: alone.actions,
    };
  } catch (error) {
    // Ctrl-C reaches the processes too, and the first of them to end is no fault
    if (signal.aborted) return undefined;
    throw error;
  } finally {
    ended.catch(() => {});
    server.process.kill("SIGINT");
  }
}

/** Where the server listens, once it does; never, when it ends before. */
function servingAt({ said }: Program): Promise<string> {
  return new Promise((resolve) => {
    said.on("line", (line) => {
      const found = /^serving .* at (\S+)$/.exec(line);
      if (found) resolve(found[1]);
    });
  });
}

async function robotSim(options: DeployOptions, endpoint: string): Promise<RobotSimReport> {
  const { bundle, modules = [], episodes, signal, onProgress } = options;
  const { scene, config, contact, randomization, seed } = options.simulation;
  const settings = { scene: config, contact, randomization };
  const words = [
    "robot-sim",
    ...["--scene", scene, "--policy", bundle, "--endpoint", endpoint],
    ...modules.flatMap((file) => ["--module", file]),
    ...["--json", "--progress", "json"],
    ...["--episodes", String(episodes), "--seed", String(seed)],
    ...Object.entries(settings).flatMap(([name, value]) =>
      value === undefined ? [] : ["--set", `${name}=${JSON.stringify(value)}`],
    ),
  ];
  const robots = understudy(words, signal);
  robots.said.on("line", (line) => {
    const seen = readProgressLine(line);
    if (seen && episodes > 1) onProgress?.(seen.done, seen.success);
  });
  return JSON.parse(await outputOf(robots, "The simulated robots")) as RobotSimReport;
}

interface Program {
  readonly process: ChildProcess;
  /** Lines of its stderr. */
  readonly said: Interface;
}

/** This program again, in a process of its own that the signal ends. */
function understudy(words: readonly string[], signal: AbortSignal): Program {
  const isSource = import.meta.url.endsWith(".ts");
  const main = fileURLToPath(new URL(isSource ? "./main.ts" : "./main.js", import.meta.url));
  const loader = isSource ? ["--import", import.meta.resolve("tsx")] : [];
  const flags = [...conditionsOf(process.execArgv), ...loader];
  const child = spawn(process.execPath, [...flags, main, ...words], {
    stdio: ["ignore", "pipe", "pipe"],
    signal,
    killSignal: "SIGINT",
  });
  return { process: child, said: createInterface(child.stderr) };
}

/** What a program wrote to stdout, once it has ended. @throws WireError with its last words when it did not end well. */
function outputOf({ process: child, said }: Program, who: string): Promise<string> {
  let out = "";
  let lastWords = "";
  child.stdout?.on("data", (chunk: Buffer) => {
    out += chunk;
  });
  said.on("line", (line) => {
    if (line.trim() !== "") lastWords = line.trim();
  });
  return new Promise((resolve, reject) => {
    child.on("error", reject);
    child.on("close", (code, killer) => {
      if (code === 0) resolve(out);
      else {
        const how = killer ? `by ${killer}` : `with exit code ${code}`;
        reject(new WireError(`${who} ended ${how}: ${lastWords}`));
      }
    });
  });
}
