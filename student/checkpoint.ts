/** Students on disk: enough to go on with the distillation, or to export. */

import { existsSync } from "node:fs";
import { ConfigError } from "../core/errors.ts";
import type { Trainer } from "../nn/engine.ts";
import { readCheckpoint, writeCheckpoint } from "../policies/checkpoint.ts";
import { type StudentSpec, studentNetwork } from "../policies/networks/student.ts";
import { type KeptCounts, keptState, stateOf } from "../rollout/kept-state.ts";
import { checkSameTraining, digestOfWeights, type Training } from "../rollout/same-training.ts";
import type { SimulationSpec } from "../rollout/shard.ts";
import type { Learnt } from "../rollout/sitting.ts";
import {
  type FineTuneConfig,
  fineTuneConfig,
  type StudentConfig,
  studentConfig,
} from "./config.ts";
import type { Student, StudentRun } from "./distill.ts";
import type { FineTuneRun } from "./fine-tune.ts";

/** Where a distillation stands: its own iterations, and the environment steps of the student's whole life. */
export interface StudentProgress {
  readonly iteration: number;
  readonly environmentSteps: number;
  readonly metrics: Readonly<Record<string, number>>;
}

const KIND = "student";

/** Before the names of arrays of a student together with its critic and its actions' spread. */
const OF_ALL = "fineTune.";

const paramsOf = (spec: StudentSpec) =>
  studentNetwork(spec).params.specs.map(({ name, shape }) => ({ name, shape }));

export function saveStudent(
  run: StudentRun,
  spec: StudentSpec,
  trainer: Trainer,
  progress: StudentProgress,
): void {
  if (!run.checkpoint) return;
  const { counts, arrays } = keptState(trainer.state());
  writeCheckpoint(run.checkpoint, {
    kind: KIND,
    seed: run.simulation.seed,
    config: distilledConfig(run, spec),
    progress: { ...progress, ...counts },
    params: paramsOf(spec),
    arrays,
  });
}

/** Fills `trainer` from the run's checkpoint, if there is one, and says where it stood and how it acted. @throws ConfigError */
export function loadStudent(
  run: StudentRun,
  spec: StudentSpec,
  trainer: Trainer,
): Learnt<StudentProgress> {
  if (!run.checkpoint || !existsSync(run.checkpoint)) {
    const environmentSteps = run.from?.progress.environmentSteps ?? 0;
    const progress = { iteration: 0, environmentSteps, metrics: {} };
    return { progress, theta: trainer.average.slice() };
  }
  const saved = readCheckpoint(run.checkpoint, { kind: KIND, params: paramsOf(spec) });
  if (!saved.arrays.m || !saved.arrays.v) {
    throw new ConfigError(
      `"${run.checkpoint}" is a student that was fine-tuned, so its distillation cannot go on. Give another file to write to; with --from it is what a distillation begins with.`,
    );
  }
  const learner = { name: "student", schema: studentConfig } as const;
  const wanted = distilledConfig(run, spec);
  checkSameTraining(run.checkpoint, learner, saved.config as SavedConfig, wanted);
  const { state, progress } = stateOf(saved.arrays, saved.progress as StudentProgress & KeptCounts);
  trainer.load(state);
  return { progress, theta: state.average ?? state.theta };
}

/** Where a fine-tuning stands: its own iterations, and the environment steps of the student's whole life. */
export interface FineTuneProgress extends StudentProgress {
  readonly learningRate: number;
}

/**
 * A fine-tuned student is saved as a student, with what it is fine-tuned with as further arrays: its critic, its actions' spread,
 * and the optimizer's moments of everything.
 */
