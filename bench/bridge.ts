/**
 * Round trips through the bridge: an observation of one robot, then of 64, to the action of a real student
 * network (weights untrained: they do not change the time), over TCP loopback between two processes.
 */

import { type ChildProcess, fork } from "node:child_process";
import { once } from "node:events";
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import path from "node:path";
import { servePolicy } from "../bridge/policy-server.ts";
import { connectRobot } from "../bridge/robot-client.ts";
import { createRng } from "../core/rng.ts";
import { quantile } from "../core/statistics.ts";
import { encodeInference } from "../nn/inference.ts";
import { readBundle, writeBundle } from "../policies/bundle.ts";
import { type ManifestDraft, type PolicyManifest, rowSize } from "../policies/manifest.ts";
import { studentInputs, studentNetwork } from "../policies/networks/student.ts";
import { loadPolicy } from "../policies/runtime/node.ts";
import { machine, writeResults } from "./harness.ts";

const spec = {
  kind: "student",
  roles: ["target", "anchor", "others"],
  width: 64,
  height: 64,
  actions: 2,
  latent: 32,
  hidden: 128,
  channels: [8, 16, 32],
  joint: 96,
  memory: 0,
} as const;

if (process.argv[2] === "serve") await serve(process.argv[3]);
else await measure();

async function serve(folder: string): Promise<void> {
  const policy = await loadPolicy(folder);
  const server = await servePolicy({ policy, endpoint: "tcp://127.0.0.1:*" });
  process.send?.(server.endpoint);
  process.on("message", () => process.send?.(server.report()));
  process.on("disconnect", () => process.exit());
}

async function measure(): Promise<void> {
  const folder = mkdtempSync(path.join(tmpdir(), "understudy-bridge-"));
  const { onnx, manifest } = student();
  await writeBundle(folder, { onnx, manifest });
  const complete = readBundle(folder).manifest;
  try {
    const rows = [await direct(folder, complete, 1), await direct(folder, complete, 64)];
    rows.push(await roundTrips(folder, complete, 1, 3000));
    rows.push(await roundTrips(folder, complete, 64, 300));
    const observation = "3x64x64 float32 layers";
    const file = writeResults("bridge", { observation, headlines: headlines(rows), rows });
    for (const row of rows) console.log(JSON.stringify(row));
    console.log(`${machine().cpu}; written to ${file}`);
  } finally {
    rmSync(folder, { recursive: true });
  }
}

/** The policy alone, without a wire: what is left over is the bridge. */
async function direct(folder: string, manifest: PolicyManifest, robots: number) {
  const policy = await loadPolicy(folder);
  const observations = randomRows(manifest, robots);
  const durations = await timed(robots === 1 ? 3000 : 300, () => policy.act(observations, robots));
  await policy.close();
  return summary("policy alone", robots, durations);
}

async function roundTrips(
  folder: string,
  manifest: PolicyManifest,
  robots: number,
  exchanges: number,
) {
  const child = fork(import.meta.filename, ["serve", folder], { execArgv: ["--import", "tsx"] });
  const [endpoint] = (await once(child, "message")) as [string];
  const robot = await connectRobot({ manifest, endpoint, robots });
  const observations = randomRows(manifest, robots);
  const durations = await timed(exchanges, () => robot.exchange(observations));
  const { refused } = robot.report();
  if (Object.keys(refused).length > 0) throw new Error(`internal: ${JSON.stringify(refused)}`);
  const { latencyP50_ms, latencyP99_ms } = await reportOf(child);
  await robot.close();
  child.disconnect();
  return {
    ...summary("round trip", robots, durations),
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
  for (let i = 0; i < times / 10; i++) await work();
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

function student(): { onnx: Uint8Array; manifest: ManifestDraft } {
  const network = studentNetwork(spec);
  const theta = network.params.init(createRng(1));
  const inputs = studentInputs(spec);
  const forward = network.act;
  const onnx = encodeInference({
    params: network.params,
    theta,
    forward,
    inputs,
    outputs: ["mean"],
  });
  const columns = ["forward", "turn"].map((name) => ({ name, width: 1, unit: "1", scale: 1 }));
  const shapes = Object.entries(inputs).map(([name, { shape }]) => ({ name, shape: [...shape] }));
  return {
    onnx,
    manifest: {
      name: "bench student",
      scene: "push-pair",
      controlStep_s: 0.1,
      inputs: shapes.map((input) => ({ ...input, dtype: "float32" as const })),
      output: { name: "mean", shape: [2], low: -10, high: 10, columns },
      provenance: { command: "bench", commit: "", seed: 1, environmentSteps: 0, versions: {} },
    },
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
