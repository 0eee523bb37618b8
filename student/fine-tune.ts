/**
 * Reinforcement of a distilled student (proximal policy optimization, Schulman et al., 2017): it drives by what it sees and tries
 * things, a critic that sees everything says what came of them, and its teacher goes on labelling beside it, with less weight; without
 * one it is held to what it did before.
 *
 * A student can become better than its teacher here, and learn what the teacher never needed to: to search, to wait, to go
 * around what it cannot see. From first weights and without a teacher it is the baseline that EgoPush compares itself with,
 * visual reinforcement learning from nothing.
 */

import { isDeepStrictEqual } from "node:util";
import { ConfigError } from "../core/errors.ts";
import { createRng } from "../core/rng.ts";
import { Trainer } from "../nn/engine.ts";
import { setSpread, spreadOf } from "../nn/gaussian.ts";
import { zeros } from "../nn/initializers.ts";
import { adaptLearningRate, rateCeiling } from "../nn/learning-rate.ts";
import type { Params } from "../nn/params.ts";
import { addCritic, type CriticSpec } from "../policies/networks/critic.ts";
import {
  latentRoles,
  type StudentSpec,
  studentInputs,
  studentNetwork,
} from "../policies/networks/student.ts";
import { teacherNetwork } from "../policies/networks/teacher.ts";
import { readBy } from "../rollout/actor.ts";
import { Critic } from "../rollout/critic.ts";
import { isSaved, isSavedAtLast, startsAt } from "../rollout/curriculum.ts";
import { averages, episodeMetrics } from "../rollout/metrics.ts";
import type { Collector } from "../rollout/pool.ts";
import type { Rollout } from "../rollout/rollout.ts";
import { shuffledRows } from "../rollout/shuffle.ts";
import type { GroupName } from "../sim/observations.ts";
import {
  type FineTuneProgress,
  isSavedAlready,
  loadFineTuned,
  saveFineTuned,
} from "./checkpoint.ts";
import type { FineTuneConfig } from "./config.ts";
import { warmUpCritic } from "./critic-warm-up.ts";
import type { Student, StudentRun } from "./distill.ts";
import { LABEL_BATCH, Labeller, type Labels, labelledGroups } from "./labels.ts";
import { fineTuneData, fineTuneObjective } from "./losses.ts";
import { Reference } from "./reference.ts";
import { sequencesOf } from "./sequences.ts";
import { observedGroups, privilegedColumns, studentActor, studentSpec } from "./student.ts";

export interface FineTuneRun extends Omit<StudentRun, "teacher" | "config"> {
  /** The student to begin with, of this scene or of another whose observations are alike. It must not have a GRU. */
  readonly student: Student;
  /** Who labels, and whose critic and spread of actions are begun with; without, the student is held to itself. */
  readonly teacher?: StudentRun["teacher"];
  readonly config: FineTuneConfig;
}

/** Units of a critic that has no teacher to come from. */
const CRITIC_UNITS = 128;

/**
 * The better student; its checkpoint is one of a student, to be exported and evaluated like any other.
 * @throws ConfigError for a student with a GRU, or with other inputs than the scene gives
 */
