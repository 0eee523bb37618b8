/**
 * One variant with one seed, from nothing to its figures. Everything is kept, so that a job that is killed goes on where it was, to
 * the bit; and kept by what it came from, so that variants which begin alike share a teacher, or a student.
 */

import { existsSync, readFileSync } from "node:fs";
import path from "node:path";
import { exportLink } from "../../cli/chain.ts";
import { formatPercent } from "../../cli/format.ts";
import { type RunConfig, runConfigSchema, simulationOf } from "../../cli/run-config.ts";
import { withChanges } from "../../core/config.ts";
import { writeFileWhole } from "../../core/files.ts";
import { createRng } from "../../core/rng.ts";
import { studentNetwork } from "../../policies/networks/student.ts";
import { type EvaluationSummary, summarize } from "../../rollout/evaluation.ts";
import type { ActorSpec, WorkerPool } from "../../rollout/index.ts";
import type { SimulationSpec } from "../../rollout/shard.ts";
import { teacherActor } from "../../rollout/teacher-actor.ts";
import { timingOf } from "../../rollout/timing.ts";
import { readBundledStudent } from "../../student/bundled.ts";
import type { StudentConfig } from "../../student/config.ts";
import { distillStudent, type Student, type StudentRun } from "../../student/distill.ts";
import { fineTuneStudent } from "../../student/fine-tune.ts";
import { studentSpec } from "../../student/student.ts";
import { readTeacher } from "../../teacher/checkpoint.ts";
import { type Teacher, trainTeacher } from "../../teacher/ppo.ts";
import { digest, digestOf, type Origin, originHere } from "../harness.ts";
import { Clock, type CurvePoint } from "./clock.ts";
import type { Variant } from "./studies.ts";

export interface JobOptions {
  readonly variant: Variant;
  readonly seed: number;
  /** Where the work of all jobs is kept. */
  readonly folder: string;
  readonly pool: WorkerPool;
  readonly episodes: number;
  /** Share of the variant's iterations to train for; 1 but for trying things out. */
  readonly share: number;
  /** What makes it again: bundles tell. */
  readonly command: string;
  readonly say: (line: string) => void;
}

type Learner = "teacher" | "onward" | "student" | "fineTune";

/** As it is told: a teacher that goes on is one teacher. */
type Chapter = Exclude<Learner, "onward">;

/** What came of a job. */
interface Learnt {
  readonly variant: string;
  readonly seed: number;
  readonly steps: Readonly<Record<Chapter, number>>;
  /** Wall-clock over all sittings. */
  readonly seconds: Readonly<Record<Chapter, number>>;
  /** Of the first who learnt: the teacher's, as a rule. */
  readonly curve: readonly CurvePoint[];
  readonly teacher?: EvaluationSummary;
  readonly student?: EvaluationSummary;
  readonly tests?: Readonly<Record<string, EvaluationSummary>>;
}

export interface JobResult extends Learnt, Origin {
  /** Of its plan. */
  readonly asked: string;
}

/** What a job is to learn, and from what. */
interface Plan {
  readonly config: RunConfig;
  readonly simulation: SimulationSpec;
  readonly begun: ReturnType<typeof beginningOf>;
  /** Digest of all this and of how it is to be judged: who asks for anything else has another. */
  readonly asked: string;
}

/** Iterations after which everything is saved, where the variant does not say. */
const SPAN = 50;

export async function runJob(options: JobOptions): Promise<JobResult> {
  const kept = keptOf(options);
  const { asked } = kept.plan;
  const file = path.join(options.folder, "results", `${asked}.json`);
  if (existsSync(file)) return JSON.parse(readFileSync(file, "utf8")) as JobResult;
  const { facts } = await learn(kept);
  const result = { ...facts, asked, ...originHere() };
  writeFileWhole(file, `${JSON.stringify(result)}\n`);
  return result;
}

