/**
 * Reinforcement of a distilled student (proximal policy optimization, Schulman et al., 2017): it drives by what it sees and tries
 * things, a critic that sees where everything is says what came of them, and its teacher goes on labelling beside it, with less weight; without
 * one it is held to what it did before.
 *
 * A student can become better than its teacher here, and learn what the teacher never needed to: to search, to wait, to go
 * around what it cannot see. From first weights and without a teacher it is the baseline that EgoPush compares itself with,
 * visual reinforcement learning from nothing.
 */

import { isDeepStrictEqual } from "node:util";
import { closingAfter, type Keep } from "../core/closing.ts";
import { ConfigError } from "../core/errors.ts";
import { createRng, type Rng } from "../core/rng.ts";
import { Trainer } from "../nn/engine.ts";
import { spreadOf } from "../nn/gaussian.ts";
import { adaptLearningRate, rateCeiling } from "../nn/learning-rate.ts";
import type { Params } from "../nn/params.ts";
import { shuffledRows } from "../nn/shuffle.ts";
import { type StudentSpec, studentInputs } from "../policies/networks/student.ts";
import { pointsOf } from "../policies/networks/teacher.ts";
import { readBy } from "../rollout/actor.ts";
import { type CreditFormula, Critic, creditedRows } from "../rollout/critic.ts";
import { startsAt, withScene } from "../rollout/curriculum.ts";
import { averages, episodeMetrics } from "../rollout/metrics.ts";
import type { Collector } from "../rollout/pool.ts";
import type { Rollout } from "../rollout/rollout.ts";
import { type Learnt, Sitting } from "../rollout/sitting.ts";
import type { GroupName } from "../sim/observations.ts";
import type { EpisodeEnd } from "../sim/scene-batch.ts";
import { actorCriticOf, criticSpecOf, firstWeights } from "./actor-critic.ts";
import {
  type FineTuneProgress,
  isSavedAlready,
  loadFineTuned,
  saveFineTuned,
} from "./checkpoint.ts";
import type { FineTuneConfig } from "./config.ts";
import { type WarmedUp, warmUpCritic } from "./critic-warm-up.ts";
import type { Student, StudentRun } from "./distill.ts";
import { openImitated } from "./imitated.ts";
import { LABEL_BATCH } from "./labels.ts";
import { fineTuneData, fineTuneObjective } from "./losses.ts";
import { sequencesOf } from "./sequences.ts";
import { checkSky, keypointsOf, observedGroups, studentActor, studentSpec } from "./student.ts";

export interface FineTuneRun extends Omit<StudentRun, "teacher" | "config"> {
  /** The student to begin with, of this scene or of another whose observations are alike. It must not have a GRU. */
  readonly student: Student;
  /** Who labels, and whose critic and spread of actions are begun with; without, the student is held to itself. */
  readonly teacher?: StudentRun["teacher"];
  /** How credit is assigned; `gae` unless given. No checkpoint holds it: give it again to go on. */
  readonly credit?: CreditFormula;
  readonly config: FineTuneConfig;
}

/**
 * The better student; its checkpoint is one of a student, to be exported and evaluated like any other. One that is interrupted while its
 * critic learns is the student as it was, and nothing is saved.
 * @throws ConfigError for a student with a GRU, with other inputs than the scene gives, or with a teacher that cannot be imitated
 * @throws TrainingDivergedError where losses are no longer finite; what was saved before is then as it was
 */
export async function fineTuneStudent(run: FineTuneRun): Promise<Student> {
  checkRun(run);
  const { spec, config } = run.student;
  const learnt = await closingAfter((keep) => learn(run, keep));
  return { spec, ...learnt, config };
}

