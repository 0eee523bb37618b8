/**
 * Teachers on disk: enough to act, or to go on training. Weights, optimizer and counters go on where they
 * were; the environments begin their first episodes again.
 */

import { existsSync } from "node:fs";
import type { Trainer } from "../nn/engine.ts";
import { readCheckpoint, writeCheckpoint } from "../policies/checkpoint.ts";
import { type TeacherSpec, teacherNetwork } from "../policies/networks/teacher.ts";
import { type KeptCounts, keptState, stateOf } from "../rollout/kept-state.ts";
import { checkSameTraining, digestOfWeights, type Training } from "../rollout/same-training.ts";
import type { Learnt } from "../rollout/sitting.ts";
import { type TeacherConfig, teacherConfig } from "./config.ts";
import type { Teacher, TeacherRun } from "./ppo.ts";
import type { StandIn } from "./stand-in.ts";

/** Where a training run stands. */
export interface TeacherProgress {
  readonly iteration: number;
  readonly environmentSteps: number;
  readonly learningRate: number;
  readonly metrics: Readonly<Record<string, number>>;
}

const KIND = "teacher";

/** Who learns in a training. */
export interface Learners {
  readonly trainer: Trainer;
  readonly standIn: StandIn | undefined;
}

export function saveTeacher(
  run: TeacherRun,
  spec: TeacherSpec,
  { trainer, standIn }: Learners,
  progress: TeacherProgress,
): void {
  if (!run.checkpoint) return;
  const { counts, arrays } = keptState(trainer.state());
  const other = standIn?.state();
  writeCheckpoint(run.checkpoint, {
    kind: KIND,
    seed: run.simulation.seed,
    config: configOf(run, spec),
    progress: {
      ...progress,
      ...counts,
      ...(other ? { standInSteps: other.steps } : {}),
    },
    params: teacherNetwork(spec).params.specs.map(({ name, shape }) => ({ name, shape })),
    arrays: {
      ...arrays,
      ...(other
        ? { "standIn.theta": other.theta, "standIn.m": other.m, "standIn.v": other.v }
        : {}),
    },
  });
}

/**
 * Fills those who learn from the run's checkpoint, if there is one, and says where it stood and how it acted.
 * @throws ConfigError where it is another training's
 */
export function loadTeacher(
  run: TeacherRun,
  spec: TeacherSpec,
  { trainer, standIn }: Learners,
): Learnt<TeacherProgress> {
  if (!run.checkpoint || !existsSync(run.checkpoint)) {
    const { learningRate } = run.config;
    const progress = { iteration: 0, environmentSteps: 0, learningRate, metrics: {} };
    return { progress, theta: trainer.average.slice() };
  }
  const params = teacherNetwork(spec).params.specs.map(({ name, shape }) => ({ name, shape }));
  const saved = readCheckpoint(run.checkpoint, { kind: KIND, params });
  const learner = { name: "teacher", schema: teacherConfig } as const;
  checkSameTraining(run.checkpoint, learner, saved.config as SavedConfig, configOf(run, spec));
  const { standInSteps, ...counted } = saved.progress as TeacherProgress &
    KeptCounts & { readonly standInSteps?: number };
  const { state, progress } = stateOf(saved.arrays, counted);
  trainer.load(state);
  if (standIn && standInSteps !== undefined) {
    const { "standIn.theta": its, "standIn.m": itsM, "standIn.v": itsV } = saved.arrays;
    standIn.load({ theta: its, m: itsM, v: itsV, steps: standInSteps });
  }
  return { progress, theta: state.average ?? state.theta };
}

interface SavedConfig extends Training {
  readonly network: TeacherSpec;
  readonly teacher: TeacherConfig;
}

function configOf({ simulation, config, from }: TeacherRun, network: TeacherSpec): SavedConfig {
  const learntFrom = from ? { teacher: digestOfWeights(from.theta) } : {};
  return { simulation, teacher: config, network, learntFrom };
}

/** A teacher to act with, and what it was trained with. */
export function readTeacher(file: string): Teacher & {
  readonly config: TeacherConfig;
  readonly simulation: TeacherRun["simulation"];
} {
  const saved = readCheckpoint(file, { kind: KIND });
  const { network, teacher, simulation } = saved.config as SavedConfig;
  return {
    spec: network,
    theta: saved.arrays.average ?? saved.arrays.theta,
    progress: saved.progress as TeacherProgress,
    observability: teacher.observability,
    config: teacher,
    simulation,
  };
}
