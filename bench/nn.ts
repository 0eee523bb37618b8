/**
 * One training step of the learning engine and of two others on npm, in one run: forward, loss, gradient,
 * clip by global norm, Adam, from the same weights on the same batch. The losses of the first steps are
 * compared, so that all compute the same thing. The peers come by `npm ci --prefix bench/peers`.
 */

import { existsSync } from "node:fs";
import path from "node:path";
import { pathToFileURL } from "node:url";
import { createRng } from "../core/rng.ts";
import { conv2d, linear } from "../nn/layers.ts";
import type { DataSpec, Objective } from "../nn/model.ts";
import { ADAM_DEFAULTS } from "../nn/optim.ts";
import { Params } from "../nn/params.ts";
import { Trainer } from "../nn/trainer.ts";
import { fakeRollout, ppoModel } from "../test/nn/support/ppo-model.ts";
import { type Contender, interleavedMedians, type Timing, writeResults } from "./harness.ts";
import type { Headline } from "./readme.ts";

const LEARNING_RATE = 1e-3;
const CLIP_NORM = 0.5;
const CHECKED_STEPS = 3;
const OURS = "understudy, ";

interface Problem {
  readonly name: "ppo" | "cnn";
  readonly what: string;
  readonly params: Params;
  readonly objective: Objective;
  readonly spec: DataSpec;
  readonly data: Readonly<Record<string, Float32Array>>;
  readonly theta: Float32Array;
  readonly rows: number;
}

/** Does one step; resolves to the loss before it. */
type Step = () => Promise<number>;
type PeerModule = Readonly<Record<"ppoStep" | "cnnStep", (problem: unknown) => Promise<Step>>>;

const CONVOLUTIONS = [
  { name: "first", kernel: 8, stride: 4 },
  { name: "second", kernel: 4, stride: 2 },
  { name: "third", kernel: 3, stride: 1 },
] as const;

function ppoProblem(): Problem {
  const sizes = { obs: 64, hidden: 256, actions: 8 };
  const { params, objective, data: spec } = ppoModel(sizes);
  const rows = 4096;
  return {
    name: "ppo",
    what: "PPO step, tanh network 64-256-256, 8 actions, batch 4096",
    ...{ params, objective, spec, rows },
    data: fakeRollout(rows, sizes, createRng(2)),
    theta: params.init(createRng(1)),
  };
}

function cnnProblem(): Problem {
  const params = new Params()
    .conv("first", 1, 32, 8)
    .conv("second", 32, 64, 4)
    .conv("third", 64, 64, 3)
    .linear("features", 1024, 256)
    .linear("hidden", 256, 256)
    .linear("out", 256, 8);
  const objective: Objective = (g, views, { image, target }) => {
    let x = image;
    for (const { name, ...shape } of CONVOLUTIONS) x = g.relu(conv2d(g, views, name, x, shape));
    const flat = g.reshape(x, [image.shape[0], -1]);
    const hidden = g.relu(linear(g, views, "features", flat));
    const action = linear(g, views, "out", g.relu(linear(g, views, "hidden", hidden)));
    return { loss: g.mean(g.square(g.sub(action, target))), stats: {} };
  };
  const rows = 256;
  const rng = createRng(3);
  return {
    name: "cnn",
    what: "Behaviour cloning step, convolutions 32 8/4, 64 4/2, 64 3/1, dense 256-256-8, 256 images 1x64x64",
    ...{ params, objective, rows },
    spec: { image: { shape: [1, 64, 64] }, target: { shape: [8] } },
    data: {
      image: Float32Array.from({ length: rows * 64 * 64 }, () => rng.next()),
      target: Float32Array.from({ length: rows * 8 }, () => rng.normal()),
    },
    theta: params.init(createRng(1)),
  };
}

async function ourStep(problem: Problem, threads: number): Promise<Step> {
  const { params, objective, spec, rows, data, theta } = problem;
  const options = { params, objective, data: spec, rows, batch: rows, theta, threads };
  const trainer = await Trainer.create({ ...options, clipNorm: CLIP_NORM });
  const index = Int32Array.from({ length: rows }, (_, i) => i);
  return async () => (await trainer.train(data, index, [LEARNING_RATE])).stats.loss[0];
}

/** The same step by a peer; throws what the peer throws where it cannot do it. */
async function peerStep(problem: Problem, file: string): Promise<Step> {
  const { params, spec, data, theta, rows } = problem;
  const at = path.join(import.meta.dirname, "peers", file);
  const peer = (await import(pathToFileURL(at).href)) as PeerModule;
  const weights = params.specs.map(({ name, shape, at: from, size }) => {
    return [name, { shape, data: theta.slice(from, from + size) }];
  });
  const batch = Object.entries(spec).map(([name, { shape }]) => {
    return [name, { shape: [rows, ...shape], data: data[name] }];
  });
  return peer[`${problem.name}Step`]({
    weights: Object.fromEntries(weights),
    batch: Object.fromEntries(batch),
    adam: ADAM_DEFAULTS,
    clipNorm: CLIP_NORM,
    learningRate: LEARNING_RATE,
    coefficients: { clip: 0.2, valueCoef: 0.5, entropyCoef: 0.01 },
    convolutions: CONVOLUTIONS,
  });
}