export async function fineTuneStudent(run: FineTuneRun): Promise<Student> {
  const { config, simulation, student } = run;
  const { spec } = student;
  checkRun(run);
  const { envs, rolloutSteps: steps } = config;
  const criticSpec = criticSpecOf(run);
  const { privileged } = criticSpec;
  const params = actorCriticOf(spec, criticSpec);
  const rng = createRng(simulation.seed).split("fine-tuning");
  const imitated = await openImitated(run);
  const critic = await Critic.create(params, privileged, LABEL_BATCH);
  const collector = await openCollector(run, imitated?.groups ?? []);
  const { rollout } = collector;
  /** Lets the student drive, and try things. */
  const drive = (theta: Float32Array, iteration: number) => {
    const exploration = { std: spreadOf(params, theta), ...startsAt(iteration, config) };
    return collector.collect(studentPart(run, theta), exploration);
  };

  // a critic first, who learns what comes of the student as it is
  const begun = beginning(run);
  const soFar = (steps: number, metrics = begun.metrics) => {
    return { ...begun, environmentSteps: begun.environmentSteps + steps, metrics };
  };
  const first = firstWeights(run, params);
  const warmUpSteps = isSavedAlready(run)
    ? 0
    : await warmUpCritic(first, params.offsetOf("critic.1.w").at, {
        ...{ spec: criticSpec, critic, rollout, config, rng: rng.split("critic") },
        drive: () => drive(first, 0),
        log: (steps, ends) => run.log?.(soFar(steps, episodeMetrics(ends)), ends),
        stopped: () => run.enough?.(begun) ?? false,
      });

  const trainer = await Trainer.create({
    params,
    objective: fineTuneObjective(spec, student.config, config),
    data: fineTuneData(spec, privileged, config),
    rows: envs * steps,
    batch: config.batch,
    clipNorm: config.clipNorm,
    averageOver: config.averageOver,
    device: run.device ?? "cpu",
    threads: run.threads ?? 2,
    theta: first,
  });
  let progress = loadFineTuned(run, trainer) ?? soFar(warmUpSteps);

  while (progress.iteration < config.iterations) {
    const theta = trainer.theta;
    const std = spreadOf(params, theta);
    const ends = await drive(theta, progress.iteration);

    // assign credit
    const { advantages, returns } = await critic.credit(theta, rollout, config);

    // improve the policy on its own data, with labels beside
    const order = shuffledRows(rng.split(`epochs ${progress.iteration}`), steps * envs, config);
    const data = {
      ...(imitated
        ? sequencesOf(spec, rollout, await imitated.labelRollout(rollout))
        : readBy(studentActor(spec), rollout)),
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
    const kl = stats.approxKl[stats.approxKl.length - 1];
    progress = {
      iteration: progress.iteration + 1,
      environmentSteps: progress.environmentSteps + steps * envs,
      learningRate: adaptLearningRate(rate, kl, config),
      metrics: {
        ...averages(stats),
        learningRate: rate,
        stdForward: std[0],
        stdTurn: std[1],
        ...episodeMetrics(ends),
      },
    };
    run.log?.(progress, ends);
    if (isSaved(progress.iteration, config.spanIterations, run.saveEvery)) {
      saveFineTuned(run, trainer, progress);
    }
    if (run.enough?.(progress)) break;
  }

  if (isSavedAtLast(progress.iteration, config)) saveFineTuned(run, trainer, progress);
  const theta = studentPart(run, trainer.average);
  await Promise.all([trainer.close(), critic.close(), collector.close(), imitated?.close()]);
  return { spec, theta, progress, config: student.config };
}

function checkRun({ simulation, student }: FineTuneRun): void {
  const fitting = studentSpec(simulation, student.config);
  if (!isDeepStrictEqual(student.spec, fitting)) {
    throw new ConfigError(
      `The student does not fit scene "${simulation.scene}": it reads ${describeInputs(student.spec)}, the scene gives ${describeInputs(fitting)}.`,
    );
  }
  if (student.spec.memory > 0) {
    throw new ConfigError(
      `Expected a student without a GRU, got one of ${student.spec.memory} units. Distil one with student.memory=0; student.lastSeen=true remembers, too.`,
    );
  }
}

function describeInputs(spec: StudentSpec): string {
  const inputs = Object.entries(studentInputs(spec));
  const images = `images of ${spec.roles.join(", ")}`;
  const rest = inputs.filter(([name]) => name !== "layers");
  return [images, ...rest.map(([name, { shape }]) => `${name} [${shape.join(", ")}]`)].join("; ");
}

function criticSpecOf({ simulation, teacher }: FineTuneRun): CriticSpec {
  return {
    privileged: privilegedColumns(simulation),
    hidden: teacher?.spec.hidden ?? CRITIC_UNITS,
  };
}

/** The student's parameters, so that the first part of theta is its own, then the critic's and the actions' spread. */
function actorCriticOf(spec: StudentSpec, critic: CriticSpec): Params {
  const { params } = studentNetwork(spec);
  return addCritic(params, critic).add("logStd", [spec.actions], zeros);
}

function studentPart({ student }: FineTuneRun, theta: Float32Array): Float32Array {
  return theta.slice(0, student.theta.length);
}

/** Where a fine-tuning stands that has not begun. */
function beginning({ config, student }: FineTuneRun): FineTuneProgress {
  const { environmentSteps } = student.progress;
  return { iteration: 0, environmentSteps, learningRate: config.learningRate, metrics: {} };
}

/** Who says what is to be imitated. */
interface Imitated {
  /** Observations that a roll-out has to hold for it, besides the student's. */
  readonly groups: readonly GroupName[];
  labelRollout(rollout: Rollout): Promise<Labels>;
  close(): Promise<void>;
}

/** The teacher or, without one, the student as it is; nobody where nothing is imitated. */
async function openImitated({
  config,
  student: { spec, theta },
  teacher,
}: FineTuneRun): Promise<Imitated | undefined> {
  if (config.imitationWeight === 0) return undefined;
  if (!teacher) {
    const reference = await Reference.create(spec, theta, LABEL_BATCH);
    return {
      groups: [],
      labelRollout: (rollout) => reference.labelRollout(rollout),
      close: () => reference.close(),
    };
  }
  const labeller = await Labeller.create(teacher, LABEL_BATCH, latentRoles(spec).length);
  return {
    groups: labelledGroups(teacher.spec, teacher.observability),
    labelRollout: (rollout) => labeller.labelRollout(rollout, teacher.observability),
    close: () => labeller.close(),
  };
}

/** The student as it is; critic and spread as the teacher has them, or new. */
function firstWeights(run: FineTuneRun, params: Params): Float32Array {
  const { config, simulation, student, teacher } = run;
  const theta = params.init(createRng(simulation.seed).split("critic"));
  theta.set(student.theta);
  if (!teacher) {
    setSpread(params, theta, config.std);
    return theta;
  }
  const theirs = teacherNetwork(teacher.spec).params;
  for (const { name, at, size } of theirs.specs) {
    if (!/^(critic\.|logStd)/.test(name)) continue;
    theta.set(teacher.theta.subarray(at, at + size), params.offsetOf(name).at);
  }
  return theta;
}

function openCollector(
  { config, simulation, student, pool }: FineTuneRun,
  labelled: readonly GroupName[],
): Promise<Collector> {
  return pool.openCollector({
    simulation,
    actor: studentActor(student.spec),
    envs: config.envs,
    shardEnvs: config.shardEnvs,
    coulombShare: config.coulombShare,
    steps: config.rolloutSteps,
    groups: [...new Set([...observedGroups(student.spec), ...labelled, "privileged"] as const)],
    finals: ["privileged"],
  });
}
