/**
 * One variant with one seed, from nothing to its figures. Everything is kept in a folder, so that a job that is killed goes on
 * where it was, to the bit.
 */

import { existsSync, readFileSync } from "node:fs";
import path from "node:path";
import { exportLink, timingOf } from "../../cli/chain.ts";
import { formatPercent } from "../../cli/format.ts";
import { runConfigSchema, simulationOf } from "../../cli/run-config.ts";
import { withChanges } from "../../core/config.ts";
import { writeFileWhole } from "../../core/files.ts";
import { createRng } from "../../core/rng.ts";
import { studentNetwork } from "../../policies/networks/student.ts";
import { type EvaluationSummary, summarize } from "../../rollout/evaluation.ts";
import type { ActorSpec, WorkerPool } from "../../rollout/index.ts";
import type { SimulationSpec } from "../../rollout/shard.ts";
import { teacherActor } from "../../rollout/teacher-actor.ts";
import type { StudentConfig } from "../../student/config.ts";
import { distillStudent, type Student } from "../../student/distill.ts";
import { fineTuneStudent } from "../../student/fine-tune.ts";
import { studentSpec } from "../../student/student.ts";
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

type Learner = "teacher" | "student" | "fineTune";

/** A point of a training curve: environment steps, and success of full starts while exploring. */
export type CurvePoint = readonly [steps: number, success: number];

export interface JobResult {
  readonly variant: string;
  readonly seed: number;
  readonly steps: Readonly<Record<Learner, number>>;
  /** Wall-clock over all sittings. */
  readonly seconds: Readonly<Record<Learner, number>>;
  /** The teacher's. */
  readonly curve: readonly CurvePoint[];
  readonly teacher?: EvaluationSummary;
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
  const spans = { spanIterations: SPAN };
  const schema = runConfigSchema(variant.scene);
  const config = schema.parse(
    withChanges(variant.config, { teacher: spans, student: spans, fineTune: spans }),
  );
  const simulation = simulationOf(variant.scene, config, seed);
  const clock = new Clock(path.join(folder, "clock.json"));
  const steps: Record<Learner, number> = { teacher: 0, student: 0, fineTune: 0 };
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
  /** What all learners have in common: the pool, where they save, and who counts. */
  const common = <C extends { readonly iterations: number }>(who: Learner, all: C) => {
    const iterations = Math.max(1, Math.round(all.iterations * options.share));
    return {
      simulation,
      config: { ...all, iterations },
      pool,
      checkpoint: path.join(folder, `${who}.ckpt`),
      log({ iteration, environmentSteps, metrics }: Progress) {
        const point = [environmentSteps, metrics.success ?? Number.NaN] as const;
        clock.tick(who, iteration, who === "teacher" ? point : undefined);
        if (iteration % SPAN === 0) say(`${who}: ${iteration} of ${iterations}`);
      },
    };
  };
  const finish = (result: Pick<JobResult, "teacher" | "student" | "tests">) => {
    const facts = { variant: variant.name, seed, steps, seconds: clock.seconds };
    const whole: JobResult = { ...facts, curve: clock.curve, ...result };
    writeFileWhole(done, `${JSON.stringify(whole)}\n`);
    return whole;
  };

  const { observability } = config.teacher;
  const trained = variant.endToEnd
    ? undefined
    : await trainTeacher(common("teacher", config.teacher));
  if (trained) steps.teacher = trained.progress.environmentSteps;
  const judged =
    trained &&
    (await judge(teacherActor(trained.spec, observability), config.scene, trained.theta));
  if (judged) say(`teacher ${formatPercent(judged.success.rate)}`);
  const teacher = trained && { ...trained, observability };
  const ofTeacher = judged ? { teacher: judged } : {};
  if (!variant.distils) return finish(ofTeacher);

  let student = teacher
    ? await distillStudent({ ...common("student", config.student), teacher })
    : freshStudent(simulation, config.student);
  steps.student = student.progress.environmentSteps;
  if (variant.tunes || variant.endToEnd) {
    const run = common("fineTune", config.fineTune);
    student = await fineTuneStudent({ ...run, student, ...(teacher ? { teacher } : {}) });
    steps.fineTune = student.progress.environmentSteps - steps.student;
  }

  const bundle = path.join(folder, "policy");
  const command = `npx tsx bench/learning.ts, ${variant.name}, seed ${seed}`;
  await exportLink({ simulation }, student, bundle, { command, teacherSteps: steps.teacher });
  const actor = { kind: "bundle", folder: bundle } as const;
  const tests: Record<string, EvaluationSummary> = {};
  for (const test of variant.tests ?? []) {
    const scene = withChanges(config.scene, test.scene as Record<string, unknown>);
    tests[test.name] = await judge(actor, schema.shape.scene.parse(scene));
  }
  const own = await judge(actor, config.scene);
  say(`student ${formatPercent(own.success.rate)}`);
  return finish({ ...ofTeacher, student: own, ...(variant.tests ? { tests } : {}) });
}

/** What the learners tell of themselves. */
interface Progress {
  readonly iteration: number;
  readonly environmentSteps: number;
  readonly metrics: Readonly<Record<string, number>>;
}

/** A student that has learnt nothing yet. */
function freshStudent(simulation: SimulationSpec, config: StudentConfig): Student {
  const spec = studentSpec(simulation, config);
  const theta = studentNetwork(spec).params.init(createRng(simulation.seed).split("student"));
  return { spec, theta, config, progress: { iteration: 0, environmentSteps: 0, metrics: {} } };
}

/** Wall-clock time and the curve of a job, over all its sittings; of what is trained again, the last time counts. */
class Clock {
  readonly #file: string;
  readonly #laps: Record<Learner, number[]> & { curve: (CurvePoint | null)[] };
  #last = performance.now();

  constructor(file: string) {
    this.#file = file;
    this.#laps = existsSync(file)
      ? JSON.parse(readFileSync(file, "utf8"))
      : { teacher: [], student: [], fineTune: [], curve: [] };
  }

  get seconds() {
    const sum = (laps: readonly number[]) => Math.round(laps.reduce((a, b) => a + b, 0));
    const { teacher, student, fineTune } = this.#laps;
    return { teacher: sum(teacher), student: sum(student), fineTune: sum(fineTune) };
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

  tick(who: Learner, iteration: number, point?: CurvePoint): void {
    const now = performance.now();
    this.#laps[who][iteration - 1] = (now - this.#last) / 1000;
    if (point) this.#laps.curve[iteration - 1] = point;
    this.#last = now;
    if (iteration % SPAN === 0) writeFileWhole(this.#file, JSON.stringify(this.#laps));
  }
}