/** What a plan is made of. */
type Asked = Pick<JobOptions, "variant" | "seed" | "episodes" | "share">;

export function planOf(options: Asked): Plan {
  const { variant, seed, episodes } = options;
  const { distils, endToEnd = false, tunes = false, keepsTeacher, tests } = variant;
  const config = configOf(options);
  const simulation = simulationOf(variant.scene, config, seed);
  const begun = beginningOf(options);
  const asked = digest({
    ...{ simulation, config, distils, endToEnd, tunes, tests, episodes },
    ...(begun.teacher ? { begun, keepsTeacher } : {}),
  });
  return { config, simulation, begun, asked };
}

/** The variant's configuration, with fewer iterations where only a share is wanted, saved after every span. */
function configOf({ variant, share }: Pick<JobOptions, "variant" | "share">): RunConfig {
  const schema = runConfigSchema(variant.scene);
  const whole = schema.parse(variant.config);
  const spans = ({ iterations, spanIterations }: Spans) => ({
    iterations: Math.max(1, Math.round(share * iterations)),
    spanIterations: spanIterations || SPAN,
  });
  const { onward } = whole;
  const changes = {
    teacher: spans(whole.teacher),
    ...(onward ? { onward: spans(onward) } : {}),
    student: spans(whole.student),
    fineTune: spans(whole.fineTune),
  };
  return schema.parse(withChanges(variant.config, changes));
}

/** What a job came to: the learners, by what they come from, and the figures. */
interface Outcome {
  readonly facts: Learnt;
  readonly teacher?: StudentRun["teacher"];
  readonly student?: Student;
}

async function learn(kept: Kept): Promise<Outcome> {
  const { variant, seed, say, folder } = kept.options;
  const { distils, tunes = false, endToEnd = false } = variant;
  const from = await predecessorsOf(kept);
  const steps: Record<Chapter, number> = { teacher: 0, student: 0, fineTune: 0, ...from.steps };
  const seconds: Record<Chapter, number> = { teacher: 0, student: 0, fineTune: 0, ...from.seconds };

  const { teacher, origin: taught, ...trained } = await teacherOf(kept, from.teacher);
  const { judged } = trained;
  const curve = [
    ...(from.curve ?? []),
    ...trained.curve.map(([at, success]) => [steps.teacher + at, success] as const),
  ];
  steps.teacher += trained.steps;
  seconds.teacher += trained.seconds;
  const facts = { variant: variant.name, seed, steps, seconds, ...(judged && { teacher: judged }) };
  if (!distils && !tunes) return { facts: { ...facts, curve }, ...(teacher && { teacher }) };

  const distilled = kept.link("student", `${taught}${kept.plan.begun.student}`);
  let student = await firstStudent(kept, distilled, teacher, from.student);
  const before = student.progress.environmentSteps;
  if (distils) steps.student += before - (from.student?.progress.environmentSteps ?? 0);
  seconds.student += distilled.clock.seconds;

  const tuned = kept.link("fineTune", distilled.origin);
  if (tunes || endToEnd) {
    const run = { ...tuned.run(kept.plan.config.fineTune), student, ...(teacher && { teacher }) };
    student = await fineTuneStudent(run);
    steps.fineTune += student.progress.environmentSteps - before;
    seconds.fineTune += tuned.clock.seconds;
  }

  const { origin } = tunes || endToEnd ? tuned : distilled;
  const bundle = path.join(folder, "bundles", origin);
  const { command } = kept.options;
  const { simulation } = kept.plan;
  await exportLink({ simulation }, student, bundle, { command, teacherSteps: steps.teacher });
  say(`bundle in ${bundle}`);
  const actor = { kind: "bundle", folder: bundle } as const;
  const own = await kept.judge(origin, actor, {});
  say(`student ${formatPercent(own.success.rate)}`);
  const tests: Record<string, EvaluationSummary> = {};
  for (const test of variant.tests ?? []) {
    tests[test.name] = await kept.judge(origin, actor, test.scene);
    say(`${test.name} ${formatPercent(tests[test.name].success.rate)}`);
  }
  const first = [curve, distilled.clock.curve, tuned.clock.curve].find(({ length }) => length > 0);
  const figures = { ...facts, curve: first ?? [], student: own, ...(variant.tests && { tests }) };
  return { facts: figures, student, ...(teacher && { teacher }) };
}

