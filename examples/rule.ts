/**
 * How good is a rule? Many environments of one scene in one world, driven by hand-written steering.
 *
 * node --import tsx --conditions=understudy-source examples/rule.ts
 */

// biome-ignore-all lint/suspicious/noConsole: a program for people to run

import { wilson } from "understudy/core";
import { findScene, SceneBatch } from "understudy/sim";

const episodes = 256;
const batch = await SceneBatch.create({
  scene: findScene("reach-box"),
  envs: 64,
  seed: 1,
  purpose: "evaluation",
  groups: ["keypoints:global"],
});
const points = batch.groups["keypoints:global"];
const size = batch.rowSizes["keypoints:global"];
const actions = new Float32Array(batch.envs * 2); // forward and turn of each, in [-1, 1]

let [ended, successes, steps] = [0, 0, 0];
batch.reset();
while (ended < episodes) {
  for (let env = 0; env < batch.envs; env++) {
    // the first of the box's keypoints, metres in the robot's frame: x forward, y left
    const [ahead_m, left_m] = points.subarray(env * size);
    actions[env * 2] = ahead_m > 0 ? 1 : 0;
    actions[env * 2 + 1] = Math.atan2(left_m, ahead_m);
  }
  batch.step(actions);
  // an environment whose episode ended has already begun the next one
  for (const end of batch.ends) {
    ended++;
    steps += end.steps;
    if (end.outcome === "success") successes++;
  }
}
batch.free();

const { rate, low, high } = wilson(successes, ended);
const percent = (share: number) => `${(share * 100).toFixed(1)} %`;
console.log(`${percent(rate)} [${percent(low)}, ${percent(high)}] of ${ended} episodes`);
console.log(`${(steps / ended).toFixed(1)} control steps on average`);
