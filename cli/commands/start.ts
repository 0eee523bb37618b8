/** `understudy start`: the whole chain on one scene, from nothing to a student driving over ZeroMQ. */

import { existsSync, mkdirSync } from "node:fs";
import { availableParallelism, cpus } from "node:os";
import path from "node:path";
import { ConfigError } from "../../core/errors.ts";
import { claimFolder } from "../../core/files.ts";
import type { Proportion } from "../../core/statistics.ts";
import { writeReplays } from "../../rollout/replays.ts";
import { teacherActor } from "../../rollout/teacher-actor.ts";
import type { Teacher } from "../../teacher/ppo.ts";
import {
  type Chain,
  type CurvePoint,
  distillLink,
  type Evaluation,
  evaluateLink,
  exportLink,
  fineTuneLink,
  onwardLink,
  trainLink,
} from "../chain.ts";
import { defineCommand, jsonOption } from "../command.ts";
import { type Deployment, deploy } from "../deployment.ts";
import { formatCommand, formatDuration, formatInteger, formatProportion } from "../format.ts";
import { moduleOption } from "../modules.ts";
import { presetNames } from "../presets.ts";
import { Progress } from "../progress.ts";
import { writeReport } from "../report.ts";
import type { ReportCurve, RunReport } from "../report-data.ts";
import { runConfigSchema, runSettings, simulationOf } from "../run-config.ts";
import { computeOptions, openPool, presetBase } from "../run-options.ts";
import { formatTable } from "../table.ts";

/** The one of the first minutes. */
const FIRST_SCENE = "push-pair";
/** Evaluation draws its starts from this seed, which no training uses. */
const EVALUATION_SEED = 0x5eed;

