/**
 * Round trips through the bridge: an observation of one robot, then of 64, to the action of the student in
 * policies/zoo/push-pair, over TCP loopback between two processes. The first exchanges are told apart: back to back
 * they leave V8's compiler threads no idle core, as a robot's 20 a second do.
 */

import { type ChildProcess, fork } from "node:child_process";
import { once } from "node:events";
import path from "node:path";
import { servePolicy } from "../bridge/policy-server.ts";
import { raisePriority } from "../bridge/process.ts";
import { connectRobot } from "../bridge/robot-client.ts";
import { createRng } from "../core/rng.ts";
import { quantile } from "../core/statistics.ts";
import { readBundle } from "../policies/bundle.ts";
import { type PolicyManifest, rowSize } from "../policies/manifest.ts";
import { loadPolicy } from "../policies/runtime/node.ts";
import { machine, writeResults } from "./harness.ts";

const folder = path.resolve(import.meta.dirname, "..", "policies", "zoo", "push-pair");

if (process.argv[2] === "serve") await serve();
else await measure();

async function serve(): Promise<void> {
  raisePriority();
  const policy = await loadPolicy(folder);
  const server = await servePolicy({ policy, endpoint: "tcp://127.0.0.1:*" });
  process.send?.(server.endpoint);
  process.on("message", () => process.send?.(server.report()));
  process.on("disconnect", () => process.exit());
}

async function measure(): Promise<void> {
  raisePriority();
  const { manifest } = readBundle(folder);
  const rows = [await direct(manifest, 1), await direct(manifest, 64)];
  rows.push(await roundTrips(manifest, 1, 12_000), await roundTrips(manifest, 64, 1200));
  const observation = manifest.inputs.map(({ name, shape }) => `${name} ${shape.join("x")}`);
  const file = writeResults("bridge", { observation, headlines: headlines(rows), rows });
  for (const row of rows) console.log(JSON.stringify(row));
  console.log(`${machine().cpu}; written to ${file}`);
}

/** The policy alone, without a wire: what is left over is the bridge. */
async function direct(manifest: PolicyManifest, robots: number) {
  const policy = await loadPolicy(folder);
  const observations = randomRows(manifest, robots);
  const act = () => policy.act(observations, robots);
  await timed(robots === 1 ? 300 : 30, act);
  const durations = await timed(robots === 1 ? 3000 : 300, act);
  await policy.close();
  return summary("policy alone", robots, durations);
}

async function roundTrips(manifest: PolicyManifest, robots: number, exchanges: number) {
  const child = fork(import.meta.filename, ["serve"], { execArgv: ["--import", "tsx"] });
  const [endpoint] = (await once(child, "message")) as [string];
  const robot = await connectRobot({ manifest, endpoint, robots });
  const observations = randomRows(manifest, robots);
  const exchange = () => robot.exchange(observations);
  const first = await timed(exchanges / 4, exchange);
  const durations = await timed(exchanges, exchange);
  const { refused } = robot.report();
  if (Object.keys(refused).length > 0) throw new Error(`internal: ${JSON.stringify(refused)}`);
  const { latencyP50_ms, latencyP99_ms } = await reportOf(child);
  await robot.close();
  child.disconnect();
  return {
    ...summary("round trip", robots, durations),
    firstP50_ms: rounded(quantile(first, 0.5)),
    firstP99_ms: rounded(quantile(first, 0.99)),
    serverP50_ms: rounded(latencyP50_ms),
    serverP99_ms: rounded(latencyP99_ms),
  };
}

async function reportOf(child: ChildProcess) {
  child.send("report");
  const [report] = await once(child, "message");
  return report as { latencyP50_ms: number; latencyP99_ms: number };
}

async function timed(times: number, work: () => Promise<unknown>): Promise<number[]> {
  const durations: number[] = [];
  for (let i = 0; i < times; i++) {
    const start = performance.now();
    await work();
    durations.push(performance.now() - start);
  }
  return durations;
}

type Row = ReturnType<typeof summary>;

function headlines([oneAlone, allAlone, one, all]: readonly Row[]) {
  const times = ({ p50_ms, p99_ms }: Row) => `p50 ${p50_ms} ms, p99 ${p99_ms} ms`;
  const alone = (row: Row) => `the policy alone ${times(row)}`;
  return [
    {
      what: "depth layers to action over ZeroMQ, another process, one robot",
      value: times(one),
      against: alone(oneAlone),
    },
    { what: "the same, 64 robots at a time", value: times(all), against: alone(allAlone) },
  ];
}

function summary(what: string, robots: number, durations: readonly number[]) {
  const p50_ms = rounded(quantile(durations, 0.5));
  const p99_ms = rounded(quantile(durations, 0.99));
  return {
    what,
    robots,
    p50_ms,
    p99_ms,
    robotStepsPerSecond: Math.round((1000 * robots) / p50_ms),
  };
}

function randomRows(manifest: PolicyManifest, rows: number): Record<string, Float32Array> {
  const rng = createRng(2);
  const arrays = manifest.inputs.map(({ name, shape }) => {
    const length = rows * rowSize(shape);
    return [name, Float32Array.from({ length }, () => rng.next())] as const;
  });
  return Object.fromEntries(arrays);
}

function rounded(value: number): number {
  return Number(value.toPrecision(3));
}
