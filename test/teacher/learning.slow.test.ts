import { expect, it } from "vitest";
import { summarize } from "../../rollout/evaluation.ts";
import { WorkerPool } from "../../rollout/pool.ts";
import { teacherActor } from "../../rollout/teacher-actor.ts";
import { teacherConfig } from "../../teacher/config.ts";
import { trainTeacher } from "../../teacher/ppo.ts";

import { freshTeacher, simulationOf } from "../support/tiny-runs.ts";

it("a small teacher learns to drive up to a box in 40,000 steps", async () => {
  const simulation = simulationOf("reach-box", { seed: 1 });
  const config = teacherConfig.parse({
    observability: "global",
    iterations: 20,
    envs: 64,
    shardEnvs: 32,
    rolloutSteps: 32,
    batch: 512,
    hidden: 32,
    latent: 16,
  });
  const pool = new WorkerPool(2);
  const { spec, theta, progress } = await trainTeacher({ simulation, config, pool });
  expect(progress.environmentSteps).toBeLessThan(42_000);
  const successOf = async (policy: Parameters<WorkerPool["evaluate"]>[0]) =>
    summarize(await pool.evaluate(policy), 0.1, 150).success.rate;
  const trained = { simulation, actor: teacherActor(spec, "global"), theta, episodes: 128 };
  expect(await successOf(trained)).toBeGreaterThanOrEqual(0.8);
  // and it was not easy to begin with
  expect(await successOf({ ...trained, ...freshTeacher(simulation) })).toBeLessThan(0.4);
  await pool.close();
});
