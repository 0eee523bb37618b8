/**
 * Reinforcement of a distilled student (proximal policy optimization, Schulman et al., 2017): it drives by what it sees and tries
 * things, a critic that sees everything says what came of them, and its teacher goes on labelling beside it, with less weight.
 *
 * A student can become better than its teacher here, and learn what the teacher never needed to: to search, to wait, to go
 * around what it cannot see. From first weights and without a teacher it is the baseline that EgoPush compares itself with,
 * visual reinforcement learning from nothing.
 */

import { isDeepStrictEqual } from "node:util";
import { ConfigError } from "../core/errors.ts";
import { createRng } from "../core/rng.ts";
import { Trainer } from "../nn/engine.ts";
import { spreadOf } from "../nn/gaussian.ts";
import { zeros } from "../nn/initializers.ts";
import { adaptLearningRate, rateCeiling } from "../nn/learning-rate.ts";
import type { Params } from "../nn/params.ts";
import { addCritic } from "../policies/networks/critic.ts";
import {
  latentRoles,
  type StudentSpec,
  studentInputs,
  studentNetwork,
} from "../policies/networks/student.ts";
import { teacherNetwork } from "../policies/networks/teacher.ts";
import { Critic } from "../rollout/critic.ts";
import { isSaved, isSavedAtLast, startsAt } from "../rollout/curriculum.ts";
import { averages, episodeMetrics } from "../rollout/metrics.ts";
import type { Collector } from "../rollout/pool.ts";
import type { Rollout } from "../rollout/rollout.ts";
import { shuffledRows } from "../rollout/shuffle.ts";
import { readBy } from "../rollout/teacher-actor.ts";
import { loadFineTuned, saveFineTuned } from "./checkpoint.ts";
import type { FineTuneConfig } from "./config.ts";
import type { Student, StudentRun } from "./distill.ts";
import { LABEL_BATCH, Labeller, labelledGroups } from "./labels.ts";
import { fineTuneData, fineTuneObjective } from "./losses.ts";
import { sequencesOf } from "./sequences.ts";
import { observedGroups, privilegedColumns, studentActor, studentSpec } from "./student.ts";

export interface FineTuneRun extends Omit<StudentRun, "teacher" | "config"> {
  /** The student to begin with, of this scene or of another whose observations are alike. It must not have a GRU. */
  readonly student: Student;
  /** Who labels, and whose critic and spread of actions are begun with; not needed where nothing is imitated. */
  readonly teacher?: StudentRun["teacher"];
  readonly config: FineTuneConfig;
}

/** Units of a critic that has no teacher to come from. */
const CRITIC_UNITS = 128;

/**
 * The better student; its checkpoint is one of a student, to be exported and evaluated like any other.
 * @throws ConfigError for a student with a GRU, or with other inputs than the scene gives, and where a teacher is to be
 * imitated and there is none
 */
