/** Students on disk: enough to go on with the distillation, or to export. */

import { existsSync } from "node:fs";
import { ConfigError } from "../core/errors.ts";
import type { Trainer } from "../nn/engine.ts";
import { readCheckpoint, writeCheckpoint } from "../policies/checkpoint.ts";
import { type StudentSpec, studentNetwork } from "../policies/networks/student.ts";
import type { SimulationSpec } from "../rollout/shard.ts";
import type { StudentConfig } from "./config.ts";
import type { Student, StudentRun } from "./distill.ts";

/** Where a distillation stands. */
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
  const { theta, m, v, steps } = trainer.state();
  writeCheckpoint(run.checkpoint, {
    kind: KIND,
    seed: run.simulation.seed,
    config: { simulation: run.simulation, student: run.config, network: spec },
    progress: { ...progress, optimizerSteps: steps },
    params: paramsOf(spec),
    arrays: { theta, m, v },
  });
}

/** Fills `trainer` from the run's checkpoint, if there is one, and says where it stood. */
export function loadStudent(run: StudentRun, spec: StudentSpec, trainer: Trainer): StudentProgress {
  if (!run.checkpoint || !existsSync(run.checkpoint)) {
    return { iteration: 0, environmentSteps: 0, metrics: {} };
  }
  const saved = readCheckpoint(run.checkpoint, { kind: KIND, params: paramsOf(spec) });
  if (saved.seed !== run.simulation.seed) {
    throw new ConfigError(
      `"${run.checkpoint}" was distilled with seed ${saved.seed}, not ${run.simulation.seed}. Use that seed to resume, or another file.`,
    );
  }
  const { optimizerSteps, ...progress } = saved.progress as StudentProgress & {
    readonly optimizerSteps: number;
  };
  const { theta, m, v } = saved.arrays;
  trainer.load({ theta, m, v, steps: optimizerSteps });
  return progress;
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
    theta: saved.arrays.theta,
    progress: saved.progress as StudentProgress,
    config: student,
    simulation,
  };
}
