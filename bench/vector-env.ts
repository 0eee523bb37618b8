/**
 * Environment steps a second that a Python trainer gets from `understudy env-server`, physics and
 * camera on, beside the same environments stepped in one thread without a wire. Needs what
 * test/python/install.sh installs.
 */

import type { ChildProcess } from "node:child_process";
import { once } from "node:events";
import path from "node:path";
import { createRng } from "../core/rng.ts";
import { median } from "../core/statistics.ts";
import type { GroupName } from "../sim/observations.ts";
import { SceneBatch } from "../sim/scene-batch.ts";
import { findScene } from "../sim/scenes/index.ts";
import { basics, pythonWith, runPythonFile } from "../test/bridge/python/support.ts";
import { spawnUnderstudy, writeResults } from "./harness.ts";

const root = path.resolve(import.meta.dirname, "..");
const scene = "push-pair";
const rounds = 5;
const seconds = 5;

const found = pythonWith(basics);
if ("missing" in found) throw new Error(`This bench needs Python: ${found.missing}.`);

const rows = [];
for (const [what, groups] of [
  ["64x64 depth layers, proprioception", ["layers", "proprioception"]],
  ["keypoints, proprioception", ["keypoints:global", "proprioception"]],
] as const) {
  for (const envs of [64, 256]) {
    const python = await delivered(found.python, envs, groups);
    rows.push({ what, envs, ...python, oneThreadWithoutWire: await withoutWire(envs, groups) });
    console.log(JSON.stringify(rows.at(-1)));
  }
}
const [depth] = rows;
const headlines = [
  {
    what: `${scene}, 64 environments with 64x64 depth, delivered to Python`,
    value: `${depth.stepsPerSecond.toLocaleString("en-US")} environment steps/s`,
    against: "target 20,000",
  },
];
console.log(writeResults("vector-env", { scene, headlines, rows }));

/** Steps a second of all environments together, as Python counts them. */
async function delivered(python: string, envs: number, groups: readonly GroupName[]) {
  const { server, endpoint } = await envServer(envs, groups);
  try {
    const script = path.join(root, "examples", "python", "measure_rate.py");
    const told = JSON.parse(await runPythonFile(python, script, endpoint, String(seconds)));
    const { rates, MBps } = told as { rates: number[]; MBps: number };
    const rounded = rates.map(Math.round);
    return {
      stepsPerSecond: Math.round(median(rates)),
      range: [Math.min(...rounded), Math.max(...rounded)],
      megabytesPerSecond: Math.round(MBps),
    };
  } finally {
    server.kill("SIGINT");
    await once(server, "exit");
  }
}

async function envServer(
  envs: number,
  groups: readonly GroupName[],
): Promise<{ server: ChildProcess; endpoint: string }> {
  const words = ["--scene", scene, "--envs", String(envs), "--groups", groups.join(",")];
  const server = spawnUnderstudy(
    ["env-server", ...words, "--endpoint", "tcp://127.0.0.1:*"],
    ["ignore", "ignore", "pipe"],
  );
  let said = "";
  const endpoint = await new Promise<string>((resolve, reject) => {
    server.stderr?.on("data", (chunk: Buffer) => {
      said += chunk;
      const match = /serving .* at (\S+)\n/.exec(said);
      if (match) resolve(match[1]);
    });
    server.once("exit", () => reject(new Error(`the server ended: ${said}`)));
  });
  return { server, endpoint };
}

async function withoutWire(envs: number, groups: readonly GroupName[]): Promise<number> {
  const batch = await SceneBatch.create({
    scene: findScene(scene),
    envs,
    seed: 1,
    purpose: "training",
    groups,
  });
  batch.reset();
  const rng = createRng(1);
  const actions = Float32Array.from({ length: envs * 2 }, () => rng.uniform(-1, 1));
  const steps = Math.ceil(12_800 / envs);
  const rates: number[] = [];
  for (let round = 0; round <= rounds; round++) {
    const start = performance.now();
    for (let step = 0; step < steps; step++) batch.step(actions);
    rates.push((1000 * steps * envs) / (performance.now() - start));
  }
  batch.free();
  return Math.round(median(rates.slice(1)));
}
