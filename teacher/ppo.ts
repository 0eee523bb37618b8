/**
 * Proximal policy optimization of the privileged teacher (Schulman et al., 2017).
 *
 * Reads top to bottom: roll out, estimate advantages, update, log, repeat. Every formula is a pure
 * function in losses.ts, schedules.ts or credit/, so that it can be tested without this loop.
 */

import { closingAfter, type Keep } from "../core/closing.ts";
import { ConfigError } from "../core/errors.ts";
import { createRng, type Rng } from "../core/rng.ts";
import type { Device } from "../nn/device.ts";
import { Trainer } from "../nn/engine.ts";
import { setSpread, spreadOf } from "../nn/gaussian.ts";
import { adaptLearningRate, rateCeiling } from "../nn/learning-rate.ts";
import type { ParamSpec } from "../nn/params.ts";
import { shuffledRows } from "../nn/shuffle.ts";
import { columnsOf, type Known, knownRows, readsAll } from "../policies/networks/known.ts";
import { type TeacherSpec, teacherNetwork } from "../policies/networks/teacher.ts";
import { type NetworkActor, readBy } from "../rollout/actor.ts";
import { type CreditFormula, Critic, creditedRows } from "../rollout/critic.ts";
import { startsAt } from "../rollout/curriculum.ts";
import { averages, episodeMetrics } from "../rollout/metrics.ts";
import type { Collector, WorkerPool } from "../rollout/pool.ts";
import type { SimulationSpec } from "../rollout/shard.ts";
import { type Learnt, Sitting } from "../rollout/sitting.ts";
import { teacherActor } from "../rollout/teacher-actor.ts";
import type { EpisodeEnd } from "../sim/scene-batch.ts";
import type { Observability } from "../sim/visibility.ts";
import { type Learners, loadTeacher, saveTeacher, type TeacherProgress } from "./checkpoint.ts";
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
  /** How credit is assigned; `gae` unless given. No checkpoint holds it: give it again to go on. */
  readonly credit?: CreditFormula;
  readonly device?: Device;
  readonly threads?: number;
  readonly log?: (progress: TeacherProgress, ends: readonly EpisodeEnd[]) => void;
  /** Asked after every iteration; true ends the training early. */
  readonly enough?: (progress: TeacherProgress) => boolean;
}

/** A trained teacher: its network and weights, where it was interrupted those that were saved last. */
export interface Teacher {
  readonly spec: TeacherSpec;
  readonly theta: Float32Array;
  /** What its actor sees. */
  readonly observability: Observability;
  readonly progress: TeacherProgress;
}

/** @throws TrainingDivergedError where losses are no longer finite; what was saved before is then as it was */
export async function trainTeacher(run: TeacherRun): Promise<Teacher> {
  const spec = teacherSpec(run.simulation, run.config);
  const { observability } = run.config;
  const learnt = await closingAfter((keep) => learn(run, spec, keep));
  return { spec, observability, ...learnt };
}

async function learn(
  run: TeacherRun,
  spec: TeacherSpec,
  keep: Keep,
): Promise<Learnt<TeacherProgress>> {
  const { config, simulation } = run;
  const { envs, rolloutSteps: steps } = config;
  const { params } = teacherNetwork(spec);
  const rng = createRng(simulation.seed).split("teacher");
  const troupe = await openTroupe(run, spec, rng, keep);
  const { trainer, critic, actor, standIn } = troupe;
  const sitting = openSitting(run, spec, troupe);
  let lesson = lessonAt(sitting.progress.iteration, config);
  let collector = keep(await openCollector(run, troupe, lesson));

  while (sitting.goesOn) {
    const { iteration, environmentSteps, learningRate } = sitting.progress;
    // the next lesson has other environments
    if (lessonAt(iteration, config) !== lesson) {
      lesson = lessonAt(iteration, config);
      collector = keep(await openCollector(run, troupe, lesson));
    }
    const { rollout } = collector;

    // roll out the current policy
    const theta = trainer.theta;
    const std = spreadOf(params, theta);
    const ends = await collector.collect(theta, { std, ...startsAt(iteration, config) });

    // assign credit, less what the student to come could not know to do
    const charged = { actor, theta, std };
    const apart = await standIn?.charge(rollout, charged, rng.split(`stand-in ${iteration}`));
    const credit = await critic.credit(theta, rollout, config);

    // improve the policy on its own data
    const order = shuffledRows(rng.split(`epochs ${iteration}`), steps * envs, config);
    const data = {
      ...readBy(actor, rollout),
      ...creditedRows(rollout, credit),
      ...entropyColumn(iteration, config),
    };
    const rate = Math.min(learningRate, rateCeiling(iteration, config));
    const rates = new Float64Array(order.length / config.batch).fill(rate);
    const { stats } = await trainer.train(data, order, rates);

    // look back
    const progress = {
      iteration: iteration + 1,
      environmentSteps: environmentSteps + steps * envs,
      learningRate: adaptLearningRate(rate, last(stats.approxKl), config),
      metrics: {
        ...metricsOf(stats, ends, spreadOf(params, trainer.theta)),
        ...(apart === undefined ? {} : { divergence: apart }),
      },
    };
    sitting.add(progress, ends);
  }
  return sitting.end();
}

/** Who learns, who acts as it does so far, and who judges that. */
interface Troupe extends Learners {
  readonly critic: Critic;
  readonly actor: NetworkActor;
}

async function openTroupe(
  run: TeacherRun,
  spec: TeacherSpec,
  rng: Rng,
  keep: Keep,
): Promise<Troupe> {
  const { config } = run;
  const rows = config.envs * config.rolloutSteps;
  if (config.batch > rows) {
    throw new ConfigError(
      `A teacher's batch must be at most the ${rows} rows of a roll-out, ${config.rolloutSteps} steps of ${config.envs} environments, got ${config.batch}. Set teacher.batch lower, or teacher.envs higher.`,
    );
  }
  const { params } = teacherNetwork(spec);
  const trainer = keep(await createTrainer(run, spec, rng));
  const critic = keep(await Critic.create(params, spec.privileged, config.batch, run.credit));
  const actor = teacherActor(spec, config.observability);
  const standIn = await openStandIn(config, spec, rng);
  if (standIn) keep(standIn);
  return { trainer, critic, actor, standIn };
}

/** From the run's checkpoint, if there is one. */
function openSitting(
  run: TeacherRun,
  spec: TeacherSpec,
  learners: Learners,
): Sitting<TeacherProgress> {
  const weights = () => learners.trainer.average.slice();
  const save = (progress: TeacherProgress) => saveTeacher(run, spec, learners, progress);
  return new Sitting(run, { weights, save }, loadTeacher(run, spec, learners));
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

function openCollector(
  run: TeacherRun,
  { actor, standIn }: Troupe,
  lesson: number,
): Promise<Collector> {
  const { config, pool } = run;
  const read = [...Object.values(actor.inputs), ...Object.values(standIn?.actor.inputs ?? {})];
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
  return {
    ...averages(stats),
    ...episodeMetrics(ends),
    ...{ stdForward: std[0], stdTurn: std[1] },
  };
}

function last(values: Float32Array): number {
  return values[values.length - 1];
}
