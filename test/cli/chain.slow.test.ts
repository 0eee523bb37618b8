/** The whole chain in seconds, by a preset that learns next to nothing. */

import { existsSync, readdirSync } from "node:fs";
import path from "node:path";
import { beforeAll, describe, expect, it } from "vitest";
import { commands } from "../../cli/commands/index.ts";
import { readBundle } from "../../policies/bundle.ts";
import { readTeacher } from "../../teacher/checkpoint.ts";
import { temporaryFolder } from "../support/temporary-folder.ts";
import { runCommand } from "./run-command.ts";

const EPISODES = 6;
/** `start` judges by starts of this seed. */
const UNSEEN = String(0x5eed);

const folder = temporaryFolder();

const start = (out: string, more: readonly string[] = [], signal?: AbortSignal) => {
  const words = ["start", "--preset", "smoke", "--json", "--out", out, ...more];
  return runCommand(commands, [...words, "--episodes", String(EPISODES)], signal);
};

interface Evaluated {
  readonly outcomes: object;
  readonly meanPathLength_m: number;
}

/** A file of the run, judged as `start` judges. */
async function evaluate(policy: string): Promise<Evaluated> {
  const words = ["evaluate", "--scene", "push-pair", "--policy", path.join(run, policy)];
  const { code, out } = await runCommand(commands, [
    ...words,
    ...["--episodes", String(EPISODES), "--seed", UNSEEN, "--json"],
  ]);
  expect(code).toBe(0);
  return JSON.parse(out);
}

/** What all tests below begin with. */
const run = path.join(folder, "run");
let report: {
  readonly success: Readonly<Record<string, { readonly trials: number }>>;
  readonly deployed: Evaluated;
  readonly phases: readonly { readonly name: string }[];
};
/** The bundle before any reinforcement, which replaces it. */
let untuned: Evaluated;
beforeAll(async () => {
  const result = await start(run);
  expect(result.err.split("\n").filter((line) => /error/i.test(line))).toEqual([]);
  expect(result.code).toBe(0);
  report = JSON.parse(result.out);
  untuned = await evaluate("bundle");
});

describe("start", () => {
  it("goes from nothing to a deployed student, and leaves all that was promised", () => {
    for (const { trials } of Object.values(report.success)) expect(trials).toBe(EPISODES);
    expect(Object.keys(report.success)).toHaveLength(3);
    expect(report.phases).toHaveLength(5);
    for (const file of ["teacher.ckpt", "student.ckpt", "bundle/policy.onnx", "report.html"]) {
      expect(existsSync(path.join(run, file)), file).toBe(true);
    }
    expect(readdirSync(path.join(run, "replays")).length).toBeGreaterThan(0);
    expect(readdirSync(run).filter((file) => file.includes("partial"))).toEqual([]);
  });

  it("drives over the wire as in one process: same starts, same ends, same paths", () => {
    expect(report.deployed.outcomes).toEqual(untuned.outcomes);
    expect(report.deployed.meanPathLength_m).toBeCloseTo(untuned.meanPathLength_m, 4);
  });

  it("exports what the student does", async () => {
    const [student, teacher] = [await evaluate("student.ckpt"), await evaluate("teacher.ckpt")];
    expect(student.outcomes).toEqual(untuned.outcomes);
    expect(student.meanPathLength_m).toBeCloseTo(untuned.meanPathLength_m, 3);
    expect(teacher.meanPathLength_m).not.toBeCloseTo(untuned.meanPathLength_m, 3);
  });

  it("goes on from what a run has left, and with --tune exports the tuned student", async () => {
    const result = await start(run, ["--tune"]);
    expect(result.code).toBe(0);
    const { environmentSteps, phases } = JSON.parse(result.out);
    expect(phases.map(({ name }: { name: string }) => name)).toContain("fine-tuning");
    // three roll-outs of distillation and three of reinforcement, after one of the critic alone
    expect(environmentSteps).toEqual({ teacher: 3 * 64 * 16, student: 7 * 32 * 8 });
    const [bundle, tuned] = [await evaluate("bundle"), await evaluate("tuned.ckpt")];
    expect(tuned.outcomes).toEqual(bundle.outcomes);
    expect(tuned.meanPathLength_m).toBeCloseTo(bundle.meanPathLength_m, 3);
    expect(bundle.meanPathLength_m).not.toBeCloseTo(untuned.meanPathLength_m, 3);
  });
});

