/** A student that is told its goal and remembers what it saw: from its teacher's head to a bundle that drives. */

import path from "node:path";
import { expect, it } from "vitest";
import { createRng } from "../../core/rng.ts";
import { Actor } from "../../nn/engine.ts";
import { studentNetwork } from "../../policies/networks/student.ts";
import { headOf, teacherNetwork } from "../../policies/networks/teacher.ts";
import { WorkerPool } from "../../rollout/pool.ts";
import { distillStudent } from "../../student/distill.ts";
import { exportStudent } from "../../student/export.ts";
import { studentInterface } from "../../student/interface.ts";
import { studentActor } from "../../student/student.ts";
import { warmStartHead } from "../../student/warm-start.ts";
import { teacherSpec as teacherSpecOf } from "../../teacher/teacher.ts";
import { temporaryFolder } from "../support/temporary-folder.ts";
import { simulationOf, tinyStudent, tinyTeacher } from "../support/tiny-runs.ts";
import { lively, randomImages, randomRows, studentSpec, teacherSpec } from "./tiny-student.ts";

const folder = temporaryFolder();
const ROWS = 6;
const COLUMNS = 8;
const told = { ...studentSpec, goal: 4, lastSeen: COLUMNS };
const { latent, actions } = teacherSpec;

/** What the student does after a warm start, and what its teacher's head does on the same features. */
async function actionsOf(knows: readonly ("lastSeen" | "goal")[]) {
  const widths = { lastSeen: COLUMNS, goal: 4 };
  const spec = { ...teacherSpec, ...Object.fromEntries(knows.map((name) => [name, widths[name]])) };
  const teacher = { spec, theta: lively(spec, 1) };
  const theta = lively(told, 2);
  warmStartHead(theta, told, teacher, randomRows(3 * latent, 3));
  const inputs = {
    layers: randomImages(ROWS * 2 * 36 * 36, 5),
    proprioception: randomRows(ROWS * actions, 4),
    goal: randomRows(ROWS * 4, 6),
    lastSeen: randomRows(ROWS * COLUMNS, 7),
  };
  const network = studentNetwork(told);
  const outputs = ["mean", "latents"];
  const { params, act: forward, inputs: specs } = network;
  const student = await Actor.create({ params, forward, inputs: specs, outputs, batch: ROWS });
  const { mean, latents } = await student.run(theta, inputs);
  const width = actions + 3 * latent + knows.reduce((sum, name) => sum + widths[name], 0);
  const head = await Actor.create({
    params: teacherNetwork(spec).params,
    forward: (g, views, { x }) => ({ mean: headOf(g, views, x) }),
    inputs: { x: { shape: [width] } },
    outputs: ["mean"],
    batch: ROWS,
  });
  const x = new Float32Array(ROWS * width);
  for (let row = 0; row < ROWS; row++) {
    const of = (all: Float32Array, size: number) => all.subarray(row * size, (row + 1) * size);
    x.set(of(inputs.proprioception, actions), row * width);
    x.set(of(latents, 3 * latent), row * width + actions);
    let at = row * width + actions + 3 * latent;
    for (const name of knows) {
      x.set(of(inputs[name], widths[name]), at);
      at += widths[name];
    }
  }
  const expected = (await head.run(teacher.theta, { x })).mean;
  await Promise.all([student.close(), head.close()]);
  return { found: [...mean], expected: [...expected] };
}

it.each([[[]], [["lastSeen"]], [["goal"]], [["lastSeen", "goal"]]] as const)(
  "acts at first as its teacher's whole head would on its latents (teacher knows: %j)",
  async (knows) => {
    const { found, expected } = await actionsOf(knows);
    expect(found).toEqual(expected.map((value) => expect.closeTo(value, 5)));
    expect(Math.max(...found.map(Math.abs))).toBeGreaterThan(0.1);
  },
);

it("drives from its bundle as from its weights, over goals drawn at random", async () => {
  const simulation = simulationOf("push-arrangement", {
    config: { reward: { budgetSteps: 30 }, shapes: ["cube", "cube"] },
  });
  const spec = teacherSpecOf(simulation, { ...tinyTeacher, lastSeen: true });
  const theta = teacherNetwork(spec).params.init(createRng(3));
  const teacher = { spec, theta, observability: "fov" } as const;
  const pool = new WorkerPool(1);
  const config = { ...tinyStudent, lastSeen: true, memory: 4, burnIn: 1, batch: 4 };
  await expect(
    distillStudent({ simulation, teacher, pool, config: { ...config, lastSeen: false } }),
  ).rejects.toThrow(/so its student must, too/);
  const student = await distillStudent({ simulation, teacher, pool, config });
  expect(student.progress.metrics.loss).toBeGreaterThan(0);
  expect(Number.isFinite(student.progress.metrics.loss)).toBe(true);

  const source = { command: "", environmentSteps: 0 };
  const { manifest } = await exportStudent({ folder, ...student, simulation, source });
  expect(manifest.inputs).toEqual(
    studentInterface(simulation.scene, simulation.config, { lastSeen: true }).inputs,
  );
  expect(manifest.inputs.map(({ name, shape }) => [name, shape])).toEqual([
    ["layers", [3, 64, 64]],
    ["proprioception", [2]],
    ["goal", [4]],
    ["lastSeen", [20]],
  ]);
  expect(manifest.poses).toMatchObject({
    shape: [4, 3],
    roles: ["active", "anchor", "obstacle", "reference"],
  });
  const silent = { ...student, config: { poseWeight: 0 } };
  const other = path.join(folder, "silent");
  const report = await exportStudent({ folder: other, ...silent, simulation, source });
  expect(report.manifest).not.toHaveProperty("poses");
  const byWeights = { simulation, actor: studentActor(student.spec), episodes: 3 };
  const outcomes = async (run: Parameters<typeof pool.evaluate>[0]) =>
    (await pool.evaluate(run)).map(({ outcome, steps }) => [outcome, steps]);
  expect(await outcomes({ simulation, actor: { kind: "bundle", folder }, episodes: 3 })).toEqual(
    await outcomes({ ...byWeights, theta: student.theta }),
  );
  // and it fits another arrangement, of more objects
  const cross = { ...simulation, scene: "push-cross", config: { reward: { budgetSteps: 10 } } };
  const actor = { kind: "bundle", folder } as const;
  expect(await outcomes({ simulation: cross, actor, episodes: 2 })).toHaveLength(2);
  await pool.close();
});
