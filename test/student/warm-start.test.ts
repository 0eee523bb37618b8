import { expect, it } from "vitest";
import { ConfigError } from "../../core/errors.ts";
import { Actor } from "../../nn/engine.ts";
import { studentNetwork } from "../../policies/networks/student.ts";
import { headOf, teacherNetwork } from "../../policies/networks/teacher.ts";
import { warmStartHead } from "../../student/warm-start.ts";
import { lively, randomImages, randomRows, studentSpec, teacherSpec } from "./tiny-student.ts";

const ROWS = 8;
const teacher = { spec: teacherSpec, theta: lively(teacherSpec, 1) };
const { latent, actions } = teacherSpec;

it("acts as the teacher does on the student's latents and the mean of the reference's", async () => {
  const theta = lively(studentSpec, 2);
  const means = randomRows(3 * latent, 3);
  warmStartHead(theta, studentSpec, teacher, means);
  const proprioception = randomRows(ROWS * actions, 4);
  const network = studentNetwork(studentSpec);
  const student = await Actor.create({
    params: network.params,
    forward: network.act,
    inputs: network.inputs,
    outputs: ["mean", "latents"],
    batch: ROWS,
  });
  const layers = randomImages(ROWS * 2 * 36 * 36, 5);
  const { mean, latents } = await student.run(theta, { layers, proprioception });

  // the teacher's head alone, fed with what the student saw: a, Z_act, Z_anc, E[Z_ref]
  const width = actions + 3 * latent;
  const head = await Actor.create({
    params: teacherNetwork(teacherSpec).params,
    forward: (g, views, inputs) => ({ mean: headOf(g, views, inputs.x) }),
    inputs: { x: { shape: [width] } },
    outputs: ["mean"],
    batch: ROWS,
  });
  const x = new Float32Array(ROWS * width);
  for (let row = 0; row < ROWS; row++) {
    x.set(proprioception.subarray(row * actions, (row + 1) * actions), row * width);
    const seen = latents.subarray(row * 2 * latent, (row + 1) * 2 * latent);
    x.set(seen, row * width + actions);
    x.set(means.subarray(2 * latent), row * width + actions + 2 * latent);
  }
  const expected = (await head.run(teacher.theta, { x })).mean;
  expect([...mean]).toEqual([...expected].map((value) => expect.closeTo(value, 5)));
  expect(Math.max(...mean.map(Math.abs))).toBeGreaterThan(0.1);
  await Promise.all([student.close(), head.close()]);
});

it("touches nothing but the head", () => {
  const before = lively(studentSpec, 2);
  const theta = before.slice();
  warmStartHead(theta, studentSpec, teacher, randomRows(3 * latent, 3));
  const { params } = studentNetwork(studentSpec);
  for (const { name, at, size } of params.specs) {
    const [old, now] = [before, theta].map((all) => all.slice(at, at + size));
    if (name.startsWith("head.")) expect(now, name).not.toEqual(old);
    else expect(now, name).toEqual(old);
  }
});

it("refuses a student of another width", () => {
  const wide = { ...studentSpec, hidden: 12 };
  const start = () => warmStartHead(lively(wide, 2), wide, teacher, randomRows(3 * latent, 3));
  expect(start).toThrow(ConfigError);
  expect(start).toThrow(/hidden 10\), got latent 6, hidden 12/);
});
