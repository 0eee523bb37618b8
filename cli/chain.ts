/** The links of the chain as functions, each with its progress bar: train, distil, export, evaluate. */

import type { Device } from "../nn/device.ts";
import type { ExportReport } from "../policies/export.ts";
import type { ActorSpec } from "../rollout/actor.ts";
import { type EvaluatedEpisode, type EvaluationSummary, summarize } from "../rollout/evaluation.ts";
import type { WorkerPool } from "../rollout/pool.ts";
import type { SimulationSpec } from "../rollout/shard.ts";
import { timingOf } from "../rollout/timing.ts";
import type { EpisodeEnd } from "../sim/scene-batch.ts";
import { distillStudent, type Student, type StudentRun } from "../student/distill.ts";
import { exportStudent } from "../student/export.ts";
import { type FineTuneRun, fineTuneStudent } from "../student/fine-tune.ts";
import { type Teacher, type TeacherRun, trainTeacher } from "../teacher/ppo.ts";
import type { Progress } from "./progress.ts";
import type { RunConfig } from "./run-config.ts";

export interface Chain {
  readonly simulation: SimulationSpec;
  readonly config: RunConfig;
  readonly pool: WorkerPool;
  readonly progress: Progress;
  readonly signal: AbortSignal;
  readonly device?: Device;
  readonly threads?: number;
}

/** One point of a training curve. */
export interface CurvePoint {
  readonly environmentSteps: number;
  readonly metrics: Readonly<Record<string, number>>;
}

/** Success over the latest episodes, so that a bar does not flicker. */
class RecentSuccess {
  #share: number | undefined;

  add(ends: readonly EpisodeEnd[]): number | undefined {
    for (const { outcome, practice } of ends) {
      if (practice) continue;
      const won = outcome === "success" ? 1 : 0;
      this.#share = this.#share === undefined ? won : this.#share + 0.002 * (won - this.#share);
    }
    return this.#share;
  }
}

/**
 * What every learner of the chain is given: the pool, a device, and somebody who draws its bar and its curve.
 *
 * @param already environment steps of the learner's life before, which the bar leaves out
 */
function followed(
  { simulation, pool, progress, signal, device, threads }: Chain,
  name: string,
  {
    iterations,
    criticIterations = 0,
    envs,
    rolloutSteps,
  }: Pick<RunConfig["teacher"], "iterations" | "envs" | "rolloutSteps"> & {
    readonly criticIterations?: number;
  },
  noteOf: (metrics: CurvePoint["metrics"]) => string,
  already = 0,
) {
  const total = (criticIterations + iterations) * envs * rolloutSteps;
  progress.start({ name, unit: "steps", total });
  const recent = new RecentSuccess();
  const curve: CurvePoint[] = [];
  const run = {
    simulation,
    pool,
    ...(device ? { device } : {}),
    ...(threads ? { threads } : {}),
    enough: () => signal.aborted,
    log({ environmentSteps, metrics }: CurvePoint, ends: readonly EpisodeEnd[]) {
      const success = recent.add(ends);
      const note = noteOf(metrics);
      const done = environmentSteps - already;
      progress.update(done, success === undefined ? { note } : { success, note });
      curve.push({ environmentSteps, metrics });
    },
  };
  return { run, curve };
}

const klNote = ({ approxKl = 0 }: CurvePoint["metrics"]) => `KL ${approxKl.toFixed(4)}`;

interface TrainedTeacher {
  readonly teacher: Teacher;
  readonly curve: readonly CurvePoint[];
}

export function trainLink(
  chain: Chain & Pick<TeacherRun, "from">,
  checkpoint: string,
): Promise<TrainedTeacher> {
  return courseOf(chain, "teacher", chain.config.teacher, checkpoint);
}

