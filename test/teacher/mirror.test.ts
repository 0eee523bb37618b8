import { afterAll, describe, expect, it } from "vitest";
import { createRng } from "../../core/rng.ts";
import { Actor } from "../../nn/engine.ts";
import { teacherInputs, teacherNetwork } from "../../policies/networks/teacher.ts";
import { WorkerPool } from "../../rollout/pool.ts";
import { shuffledRows } from "../../rollout/shuffle.ts";
import { teacherActor } from "../../rollout/teacher-actor.ts";
import { batchMirror, orImages, withMirrorImages } from "../../teacher/mirror.ts";
import { type Teacher, trainTeacher } from "../../teacher/ppo.ts";
import { simulationOf, tinyTeacher } from "../support/tiny-runs.ts";

const simulation = simulationOf("reach-box");
const pool = new WorkerPool(1);
afterAll(() => pool.close());

describe("mirror images", () => {
  it("come after the rows that they mirror", () => {
    const batch = {
      // one point, twice: ahead and to the left, and hidden
      keypoints: Float32Array.of(0.5, 0.25, 0.1, -10, -10, -10),
      actions: Float32Array.of(1, -0.5, 0, 0.25),
      returns: Float32Array.of(3, -4),
    };
    const spec = { kind: "network" as const, network: {} as never, inputs: {} };
    const inputs = { keypoints: "keypoints:fov" } as const;
    const twice = withMirrorImages(batch, batchMirror(simulation, { ...spec, inputs }));
    const tenth = Math.fround(0.1);
    expect([...twice.keypoints.subarray(6)]).toEqual([0.5, -0.25, tenth, -10, -10, -10]);
    expect([...twice.keypoints.subarray(0, 6)]).toEqual([...batch.keypoints]);
    expect([...twice.actions.subarray(4)]).toEqual([1, 0.5, 0, -0.25]);
    expect([...twice.returns]).toEqual([3, -4, 3, -4]);
  });

  it("take the place of half the rows, and every epoch sees each row or its image", () => {
    const rows = 1000;
    const order = shuffledRows(createRng(1), rows, { epochs: 2, batch: 100 });
    const mixed = orImages(order, rows, createRng(2));
    const images = mixed.filter((row) => row >= rows).length;
    // four standard deviations of a fair coin
    expect(Math.abs(images - rows)).toBeLessThan(4 * Math.sqrt(rows / 2));
    for (const epoch of [mixed.subarray(0, rows), mixed.subarray(rows)]) {
      expect(new Set(epoch.map((row) => row % rows)).size).toBe(rows);
    }
  });
});

/** How far a teacher is from doing the mirror image of what it does, for points in view and their mirror images. */
async function asymmetry({ spec, theta }: Teacher): Promise<number> {
  const rows = 64;
  const rng = createRng(9);
  const [points, action] = [spec.points.active, 2];
  const seen = {
    keypoints: Float32Array.from({ length: rows * points * 3 }, (_, i) =>
      i % 3 === 0 ? rng.uniform(0.2, 1) : rng.uniform(-0.4, 0.4),
    ),
    proprioception: Float32Array.from({ length: rows * action }, () => rng.uniform(-1, 1)),
  };
  const mirror = batchMirror(simulation, teacherActor(spec, "fov"));
  const both = withMirrorImages(seen, mirror);
  const { params, act } = teacherNetwork(spec);
  const actor = await Actor.create({
    ...{ params, forward: act, inputs: teacherInputs(spec), outputs: ["mean"] },
    batch: 2 * rows,
  });
  const { mean } = await actor.run(theta, both);
  await actor.close();
  let square = 0;
  for (let i = 0; i < rows * action; i++) {
    const sign = i % action === 0 ? 1 : -1;
    square += (sign * mean[i] - mean[rows * action + i]) ** 2;
  }
  return Math.sqrt(square / (rows * action));
}

it("a teacher that learns from them comes to do on the left what it does on the right", async () => {
  const learnt = async (mirror: boolean) => {
    const config = {
      ...{ ...tinyTeacher, mirror, iterations: 30, epochs: 4, learningRate: 3e-3 },
      ...{ envs: 32, shardEnvs: 32, rolloutSteps: 32, batch: 256, practiceShare: 0.5 },
    };
    return asymmetry(await trainTeacher({ simulation, config, pool }));
  };
  const [withImages, without] = [await learnt(true), await learnt(false)];
  expect(withImages).toBeLessThan(0.5 * without);
});
