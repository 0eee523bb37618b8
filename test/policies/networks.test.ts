import { describe, expect, it } from "vitest";
import { Actor } from "../../nn/engine.ts";
import { encodeInference } from "../../nn/inference.ts";
import { GPU_OPS } from "../../nn/op-table.ts";
import { stepModel } from "../../nn/training-graph.ts";
import { buildNetwork, type NetworkSpec } from "../../policies/networks/network.ts";
import { type StudentSpec, studentNetwork } from "../../policies/networks/student.ts";
import { type TeacherSpec, teacherNetwork } from "../../policies/networks/teacher.ts";
import { teacherConfig } from "../../teacher/config.ts";
import { teacherData, teacherObjective } from "../../teacher/losses.ts";
import { operatorsIn } from "../nn/support/onnx-reader.ts";
import { runGraph } from "../nn/support/run-graph.ts";
import {
  lively,
  randomImages,
  randomRows,
  studentSpec,
  teacherSpec,
  withMemory,
} from "../student/tiny-student.ts";

/** Reads poses of two columns, the first of which says whether an object is shown; its obstacles are two. */
const posed: TeacherSpec = {
  ...teacherSpec,
  points: { active: 4, obstacles: 8, reference: 4 },
  pose: 2,
  goal: 3,
};
const uneven: TeacherSpec = { ...teacherSpec, points: { active: 4, obstacles: 8, reference: 4 } };
const onGpu = new Set<string>(GPU_OPS);

async function run(
  spec: NetworkSpec,
  theta: Float32Array,
  inputs: Readonly<Record<string, Float32Array>>,
  batch: number,
) {
  const { params, act, inputs: specs } = buildNetwork(spec);
  const outputs = ["mean", "latents"];
  const actor = await Actor.create({ params, forward: act, inputs: specs, outputs, batch });
  const found = await actor.run(theta, inputs);
  await actor.close();
  return found;
}

const close = (values: ArrayLike<number>) => Array.from(values, (x) => expect.closeTo(x, 4));

describe("operators", () => {
  it.each([
    ["teacher", teacherSpec],
    ["teacher with groups of different size", uneven],
    ["teacher that reads poses", posed],
    ["student", studentSpec],
    ["student with memory", withMemory],
  ] as const)("of the acting %s run on the GPU", (_, spec) => {
    const { params, act, inputs } = buildNetwork(spec);
    const outputs = spec.kind === "student" && spec.memory > 0 ? ["mean", "nextMemory"] : ["mean"];
    const model = encodeInference({
      params,
      theta: lively(spec, 1),
      forward: act,
      inputs,
      outputs,
    });
    expect(operatorsIn(model).filter((op) => !onGpu.has(op))).toEqual([]);
  });

  it("of a training step do, too, where groups differ in size", () => {
    const { params } = teacherNetwork(uneven);
    const config = teacherConfig.parse({});
    const objective = teacherObjective(uneven, config);
    const data = teacherData(uneven, config);
    const { model } = stepModel({ params, objective, data, rows: 8, batch: 4, clipNorm: 1 });
    expect(operatorsIn(model).filter((op) => !onGpu.has(op))).toEqual([]);
  });
});

describe("the teacher's point encoder", () => {
  it.each([
    ["of equal groups", teacherSpec],
    ["of groups of different size", uneven],
  ] as const)("does not care for the order of a role's points, %s", async (_, spec) => {
    const theta = lively(spec, 1);
    const counts = Object.values(spec.points);
    const points = counts.reduce((a, b) => a + b);
    const keypoints = randomRows(points * 3, 2);
    const reversed = new Float32Array(points * 3);
    let first = 0;
    for (const count of counts) {
      for (let k = 0; k < count; k++) {
        const point = keypoints.subarray((first + k) * 3, (first + k + 1) * 3);
        reversed.set(point, (first + count - 1 - k) * 3);
      }
      first += count;
    }
    const proprioception = randomRows(2, 3);
    const straight = await run(spec, theta, { keypoints, proprioception }, 1);
    const turned = await run(spec, theta, { keypoints: reversed, proprioception }, 1);
    expect([...turned.mean]).toEqual(close(straight.mean));
    expect([...turned.latents]).toEqual(close(straight.latents));
    expect(straight.latents).toHaveLength(3 * 6);
  });

  it("encodes each role from its own points alone, with the same weights", async () => {
    const theta = lively(teacherSpec, 1);
    const [a, b, c] = [2, 3, 4].map((seed) => [...randomRows(12, seed)]);
    const proprioception = new Float32Array(2);
    const latentsOf = async (points: readonly number[]) =>
      (await run(teacherSpec, theta, { keypoints: Float32Array.from(points), proprioception }, 1))
        .latents;
    const straight = await latentsOf([...a, ...b, ...c]);
    const swapped = await latentsOf([...b, ...a, ...c]);
    expect([...swapped.subarray(0, 6)]).toEqual(close(straight.subarray(6, 12)));
    expect([...swapped.subarray(12)]).toEqual(close(straight.subarray(12)));
  });
});

