/**
 * Online distillation of the teacher into a student that sees (EgoPush, section III-C; DAgger, Ross
 * et al., 2011): the student drives, the teacher labels what it visits, one update, and on.
 */

import { isDeepStrictEqual } from "node:util";
import { closingAfter, type Keep } from "../core/closing.ts";
import { ConfigError } from "../core/errors.ts";
import { createRng, type Rng } from "../core/rng.ts";
import type { Device } from "../nn/device.ts";
import { Trainer } from "../nn/engine.ts";
import { shuffledRows } from "../nn/shuffle.ts";
import { latentRoles, type StudentSpec, studentNetwork } from "../policies/networks/student.ts";
import type { TeacherSpec } from "../policies/networks/teacher.ts";
import { startsAt, withScene } from "../rollout/curriculum.ts";
import { averages, episodeMetrics } from "../rollout/metrics.ts";
import type { Collector, WorkerPool } from "../rollout/pool.ts";
import type { SimulationSpec } from "../rollout/shard.ts";
import { type Learnt, Sitting } from "../rollout/sitting.ts";
import { teacherActor } from "../rollout/teacher-actor.ts";
import type { EpisodeEnd } from "../sim/scene-batch.ts";
import type { Observability } from "../sim/visibility.ts";
import { loadStudent, type StudentProgress, saveStudent } from "./checkpoint.ts";
import type { StudentConfig } from "./config.ts";
import { LABEL_BATCH, Labeller, labelledGroups, type TeacherLabels } from "./labels.ts";
import { studentData, studentObjective } from "./losses.ts";
import { sequencesOf } from "./sequences.ts";
import { checkSky, observedGroups, studentActor, studentSpec } from "./student.ts";
import { checkWidths, warmStartHead } from "./warm-start.ts";

export interface StudentRun {
  readonly simulation: SimulationSpec;
  readonly teacher: {
    readonly spec: TeacherSpec;
    readonly theta: Float32Array;
    readonly observability: Observability;
  };
  /** A student to begin with instead of new weights, of this scene or of another whose observations are alike. */
  readonly from?: Student;
  readonly config: StudentConfig;
  readonly pool: WorkerPool;
  /** Where to save and, if it is there already, to resume from. */
  readonly checkpoint?: string;
  readonly saveEvery?: number;
  readonly device?: Device;
  readonly threads?: number;
  readonly log?: (progress: StudentProgress, ends: readonly EpisodeEnd[]) => void;
  /** Asked after every iteration; true ends the training early. */
  readonly enough?: (progress: StudentProgress) => boolean;
}

/** A student; where its training was interrupted, with the weights that were saved last. */
export interface Student {
  readonly spec: StudentSpec;
  readonly theta: Float32Array;
  readonly progress: StudentProgress;
  /** What it was distilled with. */
  readonly config: StudentConfig;
}

/**
 * @throws ConfigError for widths that are not the teacher's, for another network than that of the student to begin with, and for
 *   a camera that is randomized beyond what the student looks at
 * @throws TrainingDivergedError where losses are no longer finite; what was saved before is then as it was
 */
export async function distillStudent(run: StudentRun): Promise<Student> {
  const { config, simulation, teacher } = run;
  const spec = studentSpec(simulation, config);
  checkWidths(spec, teacher.spec, config.warmStart);
  checkSky(simulation, spec);
  const learnt = await closingAfter((keep) => learn(run, spec, keep));
  return { spec, ...learnt, config };
}

