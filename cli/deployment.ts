/** Deployment as it is on a robot: the policy in one process, the robots in another, ZeroMQ between. */

import { type ChildProcess, spawn } from "node:child_process";
import { once } from "node:events";
import { fileURLToPath } from "node:url";
import { freePorts } from "../bridge/free-ports.ts";
import { WireError } from "../core/errors.ts";
import { type Proportion, wilson } from "../core/statistics.ts";
import type { SimulationSpec } from "../rollout/shard.ts";
import type { StudentInputs } from "../student/interface.ts";

export interface Deployment {
  readonly success: Proportion;
  readonly outcomes: Readonly<Record<string, number>>;
  readonly meanTime_s: number;
  readonly meanPathLength_m: number;
  /** One robot alone: from its observation sent to its action received. */
  readonly latencyP50_ms: number;
  readonly latencyP99_ms: number;
}

interface RobotSimReport extends Omit<Deployment, "latencyP50_ms" | "latencyP99_ms"> {
  readonly roundTripP50_ms: number;
  readonly roundTripP99_ms: number;
}

/** Serves the bundle and drives simulated robots through it, each in a process of its own. */
export async function deploy(options: {
  readonly simulation: SimulationSpec;
  /** What the student is told and remembers beside its images. */
  readonly inputs: StudentInputs;
  readonly bundle: string;
  readonly episodes: number;
  readonly onProgress?: (done: number, success: number) => void;
}): Promise<Deployment> {
  const { simulation, inputs, bundle, episodes, onProgress } = options;
  const [port] = await freePorts(1);
  const endpoint = `tcp://127.0.0.1:${port}`;
  const server = understudy(["serve", "--policy", bundle, "--endpoint", endpoint]);
  const serverDied = once(server, "exit").then(([code]) => {
    throw new WireError(`The policy server of "${bundle}" ended with exit code ${code}.`);
  });
  try {
    const robots = (count: number) =>
      Promise.race([robotSim(simulation, inputs, endpoint, count, onProgress), serverDied]);
    const { success, outcomes, meanTime_s, meanPathLength_m } = await robots(episodes);
    const alone = await robots(1);
    return {
      success: wilson(success.successes, success.trials),
      outcomes,
      meanTime_s,
      meanPathLength_m,
      latencyP50_ms: alone.roundTripP50_ms,
      latencyP99_ms: alone.roundTripP99_ms,
    };
  } finally {
    serverDied.catch(() => {});
    server.kill("SIGINT");
  }
}

async function robotSim(
  { scene, config, contact, randomization, seed }: SimulationSpec,
  { goal, lastSeen }: StudentInputs,
  endpoint: string,
  episodes: number,
  onProgress?: (done: number, success: number) => void,
): Promise<RobotSimReport> {
  const settings = { scene: config, contact, randomization, student: { goal, lastSeen } };
  const robots = understudy([
    "robot-sim",
    ...["--scene", scene, "--endpoint", endpoint, "--json"],
    ...["--episodes", String(episodes), "--seed", String(seed)],
    ...Object.entries(settings).flatMap(([name, value]) => [
      "--set",
      `${name}=${JSON.stringify(value)}`,
    ]),
  ]);
  let out = "";
  let err = "";
  robots.stdout?.on("data", (chunk: Buffer) => {
    out += chunk;
  });
  robots.stderr?.on("data", (chunk: Buffer) => {
    err += chunk;
    const seen = /(\d+)\/\d+ episodes.*success ([\d.]+) %/.exec(String(chunk));
    if (seen && episodes > 1) onProgress?.(Number(seen[1]), Number(seen[2]) / 100);
  });
  const [code] = await once(robots, "close");
  if (code !== 0) {
    const reason = err.trim().split("\n").at(-1) ?? "";
    throw new WireError(`The simulated robots ended with exit code ${code}: ${reason}`);
  }
  return JSON.parse(out) as RobotSimReport;
}

/** This program again, in a process of its own. */
function understudy(words: readonly string[]): ChildProcess {
  const isSource = import.meta.url.endsWith(".ts");
  const main = fileURLToPath(new URL(isSource ? "./main.ts" : "./main.js", import.meta.url));
  const loader = isSource ? ["--import", import.meta.resolve("tsx")] : [];
  return spawn(process.execPath, [...loader, main, ...words], {
    stdio: ["ignore", "pipe", "pipe"],
  });
}