export function saveFineTuned(
  run: FineTuneRun,
  trainer: Trainer,
  progress: FineTuneProgress,
): void {
  if (!run.checkpoint) return;
  const { counts, arrays } = keptState(trainer.state());
  writeCheckpoint(run.checkpoint, {
    kind: KIND,
    seed: run.simulation.seed,
    config: fineTunedConfig(run),
    progress: { ...progress, ...counts },
    params: paramsOf(run.student.spec),
    arrays: {
      theta: trainer.average.slice(0, run.student.theta.length),
      ...renamed(arrays, (name) => `${OF_ALL}${name}`),
    },
  });
}

/** Whether there is something to go on with. */
export function isSavedAlready({ checkpoint }: FineTuneRun): boolean {
  return checkpoint !== undefined && existsSync(checkpoint);
}

/** Fills `trainer` from the run's checkpoint, if there is one, and says where it stood and how it acted. @throws ConfigError */
export function loadFineTuned(
  run: FineTuneRun,
  trainer: Trainer,
): Learnt<FineTuneProgress> | undefined {
  const { checkpoint: file, student } = run;
  if (!file || !existsSync(file)) return undefined;
  const saved = readCheckpoint(file, { kind: KIND, params: paramsOf(student.spec) });
  const own = Object.entries(saved.arrays).filter(([name]) => name.startsWith(OF_ALL));
  const arrays = renamed(Object.fromEntries(own), (name) => name.slice(OF_ALL.length));
  if (arrays.theta?.length !== trainer.theta.length) {
    throw new ConfigError(
      arrays.theta
        ? `"${file}" is a student that was fine-tuned with another critic. Use the same teacher to resume, or give another file to write to.`
        : `"${file}" is a student that was distilled and not fine-tuned. Give another file to write to.`,
    );
  }
  const learner = { name: "fineTune", schema: fineTuneConfig } as const;
  checkSameTraining(file, learner, saved.config as SavedConfig, fineTunedConfig(run));
  const { state, progress } = stateOf(arrays, saved.progress as FineTuneProgress & KeptCounts);
  trainer.load(state);
  return { progress, theta: saved.arrays.theta };
}

function renamed(
  arrays: Readonly<Record<string, Float32Array>>,
  rename: (name: string) => string,
): Record<string, Float32Array> {
  return Object.fromEntries(Object.entries(arrays).map(([name, array]) => [rename(name), array]));
}

interface SavedConfig extends Training {
  readonly network: StudentSpec;
  readonly student: StudentConfig;
  readonly fineTune?: FineTuneConfig;
}

function distilledConfig(run: StudentRun, network: StudentSpec): SavedConfig {
  const { simulation, config, teacher, from } = run;
  return {
    simulation,
    student: config,
    network,
    learntFrom: digestsOf({ teacher, student: from }),
  };
}

function fineTunedConfig({ simulation, config, teacher, student }: FineTuneRun): SavedConfig {
  const { spec: network, config: own } = student;
  const learntFrom = digestsOf({ teacher, student });
  return { simulation, student: own, network, fineTune: config, learntFrom };
}

/** Of those there are. */
function digestsOf(
  predecessors: Readonly<Record<string, { readonly theta: Float32Array } | undefined>>,
): Record<string, string> {
  const known = Object.entries(predecessors).flatMap(([name, one]) =>
    one ? [[name, digestOfWeights(one.theta)]] : [],
  );
  return Object.fromEntries(known);
}

/** A student from a file, with what it was trained in. */
export interface SavedStudent extends Student {
  readonly simulation: SimulationSpec;
  /** Digest of the weights of the teacher that it learnt from last; older files have none. */
  readonly taughtBy?: string;
}

/** A student to export or to act with. */
export function readStudent(file: string): SavedStudent {
  const saved = readCheckpoint(file, { kind: KIND });
  const { network, student, simulation, learntFrom } = saved.config as SavedConfig;
  const taughtBy = learntFrom?.teacher;
  return {
    ...(taughtBy === undefined ? {} : { taughtBy }),
    spec: network,
    theta: saved.arrays.average ?? saved.arrays.theta,
    progress: saved.progress as StudentProgress,
    config: student,
    simulation,
  };
}
