import { expect, it } from "vitest";
import { Actor } from "../../nn/engine.ts";
import { studentNetwork } from "../../policies/networks/student.ts";
import { createRollout } from "../../rollout/rollout.ts";
import { sequencesOf } from "../../student/sequences.ts";
import { lively, randomImages, randomRows, studentSpec, withMemory } from "./tiny-student.ts";

const [STEPS, ENVS] = [3, 2];

/** Row (t, n) of every array says 10 t + n, and its column in the fraction. */
function counted(row: number): Float32Array {
  return Float32Array.from({ length: STEPS * ENVS * row }, (_, i) => {
    const [t, n] = [Math.floor(i / row / ENVS), Math.floor(i / row) % ENVS];
    return 10 * t + n + (i % row) / 16;
  });
}

const rollout = (() => {
  const rows = { layers: 4, proprioception: 2 };
  const empty = createRollout({ steps: STEPS, envs: ENVS, actions: 2, rows, finals: [] });
  empty.groups.layers.set(counted(4));
  empty.groups.proprioception.set(counted(2));
  // the first environment's episode ends with step 0, the second's with step 2
  empty.boundaries.set([1, 0, 0, 0, 0, 1]);
  return empty;
})();
const labels = {
  actions: counted(2),
  latents: counted(3),
  poses: counted(6),
  meanLatents: new Float32Array(0),
};

it("are single steps, as they lie, for a student without memory", () => {
  const data = sequencesOf(studentSpec, rollout, labels);
  expect(data.layers).toBe(rollout.groups.layers);
  expect(data.teacherActions).toBe(labels.actions);
  expect(data).not.toHaveProperty("begins");
});

it("are one environment's steps a row for a student with memory", () => {
  const data = sequencesOf(withMemory, rollout, labels);
  const whole = (name: string, row: number) =>
    [...data[name]].filter((_, i) => i % row === 0).map((x) => x);
  for (const [name, row] of Object.entries({
    layers: 4,
    proprioception: 2,
    teacherActions: 2,
    teacherLatents: 3,
    teacherPoses: 6,
  })) {
    expect(whole(name, row), name).toEqual([0, 10, 20, 1, 11, 21]);
    expect(data[name][1], name).toBe(1 / 16);
  }
});

it("mark the steps that begin an episode", () => {
  const { begins } = sequencesOf(withMemory, rollout, labels);
  // step 1 of the first environment; what the second ended with its last step begins in the next roll-out
  expect([...begins]).toEqual([0, 1, 0, 0, 0, 0]);
});

it("unrolled, give what acting step by step gives, and forget where an episode begins", async () => {
  const [sequences, steps, first] = [2, 5, 2];
  const { params, act, unroll, inputs } = studentNetwork(withMemory);
  const theta = lively(withMemory, 1);
  const pixels = 2 * 36 * 36;
  const layers = randomImages(sequences * steps * pixels, 2);
  const proprioception = randomRows(sequences * steps * 2, 3);
  // the second sequence begins an episode at its step 3
  const begins = Float32Array.of(0, 0, 0, 0, 0, 0, 0, 0, 1, 0);
  const learner = await Actor.create({
    params,
    forward: (g, views, data) => unroll(g, views, data, { sequences, steps, first }),
    inputs: {
      layers: { shape: [steps, 2, 36, 36] },
      proprioception: { shape: [steps, 2] },
      begins: { shape: [steps] },
    },
    outputs: ["mean", "latents", "poses"],
    batch: sequences,
  });
  const unrolled = await learner.run(theta, { layers, proprioception, begins });
  const outputs = ["mean", "latents", "poses", "nextMemory"];
  const actor = await Actor.create({ params, forward: act, inputs, outputs, batch: 1 });
  for (let n = 0; n < sequences; n++) {
    let memory = new Float32Array(5);
    for (let t = 0; t < steps; t++) {
      const row = n * steps + t;
      if (begins[row] === 1) memory = new Float32Array(5);
      const found = await actor.run(theta, {
        layers: layers.slice(row * pixels, (row + 1) * pixels),
        proprioception: proprioception.slice(row * 2, row * 2 + 2),
        memory,
      });
      memory = Float32Array.from(found.nextMemory);
      if (t < first) continue;
      for (const name of ["mean", "latents", "poses"] as const) {
        const size = found[name].length;
        const at = (n * (steps - first) + t - first) * size;
        const expected = [...found[name]].map((x) => expect.closeTo(x, 4));
        expect([...unrolled[name].slice(at, at + size)], `${name} of ${n}, ${t}`).toEqual(expected);
      }
    }
  }
  await Promise.all([learner.close(), actor.close()]);
});
