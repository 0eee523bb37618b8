/**
 * Proximal policy optimization of the privileged teacher (Schulman et al., 2017).
 *
 * Reads top to bottom: roll out, estimate advantages, update, log, repeat. Every formula is a pure
 * function in losses.ts, learning-rate.ts or credit/, so that it can be tested without this loop.
 */

import { createRng, type Rng } from "../core/rng.ts";
import { gae } from "../credit/gae.ts";
import { standardize } from "../credit/standardize.ts";
import type { Device } from "../nn/device.ts";
import { Trainer } from "../nn/engine.ts";
import { type TeacherSpec, teacherNetwork } from "../policies/networks/teacher.ts";
import { practiceAt } from "../rollout/curriculum.ts";
import type { Collector, WorkerPool } from "../rollout/pool.ts";
import type { SimulationSpec } from "../rollout/shard.ts";
import { shuffledRows } from "../rollout/shuffle.ts";
import type { EpisodeEnd } from "../sim/scene-batch.ts";
import { loadTeacher, saveTeacher, type TeacherProgress } from "./checkpoint.ts";
import type { TeacherConfig } from "./config.ts";
import { Critic } from "./critic.ts";
import { adaptLearningRate, rateCeiling } from "./learning-rate.ts";
import { teacherData, teacherObjective } from "./losses.ts";
import { teacherActor, teacherSpec } from "./teacher.ts";

export interface TeacherRun {
  readonly simulation: SimulationSpec;
  readonly config: TeacherConfig;
  readonly pool: WorkerPool;
  /** Where to save and, if it is there already, to resume from. */
  readonly checkpoint?: string;
  readonly saveEvery?: number;
  readonly device?: Device;
  readonly threads?: number;
  readonly log?: (progress: TeacherProgress, ends: readonly EpisodeEnd[]) => void;
  /** Asked after every iteration; true ends the training early. */
  readonly enough?: (progress: TeacherProgress) => boolean;
}

/** A trained teacher: its network and weights. */
export interface Teacher {
  readonly spec: TeacherSpec;
  readonly theta: Float32Array;
  readonly progress: TeacherProgress;
}

export async function trainTeacher(run: TeacherRun): Promise<Teacher> {
  const { config, simulation } = run;
  const { gamma, lambda, envs, rolloutSteps: steps } = config;
  const spec = teacherSpec(simulation, config);
  const rng = createRng(simulation.seed).split("teacher");
  const trainer = await createTrainer(run, spec, rng);
  const critic = await Critic.create(spec, config.batch);
  const collector = await openCollector(run, spec);
  const { rollout } = collector;
  let progress = loadTeacher(run, spec, trainer);

  while (progress.iteration < config.iterations) {
    // roll out the current policy
    const theta = trainer.theta;
    const practiceShare = practiceAt(progress.iteration, config);
    const { stageShare } = config;
    const exploration = { std: stdOf(spec, theta), practiceShare, stageShare };
    const ends = await collector.collect(theta, exploration);

    // assign credit
    const advantages = new Float32Array(steps * envs);
    const returns = new Float32Array(steps * envs);
    const values = await critic.values(theta, rollout.groups.privileged);
    const nextValues = await critic.nextValues(theta, rollout);
    gae({ ...rollout, values, nextValues, gamma, lambda }, advantages, returns);
    standardize(advantages);

    // improve the policy on its own data
    const order = shuffledRows(rng.split(`epochs ${progress.iteration}`), steps * envs, config);
    const data = {
      keypoints: rollout.groups[`keypoints:${config.observability}`],
      proprioception: rollout.groups.proprioception,
      ...(spec.lastSeen ? { lastSeen: rollout.groups.lastSeen } : {}),
      privileged: rollout.groups.privileged,
      actions: rollout.actions,
      logProbs: rollout.logProbs,
      advantages,
      returns,
    };
    const rate = Math.min(progress.learningRate, rateCeiling(progress.iteration, config));
    const rates = new Float64Array(order.length / config.batch).fill(rate);
    const { stats } = await trainer.train(data, order, rates);

    // look back
    progress = {
      iteration: progress.iteration + 1,
      environmentSteps: progress.environmentSteps + steps * envs,
      learningRate: adaptLearningRate(rate, last(stats.approxKl), config),
      metrics: metricsOf(stats, ends, stdOf(spec, trainer.theta)),
    };
    run.log?.(progress, ends);
    if (progress.iteration % (run.saveEvery ?? 25) === 0) saveTeacher(run, spec, trainer, progress);
    if (run.enough?.(progress)) break;
  }

  saveTeacher(run, spec, trainer, progress);
  const theta = trainer.theta.slice();
  await Promise.all([trainer.close(), critic.close(), collector.close()]);
  return { spec, theta, progress };
}

function createTrainer(run: TeacherRun, spec: TeacherSpec, rng: Rng): Promise<Trainer> {
  const { config, device = "cpu", threads = 2 } = run;
  const { params } = teacherNetwork(spec);
  return Trainer.create({
    params,
    objective: teacherObjective(spec, config),
    data: teacherData(spec),
    rows: config.envs * config.rolloutSteps,
    batch: config.batch,
    clipNorm: config.clipNorm,
    device,
    threads,
    theta: params.init(rng.split("weights")),
  });
}

function openCollector(run: TeacherRun, spec: TeacherSpec): Promise<Collector> {
  const { config, simulation, pool } = run;
  return pool.openCollector({
    simulation,
    actor: teacherActor(spec, config.observability),
    envs: config.envs,
    shardEnvs: config.shardEnvs,
    steps: config.rolloutSteps,
    groups: [
      `keypoints:${config.observability}`,
      "proprioception",
      ...(spec.lastSeen ? (["lastSeen"] as const) : []),
      "privileged",
    ],
    finals: ["privileged"],
  });
}

/** Standard deviation of each action, from the parameter that holds its logarithm. */
function stdOf(spec: TeacherSpec, theta: Float32Array): number[] {
  const { at } = teacherNetwork(spec).params.offsetOf("logStd");
  return Array.from(theta.subarray(at, at + spec.actions), Math.exp);
}

function metricsOf(
  stats: Readonly<Record<string, Float32Array>>,
  ends: readonly EpisodeEnd[],
  std: readonly number[],
): Record<string, number> {
  const mean = (values: readonly number[]) =>
    values.length === 0 ? Number.NaN : values.reduce((a, b) => a + b, 0) / values.length;
  const averages = Object.fromEntries(
    Object.entries(stats).map(([name, values]) => [name, mean([...values])]),
  );
  const full = ends.filter((end) => !end.practice);
  return {
    ...averages,
    episodes: full.length,
    success: mean(full.map((end) => (end.outcome === "success" ? 1 : 0))),
    return: mean(full.map((end) => end.return)),
    length: mean(full.map((end) => end.steps)),
    stages: mean(full.map((end) => end.stagesDone)),
    stdForward: std[0],
    stdTurn: std[1],
  };
}

function last(values: Float32Array): number {
  return values[values.length - 1];
}
