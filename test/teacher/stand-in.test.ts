/** What a teacher pays for what its student could not know. */

import { describe, expect, it } from "vitest";
import { createRng } from "../../core/rng.ts";
import { Actor } from "../../nn/engine.ts";
import { type TeacherSpec, teacherNetwork } from "../../policies/networks/teacher.ts";
import { createRollout } from "../../rollout/rollout.ts";
import { teacherActor } from "../../rollout/teacher-actor.ts";
import type { Observability } from "../../sim/visibility.ts";
import { divergence, logRatio, StandIn } from "../../teacher/stand-in.ts";
import { tinyTeacher } from "../support/tiny-runs.ts";

describe("divergence", () => {
  it("is that of two Gaussians, by hand", () => {
    // 0.5² / (2 * 0.5²) + 0.3² / (2 * 0.1²) = 0.5 + 4.5
    const wanted = Float32Array.of(0.5, 0, 0.2, 0.2);
    const able = Float32Array.of(0, 0.3, 0.2, 0.2);
    const [first, same] = divergence(wanted, able, [0.5, 0.1]);
    expect(first).toBeCloseTo(5, 5);
    expect(same).toBe(0);
  });

  it("is what the logarithm of the likelihoods' ratio is in the mean", () => {
    // by hand, of one action: ((1 - 0)² - (1 - 0.5)²) / (2 * 0.5²)
    const [action, half, none] = [1, 0.5, 0].map((x) => Float32Array.of(x));
    expect(logRatio(action, half, none, [0.5])[0]).toBeCloseTo(1.5, 5);
    const [wanted, able] = [0.5, -0.25].map((mean) => new Float32Array(20_000).fill(mean));
    const rng = createRng(2);
    const actions = wanted.map((mean) => mean + 0.6 * rng.normal());
    const ratios = logRatio(actions, wanted, able, [0.6]);
    const mean = ratios.reduce((sum, nats) => sum + nats, 0) / ratios.length;
    // its variance is twice its mean, so four deviations of 20,000 are 0.036
    expect(Math.abs(mean - divergence(wanted, able, [0.6])[0])).toBeLessThan(0.036);
  });
});

describe("a stand-in", () => {
  const spec: TeacherSpec = {
    kind: "teacher",
    points: { active: 1, anchor: 1 },
    privileged: 1,
    actions: 2,
    latent: 8,
    hidden: 16,
  };
  const config = { ...tinyTeacher, envs: 64, rolloutSteps: 8, batch: 128, informedWeight: 0.5 };
  const rows = config.envs * config.rolloutSteps;
  const std = [0.5, 0.25];
  const rng = createRng(7);
  const theta = teacherNetwork(spec)
    .params.init(rng)
    .map((weight) => weight + 0.3 * rng.normal());

  /** What the teacher would do. */
  async function meansOf(keypoints: Float32Array): Promise<Float32Array> {
    const { params, act: forward, inputs } = teacherNetwork(spec);
    const actor = await Actor.create({ params, forward, inputs, outputs: ["mean"], batch: rows });
    const proprioception = new Float32Array(2 * rows);
    const { mean } = await actor.run(theta, { keypoints, proprioception });
    await actor.close();
    return mean;
  }

  /** A roll-out in which the teacher sees points that vary, and a camera shows none. */
  async function rollout() {
    const made = createRollout({
      ...{ steps: config.rolloutSteps, envs: config.envs, actions: 2, finals: [] },
      rows: { "keypoints:global": 6, "keypoints:fov": 6, proprioception: 2 },
    });
    made.groups["keypoints:global"].forEach((_, i, all) => {
      all[i] = rng.normal();
    });
    const means = await meansOf(made.groups["keypoints:global"]);
    made.actions.set(means.map((mean, i) => mean + std[i % 2] * rng.normal()));
    return made;
  }

  /** Mean divergence in the first and in the last of a number of roll-outs, and what the last one's rewards are. */
  async function charged(sight: Observability, rollouts: number) {
    const standIn = await StandIn.create(spec, sight, config, createRng(3));
    const actor = teacherActor(spec, "global");
    const costs: number[] = [];
    let rewards = new Float32Array();
    for (let i = 0; i < rollouts; i++) {
      const one = await rollout();
      one.rewards.fill(1);
      costs.push(await standIn.charge(one, { actor, theta, std }, createRng(i)));
      rewards = one.rewards.slice();
    }
    await standIn.close();
    return { first: costs[0], last: costs[costs.length - 1], rewards };
  }

  it("takes half of that off the rewards, where a nat costs a half", async () => {
    const { last, rewards } = await charged("fov", 1);
    const mean = rewards.reduce((sum, reward) => sum + reward, 0) / rows;
    expect(last).toBeGreaterThan(0.1);
    // four deviations of a mean over the rows, of a variance of twice the divergence
    expect(Math.abs(mean - (1 - 0.5 * last))).toBeLessThan(0.5 * 4 * Math.sqrt((2 * last) / rows));
    // what the stand-in would rather have done pays
    expect(Math.max(...rewards)).toBeGreaterThan(1);
  });

  it("that sees what the teacher sees comes to cost nothing, one that sees nothing costs the variance of what is done", async () => {
    const seeing = await charged("global", 150);
    expect(seeing.last).toBeLessThan(0.15 * seeing.first);
    const blind = await charged("fov", 60);
    // who sees nothing can but do the mean: its divergence is sum of var(a) / (2 std²)
    const mean = await meansOf((await rollout()).groups["keypoints:global"]);
    const variance = (a: number) => varianceOf(mean.filter((_, i) => i % 2 === a));
    const cost = std.reduce((sum, sigma, a) => sum + variance(a) / (2 * sigma ** 2), 0);
    expect(blind.last / cost).toBeGreaterThan(0.85);
    expect(blind.last / cost).toBeLessThan(1.15);
  });
});

function varianceOf(values: Float32Array): number {
  const mean = values.reduce((sum, value) => sum + value, 0) / values.length;
  return values.reduce((sum, value) => sum + (value - mean) ** 2, 0) / values.length;
}