describe("a teacher that reads poses", () => {
  const theta = lively(posed, 1);
  const goal = Float32Array.of(0.1, 0.2, 0.3);
  const proprioception = new Float32Array(2);
  /** Latents of the roles, given rows [shown, x] of the active object, two obstacles and the reference. */
  async function latentsOf(...rows: readonly (readonly [number, number])[]) {
    const poses = Float32Array.from(rows.flat());
    const { latents } = await run(posed, theta, { poses, proprioception, goal }, 1);
    return [0, 6, 12].map((at) => [...latents.subarray(at, at + 6)]);
  }

  it("encodes each object alone, with the same weights, and does not care which obstacle is which", async () => {
    const [active, obstacles, reference] = await latentsOf([1, 0.3], [1, 0.5], [1, 0.9], [1, 0.7]);
    const swapped = await latentsOf([1, 0.7], [1, 0.9], [1, 0.5], [1, 0.3]);
    expect(swapped[0]).toEqual(close(reference));
    expect(swapped[2]).toEqual(close(active));
    expect(swapped[1]).toEqual(close(obstacles));
  });

  it("knows obstacles by those that are shown, and that none is", async () => {
    const rest = [
      [1, 0.3],
      [1, 0.7],
    ] as const;
    const obstacles = async (one: readonly [number, number], other: readonly [number, number]) =>
      (await latentsOf(rest[0], one, other, rest[1]))[1];
    expect(await obstacles([1, 0.5], [0, 0])).toEqual(close(await obstacles([1, 0.5], [1, 0.5])));
    const nothing = await obstacles([0, 0], [0, 0]);
    expect(Math.max(...nothing.map(Math.abs))).toBeLessThan(100);
    expect(nothing).not.toEqual(close(await obstacles([1, 0.5], [1, 0.5])));
  });

  it("heeds its goal", async () => {
    const poses = Float32Array.of(1, 0.3, 1, 0.5, 1, 0.9, 1, 0.7);
    const here = await run(posed, theta, { poses, proprioception, goal }, 1);
    const there = await run(posed, theta, { poses, proprioception, goal: new Float32Array(3) }, 1);
    expect(Math.abs(here.mean[0] - there.mean[0])).toBeGreaterThan(1e-4);
  });
});

describe("a role of several objects", () => {
  /** The latent of the obstacles, given the points of two. */
  async function obstacles(one: readonly number[], other: readonly number[]) {
    const theta = lively(uneven, 1);
    const rest = [...randomRows(12, 4)];
    const keypoints = Float32Array.from([...rest, ...one, ...other, ...rest]);
    const { latents } = await run(
      uneven,
      theta,
      { keypoints, proprioception: new Float32Array(2) },
      1,
    );
    return [...latents.subarray(6, 12)];
  }
  const [here, there] = [5, 6].map((seed) => [...randomRows(12, seed)]);
  const hidden = Array<number>(12).fill(-10);

  it("is known by what is shown of it, whatever else is hidden", async () => {
    expect(await obstacles(here, hidden)).toEqual(close(await obstacles(here, here)));
    expect(await obstacles(hidden, there)).toEqual(close(await obstacles(there, there)));
    expect(await obstacles(here, there)).not.toEqual(close(await obstacles(here, hidden)));
  });

  it("is known to be hidden when nothing is shown", async () => {
    const nothing = await obstacles(hidden, hidden);
    expect(nothing).not.toEqual(close(await obstacles(here, here)));
    expect(Math.max(...nothing.map(Math.abs))).toBeLessThan(100);
  });
});