export async function fineTuneStudent(run: FineTuneRun): Promise<Student> {
  const { config, simulation, student, teacher } = run;
  const { spec } = student;
  checkRun(run);
  const { envs, rolloutSteps: steps } = config;
  const privileged = privilegedColumns(simulation);
  const params = actorCriticOf(spec, privileged, teacher?.spec.hidden ?? CRITIC_UNITS);
  const rng = createRng(simulation.seed).split("fine-tuning");
  const imitated = imitatedIn(run);
  const labeller =
    imitated && (await Labeller.create(imitated, LABEL_BATCH, latentRoles(spec).length));
  const trainer = await Trainer.create({
    params,
    objective: fineTuneObjective(spec, student.config, config),
    data: fineTuneData(spec, privileged, config),
    rows: envs * steps,
    batch: config.batch,
    clipNorm: config.clipNorm,
    device: run.device ?? "cpu",
    threads: run.threads ?? 2,
    theta: firstWeights(run, params),
  });
  const critic = await Critic.create(params, privileged, LABEL_BATCH);
  const collector = await openCollector(run);
  const { rollout } = collector;
  let progress = loadFineTuned(run, trainer);

  while (progress.iteration < config.iterations) {
    // the student drives, and tries things
    const theta = trainer.theta;
    const std = spreadOf(params, theta);
    const starts = startsAt(progress.iteration, config);
    const ends = await collector.collect(studentPart(run, theta), { std, ...starts });

    // assign credit; at first to the critic alone, whose policy was another
    const { advantages, returns } = await critic.credit(theta, rollout, config);
    const criticAlone = progress.iteration < config.criticIterations;
    if (criticAlone) advantages.fill(0);

    // improve the policy on its own data, with the teacher's labels beside
    const order = shuffledRows(rng.split(`epochs ${progress.iteration}`), steps * envs, config);
    const data = {
      ...(await imitationData(run, rollout, labeller)),
      privileged: rollout.groups.privileged,
      actions: rollout.actions,
      logProbs: rollout.logProbs,
      advantages,
      returns,
      entropyCoef: new Float32Array(steps * envs).fill(criticAlone ? 0 : config.entropyCoef),
    };
    const rate =
      criticAlone && !run.teacher
        ? config.criticLearningRate
        : Math.min(progress.learningRate, rateCeiling(progress.iteration, config));
    const rates = new Float64Array(order.length / config.batch).fill(rate);
    const { stats } = await trainer.train(data, order, rates);

    // look back
    const kl = stats.approxKl[stats.approxKl.length - 1];
    progress = {
      iteration: progress.iteration + 1,
      environmentSteps: progress.environmentSteps + steps * envs,
      learningRate: criticAlone ? progress.learningRate : adaptLearningRate(rate, kl, config),
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
  const theta = studentPart(run, trainer.theta);
  await Promise.all([trainer.close(), critic.close(), collector.close(), labeller?.close()]);
  return { spec, theta, progress, config: student.config };
}

function checkRun({ simulation, student, teacher, config }: FineTuneRun): void {
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
  if (!teacher && config.imitationWeight > 0) {
    throw new ConfigError(
      "There is no teacher to imitate. Give its checkpoint, or set fineTune.imitationWeight=0.",
    );
  }
}

function describeInputs(spec: StudentSpec): string {
  const inputs = Object.entries(studentInputs(spec));
  const images = `images of ${spec.roles.join(", ")}`;
  const rest = inputs.filter(([name]) => name !== "layers");
  return [images, ...rest.map(([name, { shape }]) => `${name} [${shape.join(", ")}]`)].join("; ");
}

/** The student's parameters, so that the first part of theta is its own, then the critic's and the actions' spread. */
function actorCriticOf(spec: StudentSpec, privileged: number, hidden: number): Params {
  const { params } = studentNetwork(spec);
  return addCritic(params, { privileged, hidden }).add("logStd", [spec.actions], zeros);
}

function studentPart({ student }: FineTuneRun, theta: Float32Array): Float32Array {
  return theta.slice(0, student.theta.length);
}

/** The teacher whose labels count. */
function imitatedIn({ config, teacher }: FineTuneRun): FineTuneRun["teacher"] {
  return config.imitationWeight > 0 ? teacher : undefined;
}

/** The student as it is; critic and spread as the teacher has them, or new. */
function firstWeights(run: FineTuneRun, params: Params): Float32Array {
  const { config, simulation, student, teacher } = run;
  const theta = params.init(createRng(simulation.seed).split("critic"));
  theta.set(student.theta);
  if (!teacher) {
    const { at } = params.offsetOf("logStd");
    return theta.fill(Math.log(config.std), at, at + student.spec.actions);
  }
  const theirs = teacherNetwork(teacher.spec).params;
  for (const { name, at, size } of theirs.specs) {
    if (!/^(critic\.|logStd)/.test(name)) continue;
    theta.set(teacher.theta.subarray(at, at + size), params.offsetOf(name).at);
  }
  return theta;
}

function openCollector(run: FineTuneRun): Promise<Collector> {
  const { config, simulation, student, pool } = run;
  const imitated = imitatedIn(run);
  const labelled = imitated ? labelledGroups(imitated.spec, imitated.observability) : [];
  return pool.openCollector({
    simulation,
    actor: studentActor(student.spec),
    envs: config.envs,
    shardEnvs: config.shardEnvs,
    steps: config.rolloutSteps,
    groups: [...new Set([...observedGroups(student.spec), ...labelled, "privileged"] as const)],
    finals: ["privileged"],
  });
}

/** What the student saw and, where it goes on imitating, what its teacher says of it. */
async function imitationData(
  { student: { spec }, teacher }: FineTuneRun,
  rollout: Rollout,
  labeller: Labeller | undefined,
): Promise<Record<string, Float32Array>> {
  if (labeller && teacher) {
    const labels = await labeller.labelRollout(rollout, teacher.observability);
    return sequencesOf(spec, rollout, labels);
  }
  return readBy(studentActor(spec), rollout);
}
