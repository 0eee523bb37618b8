/**
 * Environment steps a second of the two loops of learning, teacher and student: physics, observations, masks or
 * cameras, and the policy, with as many workers as there are cores. On push-pair, the main job, with the settings
 * by default; `npx tsx bench/rollout.ts push-cross` has CROSS as its preset trains it.
 *
 * `npx tsx bench/rollout.ts --hash` prints a hash of the weights of two short runs instead, each by
 * one and by two workers: the same on every version of Node and, but for the student's, on every kind of processor.
 */

import { presetOf } from "../cli/presets.ts";
import { runConfigSchema, simulationOf } from "../cli/run-config.ts";
import { createRng } from "../core/rng.ts";
import { median } from "../core/statistics.ts";
import { studentNetwork } from "../policies/networks/student.ts";
import { teacherNetwork } from "../policies/networks/teacher.ts";
import { type CollectorOptions, defaultWorkers, WorkerPool } from "../rollout/pool.ts";
import type { Exploration, SimulationSpec } from "../rollout/shard.ts";
import { teacherActor } from "../rollout/teacher-actor.ts";
import { type StudentConfig, studentConfig } from "../student/config.ts";
import { distillStudent } from "../student/distill.ts";
import { labelledGroups } from "../student/labels.ts";
import { observedGroups, studentActor, studentSpec } from "../student/student.ts";
import { type TeacherConfig, teacherConfig } from "../teacher/config.ts";
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

/** What is trained, and how fast it should be. */
interface Subject {
  readonly simulation: SimulationSpec;
  readonly teacher: TeacherConfig;
  readonly student: StudentConfig;
  /** Steps a second, by what is measured. */
  readonly targets: Readonly<Record<string, number>>;
  /** Name of the result file. */
  readonly file: string;
}

function subjectOf(scene: string): Subject {
  if (scene === "push-pair") {
    const targets = {
      "teacher, sampling alone": 40_000,
      "teacher, with learning": 25_000,
      "student, sampling alone": 5_000,
    };
    const [teacher, student] = [teacherConfig.parse({}), studentConfig.parse({})];
    return { simulation, teacher, student, targets, file: "rollout" };
  }
  const config = runConfigSchema(scene).parse(presetOf(scene, "quick"));
  const targets = { "teacher, with learning": 20_000, "student, with learning": 4_000 };
  const { teacher, student } = config;
  const file = `rollout-${scene}`;
  return { simulation: simulationOf(scene, config, 1), teacher, student, targets, file };
}

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
  options: CollectorOptions,
  theta: Float32Array,
  exploration: Exploration,
): Promise<Rate> {
  const collector = await pool.openCollector(options);
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

function sampleTeacher(pool: WorkerPool, { simulation, teacher: config }: Subject): Promise<Rate> {
  const spec = teacherSpec(simulation, config);
  const actor = teacherActor(spec, config.observability);
  const { envs, shardEnvs, rolloutSteps: steps } = config;
  const groups = [...new Set([...Object.values(actor.inputs), "privileged" as const])];
  const finals = ["privileged"] as const;
  const options = { simulation, actor, envs, shardEnvs, steps, groups, finals };
  const theta = teacherNetwork(spec).params.init(createRng(1));
  return sample(pool, options, theta, { std: [0.6, 0.6] });
}

function sampleStudent(pool: WorkerPool, subject: Subject): Promise<Rate> {
  const { simulation, teacher, student: config } = subject;
  const spec = studentSpec(simulation, config);
  const actor = studentActor(spec);
  const { envs, shardEnvs, rolloutSteps: steps } = config;
  const labelled = labelledGroups(teacherSpec(simulation, teacher), teacher.observability);
  const groups = [...new Set([...observedGroups(spec), ...labelled])];
  const options = { simulation, actor, envs, shardEnvs, steps, groups, finals: [] };
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

async function learnTeacher(pool: WorkerPool, { simulation, teacher }: Subject): Promise<Rate> {
  const config = { ...teacher, iterations: WARM_UP + ROUNDS, spanIterations: 0 };
  const { seconds, lap } = stopwatch();
  await trainTeacher({ simulation, config, pool, log: lap });
  return rateOf(config.envs * config.rolloutSteps, seconds);
}

async function learnStudent(pool: WorkerPool, subject: Subject): Promise<Rate> {
  const { simulation, teacher, student } = subject;
  const config = { ...student, iterations: WARM_UP + ROUNDS, spanIterations: 0 };
  const spec = teacherSpec(simulation, teacher);
  const theta = teacherNetwork(spec).params.init(createRng(1));
  const { observability } = teacher;
  const { seconds, lap } = stopwatch();
  await distillStudent({
    ...{ simulation, config, pool, log: lap },
    teacher: { spec, theta, observability },
  });
  return rateOf(config.envs * config.rolloutSteps, seconds);
}

async function measure(subject: Subject): Promise<void> {
  const { targets, file: name } = subject;
  const workers = defaultWorkers();
  const pool = new WorkerPool(workers);
  const rates: Readonly<Record<string, Rate>> = {
    "teacher, sampling alone": await sampleTeacher(pool, subject),
    "teacher, with learning": await learnTeacher(pool, subject),
    "student, sampling alone": await sampleStudent(pool, subject),
    "student, with learning": await learnStudent(pool, subject),
  };
  await pool.close();
  const count = (value: number) => value.toLocaleString("en-US");
  const headlines = Object.entries(rates).map(([what, { stepsPerSecond }]) => ({
    what: `${subject.simulation.scene}: ${what}`,
    value: `${count(stepsPerSecond)} environment steps/s`,
    ...(targets[what] ? { against: `target ${count(targets[what])}` } : {}),
  }));
  for (const { what, value, against = "" } of headlines)
    console.log(`${what}: ${value} ${against}`);
  const file = writeResults(name, { headlines, workers, rounds: ROUNDS, rates });
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

const [scene = "push-pair"] = process.argv.slice(2);
await (scene === "--hash" ? printHashes() : measure(subjectOf(scene)));