describe("a student that is told its goal", () => {
  const told: StudentSpec = { ...studentSpec, goal: 4 };

  it("imagines the reference from the anchor and the goal alone", async () => {
    const theta = lively(told, 1);
    const [a, b, c] = [2, 3, 4].map((seed) => randomImages(36 * 36, seed));
    const [g1, g2] = [5, 6].map((seed) => randomRows(4, seed));
    const referenceOf = async (active: Float32Array, anchor: Float32Array, goal: Float32Array) => {
      const layers = Float32Array.from([...active, ...anchor]);
      const inputs = { layers, proprioception: new Float32Array(2), goal };
      const { latents } = await run(told, theta, inputs, 1);
      expect(latents).toHaveLength(3 * 6);
      return [...latents.subarray(12)];
    };
    const straight = await referenceOf(a, b, g1);
    expect(await referenceOf(c, b, g1)).toEqual(close(straight));
    expect(await referenceOf(a, c, g1)).not.toEqual(close(straight));
    expect(await referenceOf(a, b, g2)).not.toEqual(close(straight));
  });
});

describe("the student's eye", () => {
  it("learns the same when it works out images of nothing once as when it works out each", async () => {
    const { params, act } = studentNetwork(studentSpec);
    const [a, b, nothing] = [
      randomImages(36 * 36, 2),
      randomImages(36 * 36, 3),
      new Float32Array(36 * 36),
    ];
    const layers = Float64Array.from(
      [a, nothing, nothing, b, nothing, nothing].flatMap((x) => [...x]),
    );
    const values = {
      theta: Float64Array.from(lively(studentSpec, 1)),
      layers,
      proprioception: Float64Array.from(randomRows(6, 4)),
    };
    const shapes = { theta: [params.size], layers: [3, 2, 36, 36], proprioception: [3, 2] };
    const learnt = (dynamicShapes: boolean) =>
      runGraph(
        shapes,
        values,
        (g, { theta, layers, proprioception }) => {
          const views = params.views(g, theta);
          const { mean, latents, poses } = act(g, views, {
            layers: g.stopGradient(layers),
            proprioception,
          });
          const loss = [mean, latents, poses]
            .map((x) => g.sum(g.square(x)))
            .reduce((x, y) => g.add(x, y));
          return { mean, latents, gradient: params.flatGradient(g, loss, views) };
        },
        { dtype: "float64", dynamicShapes },
      );
    const [once, each] = [await learnt(true), await learnt(false)];
    for (const name of ["mean", "latents", "gradient"]) {
      const scale = Math.max(...each[name].map(Math.abs));
      expect(scale).toBeGreaterThan(0.1);
      const apart = once[name].map((x, i) => Math.abs(x - each[name][i]));
      expect(Math.max(...apart) / scale).toBeLessThan(1e-12);
    }
  });

  it("sees each role's layer alone, with the same weights", async () => {
    const theta = lively(studentSpec, 1);
    const [a, b] = [2, 3].map((seed) => randomImages(36 * 36, seed));
    const layers = Float32Array.from([...a, ...b, ...b, ...a]);
    const inputs = { layers, proprioception: new Float32Array(4) };
    const { latents, mean } = await run(studentSpec, theta, inputs, 2);
    expect([...latents.subarray(12, 18)]).toEqual(close(latents.subarray(6, 12)));
    expect([...latents.subarray(18)]).toEqual(close(latents.subarray(0, 6)));
    // who is who matters to the head
    expect(Math.abs(mean[0] - mean[2])).toBeGreaterThan(1e-3);
  });

  it("looks below the horizon alone, and sees there what it would without a sky", async () => {
    // 36 rows below 16 of sky
    const cut: StudentSpec = { ...studentSpec, height: 52, skyRows: 16 };
    const theta = lively(cut, 1);
    const sky = new Float32Array(16 * 36);
    const ground = [2, 3].map((seed) => randomImages(36 * 36, seed));
    const latentsUnder = async (above: Float32Array) => {
      const layers = Float32Array.from(ground.flatMap((image) => [...above, ...image]));
      const { latents } = await run(cut, theta, { layers, proprioception: new Float32Array(2) }, 1);
      return [...latents];
    };
    const clear = await latentsUnder(sky);
    expect(await latentsUnder(sky.map(() => 1))).toEqual(clear);
    expect(studentNetwork(cut).params.size).toBe(studentNetwork(studentSpec).params.size);
    ground[0][0] += 1;
    expect(await latentsUnder(sky)).not.toEqual(clear);
  });
});