/** Who teaches in a job, and what that took. */
interface Taught {
  readonly teacher?: StudentRun["teacher"];
  /** Of all that a teacher has to do with. */
  readonly origin: string;
  readonly steps: number;
  readonly seconds: number;
  readonly curve: readonly CurvePoint[];
  readonly judged?: EvaluationSummary;
}

/** The teacher of a job: trained and judged, or as it ships, or none at all. */
async function teacherOf(kept: Kept, shipped: StudentRun["teacher"] | undefined): Promise<Taught> {
  const { config, begun } = kept.plan;
  const { variant } = kept.options;
  const link = kept.link("teacher", begun.teacher);
  if (variant.endToEnd) return { origin: link.origin, steps: 0, seconds: 0, curve: [] };
  if (shipped && variant.keepsTeacher) {
    return { teacher: shipped, origin: begun.teacher, steps: 0, seconds: 0, curve: [] };
  }
  const trained = await trainTeacher({
    ...link.run(config.teacher),
    ...(shipped && { from: shipped }),
  });
  const { onward } = config;
  if (!onward) return judgedTeacher(kept, link.origin, trained, [timesOf(link, trained)]);
  const next = kept.link("onward", link.origin);
  const gone = await trainTeacher({ ...next.run(onward), from: trained });
  const courses = [timesOf(link, trained), timesOf(next, gone)];
  return judgedTeacher(kept, next.origin, gone, courses);
}

/** What a course took. */
function timesOf(
  { clock }: ReturnType<Kept["link"]>,
  { progress }: Teacher,
): Pick<Taught, "steps" | "seconds" | "curve"> {
  return { steps: progress.environmentSteps, seconds: clock.seconds, curve: clock.curve };
}

/** A teacher after all of its courses, which follow one another, judged. */
async function judgedTeacher(
  kept: Kept,
  origin: string,
  teacher: Teacher,
  courses: readonly ReturnType<typeof timesOf>[],
): Promise<Taught> {
  const actor = teacherActor(teacher.spec, teacher.observability);
  const judged = await kept.judge(origin, actor, {}, teacher.theta);
  kept.options.say(`teacher ${formatPercent(judged.success.rate)}`);
  let [steps, seconds] = [0, 0];
  const curve: CurvePoint[] = [];
  for (const course of courses) {
    for (const [at, success] of course.curve) curve.push([steps + at, success]);
    steps += course.steps;
    seconds += course.seconds;
  }
  return { teacher, origin, steps, seconds, curve, judged };
}

/** The links of a job's chain, as they are kept. */
class Kept {
  readonly options: JobOptions;
  readonly plan: Plan;

  constructor(options: JobOptions, plan: Plan) {
    this.options = options;
    this.plan = plan;
  }

  /** A learner that comes after `before`, the origin of the one that it learns from. */
  link(who: Learner, before: string) {
    const { pool, say, folder: root } = this.options;
    const { simulation, config } = this.plan;
    const origin = digest([simulation, before, config[who]]);
    const folder = path.join(root, `${who}-${origin}`);
    const clock = new Clock(path.join(folder, "clock.json"));
    /** What all learners are given: the pool, where they save, and who counts. */
    const run = <C extends Spans>(own: C) => {
      clock.start();
      return {
        simulation,
        config: own,
        pool,
        checkpoint: path.join(folder, "learner.ckpt"),
        log({ iteration, environmentSteps, metrics }: Progress) {
          // a critic that warms up counts with the first roll-out after it
          if (iteration === 0) return;
          clock.lap(iteration, environmentSteps, metrics.success);
          const last = iteration === own.iterations;
          if (iteration % own.spanIterations !== 0 && !last) return;
          clock.save();
          say(`${who}: ${iteration} of ${own.iterations}`);
        },
      };
    };
    return { origin, clock, run };
  }

