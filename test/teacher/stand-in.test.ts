/** What a teacher pays for what its student could not know. */

import { describe, expect, it } from "vitest";
import { createRng } from "../../core/rng.ts";
import { Actor } from "../../nn/engine.ts";
import { type TeacherSpec, teacherNetwork } from "../../policies/networks/teacher.ts";
import { createRollout } from "../../rollout/rollout.ts";
import { teacherActor } from "../../rollout/teacher-actor.ts";
import type { Observability } from "../../sim/visibility.ts";
import { divergence, StandIn } from "../../teacher/stand-in.ts";
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

  it("does not count what no robot would execute", () => {
    expect([...divergence(Float32Array.of(3, -1), Float32Array.of(1, -7), [1, 1])]).toEqual([0]);
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

  /** A roll-out in which the teacher sees points that vary, and a camera shows none. */
  function rollout() {
    const made = createRollout({
      ...{ steps: config.rolloutSteps, envs: config.envs, actions: 2, finals: [] },
      rows: { "keypoints:global": 6, "keypoints:fov": 6, proprioception: 2 },
    });
    made.groups["keypoints:global"].forEach((_, i, all) => {
      all[i] = rng.normal();
    });
    return made;
  }

  /** Mean divergence in the first and in the last of a number of roll-outs, and what the last one's rewards are. */
  async function charged(sight: Observability, rollouts: number) {
    const standIn = await StandIn.create(spec, sight, config, createRng(3));
    const actor = teacherActor(spec, "global");
    const costs: number[] = [];
    let rewards = new Float32Array();
    for (let i = 0; i < rollouts; i++) {
      const one = rollout();
      one.rewards.fill(1);
      costs.push(await standIn.charge(one, { actor, theta, std }, createRng(i)));
      rewards = one.rewards.slice();
    }
    await standIn.close();
    return { first: costs[0], last: costs[costs.length - 1], rewards };
  }

  /** What the teacher does, within what is executed. */
  async function meansOf(keypoints: Float32Array): Promise<Float32Array> {
    const { params, act: forward, inputs } = teacherNetwork(spec);
    const actor = await Actor.create({ params, forward, inputs, outputs: ["mean"], batch: rows });
    const proprioception = new Float32Array(2 * rows);
    const { mean } = await actor.run(theta, { keypoints, proprioception });
    await actor.close();
    return mean.map((action) => Math.min(1, Math.max(-1, action)));
  }

  it("takes the divergence, weighted, off the rewards", async () => {
    const { last, rewards } = await charged("fov", 1);
    const mean = rewards.reduce((sum, reward) => sum + reward, 0) / rows;
    expect(last).toBeGreaterThan(0.01);
    expect(mean).toBeCloseTo(1 - 0.5 * last, 5);
    expect(Math.max(...rewards)).toBeLessThan(1 + 1e-6);
  });

  it("that sees what the teacher sees comes to cost nothing, one that sees nothing costs the variance of what is done", async () => {
    const seeing = await charged("global", 150);
    expect(seeing.last).toBeLessThan(0.15 * seeing.first);
    const blind = await charged("fov", 60);
    // who sees nothing can but do the mean: its divergence is sum of var(a) / (2 std²)
    const mean = await meansOf(rollout().groups["keypoints:global"]);
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