async function learn(run: FineTuneRun, keep: Keep): Promise<Learnt<FineTuneProgress>> {
  const { config, simulation, student } = run;
  const rng = createRng(simulation.seed).split("fine-tuning");
  const driving = await openDriving(run, keep);
  const { params, critic, rollout } = driving;

  // a critic first, who learns what comes of the student as it is
  const first = firstWeights(run, params);
  const begun = beginning(run);
  const warmUp = await warmedUp(run, driving, first, begun, rng.split("critic"));
  if (warmUp.stopped) return { progress: begun, theta: student.theta };

  const trainer = keep(await createTrainer(run, params, first));
  const environmentSteps = begun.environmentSteps + warmUp.steps;
  const sitting = openSitting(run, trainer, { ...begun, environmentSteps });
  while (sitting.goesOn) {
    const { iteration, environmentSteps, learningRate } = sitting.progress;
    const theta = trainer.theta;
    const std = spreadOf(params, theta);
    const ends = await driving.drive(theta, iteration);

    // assign credit
    const credit = await critic.credit(theta, rollout, config);

    // improve the policy on its own data, with labels beside
    const rows = config.envs * config.rolloutSteps;
    const order = shuffledRows(rng.split(`epochs ${iteration}`), rows, config);
    const data = { ...(await driving.observedRows()), ...creditedRows(rollout, credit) };
    const rate = Math.min(learningRate, rateCeiling(iteration, config));
    const rates = new Float64Array(order.length / config.batch).fill(rate);
    const { stats } = await trainer.train(data, order, rates);

    // look back
    const progress = {
      iteration: iteration + 1,
      environmentSteps: environmentSteps + rows,
      learningRate: adaptLearningRate(rate, stats.approxKl[stats.approxKl.length - 1], config),
      metrics: {
        ...{ ...averages(stats), learningRate: rate, stdForward: std[0], stdTurn: std[1] },
        ...episodeMetrics(ends),
      },
    };
    sitting.add(progress, ends);
  }
  return sitting.end();
}

/** Where a student drives, and who watches. */
interface Driving {
  /** Of the student, its critic and the actions' spread. */
  readonly params: Params;
  readonly critic: Critic;
  /** Filled by `drive`. */
  readonly rollout: Rollout;
  /** Lets the student drive, and try things. */
  drive(theta: Float32Array, iteration: number): Promise<EpisodeEnd[]>;
  /** What the student saw in the roll-out and, where something is imitated, what it should have done. */
  observedRows(): Promise<Record<string, Float32Array>>;
}

async function openDriving(run: FineTuneRun, keep: Keep): Promise<Driving> {
  const { config, student } = run;
  const { spec } = student;
  const criticSpec = criticSpecOf(run);
  const params = actorCriticOf(spec, criticSpec);
  const imitated = await openImitated(run);
  if (imitated) keep(imitated);
  const { privileged } = criticSpec;
  const critic = keep(await Critic.create(params, privileged, LABEL_BATCH, run.credit));
  const collector = keep(await openCollector(run, imitated?.groups ?? []));
  const { rollout } = collector;
  return {
    ...{ params, critic, rollout },
    drive(theta, iteration) {
      const exploration = { std: spreadOf(params, theta), ...startsAt(iteration, config) };
      return collector.collect(studentPart(run, theta), exploration);
    },
    async observedRows() {
      if (!imitated) return readBy(studentActor(spec), rollout);
      return sequencesOf(spec, rollout, await imitated.labelRollout(rollout));
    },
  };
}

/** Prepares the critic in `first`, unless there is something saved to go on with, whose critic is prepared. */
async function warmedUp(
  run: FineTuneRun,
  { params, critic, rollout, drive }: Driving,
  first: Float32Array,
  begun: FineTuneProgress,
  rng: Rng,
): Promise<WarmedUp> {
  if (isSavedAlready(run)) return { steps: 0, stopped: false };
  const soFar = (steps: number, ends: readonly EpisodeEnd[]) => {
    const environmentSteps = begun.environmentSteps + steps;
    return { ...begun, environmentSteps, metrics: episodeMetrics(ends) };
  };
  return warmUpCritic(first, params.offsetOf("critic.1.w").at, {
    ...{ spec: criticSpecOf(run), critic, rollout, config: run.config, rng },
    drive: () => drive(first, 0),
    log: (steps, ends) => run.log?.(soFar(steps, ends), ends),
    stopped: () => run.enough?.(begun) ?? false,
  });
}