it("start goes on with its teacher where its configuration says how, and its student learns from that one", async () => {
  const out = path.join(folder, "two-courses");
  const small = { iterations: 2, envs: 32, shardEnvs: 16, rolloutSteps: 8, batch: 128, std: 0.2 };
  const { code, out: printed } = await start(out, ["--set", `onward=${JSON.stringify(small)}`]);
  expect(code).toBe(0);
  const { environmentSteps, phases } = JSON.parse(printed);
  expect(phases.map(({ name }: { name: string }) => name)).toContain("teacher, onward");
  const inAll = 3 * 64 * 16 + 2 * 32 * 8;
  expect(environmentSteps.teacher).toBe(inAll);
  const { provenance } = readBundle(path.join(out, "bundle")).manifest;
  expect(provenance).toMatchObject({
    teacher: "onward.ckpt",
    environmentSteps: inAll + environmentSteps.student,
    command: expect.stringContaining(`--seed 1 --set 'onward=${JSON.stringify(small)}'`),
  });
  // the same by hand, link by link
  const again = path.join(folder, "by-hand.ckpt");
  const words = ["train", "--scene", "push-pair", "--preset", "smoke", "--seed", "1", "--onward"];
  const byHand = await runCommand(commands, [
    ...[...words, "--from", path.join(out, "teacher.ckpt"), "--out", again],
    ...["--set", `onward=${JSON.stringify(small)}`],
  ]);
  expect(byHand.code).toBe(0);
  expect(readTeacher(again).theta).toEqual(readTeacher(path.join(out, "onward.ckpt")).theta);
  expect(readTeacher(again).theta).not.toEqual(readTeacher(path.join(out, "teacher.ckpt")).theta);
});

it("distill goes on with a bundle, whatever its network, by another teacher", async () => {
  const from = path.join(run, "bundle");
  const teacher = path.join(run, "teacher.ckpt");
  const out = path.join(folder, "onward.ckpt");
  const small = { iterations: 1, envs: 16, shardEnvs: 8, rolloutSteps: 8, batch: 32 };
  const settings = Object.entries(small).map(([name, value]) => `--set=student.${name}=${value}`);
  const words = ["distill", "--teacher", teacher, "--out", out, "--json", ...settings];
  const { code, out: printed } = await runCommand(commands, [...words, "--from", from]);
  const { environmentSteps } = readBundle(from).manifest.provenance;
  expect(code).toBe(0);
  expect(JSON.parse(printed)).toMatchObject({ environmentSteps: environmentSteps + 16 * 8 });
  const other = await runCommand(commands, [
    ...[...words, "--set=student.joint=7", "--from", from, "--out", `${out}2`],
  ]);
  expect([other.code, other.err]).toEqual([1, expect.stringMatching(/another network/)]);
});

it("fine-tune goes on with a student of the chain, and what it leaves is exported like one", async () => {
  const tuned = path.join(folder, "tuned.ckpt");
  const small = {
    iterations: 2,
    criticIterations: 1,
    envs: 16,
    shardEnvs: 8,
    rolloutSteps: 8,
    batch: 32,
  };
  const settings = Object.entries(small).map(([name, value]) => `--set=fineTune.${name}=${value}`);
  const words = [
    "--student",
    path.join(run, "student.ckpt"),
    "--out",
    tuned,
    "--json",
    ...settings,
  ];
  const teacher = ["--teacher", path.join(run, "teacher.ckpt")];
  const { code, out } = await runCommand(commands, ["fine-tune", ...words, ...teacher]);
  expect(code).toBe(0);
  expect(JSON.parse(out)).toMatchObject({ iteration: 2, environmentSteps: 768 + 3 * 16 * 8 });
  const bundle = path.join(folder, "tuned");
  const exported = await runCommand(commands, ["export", "--student", tuned, "--out", bundle]);
  expect([exported.code, existsSync(path.join(bundle, "policy.onnx"))]).toEqual([0, true]);
});

it("fine-tune goes on with a bundle, in a scene it was not made for, and evaluate judges it in either", async () => {
  const tuned = path.join(folder, "line.ckpt");
  const small = { iterations: 1, criticIterations: 1, envs: 16, shardEnvs: 8, rolloutSteps: 8 };
  const settings = Object.entries({ ...small, batch: 32 });
  const result = await runCommand(commands, [
    "fine-tune",
    ...["--student", "policies/zoo/push-cross", "--scene", "push-line", "--out", tuned, "--json"],
    ...settings.map(([name, value]) => `--set=fineTune.${name}=${value}`),
  ]);
  expect([result.code, JSON.parse(result.out).iteration]).toEqual([0, 1]);
  const judged = (scene: string, policy: string) => {
    const words = ["evaluate", "--scene", scene, "--policy", policy, "--episodes", "4", "--json"];
    return runCommand(commands, words);
  };
  for (const [scene, policy] of [
    ["push-line", tuned],
    ["push-cross", tuned],
    ["push-line", "policies/zoo/push-cross"],
  ]) {
    const { code, out } = await judged(scene, policy);
    expect([code, JSON.parse(out).success.trials]).toEqual([0, 4]);
  }
  const refused = await judged("push-pair", tuned);
  expect([refused.code, refused.err]).toEqual([
    1,
    expect.stringContaining('made for scene "push-line" and does not fit "push-pair"'),
  ]);
});

it("start stops where it is interrupted, and says how to go on", async () => {
  const out = path.join(folder, "interrupted");
  const stopped = await start(out, [], AbortSignal.abort());
  expect([stopped.code, stopped.out]).toEqual([130, ""]);
  expect(stopped.err).toContain(`The same with --out ${out} goes on from what was saved last.`);
  expect(readdirSync(out)).toEqual(["teacher.ckpt"]);
});
