/**
 * Proximal policy optimization of the privileged teacher (Schulman et al., 2017).
 *
 * Reads top to bottom: roll out, estimate advantages, update, log, repeat. Every formula is a pure
 * function in losses.ts, schedules.ts or credit/, so that it can be tested without this loop.
 */

import { ConfigError } from "../core/errors.ts";
import { createRng, type Rng } from "../core/rng.ts";
import type { Device } from "../nn/device.ts";
import { Trainer } from "../nn/engine.ts";
import { setSpread, spreadOf } from "../nn/gaussian.ts";
import { adaptLearningRate, rateCeiling } from "../nn/learning-rate.ts";
import type { ParamSpec } from "../nn/params.ts";
import { columnsOf, type Known, knownRows, readsAll } from "../policies/networks/known.ts";
import { type TeacherSpec, teacherNetwork } from "../policies/networks/teacher.ts";
import { type NetworkActor, readBy } from "../rollout/actor.ts";
import { Critic } from "../rollout/critic.ts";
import { isSaved, isSavedAtLast, startsAt } from "../rollout/curriculum.ts";
import { averages, episodeMetrics } from "../rollout/metrics.ts";
import type { Collector, WorkerPool } from "../rollout/pool.ts";
import type { SimulationSpec } from "../rollout/shard.ts";
import { shuffledRows } from "../rollout/shuffle.ts";
import { teacherActor } from "../rollout/teacher-actor.ts";
import type { GroupName } from "../sim/observations.ts";
import type { EpisodeEnd } from "../sim/scene-batch.ts";
import { loadTeacher, saveTeacher, type TeacherProgress } from "./checkpoint.ts";
import type { TeacherConfig } from "./config.ts";
import { lessonAt, simulationIn } from "./lessons.ts";
import { entropyChanges, teacherData, teacherObjective } from "./losses.ts";
import { entropyCoefAt } from "./schedules.ts";
import { StandIn } from "./stand-in.ts";
import { teacherSpec } from "./teacher.ts";

export interface TeacherRun {
  readonly simulation: SimulationSpec;
  readonly config: TeacherConfig;
  readonly pool: WorkerPool;
  /** Where to save and, if it is there already, to resume from. */
  readonly checkpoint?: string;
  readonly saveEvery?: number;
  /**
   * A teacher whose weights this one begins with; random ones unless given. Its actor must have the same network, but that it
   * may know less beside latents: what is new begins with weights of zero. Where the critic's row is another, as between scenes
   * of three and of five objects, the critic is new.
   */
  readonly from?: Pick<Teacher, "spec" | "theta">;
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
  const { envs, rolloutSteps: steps } = config;
  const spec = teacherSpec(simulation, config);
  const { params } = teacherNetwork(spec);
  const rng = createRng(simulation.seed).split("teacher");
  const trainer = await createTrainer(run, spec, rng);
  const critic = await Critic.create(params, spec.privileged, config.batch);
  const actor = teacherActor(spec, config.observability);
  const standIn = await openStandIn(config, spec, rng);
  let progress = loadTeacher(run, spec, { trainer, standIn });
  const read = [...Object.values(actor.inputs), ...Object.values(standIn?.actor.inputs ?? {})];
  let lesson = lessonAt(progress.iteration, config);
  let collector = await openCollector(run, actor, read, lesson);

  while (progress.iteration < config.iterations) {
    // the next lesson has other environments
    if (lessonAt(progress.iteration, config) !== lesson) {
      lesson = lessonAt(progress.iteration, config);
      collector = await openCollector(run, actor, read, lesson);
    }
    const { rollout } = collector;

    // roll out the current policy
    const theta = trainer.theta;
    const starts = startsAt(progress.iteration, config);
    const std = spreadOf(params, theta);
    const ends = await collector.collect(theta, { std, ...starts });

    // assign credit, less what the student to come could not know to do
    const apart = await standIn?.charge(
      rollout,
      { actor, theta, std },
      rng.split(`stand-in ${progress.iteration}`),
    );
    const { advantages, returns } = await critic.credit(theta, rollout, config);

    // improve the policy on its own data
    const order = shuffledRows(rng.split(`epochs ${progress.iteration}`), steps * envs, config);
    const data = {
      ...readBy(actor, rollout),
      privileged: rollout.groups.privileged,
      actions: rollout.actions,
      logProbs: rollout.logProbs,
      advantages,
      returns,
      ...entropyColumn(progress.iteration, config),
    };
    const rate = Math.min(progress.learningRate, rateCeiling(progress.iteration, config));
    const rates = new Float64Array(order.length / config.batch).fill(rate);
    const { stats } = await trainer.train(data, order, rates);

    // look back
    progress = {
      iteration: progress.iteration + 1,
      environmentSteps: progress.environmentSteps + steps * envs,
      learningRate: adaptLearningRate(rate, last(stats.approxKl), config),
      metrics: {
        ...metricsOf(stats, ends, spreadOf(params, trainer.theta)),
        ...(apart === undefined ? {} : { divergence: apart }),
      },
    };
    run.log?.(progress, ends);
    if (isSaved(progress.iteration, config.spanIterations, run.saveEvery)) {
      saveTeacher(run, spec, { trainer, standIn }, progress);
    }
    if (run.enough?.(progress)) break;
  }