function createTrainer(run: FineTuneRun, params: Params, theta: Float32Array): Promise<Trainer> {
  const { config, student, device = "cpu", threads = 2 } = run;
  const { spec } = student;
  return Trainer.create({
    params,
    objective: fineTuneObjective(spec, student.config, config),
    data: fineTuneData(spec, criticSpecOf(run).privileged, config),
    rows: config.envs * config.rolloutSteps,
    batch: config.batch,
    clipNorm: config.clipNorm,
    averageOver: config.averageOver,
    ...{ device, threads, theta },
  });
}

/** From the run's checkpoint, if there is one. */
function openSitting(
  run: FineTuneRun,
  trainer: Trainer,
  fresh: FineTuneProgress,
): Sitting<FineTuneProgress> {
  const weights = () => studentPart(run, trainer.average);
  const save = (progress: FineTuneProgress) => saveFineTuned(run, trainer, progress);
  const begun = loadFineTuned(run, trainer) ?? { progress: fresh, theta: run.student.theta };
  return new Sitting(run, { weights, save }, begun);
}

function checkRun(run: FineTuneRun): void {
  const { simulation, student } = run;
  const fitting = studentSpec(simulation, student.config);
  const { skyRows } = student.spec;
  if (!isDeepStrictEqual(student.spec, skyRows ? { ...fitting, skyRows } : fitting)) {
    throw new ConfigError(
      `The student does not fit scene "${simulation.scene}": it reads ${describeInputs(student.spec)}, the scene gives ${describeInputs(fitting)}.`,
    );
  }
  checkSky(simulation, student.spec);
  if (student.spec.memory > 0) {
    throw new ConfigError(
      `Expected a student without a GRU, got one of ${student.spec.memory} units. Distil one with student.memory=0; student.lastSeen=true remembers, too.`,
    );
  }
  checkImitated(run);
}

/** Throws for a teacher that cannot read the scene, and for one whose latents the student's cannot be compared with. */
function checkImitated({ config, simulation, student: { spec }, teacher }: FineTuneRun): void {
  if (!teacher || config.imitationWeight === 0) return;
  const onward =
    "Give the teacher that it was distilled from, or set fineTune.imitationWeight=0 to learn by reward alone.";
  if (teacher.spec.latent !== spec.latent) {
    throw new ConfigError(
      `The student cannot imitate this teacher: its latents are ${spec.latent} wide, the teacher's ${teacher.spec.latent}. ${onward}`,
    );
  }
  const [reads, given] = [pointsOf(teacher.spec), keypointsOf(simulation)];
  if (reads === given) return;
  throw new ConfigError(
    `The teacher does not fit scene "${simulation.scene}": it reads ${reads} keypoints, the scene gives ${given}. ${onward}`,
  );
}

function describeInputs(spec: StudentSpec): string {
  const inputs = Object.entries(studentInputs(spec));
  const images = `images of ${spec.roles.join(", ")}`;
  const rest = inputs.filter(([name]) => name !== "layers");
  return [images, ...rest.map(([name, { shape }]) => `${name} [${shape.join(", ")}]`)].join("; ");
}

function studentPart({ student }: FineTuneRun, theta: Float32Array): Float32Array {
  return theta.slice(0, student.theta.length);
}

/** Where a fine-tuning stands that has not begun. */
function beginning({ config, student }: FineTuneRun): FineTuneProgress {
  const { environmentSteps } = student.progress;
  return { iteration: 0, environmentSteps, learningRate: config.learningRate, metrics: {} };
}

function openCollector(
  { config, simulation, student, pool }: FineTuneRun,
  labelled: readonly GroupName[],
): Promise<Collector> {
  return pool.openCollector({
    simulation: withScene(simulation, config.scene, "fineTune.scene"),
    actor: studentActor(student.spec),
    envs: config.envs,
    shardEnvs: config.shardEnvs,
    coulombShare: config.coulombShare,
    steps: config.rolloutSteps,
    groups: [...new Set([...observedGroups(student.spec), ...labelled, "privileged"] as const)],
    finals: ["privileged"],
  });
}