export const start = defineCommand({
  examples: [
    ["start", "train, distil, export, evaluate and deploy push-pair in ten to fifteen minutes"],
    ["start --scene push-cross --tune", "five objects, ninety minutes"],
    ["start --preset smoke", "the same chain in seconds, without learning anything"],
    [
      "start --module ./mine.ts --scene mine",
      "a scene of your own, by the settings that push-pair is learnt with",
    ],
  ],
  options: {
    scene: { type: "string", description: `name of the scene; ${FIRST_SCENE} unless given` },
    ...moduleOption,
    preset: {
      type: "string",
      choices: presetNames,
      default: "quick",
      description: "tuned settings",
    },
    tune: {
      type: "boolean",
      description: "after distillation let the student learn on by what it earns",
    },
    out: { type: "string", description: "folder of the run; runs/<scene>-<n> unless given" },
    episodes: {
      type: "number",
      integer: true,
      min: 1,
      max: 100_000,
      default: 512,
      description: "starts of each evaluation",
    },
    seed: {
      type: "number",
      integer: true,
      min: 0,
      max: 0xffff_ffff,
      default: 1,
      description: "decides every random number of the training",
    },
    ...computeOptions,
    ...jsonOption,
  },
  config: runSettings(),
  async run({ options, sets, configure, signal, report, io }) {
    const { preset, seed, episodes, device, threads } = options;
    const scene = sceneOf(options);
    const config = configure(runConfigSchema(scene), presetBase(scene, preset));
    const folder = options.out ?? freeFolder(scene);
    claimFolder(folder);
    const pool = openPool(options.workers, options.module);
    const teachers = ["teacher", ...(config.onward ? ["teacher, onward"] : [])];
    const learners = [...teachers, "student", ...(options.tune ? ["fine-tuning"] : [])];
    const names = [...learners, "teacher evaluated", "student evaluated", "deployed"];
    const progress = new Progress(names);
    const simulation = simulationOf(scene, config, seed);
    const chain: Chain = { simulation, config, pool, progress, signal, device, threads };
    const at = (file: string) => path.join(folder, file);
    io.err(`Understudy: "${scene}", preset "${preset}", seed ${seed}, into ${folder}\n`);
    const interrupted = () => {
      const onward = `The same with --out ${folder} goes on from what was saved last`;
      if (signal.aborted) io.err(`Interrupted. ${onward}.\n`);
      return signal.aborted;
    };
    try {
      // learn
      const trained = await trainLink(chain, at("teacher.ckpt"));
      if (interrupted()) return;
      const goOn = () => onwardLink({ ...chain, from: trained.teacher }, at("onward.ckpt"));
      const onward = config.onward ? await goOn() : undefined;
      if (interrupted()) return;
      const { teacher } = onward ?? trained;
      const distilled = await distillLink(chain, teacher, at("student.ckpt"));
      if (interrupted()) return;
      const tune = () => fineTuneLink(chain, distilled.student, teacher, at("tuned.ckpt"));
      const tuned = options.tune ? await tune() : undefined;
      if (interrupted()) return;
      const { student } = tuned ?? distilled;

      // hand over
      const exported = await exportLink(chain, student, at("bundle"), {
        command: formatCommand([
          ...["understudy", "start", ...options.module.flatMap((file) => ["--module", file])],
          ...["--scene", scene, "--preset", preset, ...(options.tune ? ["--tune"] : [])],
          ...["--seed", String(seed), ...sets.flatMap((set) => ["--set", set])],
        ]),
        teacher: onward ? "onward.ckpt" : "teacher.ckpt",
        teacherSteps: stepsOf(trained) + stepsOf(onward),
      });
      progress.say(
        `  exported: ${(exported.manifest.onnx.bytes / 1024).toFixed(0)} KiB, actions within ${exported.maxDifference.toExponential(1)} of the trainer's`,
      );

      // judge on starts never trained on
      const unseen = { ...chain, simulation: { ...simulation, seed: EVALUATION_SEED } };
      const asTeacher = teacherActor(teacher.spec, teacher.observability);
      const teacherResult = await evaluateLink(unseen, "teacher evaluated", asTeacher, {
        theta: teacher.theta,
        episodes,
      });
      if (interrupted()) return;
      const asStudent = { kind: "bundle", folder: path.resolve(at("bundle")) } as const;
      const studentResult = await evaluateLink(unseen, "student evaluated", asStudent, {
        episodes,
        record: true,
      });
      if (interrupted()) return;
      const replays = writeReplays(at("replays"), studentResult.episodes, {
        simulation: unseen.simulation,
        policy: scene,
      });

      // and on the robot's side of the wire
      progress.start({ name: "deployed", unit: "episodes", total: episodes });
      const deployed = await deploy({
        simulation: unseen.simulation,
        bundle: at("bundle"),
        modules: options.module,
        episodes,
        signal,
        onProgress: (done, success) => progress.update(done, { success }),
      });
      if (interrupted() || !deployed) return;
      progress.update(episodes, { success: deployed.success.rate });
      progress.finish();

      const run: Run = {
        scene,
        folder,
        seed,
        curves: {
          teacher: trained.curve,
          ...(onward ? { "teacher, onward": onward.curve } : {}),
          student: distilled.curve,
          ...(tuned ? { "fine-tuning": tuned.curve } : {}),
        },
        checkpoints: [
          ...["teacher.ckpt", ...(onward ? ["onward.ckpt"] : [])],
          ...["student.ckpt", ...(tuned ? ["tuned.ckpt"] : [])],
        ],
        environmentSteps: {
          teacher: stepsOf(trained) + stepsOf(onward),
          student: student.progress.environmentSteps,
        },
        teacherResult,
        studentResult,
        deployed,
        phases: progress.finished,
        replays: replays.length,
      };
      const reportFile = writeReport(folder, reportOf(run, config));
      report(jsonOf(run, reportFile), () => tableOf(run, reportFile));
    } finally {
      progress.close();
      await pool.close();
    }
  },
});

/** @throws ConfigError where modules are given and no scene: the first one is none of theirs */
function sceneOf({
  scene,
  module: [file],
}: {
  readonly scene: string | undefined;
  readonly module: readonly string[];
}): string {
  if (scene !== undefined || file === undefined) return scene ?? FIRST_SCENE;
  throw new ConfigError(
    `"start" has --module ${file} and no --scene NAME. Say which of its scenes to learn.`,
  );
}

interface Run {
  readonly scene: string;
  readonly folder: string;
  readonly seed: number;
  /** Of all that each has learnt in, one after another. */
  readonly environmentSteps: { readonly teacher: number; readonly student: number };
  readonly curves: Readonly<Record<string, readonly CurvePoint[]>>;
  /** Files in `folder`. */
  readonly checkpoints: readonly string[];
  readonly teacherResult: Evaluation;
  readonly studentResult: Evaluation;
  readonly deployed: Deployment;
  readonly phases: Progress["finished"];
  readonly replays: number;
}

/** None where a link was left out. */
function stepsOf(learnt: { readonly teacher: Teacher } | undefined): number {
  return learnt?.teacher.progress.environmentSteps ?? 0;
}

function freeFolder(scene: string): string {
  mkdirSync("runs", { recursive: true });
  let number = 1;
  while (existsSync(path.join("runs", `${scene}-${number}`))) number++;
  return path.join("runs", `${scene}-${number}`);
}