async function learn(
  run: StudentRun,
  spec: StudentSpec,
  keep: Keep,
): Promise<Learnt<StudentProgress>> {
  const { config, simulation, teacher } = run;
  const rng = createRng(simulation.seed).split("student");
  const first = firstWeights(run, spec, rng);
  const labeller = keep(await openLabeller(run, spec));
  const collector = keep(await openCollector(run, spec));
  const trainer = keep(await createTrainer(run, spec, first));
  const sitting = openSitting(run, spec, trainer);

  while (sitting.goesOn) {
    const { iteration, environmentSteps } = sitting.progress;
    // the student drives, unless its teacher is to show it
    const theta = config.driver === "student" ? trainer.theta : teacher.theta;
    const ends = await collector.collect(theta, startsAt(iteration, config));
    const { rollout } = collector;

    // the teacher labels what it visited
    const labels = await labeller.labelRollout(rollout, teacher.observability);
    if (iteration === 0 && !run.from && config.warmStart) warmStart(trainer, spec, run, labels);

    // one update on it
    const data = sequencesOf(spec, rollout, labels);
    const order = shuffledRows(rng.split(`epochs ${iteration}`), rowsOf(config), config);
    const learningRate = decayedRate(config, iteration);
    const rates = new Float64Array(order.length / config.batch).fill(learningRate);
    const { stats } = await trainer.train(data, order, rates);

    // look back
    const progress = {
      iteration: iteration + 1,
      environmentSteps: environmentSteps + samplesOf(config),
      metrics: { ...averages(stats), learningRate, ...episodeMetrics(ends) },
    };
    sitting.add(progress, ends);
  }
  return sitting.end();
}

/** From the run's checkpoint, if there is one. */
function openSitting(
  run: StudentRun,
  spec: StudentSpec,
  trainer: Trainer,
): Sitting<StudentProgress> {
  const weights = () => trainer.average.slice();
  const save = (progress: StudentProgress) => saveStudent(run, spec, trainer, progress);
  return new Sitting(run, { weights, save }, loadStudent(run, spec, trainer));
}

/** Falls linearly from the first to the final learning rate. */
export function decayedRate(
  config: Pick<StudentConfig, "iterations" | "learningRate" | "finalLearningRate">,
  iteration: number,
): number {
  const done = iteration / Math.max(1, config.iterations - 1);
  return config.learningRate + done * (config.finalLearningRate - config.learningRate);
}

const samplesOf = (config: StudentConfig) => config.envs * config.rolloutSteps;

/** Sequences in a roll-out: whole columns with memory, single steps without. */
const rowsOf = (config: StudentConfig) => (config.memory > 0 ? config.envs : samplesOf(config));

function firstWeights({ from }: StudentRun, spec: StudentSpec, rng: Rng): Float32Array {
  if (!from) return studentNetwork(spec).params.init(rng);
  if (isDeepStrictEqual(from.spec, spec)) return from.theta;
  throw new ConfigError(
    `The student to begin with has another network: ${JSON.stringify(from.spec)}, not ${JSON.stringify(spec)}.`,
  );
}

function openLabeller({ config, teacher }: StudentRun, spec: StudentSpec): Promise<Labeller> {
  const batch = Math.min(LABEL_BATCH, samplesOf(config));
  return Labeller.create(teacher, batch, latentRoles(spec).length);
}

function createTrainer(run: StudentRun, spec: StudentSpec, theta: Float32Array): Promise<Trainer> {
  const { config, device = "cpu", threads = 2 } = run;
  const steps = config.memory > 0 ? config.rolloutSteps : 1;
  return Trainer.create({
    params: studentNetwork(spec).params,
    objective: studentObjective(spec, steps, config),
    data: studentData(spec, steps),
    rows: rowsOf(config),
    batch: config.batch,
    clipNorm: config.clipNorm,
    averageOver: config.averageOver,
    device,
    threads,
    theta,
  });
}

function openCollector(run: StudentRun, spec: StudentSpec): Promise<Collector> {
  const { config, simulation, teacher, pool } = run;
  const labelled = labelledGroups(teacher.spec, teacher.observability);
  return pool.openCollector({
    simulation: withScene(simulation, config.scene, "student.scene"),
    actor:
      config.driver === "student"
        ? studentActor(spec)
        : teacherActor(teacher.spec, teacher.observability),
    envs: config.envs,
    shardEnvs: config.shardEnvs,
    coulombShare: config.coulombShare,
    steps: config.rolloutSteps,
    groups: [...new Set([...observedGroups(spec), ...labelled])],
    finals: [],
  });
}

function warmStart(
  trainer: Trainer,
  spec: StudentSpec,
  run: StudentRun,
  labels: TeacherLabels,
): void {
  const state = trainer.state();
  const theta = state.theta.slice();
  warmStartHead(theta, spec, run.teacher, labels.meanLatents);
  trainer.load({ ...state, theta });
}