/** A teacher that has learnt goes on, with the settings of the configuration's `onward`. */
export async function onwardLink(
  chain: Chain & Required<Pick<TeacherRun, "from">>,
  checkpoint: string,
): Promise<TrainedTeacher> {
  const { onward } = chain.config;
  if (!onward) throw new Error("internal: a teacher was to go on without settings.");
  return courseOf(chain, "teacher, onward", onward, checkpoint);
}

async function courseOf(
  chain: Chain & Pick<TeacherRun, "from">,
  name: string,
  config: RunConfig["teacher"],
  checkpoint: string,
): Promise<TrainedTeacher> {
  const { run, curve } = followed(chain, name, config, klNote);
  const from = chain.from ? { from: chain.from } : {};
  const teacher = await trainTeacher({ ...run, config, checkpoint, ...from });
  chain.progress.finish();
  return { teacher, curve };
}

export async function distillLink(
  chain: Chain & Pick<StudentRun, "from">,
  teacher: StudentRun["teacher"],
  checkpoint: string,
): Promise<{ student: Student; curve: CurvePoint[] }> {
  const config = chain.config.student;
  const { run, curve } = followed(
    chain,
    "student",
    config,
    ({ actionLoss = 0 }) => `action loss ${actionLoss.toFixed(3)}`,
    chain.from?.progress.environmentSteps,
  );
  const from = chain.from ? { from: chain.from } : {};
  const student = await distillStudent({ ...run, teacher, ...from, config, checkpoint });
  chain.progress.finish();
  return { student, curve };
}

/** Without a teacher, by reward alone. */
export async function fineTuneLink(
  chain: Chain,
  student: FineTuneRun["student"],
  teacher: FineTuneRun["teacher"],
  checkpoint: string,
): Promise<{ student: Student; curve: CurvePoint[] }> {
  const config = chain.config.fineTune;
  const already = student.progress.environmentSteps;
  const { run, curve } = followed(chain, "fine-tuning", config, klNote, already);
  const labelled = teacher ? { teacher } : {};
  const tuned = await fineTuneStudent({ ...run, student, ...labelled, config, checkpoint });
  chain.progress.finish();
  return { student: tuned, curve };
}

export async function exportLink(
  chain: Pick<Chain, "simulation">,
  student: Student,
  folder: string,
  source: { readonly command: string; readonly teacher?: string; readonly teacherSteps: number },
): Promise<ExportReport> {
  const { command, teacher } = source;
  return exportStudent({
    folder,
    spec: student.spec,
    theta: student.theta,
    config: student.config,
    simulation: chain.simulation,
    source: {
      command,
      environmentSteps: source.teacherSteps + student.progress.environmentSteps,
      ...(teacher ? { teacher } : {}),
    },
  });
}

export interface Evaluation extends EvaluationSummary {
  readonly episodes: readonly EvaluatedEpisode[];
}

/** @returns what was evaluated before the signal, in whole shards of starts. */
export async function evaluateLink(
  chain: Pick<Chain, "simulation" | "pool" | "progress"> & Partial<Pick<Chain, "signal">>,
  name: string,
  actor: ActorSpec,
  options: { readonly episodes: number; readonly theta?: Float32Array; readonly record?: boolean },
): Promise<Evaluation> {
  const { simulation, pool, progress, signal } = chain;
  progress.start({ name, unit: "episodes", total: options.episodes });
  const episodes = await pool.evaluate({
    simulation,
    actor,
    ...options,
    enough: () => signal?.aborted === true,
    onProgress(done) {
      const won = done.filter(({ outcome }) => outcome === "success").length;
      progress.update(done.length, { success: won / done.length });
    },
  });
  progress.finish();
  const { controlStep_s, budgetSteps } = timingOf(simulation);
  return { ...summarize(episodes, controlStep_s, budgetSteps), episodes };
}

/** What a report and `--json` say of an evaluation: everything but the episodes themselves. */
export function evaluationFacts({ episodes: _, ...summary }: Evaluation): EvaluationSummary {
  return summary;
}