const total_s = (run: Run) => run.phases.reduce((sum, phase) => sum + phase.wall_s, 0);

function resultsOf(run: Run): readonly (readonly [string, Proportion])[] {
  return [
    ["teacher", run.teacherResult.success],
    ["student", run.studentResult.success],
    ["deployed over ZeroMQ", run.deployed.success],
  ];
}

function tableOf(run: Run, reportFile: string): string {
  const { environmentSteps, deployed, folder } = run;
  return formatTable(
    [{ title: "result" }, { title: "value" }],
    [
      ...resultsOf(run).map(([name, success]) => [`${name}: success`, formatProportion(success)]),
      ["teacher: environment steps", formatInteger(environmentSteps.teacher)],
      ["student: environment steps", formatInteger(environmentSteps.student)],
      [
        "action latency p50 / p99",
        `${deployed.latencyP50_ms.toFixed(2)} / ${deployed.latencyP99_ms.toFixed(2)} ms`,
      ],
      ...run.phases.map(({ name, wall_s }) => [`time: ${name}`, formatDuration(wall_s)]),
      ["time: total", formatDuration(total_s(run))],
      ["report", reportFile],
      ["checkpoints", run.checkpoints.map((file) => path.join(folder, file)).join(", ")],
      ["policy bundle", path.join(folder, "bundle")],
      ["replays", `${path.join(folder, "replays")} (${run.replays} files; see them: npm run view)`],
    ],
  );
}

function jsonOf(run: Run, reportFile: string): unknown {
  const { environmentSteps, deployed, folder, scene, seed, phases } = run;
  return {
    scene,
    seed,
    success: Object.fromEntries(resultsOf(run)),
    environmentSteps,
    deployed,
    phases,
    total_s: total_s(run),
    report: reportFile,
    folder,
  };
}

function reportOf(run: Run, config: unknown): RunReport {
  const { curves, checkpoints, teacherResult, studentResult, deployed, scene, seed } = run;
  const failures = (outcomes: Readonly<Record<string, number>>) =>
    Object.fromEntries(Object.entries(outcomes).filter(([kind]) => kind !== "success"));
  const measures = (evaluation: { meanTime_s: number; meanPathLength_m: number }) => [
    { label: "mean time", value: `${evaluation.meanTime_s.toFixed(1)} s` },
    { label: "mean path", value: `${evaluation.meanPathLength_m.toFixed(2)} m` },
  ];
  return {
    title: scene,
    summary: `A teacher trained by PPO, a student distilled from it${curves["fine-tuning"] ? " and tuned by reinforcement" : ""}, exported and driven over ZeroMQ, in ${formatDuration(total_s(run))}.`,
    results: [
      {
        name: "teacher",
        success: teacherResult.success,
        failures: failures(teacherResult.outcomes),
        measures: measures(teacherResult),
      },
      {
        name: "student",
        success: studentResult.success,
        failures: failures(studentResult.outcomes),
        measures: measures(studentResult),
      },
      {
        name: "deployed over ZeroMQ",
        success: deployed.success,
        failures: failures(deployed.outcomes),
        measures: measures(deployed),
      },
    ],
    phases: run.phases,
    curves: Object.entries(curves).flatMap(([who, points]) => curvesOf(who, points)),
    facts: [
      { label: "seed", value: String(seed) },
      { label: "action latency p50", value: `${deployed.latencyP50_ms.toFixed(2)} ms` },
      { label: "action latency p99", value: `${deployed.latencyP99_ms.toFixed(2)} ms` },
      { label: "machine", value: `${cpus()[0]?.model ?? "?"}, ${availableParallelism()} cores` },
      { label: "node", value: process.versions.node },
    ],
    links: [
      { label: "policy bundle", href: "bundle/" },
      { label: "replays", href: "replays/", note: "npm run view plays them" },
      ...checkpoints.map((file) => ({ label: "checkpoint", href: file })),
    ],
    config,
  };
}

/** One diagram for each metric that was logged. */
function curvesOf(who: string, points: readonly CurvePoint[]): ReportCurve[] {
  const shown = ["success", "return", "approxKl", "actionLoss", "poseLoss", "valueLoss"];
  const logged = shown.filter((name) => points.some(({ metrics }) => name in metrics));
  return logged.map((name) => ({
    title: `${who}: ${name}`,
    x: "environment steps",
    isShare: name === "success",
    series: [
      {
        name,
        points: points.map(({ environmentSteps, metrics }) => [
          environmentSteps,
          metrics[name] ?? Number.NaN,
        ]),
      },
    ],
  }));
}
