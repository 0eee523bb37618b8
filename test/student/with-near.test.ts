/** A student that reads more acts as before, until it has learnt to use it. */

import { expect, it } from "vitest";
import { createRng } from "../../core/rng.ts";
import { Actor } from "../../nn/engine.ts";
import { studentNetwork } from "../../policies/networks/student.ts";
import type { Student } from "../../student/distill.ts";
import { studentSpec } from "../../student/student.ts";
import { withNear } from "../../student/with-near.ts";
import { simulationOf, tinyStudent } from "../support/tiny-runs.ts";

const simulation = simulationOf("push-line");

function studentWith(changes: Partial<Student["config"]>): Student {
  const config = { ...tinyStudent, lastSeen: true, near: false, ...changes };
  const spec = studentSpec(simulation, config);
  const theta = studentNetwork(spec).params.init(createRng(1));
  // the head's last layer begins with next to nothing
  const { at, shape } = studentNetwork(spec).params.offsetOf("head.mean.w");
  for (let i = 0; i < shape[0] * shape[1]; i++) theta[at + i] = Math.sin(i);
  return { spec, theta, config, progress: { iteration: 3, environmentSteps: 7, metrics: {} } };
}

/** Its actions on two rows of numbers that mean nothing. */
async function actionsOf({ spec, theta }: Student): Promise<number[]> {
  const { params, act, inputs } = studentNetwork(spec);
  const actor = await Actor.create({ params, forward: act, inputs, outputs: ["mean"], batch: 2 });
  const rng = createRng(2);
  const feeds = Object.entries(inputs).map(([name, { shape }]) => {
    const size = 2 * shape.reduce((a, b) => a * b, 1);
    return [name, Float32Array.from({ length: size }, () => rng.uniform(0, 1))];
  });
  const { mean } = await actor.run(theta, Object.fromEntries(feeds));
  await actor.close();
  return [...mean];
}

it("acts as before, although it reads more", async () => {
  const student = studentWith({});
  const wider = withNear(student);
  expect(wider.spec).toEqual(studentSpec(simulation, wider.config));
  expect(wider.theta.length).toBeGreaterThan(student.theta.length);
  expect(wider.progress).toEqual(student.progress);
  const before = await actionsOf(student);
  expect(Math.max(...before.map(Math.abs))).toBeGreaterThan(0.05);
  expect(await actionsOf(wider)).toEqual(before.map((x) => expect.closeTo(x, 6)));
});

it("leaves alone who reads it already, and who remembers nothing", () => {
  for (const changes of [{ near: true }, { lastSeen: false }]) {
    const student = studentWith(changes);
    expect(withNear(student)).toBe(student);
  }
});
