/**
 * Environment steps a second of the main job's two loops, on push-pair as it is trained: physics,
 * observations, masks or cameras, and the policy, with as many workers as there are cores.
 *
 * `npx tsx bench/rollout.ts --hash` prints a hash of the weights of two short runs instead, each by
 * one and by two workers: the same on every version of Node.
 */

import { createRng } from "../core/rng.ts";
import { median } from "../core/statistics.ts";
import { studentNetwork } from "../policies/networks/student.ts";
import { teacherNetwork } from "../policies/networks/teacher.ts";
import { type CollectorOptions, defaultWorkers, WorkerPool } from "../rollout/pool.ts";
import type { Exploration, SimulationSpec } from "../rollout/shard.ts";
import { teacherActor } from "../rollout/teacher-actor.ts";
import { studentConfig } from "../student/config.ts";
import { distillStudent } from "../student/distill.ts";
import { studentActor, studentSpec } from "../student/student.ts";
import { teacherConfig } from "../teacher/config.ts";
import { trainTeacher } from "../teacher/ppo.ts";
import { teacherSpec } from "../teacher/teacher.ts";
import { hashOf } from "../test/support/hash.ts";
import { freshTeacher, tinyStudent, tinyTeacher } from "../test/support/tiny-runs.ts";
import { writeResults } from "./harness.ts";

/** Rounds that count, after those that warm up. */
const ROUNDS = 11;
const WARM_UP = 3;

const simulation: SimulationSpec = {
  scene: "push-pair",
  config: {},
  contact: "planar",
  seed: 1,
};

interface Rate {
  readonly stepsPerSecond: number;
  /** Slowest and fastest round. */
  readonly range: readonly [number, number];
}

function rateOf(steps: number, seconds: readonly number[]): Rate {
  const counted = seconds.slice(WARM_UP);
  const perSecond = (time_s: number) => Math.round(steps / time_s);
  return {
    stepsPerSecond: perSecond(median(counted)),
    range: [perSecond(Math.max(...counted)), perSecond(Math.min(...counted))],
  };
}

/** Samples roll-outs again and again with weights that have learnt nothing. */
async function sample(
  pool: WorkerPool,
  options: Omit<CollectorOptions, "simulation">,
  theta: Float32Array,
  exploration: Exploration,
): Promise<Rate> {
  const collector = await pool.openCollector({ simulation, ...options });
  const seconds: number[] = [];
  for (let round = 0; round < WARM_UP + ROUNDS; round++) {
    // as after every update, the weights are new
    const weights = theta.slice();
    const start = performance.now();
    await collector.collect(weights, exploration);
    seconds.push((performance.now() - start) / 1000);
  }
  await collector.close();
  return rateOf(options.envs * options.steps, seconds);
}

function sampleTeacher(pool: WorkerPool): Promise<Rate> {
  const config = teacherConfig.parse({});
  const spec = teacherSpec(simulation, config);
  const seen = `keypoints:${config.observability}` as const;
  const options = {
    actor: teacherActor(spec, config.observability),
    envs: config.envs,
    shardEnvs: config.shardEnvs,
    steps: config.rolloutSteps,
    groups: [seen, "proprioception", "privileged"],
    finals: ["privileged"],
  } as const;
  const theta = teacherNetwork(spec).params.init(createRng(1));
  return sample(pool, options, theta, { std: [0.6, 0.6] });
}

function sampleStudent(pool: WorkerPool): Promise<Rate> {
  const config = studentConfig.parse({});
  const spec = studentSpec(simulation, config);
  const seen = `keypoints:${teacherConfig.parse({}).observability}` as const;
  const options = {
    actor: studentActor(spec),
    envs: config.envs,
    shardEnvs: config.shardEnvs,
    steps: config.rolloutSteps,
    groups: ["layers", "proprioception", seen, "keypoints:global"],
    finals: [],
  } as const;
  return sample(pool, options, studentNetwork(spec).params.init(createRng(1)), {});
}

/** Times whole iterations of a training from one log line to the next. */
function stopwatch(): { readonly seconds: number[]; readonly lap: () => void } {
  const seconds: number[] = [];
  let start = performance.now();
  return {
    seconds,
    lap() {
      const now = performance.now();
      seconds.push((now - start) / 1000);
      start = now;
    },
  };
}

async function learnTeacher(pool: WorkerPool): Promise<Rate> {
  const config = teacherConfig.parse({ iterations: WARM_UP + ROUNDS });
  const { seconds, lap } = stopwatch();
  await trainTeacher({ simulation, config, pool, log: lap });
  return rateOf(config.envs * config.rolloutSteps, seconds);
}

async function learnStudent(pool: WorkerPool): Promise<Rate> {
  const config = studentConfig.parse({ iterations: WARM_UP + ROUNDS });
  const { latent, hidden } = config;
  const spec = teacherSpec(simulation, { latent, hidden });
  const theta = teacherNetwork(spec).params.init(createRng(1));
  const teacher = { spec, theta, observability: teacherConfig.parse({}).observability };
  const { seconds, lap } = stopwatch();
  await distillStudent({ simulation, teacher, config, pool, log: lap });
  return rateOf(config.envs * config.rolloutSteps, seconds);
}

async function measure(): Promise<void> {
  const workers = defaultWorkers();
  const pool = new WorkerPool(workers);
  const rates = {
    "teacher, sampling alone": [await sampleTeacher(pool), 40_000],
    "teacher, with learning": [await learnTeacher(pool), 25_000],
    "student, sampling alone": [await sampleStudent(pool), 5_000],
    "student, with learning": [await learnStudent(pool), undefined],
  } as const;
  await pool.close();
  const count = (value: number) => value.toLocaleString("en-US");
  const headlines = Object.entries(rates).map(([what, [{ stepsPerSecond }, target]]) => ({
    what: `push-pair: ${what}`,
    value: `${count(stepsPerSecond)} environment steps/s`,
    ...(target && { against: `target ${count(target)}` }),
  }));
  for (const { what, value, against = "" } of headlines)
    console.log(`${what}: ${value} ${against}`);
  const results = Object.fromEntries(Object.entries(rates).map(([what, [rate]]) => [what, rate]));
  const file = writeResults("rollout", { headlines, workers, rounds: ROUNDS, rates: results });
  console.log(`Wrote ${file}.`);
}

/** Two updates of a small teacher and of a small student; the weights they end with. */
async function printHashes(): Promise<void> {
  for (const workers of [1, 2]) {
    const pool = new WorkerPool(workers);
    const teacher = await trainTeacher({ simulation, config: tinyTeacher, pool });
    const student = await distillStudent({
      simulation,
      teacher: freshTeacher(simulation),
      config: tinyStudent,
      pool,
    });
    await pool.close();
    const hashes = `teacher ${hashOf([teacher.theta])}, student ${hashOf([student.theta])}`;
    console.log(`Node ${process.versions.node}, workers ${workers}: ${hashes}`);
  }
}

await (process.argv.includes("--hash") ? printHashes() : measure());