async function losses(step: Step, count = CHECKED_STEPS): Promise<number[]> {
  const found: number[] = [];
  for (let i = 0; i < count; i++) found.push(await step());
  return found;
}

function differenceOf(a: readonly number[], b: readonly number[]): number {
  return Math.max(...a.map((x, i) => Math.abs(x - b[i])));
}

interface Row {
  readonly engine: string;
  readonly ms_per_step?: number;
  /** How many times our time on one thread. */
  readonly times_ours?: number;
  readonly range_ms?: readonly number[];
  readonly runs?: string;
  /** Largest difference of the first losses from ours. */
  readonly lossDifference?: number;
  readonly fails?: string;
}

const PEERS = [
  { engine: "@tensorflow/tfjs-backend-wasm", file: "tfjs.mjs" },
  { engine: "@jax-js/jax wasm", file: "jax-js.mjs" },
] as const;

async function race(problem: Problem, withPeers: boolean): Promise<Row[]> {
  const ours = await ourStep(problem, 1);
  const expected = await losses(ours);
  const contenders = [
    contender(`${OURS}1 thread`, ours),
    contender(`${OURS}2 threads`, await ourStep(problem, 2)),
  ];
  const rows: Row[] = [];
  const differences = new Map<string, number>();
  for (const { engine, file } of withPeers ? PEERS : []) {
    try {
      const step = await peerStep(problem, file);
      const slow = problem.name === "cnn";
      const start = performance.now();
      const found = await losses(step, slow ? 1 : CHECKED_STEPS);
      const elapsed_ms = performance.now() - start;
      const lossDifference = differenceOf(found, expected);
      differences.set(engine, lossDifference);
      if (!slow) contenders.push(contender(engine, step));
      else {
        const runs = "one step, compilation included";
        rows.push({ engine, ms_per_step: elapsed_ms, runs, lossDifference });
      }
    } catch (error) {
      rows.push({ engine, fails: String(error).split("\n")[0].slice(0, 200) });
    }
  }
  const timings = await interleavedMedians(contenders, { rounds: 7, round_ms: 300 });
  const all = [...timings.map((timing) => rowOf(timing, differences)), ...rows];
  const base = all[0].ms_per_step ?? Number.NaN;
  return all.map((row) =>
    row.ms_per_step ? { ...row, times_ours: Number((row.ms_per_step / base).toFixed(2)) } : row,
  );
}

function contender(name: string, step: Step): Contender {
  return {
    name,
    units: 1,
    work: async () => {
      await step();
    },
  };
}

function rowOf(timing: Timing, differences: ReadonlyMap<string, number>): Row {
  const lossDifference = differences.get(timing.name);
  return {
    engine: timing.name,
    ms_per_step: timing.microsecondsPerUnit / 1000,
    range_ms: timing.range.map((micros) => micros / 1000),
    ...(lossDifference !== undefined && { lossDifference }),
  };
}

/** A line for the README: ours, and beside it the others. */
function headlineOf({ what }: Problem, rows: readonly Row[]): Headline {
  const ms = (row: Row) => `${Number((row.ms_per_step ?? Number.NaN).toPrecision(3))} ms`;
  const ours = rows.filter((row) => row.engine.startsWith(OURS));
  const others = rows.filter((row) => !row.engine.startsWith(OURS));
  const value = ours.map((row) => `${ms(row)} on ${row.engine.slice(OURS.length)}`).join(", ");
  const against = others
    .map((row) => {
      const runs = row.runs ? ` (${row.runs})` : "";
      return row.fails ? `${row.engine} fails` : `${row.engine} ${ms(row)}${runs}`;
    })
    .join(", ");
  return { what, value, against };
}

function print(problem: Problem, rows: readonly Row[]): void {
  console.log(problem.what);
  for (const row of rows) {
    const time = row.ms_per_step
      ? `${row.ms_per_step.toFixed(1).padStart(9)} ms  ${row.times_ours}x`
      : `    fails: ${row.fails}`;
    const apart = row.lossDifference;
    const check = apart === undefined ? "" : `  (losses differ by ${apart.toExponential(1)})`;
    console.log(`  ${row.engine.padEnd(32)}${time}${check}`);
  }
}

const withPeers = existsSync(path.join(import.meta.dirname, "peers", "node_modules"));
if (!withPeers) {
  console.log(
    "The peers are not installed (npm ci --prefix bench/peers): timing our engine alone.",
  );
}
const results: Record<string, unknown> = {};
const headlines: Headline[] = [];
for (const problem of [ppoProblem(), cnnProblem()]) {
  const rows = await race(problem, withPeers);
  print(problem, rows);
  results[problem.name] = { what: problem.what, rows };
  headlines.push(headlineOf(problem, rows));
}
console.log(
  `Wrote ${path.relative(process.cwd(), writeResults("nn", { headlines, ...results }))}.`,
);
