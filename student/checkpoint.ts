/** Students on disk: enough to go on with the distillation, or to export. */

import { existsSync } from "node:fs";
import { ConfigError } from "../core/errors.ts";
import type { Trainer } from "../nn/engine.ts";
import { readCheckpoint, writeCheckpoint } from "../policies/checkpoint.ts";
import { type StudentSpec, studentNetwork } from "../policies/networks/student.ts";
import type { SimulationSpec } from "../rollout/shard.ts";
import type { Learnt } from "../rollout/sitting.ts";
import type { StudentConfig } from "./config.ts";
import type { Student, StudentRun } from "./distill.ts";
import type { FineTuneRun } from "./fine-tune.ts";

/** Where a distillation stands: its own iterations, and the environment steps of the student's whole life. */
export interface StudentProgress {
  readonly iteration: number;
  readonly environmentSteps: number;
  readonly metrics: Readonly<Record<string, number>>;
}

const KIND = "student";

const paramsOf = (spec: StudentSpec) =>
  studentNetwork(spec).params.specs.map(({ name, shape }) => ({ name, shape }));

export function saveStudent(
  run: StudentRun,
  spec: StudentSpec,
  trainer: Trainer,
  progress: StudentProgress,
): void {
  if (!run.checkpoint) return;
  const { steps, ...arrays } = trainer.state();
  writeCheckpoint(run.checkpoint, {
    kind: KIND,
    seed: run.simulation.seed,
    config: { simulation: run.simulation, student: run.config, network: spec },
    progress: { ...progress, optimizerSteps: steps },
    params: paramsOf(spec),
    arrays,
  });
}

/** Fills `trainer` from the run's checkpoint, if there is one, and says where it stood and how it acted. */
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
  checkSeed(run.checkpoint, "distilled", saved.seed, run.simulation.seed);
  const { optimizerSteps, ...progress } = saved.progress as StudentProgress & {
    readonly optimizerSteps: number;
  };
  const { theta, m, v, average } = saved.arrays;
  trainer.load({ theta, m, v, steps: optimizerSteps, average });
  return { progress, theta: average ?? theta };
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
  const { spec, config } = run.student;
  const { theta, m, v, steps, average } = trainer.state();
  writeCheckpoint(run.checkpoint, {
    kind: KIND,
    seed: run.simulation.seed,
    config: {
      simulation: run.simulation,
      student: config,
      network: spec,
      fineTune: run.config,
    },
    progress: { ...progress, optimizerSteps: steps },
    params: paramsOf(spec),
    arrays: {
      theta: trainer.average.slice(0, run.student.theta.length),
      "fineTune.theta": theta,
      "fineTune.m": m,
      "fineTune.v": v,
      ...(average ? { "fineTune.average": average } : {}),
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
  const { checkpoint: file, student, simulation } = run;
  if (!file || !existsSync(file)) return undefined;
  const saved = readCheckpoint(file, { kind: KIND, params: paramsOf(student.spec) });
  const { "fineTune.theta": theta, "fineTune.m": m, "fineTune.v": v } = saved.arrays;
  const { "fineTune.average": average } = saved.arrays;
  if (!theta || theta.length !== trainer.theta.length) {
    throw new ConfigError(
      `"${file}" is a student that was not fine-tuned like this. Give another file to write to.`,
    );
  }
  checkSeed(file, "fine-tuned", saved.seed, simulation.seed);
  const { optimizerSteps, ...progress } = saved.progress as FineTuneProgress & {
    readonly optimizerSteps: number;
  };
  trainer.load({ theta, m, v, steps: optimizerSteps, average });
  return { progress, theta: saved.arrays.theta };
}

function checkSeed(file: string, how: string, found: number, wanted: number): void {
  if (found === wanted) return;
  throw new ConfigError(
    `"${file}" was ${how} with seed ${found}, not ${wanted}. Use that seed to resume, or another file.`,
  );
}

/** A student to export or to act with. */
export function readStudent(file: string): Student & { readonly simulation: SimulationSpec } {
  const saved = readCheckpoint(file, { kind: KIND });
  const { network, student, simulation } = saved.config as {
    readonly network: StudentSpec;
    readonly student: StudentConfig;
    readonly simulation: SimulationSpec;
  };
  return {
    spec: network,
    theta: saved.arrays.average ?? saved.arrays.theta,
    progress: saved.progress as StudentProgress,
    config: student,
    simulation,
  };
}