  /** Judges who has that origin, in the variant's scene with changes to it. */
  async judge(
    origin: string,
    actor: ActorSpec,
    changes: object,
    theta?: Float32Array,
  ): Promise<EvaluationSummary> {
    const { variant, pool, episodes, folder } = this.options;
    const changed = withChanges(this.plan.config.scene, changes as Record<string, unknown>);
    const scene = runConfigSchema(variant.scene).shape.scene.parse(changed);
    const simulation = { ...this.plan.simulation, config: scene };
    const file = path.join(folder, "judged", `${digest([origin, simulation, episodes])}.json`);
    if (existsSync(file)) return JSON.parse(readFileSync(file, "utf8")) as EvaluationSummary;
    const ends = await pool.evaluate({ simulation, actor, episodes, ...(theta ? { theta } : {}) });
    const { controlStep_s, budgetSteps } = timingOf(simulation);
    const judged = summarize(ends, controlStep_s, budgetSteps);
    writeFileWhole(file, `${JSON.stringify(judged)}\n`);
    return judged;
  }
}

const keptOf = (options: JobOptions) => new Kept(options, planOf(options));

/** How long a learner learns, and how often it is saved. */
interface Spans {
  readonly iterations: number;
  readonly spanIterations: number;
}

/** What the learners tell of themselves. */
interface Progress {
  readonly iteration: number;
  readonly environmentSteps: number;
  readonly metrics: Readonly<Record<string, number>>;
}

/** A student before reinforcement: distilled from its teacher, or the one that ships as it is, or one that has learnt nothing. */
async function firstStudent(
  { options: { variant }, plan: { config, simulation } }: Kept,
  link: ReturnType<Kept["link"]>,
  teacher: StudentRun["teacher"] | undefined,
  from: Student | undefined,
): Promise<Student> {
  if (!teacher || !variant.distils) return from ?? freshStudent(simulation, config.student);
  return distillStudent({ ...link.run(config.student), teacher, ...(from ? { from } : {}) });
}

/** Those whose weights a variant begins with; and what they took, where that is counted as its own. */
async function predecessorsOf({
  options,
}: Kept): Promise<Partial<Pick<Learnt, "steps" | "seconds" | "curve"> & Omit<Outcome, "facts">>> {
  const { from, after } = options.variant;
  if (after) {
    const { facts, ...learners } = await learn(keptOf({ ...options, variant: after }));
    const { steps, seconds, curve } = facts;
    return { steps, seconds, curve, ...learners };
  }
  return {
    ...(from && { teacher: readTeacher(from.teacher) }),
    ...(from?.student !== undefined && { student: readBundledStudent(from.student) }),
  };
}

/** What a variant begins with, told by the contents of its files or by the plan before it; nothing where it begins from nothing. */
function beginningOf(options: Asked): { readonly teacher: string; readonly student: string } {
  const { from, after } = options.variant;
  if (after) {
    const { asked } = planOf({ ...options, variant: after });
    return { teacher: asked, student: asked };
  }
  if (!from) return { teacher: "", student: "" };
  return {
    teacher: digestOf(readFileSync(from.teacher)),
    student: from.student ? digestOf(readFileSync(path.join(from.student, "policy.onnx"))) : "",
  };
}

/** A student that has learnt nothing yet. */
function freshStudent(simulation: SimulationSpec, config: StudentConfig): Student {
  const spec = studentSpec(simulation, config);
  const theta = studentNetwork(spec).params.init(createRng(simulation.seed).split("student"));
  return { spec, theta, config, progress: { iteration: 0, environmentSteps: 0, metrics: {} } };
}
