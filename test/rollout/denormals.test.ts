/** Rapier's handles are denormal numbers: a thread that counts those as zero confuses all bodies. */

import { expect, it } from "vitest";
import { openActor } from "../../rollout/actor.ts";
import { openBatch } from "../support/conformance.ts";
import { freshTeacher, simulationOf } from "../support/tiny-runs.ts";
import { tinyScene } from "../support/tiny-scene.ts";

it("a policy leaves the arithmetic of its thread alone", async () => {
  const simulation = simulationOf("reach-box");
  const { actor, theta } = freshTeacher(simulation);
  const policy = await openActor(actor, 1, simulation);
  const batch = await openBatch(tinyScene, { envs: 1 });
  batch.reset();
  const groups = { "keypoints:fov": new Float32Array(12), proprioception: new Float32Array(2) };
  for (let t = 0; t < 30; t++) {
    await policy.act(theta, groups);
    batch.step(Float32Array.of(0.5, 0.1));
  }
  // read at run time, or the compiler would do the sum
  const denormal = Number("1e-310");
  expect(denormal + denormal).toBeGreaterThan(0);
  // what nobody touched stands where it was put
  const row = new Float32Array(3 * 7);
  batch.poses(0, row);
  expect([...row.subarray(7, 9), ...row.subarray(14, 16)]).toEqual([1, 0.5, 1, -0.5]);
  await policy.close();
  batch.free();
});
