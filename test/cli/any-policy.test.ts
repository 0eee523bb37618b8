/** Policies from files, and the scenes that give what they read. */

import path from "node:path";
import { afterAll, beforeAll, expect, it } from "vitest";
import { readAnyPolicy } from "../../cli/any-policy.ts";
import { commands } from "../../cli/commands/index.ts";
import { readBundle, writeBundle } from "../../policies/bundle.ts";
import { WorkerPool } from "../../rollout/pool.ts";
import { distillStudent } from "../../student/distill.ts";
import { trainTeacher } from "../../teacher/ppo.ts";
import { temporaryFolder } from "../support/temporary-folder.ts";
import { saveFreshStudent, simulationOf, tinyStudent, tinyTeacher } from "../support/tiny-runs.ts";
import { runCommand } from "./run-command.ts";

const folder = temporaryFolder();
let pool: WorkerPool;
beforeAll(() => {
  pool = new WorkerPool(1);
});
afterAll(async () => {
  await pool.close();
});

const fitting = (source: string) => {
  const policy = readAnyPolicy(source);
  const scenes = ["push-cross", "push-line", "push-triangle", "push-pair", "reach-box"];
  return scenes.filter((scene) => policy.misfit(simulationOf(scene)) === undefined);
};

const arrangements = ["push-cross", "push-line", "push-triangle"];

it("a bundle that is told its goal fits every arrangement, and one of one goal its scene alone", () => {
  expect(fitting("policies/zoo/push-cross")).toEqual(arrangements);
  expect(fitting("policies/zoo/push-pair")).toEqual(["push-pair"]);
});

it("so does a student's checkpoint; its teacher counts the obstacles", async () => {
  const simulation = simulationOf("push-line");
  const told = { lastSeen: true, goal: true };
  const files = { teacher: path.join(folder, "t.ckpt"), student: path.join(folder, "s.ckpt") };
  const config = { ...tinyTeacher, ...told };
  const trained = await trainTeacher({ simulation, config, pool, checkpoint: files.teacher });
  await distillStudent({
    simulation,
    teacher: { ...trained, observability: config.observability },
    config: { ...tinyStudent, ...told },
    pool,
    checkpoint: files.student,
  });
  expect(fitting(files.student)).toEqual(arrangements);
  // both of two objects
  expect(fitting(files.teacher)).toEqual(["push-line", "push-triangle"]);
  for (const file of Object.values(files)) {
    expect(readAnyPolicy(file)).toMatchObject({ scene: "push-line", sceneConfig: {} });
  }
});

it("the teacher that ships is of CROSS, and solves most of it", async () => {
  const file = "policies/teachers/push-cross.ckpt";
  expect(fitting(file)).toEqual(["push-cross"]);
  const { actor, theta = new Float32Array(0) } = readAnyPolicy(file);
  const simulation = simulationOf("push-cross");
  const ends = await pool.evaluate({ simulation, actor, theta, episodes: 16 });
  // one in 6,000 draws of 16 from a policy that solves 85 % has fewer than 8
  expect(ends.filter(({ outcome }) => outcome === "success").length).toBeGreaterThanOrEqual(8);
});

it("a bundle of another robot fits its own scene no more, and one that drives gently does", async () => {
  const simulation = simulationOf("reach-box");
  const changed = async (name: string, output: object) => {
    const at = path.join(folder, name);
    await saveFreshStudent(at, simulation);
    const { manifest, onnx } = readBundle(at);
    const { format: _, onnx: __, ...draft } = manifest;
    const columns = manifest.output.columns.map((column) => ({ ...column, ...output }));
    const high = name === "gentle" ? 0.5 : 1;
    await writeBundle(at, {
      onnx,
      manifest: { ...draft, output: { ...manifest.output, high, columns } },
    });
    return at;
  };
  expect(readAnyPolicy(await changed("gentle", {})).misfit(simulation)).toBeUndefined();
  const fast = await changed("fast", { scale: 3 });
  const says = "its scale of actions should be [0.4, 2.84], found [3, 3]";
  expect(readAnyPolicy(fast).misfit(simulation)).toBe(says);
  const words = ["evaluate", "--scene", "reach-box", "--policy", fast, "--episodes", "1"];
  expect(await runCommand(commands, words)).toEqual({
    code: 1,
    out: "",
    err: `The policy in "${fast}" does not fit the robot, the camera or the settings that "reach-box" has here: ${says}. Simulate what it was trained with, or train it anew.\n`,
  });
});

it("checkpoints of a robot that was set fit that one alone, and bring it to another scene", async () => {
  const config = { robot: { maxSpeed_mps: 0.2 } };
  const simulation = simulationOf("push-line", { config });
  const files = { teacher: path.join(folder, "slow.ckpt"), student: path.join(folder, "slow") };
  const told = { ...tinyTeacher, goal: true };
  await trainTeacher({ simulation, config: told, pool, checkpoint: files.teacher });
  await saveFreshStudent(files.student, simulation);
  const slow = "its scale of actions should be [0.4, 2.84], found [0.2, 2.84]";
  for (const source of Object.values(files)) {
    const policy = readAnyPolicy(source);
    expect(policy.misfit(simulation)).toBeUndefined();
    expect(policy.misfit(simulationOf("push-triangle", { config }))).toBeUndefined();
    for (const scene of ["push-line", "push-triangle"]) {
      expect(policy.misfit(simulationOf(scene))).toBe(slow);
    }
    const words = ["evaluate", "--policy", source, "--episodes", "1", "--scene"];
    const faster = ["--set", "scene.robot.maxSpeed_mps=0.9"];
    const refused = await runCommand(commands, [...words, "push-line", ...faster]);
    expect([refused.code, refused.err]).toEqual([1, expect.stringContaining("[0.9, 2.84]")]);
    const { code, err } = await runCommand(commands, [...words, "push-triangle", "--json"]);
    expect(code, err).toBe(0);
  }

  const tuned = path.join(folder, "slow-tuned.ckpt");
  const words = ["fine-tune", "--student", files.student, "--scene", "push-triangle"];
  const few = ["--preset", "smoke", "--set", "fineTune.iterations=1", "--workers", "1"];
  const { code, err } = await runCommand(commands, [...words, ...few, "--out", tuned]);
  expect(code, err).toBe(0);
  const { sceneConfig } = readAnyPolicy(tuned);
  // the preset's reward, and the robot
  expect(sceneConfig).toMatchObject({ robot: { maxSpeed_mps: 0.2 }, reward: { align: 3 } });
});

it("policies fit their scenes with other shapes and arrangements", () => {
  const fits = (source: string, scene: string, config: object) =>
    expect(readAnyPolicy(source).misfit(simulationOf(scene, { config }))).toBeUndefined();
  for (const source of ["zoo/push-cross", "students/push-cross", "teachers/push-cross.ckpt"])
    fits(`policies/${source}`, "push-cross", { shape: "cylinder", reward: { slow: 0 } });
  const one = { arrangement: { objects: [{ x_m: 0.25, y_m: 0 }] } };
  fits("policies/zoo/push-arrangement", "push-arrangement", one);
});

it("says where there is none", () => {
  expect(() => readAnyPolicy(path.join(folder, "none"))).toThrow(
    /There is no policy at .*; the bundles that ship are in ".*zoo"\.$/,
  );
});
