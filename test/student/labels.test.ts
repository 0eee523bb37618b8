import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { Actor } from "../../nn/engine.ts";
import { teacherNetwork } from "../../policies/networks/teacher.ts";
import { HIDDEN } from "../../sim/keypoints.ts";
import { Labeller } from "../../student/labels.ts";
import { lively, randomRows, teacherSpec } from "./tiny-student.ts";

const theta = lively(teacherSpec, 1);
const COLUMNS = 3 * 4 * 3;
const { latent } = teacherSpec;

/** The teacher itself, a row at a time. */
async function teacherSays(keypoints: Float32Array, proprioception: Float32Array) {
  const { params, act, inputs } = teacherNetwork(teacherSpec);
  const outputs = ["mean", "latents"];
  const actor = await Actor.create({ params, forward: act, inputs, outputs, batch: 1 });
  const means: number[] = [];
  const latents: number[] = [];
  for (let row = 0; row * COLUMNS < keypoints.length; row++) {
    const found = await actor.run(theta, {
      keypoints: keypoints.slice(row * COLUMNS, (row + 1) * COLUMNS),
      proprioception: proprioception.slice(row * 2, row * 2 + 2),
    });
    means.push(...found.mean);
    latents.push(...found.latents);
  }
  await actor.close();
  return { means, latents };
}

const close = (values: readonly number[]) => values.map((x) => expect.closeTo(x, 4));

describe("labels", () => {
  let labeller: Labeller;
  beforeAll(async () => {
    labeller = await Labeller.create({ spec: teacherSpec, theta }, 4);
  });
  afterAll(() => labeller.close());

  it.each([4, 8, 6, 1])("of %i states are what the teacher says of each", async (count) => {
    const keypoints = randomRows(count * COLUMNS, 2).map((x) => 8 * x);
    const proprioception = randomRows(count * 2, 3);
    const { means, latents } = await teacherSays(keypoints, proprioception);
    const labels = await labeller.label({ keypoints, proprioception }, keypoints, keypoints);
    const clipped = means.map((x) => Math.min(1, Math.max(-1, x)));
    expect([...labels.actions]).toEqual(close(clipped));
    // without the reference, which is last of three
    const visible = latents.filter((_, i) => i % (3 * latent) < 2 * latent);
    expect([...labels.latents]).toEqual(close(visible));
    const means3 = Array.from(
      { length: 3 * latent },
      (_, i) => latents.filter((_, k) => k % (3 * latent) === i).reduce((a, b) => a + b) / count,
    );
    expect([...labels.meanLatents]).toEqual(close(means3));
  });

  it("stay within what a robot can do", async () => {
    const { params } = teacherNetwork(teacherSpec);
    const eager = theta.slice();
    eager.set([5, -5], params.offsetOf("head.mean.b").at);
    const loud = await Labeller.create({ spec: teacherSpec, theta: eager }, 2);
    const rows = randomRows(2 * COLUMNS, 2);
    const { actions } = await loud.label(
      { keypoints: rows, proprioception: randomRows(4, 3) },
      rows,
      rows,
    );
    expect([...actions]).toEqual([1, -1, 1, -1]);
    await loud.close();
  });

  it("say where each role is, and whether any of it was seen", async () => {
    const everything = Float32Array.from({ length: 4 * COLUMNS }, (_, i) => i % 7);
    // active: corners at x 1, 3 and y 2, 6
    everything.set([1, 2, 0, 3, 2, 0, 3, 6, 0, 1, 6, 0]);
    const shown = everything.slice();
    // all of the active object is hidden, and three points of the anchor
    shown.fill(HIDDEN, 0, 12 + 9);
    const { poses } = await labeller.label(
      { keypoints: shown, proprioception: new Float32Array(8) },
      shown,
      everything,
    );
    expect([...poses.subarray(0, 3)]).toEqual([0, 0, 0]);
    // by all of its corners, once one of them is seen
    const middle = (axis: number) => everything.filter((_, i) => i % 3 === axis).slice(4, 8);
    const mean = (values: Float32Array) => values.reduce((sum, value) => sum + value) / 4;
    expect([...poses.subarray(3, 6)]).toEqual([1, mean(middle(0)), mean(middle(1))]);
    expect(poses).toHaveLength(4 * 2 * 3);
  });

  it("leave out of a role's middle those of its objects that were not seen", async () => {
    const points = { active: 4, anchor: 8, reference: 4 };
    const spec = { ...teacherSpec, points };
    const ofTwo = await Labeller.create({ spec, theta: lively(spec, 1) }, 1);
    const square = (x: number, y: number) => [x, y, 0, x + 2, y, 0, x + 2, y + 2, 0, x, y + 2, 0];
    const everything = Float32Array.from(
      [square(1, 1), square(5, 3), square(-9, -9), square(0, 0)].flat(),
    );
    const shown = everything.slice();
    // the second of two, and three corners of the first
    shown.fill(HIDDEN, 12 + 3, 12 + 24);
    const proprioception = new Float32Array(2);
    const { poses } = await ofTwo.label({ keypoints: shown, proprioception }, shown, everything);
    expect([...poses]).toEqual([1, 2, 2, 1, 6, 4]);
    await ofTwo.close();
  });
});
