/**
 * One variant with one seed, from nothing to its figures. Everything is kept in a folder, so that a job that is killed goes on
 * where it was, to the bit.
 */

import { existsSync, readFileSync } from "node:fs";
import path from "node:path";
import { exportLink, timingOf } from "../../cli/chain.ts";
import { runConfigSchema, simulationOf } from "../../cli/run-config.ts";
import { withChanges } from "../../core/config.ts";
import { writeFileWhole } from "../../core/files.ts";
import { type EvaluationSummary, summarize } from "../../rollout/evaluation.ts";
import type { ActorSpec, WorkerPool } from "../../rollout/index.ts";
import { teacherActor } from "../../rollout/teacher-actor.ts";
import { distillStudent } from "../../student/distill.ts";
import { trainTeacher } from "../../teacher/ppo.ts";
import type { Variant } from "./studies.ts";

export interface JobOptions {
  readonly variant: Variant;
  readonly seed: number;
  readonly folder: string;
  readonly pool: WorkerPool;
  readonly episodes: number;
  /** Share of the variant's iterations to train for; 1 but for trying things out. */
  readonly share: number;
  readonly say: (line: string) => void;
}

/** A point of a training curve: environment steps, and success of full starts while exploring. */
export type CurvePoint = readonly [steps: number, success: number];

export interface JobResult {
  readonly variant: string;
  readonly seed: number;
  readonly steps: { readonly teacher: number; readonly student: number };
  /** Wall-clock over all sittings. */
  readonly seconds: { readonly teacher: number; readonly student: number };
  readonly curve: readonly CurvePoint[];
  readonly teacher: EvaluationSummary;
  readonly student?: EvaluationSummary;
  readonly tests?: Readonly<Record<string, EvaluationSummary>>;
}

/** Iterations after which everything is saved. */
const SPAN = 50;
/** Iterations of a point of the curve. */
const CURVE_EVERY = 25;

export async function runJob(options: JobOptions): Promise<JobResult> {
  const { variant, seed, folder, pool, say } = options;
  const done = path.join(folder, "result.json");
  if (existsSync(done)) return JSON.parse(readFileSync(done, "utf8")) as JobResult;
  const schema = runConfigSchema(variant.scene);
  const config = schema.parse(
    withChanges(variant.config, {
      teacher: { spanIterations: SPAN },
      student: { spanIterations: SPAN },
    }),
  );
  const simulation = simulationOf(variant.scene, config, seed);
  const short = (iterations: number) => Math.max(1, Math.round(iterations * options.share));
  const clock = new Clock(path.join(folder, "clock.json"));

  const teacherConfig = { ...config.teacher, iterations: short(config.teacher.iterations) };
  const teacher = await trainTeacher({
    simulation,
    config: teacherConfig,
    pool,
    checkpoint: path.join(folder, "teacher.ckpt"),
    log({ iteration, environmentSteps, metrics }) {
      clock.tick("teacher", iteration, [environmentSteps, metrics.success ?? Number.NaN]);
      if (iteration % SPAN === 0) say(`${iteration} of ${teacherConfig.iterations} roll-outs`);
    },
  });
  const { observability } = config.teacher;
  const judge = async (actor: ActorSpec, scene: unknown, theta?: Float32Array) => {
    const found = await pool.evaluate({
      simulation: { ...simulation, config: scene },
      actor,
      episodes: options.episodes,
      ...(theta ? { theta } : {}),
    });
    const { controlStep_s, budgetSteps } = timingOf({ ...simulation, config: scene });
    return summarize(found, controlStep_s, budgetSteps);
  };
  const judged = await judge(
    teacherActor(teacher.spec, observability),
    config.scene,
    teacher.theta,
  );
  say(`teacher ${(100 * judged.success.rate).toFixed(1)} %`);
  const common = { variant: variant.name, seed, teacher: judged };
  const teacherSteps = teacher.progress.environmentSteps;
  if (!variant.distils) {
    return finish(done, {
      ...common,
      steps: { teacher: teacherSteps, student: 0 },
      seconds: clock.seconds,
      curve: clock.curve,
    });
  }

  const studentConfig = { ...config.student, iterations: short(config.student.iterations) };
  const student = await distillStudent({
    simulation,
    teacher: { ...teacher, observability },
    config: studentConfig,
    pool,
    checkpoint: path.join(folder, "student.ckpt"),
    log({ iteration }) {
      clock.tick("student", iteration);
      if (iteration % SPAN === 0) say(`student: ${iteration} of ${studentConfig.iterations}`);
    },
  });
  const bundle = path.join(folder, "policy");
  const command = `npx tsx bench/learning.ts, ${variant.name}, seed ${seed}`;
  await exportLink({ simulation }, student, bundle, { command, teacherSteps });
  const actor = { kind: "bundle", folder: bundle } as const;
  const tests: Record<string, EvaluationSummary> = {};
  for (const test of variant.tests ?? []) {
    const scene = withChanges(config.scene, test.scene as Record<string, unknown>);
    tests[test.name] = await judge(actor, schema.shape.scene.parse(scene));
  }
  const own = await judge(actor, config.scene);
  say(`student ${(100 * own.success.rate).toFixed(1)} %`);
  return finish(done, {
    ...common,
    steps: { teacher: teacherSteps, student: student.progress.environmentSteps },
    seconds: clock.seconds,
    curve: clock.curve,
    student: own,
    ...(variant.tests ? { tests } : {}),
  });
}

function finish(file: string, result: JobResult): JobResult {
  writeFileWhole(file, `${JSON.stringify(result)}\n`);
  return result;
}

/** Wall-clock time and the curve of a job, over all its sittings; of what is trained again, the last time counts. */
class Clock {
  readonly #file: string;
  readonly #laps: { teacher: number[]; student: number[]; curve: (CurvePoint | null)[] };
  #last = performance.now();

  constructor(file: string) {
    this.#file = file;
    this.#laps = existsSync(file)
      ? JSON.parse(readFileSync(file, "utf8"))
      : { teacher: [], student: [], curve: [] };
  }

  get seconds() {
    const sum = (laps: readonly number[]) => Math.round(laps.reduce((a, b) => a + b, 0));
    return { teacher: sum(this.#laps.teacher), student: sum(this.#laps.student) };
  }

  /** Points of the curve: success averaged over `CURVE_EVERY` roll-outs. */
  get curve(): CurvePoint[] {
    const points: CurvePoint[] = [];
    for (let first = 0; first < this.#laps.curve.length; first += CURVE_EVERY) {
      const part = this.#laps.curve
        .slice(first, first + CURVE_EVERY)
        .filter((point) => point !== null);
      const known = part.map(([, success]) => success).filter((success) => success !== null);
      const last = part.at(-1);
      if (!last || known.length === 0) continue;
      points.push([last[0], known.reduce((a, b) => a + b, 0) / known.length]);
    }
    return points;
  }

  tick(who: "teacher" | "student", iteration: number, point?: CurvePoint): void {
    const now = performance.now();
    this.#laps[who][iteration - 1] = (now - this.#last) / 1000;
    if (point) this.#laps.curve[iteration - 1] = point;
    this.#last = now;
    if (iteration % SPAN === 0) writeFileWhole(this.#file, JSON.stringify(this.#laps));
  }
}