  if (isSavedAtLast(progress.iteration, config)) {
    saveTeacher(run, spec, { trainer, standIn }, progress);
  }
  const theta = trainer.average.slice();
  await Promise.all([trainer.close(), critic.close(), collector.close(), standIn?.close()]);
  return { spec, theta, progress };
}

function createTrainer(run: TeacherRun, spec: TeacherSpec, rng: Rng): Promise<Trainer> {
  const { config, device = "cpu", threads = 2 } = run;
  const { params } = teacherNetwork(spec);
  return Trainer.create({
    params,
    objective: teacherObjective(spec, config),
    data: teacherData(spec, config),
    rows: config.envs * config.rolloutSteps,
    batch: config.batch,
    clipNorm: config.clipNorm,
    averageOver: config.averageOver,
    device,
    threads,
    theta: firstWeights(run, spec, rng),
  });
}

function firstWeights({ from, config }: TeacherRun, spec: TeacherSpec, rng: Rng): Float32Array {
  const { params } = teacherNetwork(spec);
  const theta = params.init(rng.split("weights"));
  if (from) takeWeights(from, spec, theta);
  if (config.std !== undefined) setSpread(params, theta, config.std);
  return theta;
}

/** The actor's layer whose last rows read what is known beside latents. */
const HEAD = "head.1.w";

/**
 * Copies a teacher's weights into `theta`: the actor's, and the critic's if it fits.
 * @throws ConfigError where the actor does not
 */
function takeWeights(
  from: Pick<Teacher, "spec" | "theta">,
  spec: TeacherSpec,
  theta: Float32Array,
): void {
  const to = teacherNetwork(spec).params;
  const theirs = new Map(teacherNetwork(from.spec).params.specs.map((one) => [one.name, one]));
  const { hidden } = spec;
  /** Shape of a parameter, of the head without the rows that differ by what is known. */
  const shapeIn = ({ name, shape }: ParamSpec, known: Known) =>
    name === HEAD ? [shape[0] - columnsOf(known), shape[1]].join() : shape.join();
  const fits = (one: ParamSpec) => {
    const their = theirs.get(one.name);
    return their !== undefined && shapeIn(their, from.spec) === shapeIn(one, spec);
  };
  const [critic, actor] = [true, false].map((wanted) =>
    to.specs.filter(({ name }) => name.startsWith("critic.") === wanted),
  );
  const reads = readsAll(spec, from.spec);
  const other = actor.find((one) => !fits(one) || (one.name === HEAD && !reads));
  if (other || theirs.size !== to.specs.length) {
    const { name = "", shape = [] } = other ?? {};
    throw new ConfigError(
      `The teacher to begin with has another network: its "${name}" is [${theirs.get(name)?.shape ?? "missing"}], not [${shape.join(", ")}]. Use its settings of the network, or begin from nothing.`,
    );
  }
  for (const { name, at } of critic.every(fits) ? to.specs : actor) {
    const { at: first, size } = theirs.get(name) as ParamSpec;
    const weights = from.theta.subarray(first, first + size);
    const front = name === HEAD ? size - columnsOf(from.spec) * hidden : size;
    theta.set(weights.subarray(0, front), at);
    if (name !== HEAD) continue;
    theta.set(knownRows(weights.subarray(front), from.spec, spec, hidden), at + front);
  }
}

async function openStandIn(
  config: TeacherConfig,
  spec: TeacherSpec,
  rng: Rng,
): Promise<StandIn | undefined> {
  const { informedBy } = config;
  if (informedBy === undefined) return undefined;
  return StandIn.create(spec, informedBy, config, rng.split("stand-in"));
}

/** @param read groups that actors read */
function openCollector(
  run: TeacherRun,
  actor: NetworkActor,
  read: readonly GroupName[],
  lesson: number,
): Promise<Collector> {
  const { config, pool } = run;
  return pool.openCollector({
    simulation: simulationIn(lesson, run.simulation, config),
    actor,
    envs: config.envs,
    shardEnvs: config.shardEnvs,
    coulombShare: config.coulombShare,
    steps: config.rolloutSteps,
    groups: [...new Set([...read, "privileged"] as const)],
    finals: ["privileged"],
  });
}

/** The weight of the entropy bonus in each of a roll-out's rows, if it changes; see `teacherData`. */
function entropyColumn(iteration: number, config: TeacherConfig): Record<string, Float32Array> {
  if (!entropyChanges(config)) return {};
  const rows = config.envs * config.rolloutSteps;
  return { entropyCoef: new Float32Array(rows).fill(entropyCoefAt(iteration, config)) };
}

function metricsOf(
  stats: Readonly<Record<string, Float32Array>>,
  ends: readonly EpisodeEnd[],
  std: readonly number[],
): Record<string, number> {
  const mean = (values: readonly number[]) =>
    values.length === 0 ? Number.NaN : values.reduce((a, b) => a + b, 0) / values.length;
  const full = ends.filter((end) => !end.practice);
  return {
    ...averages(stats),
    ...episodeMetrics(ends),
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
