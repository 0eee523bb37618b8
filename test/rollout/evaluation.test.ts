import { beforeAll, describe, expect, it } from "vitest";
import {
  EVALUATION_SHARD,
  type EvaluatedEpisode,
  failuresByStage,
  summarize,
} from "../../rollout/evaluation.ts";
import { WorkerPool } from "../../rollout/pool.ts";
import { exact } from "../../sim/randomization.ts";
import { findScene } from "../../sim/scenes/index.ts";
import { openBatch } from "../support/conformance.ts";
import { freshTeacher, simulationOf } from "../support/tiny-runs.ts";

const simulation = simulationOf("reach-box", { config: { budgetSteps: 12, start_m: 0.4 } });
const { actor, theta } = freshTeacher(simulation);
const EPISODES = EVALUATION_SHARD + 6;

describe("evaluate", () => {
  const results: EvaluatedEpisode[][] = [];
  const progress: number[] = [];
  beforeAll(async () => {
    for (const workers of [1, 2]) {
      const pool = new WorkerPool(workers);
      results.push(
        await pool.evaluate({
          simulation,
          actor,
          theta,
          episodes: EPISODES,
          record: true,
          onProgress: (done) => progress.push(done.length),
        }),
      );
      await pool.close();
    }
  });

  it("runs every start once, in order", () => {
    expect(results[0].map(({ start }) => start)).toEqual(
      Array.from({ length: EPISODES }, (_, i) => i),
    );
    expect(progress.slice(0, 2)).toEqual([EVALUATION_SHARD, EPISODES]);
  });

  it("finds the same, bit by bit, with any number of workers", () => {
    expect(results[1]).toEqual(results[0]);
  });

  it("leaves out the shards that were not begun when it was enough", async () => {
    const pool = new WorkerPool(1);
    let shards = 0;
    const found = await pool.evaluate({
      ...{ simulation, actor, theta, episodes: EPISODES, record: true },
      enough: () => shards++ === 1,
    });
    await pool.close();
    expect(found).toEqual(results[0].slice(0, EVALUATION_SHARD));
  });

  it("records every pose from the start to the end, and every action between", async () => {
    const bodies = 2;
    const batch = await openBatch(findScene("reach-box"), {
      ...simulation,
      scene: findScene("reach-box"),
      envs: 1,
      firstEnv: 66,
      purpose: "evaluation",
      groups: ["proprioception"],
    });
    batch.reset();
    const { poses = new Float32Array(0), actions = new Float32Array(0), steps } = results[0][66];
    expect([poses.length, actions.length]).toEqual([(steps + 1) * bodies * 7, steps * 2]);
    const row = new Float32Array(bodies * 7);
    for (let t = 0; t < steps; t++) {
      batch.poses(0, row);
      expect(poses.slice(t * row.length, (t + 1) * row.length), `pose ${t}`).toEqual(row);
      batch.step(actions.slice(t * 2, t * 2 + 2));
    }
    expect(batch.ends[0]).toMatchObject({ outcome: results[0][66].outcome, steps });
    // the last pose is that of the end, where the box stands as it did: a new start has it elsewhere
    const box = (t: number) => [...poses.subarray(t * row.length + 7, t * row.length + 9)];
    expect(box(steps)).toEqual(box(steps - 1).map((x) => expect.closeTo(x, 4)));
    batch.poses(0, row);
    expect(Math.hypot(row[7] - box(steps)[0], row[8] - box(steps)[1])).toBeGreaterThan(0.05);
    batch.free();
  });

  it("starts where no training starts", async () => {
    const scene = findScene("reach-box");
    const starts = async (purpose: "training" | "evaluation") => {
      const batch = await openBatch(scene, {
        ...simulation,
        scene,
        envs: 64,
        purpose,
        groups: ["privileged"],
        randomization: exact,
      });
      batch.practiceShare = purpose === "training" ? 1 : 0;
      const found = new Set<string>();
      for (let i = 0; i < 20; i++) {
        batch.reset();
        for (let env = 0; env < 64; env++) {
          const row = new Float32Array(14);
          batch.poses(env, row);
          found.add(row.join());
        }
      }
      batch.free();
      return found;
    };
    const [training, evaluation] = [await starts("training"), await starts("evaluation")];
    expect(training.size + evaluation.size).toBe(2 * 20 * 64);
    expect([...evaluation].filter((start) => training.has(start))).toEqual([]);
  });
});

describe("summarize", () => {
  const episode = (outcome: string, steps: number): EvaluatedEpisode => ({
    start: 0,
    outcome,
    steps,
    return: steps / 10,
    pathLength_m: 2,
    stagesDone: 1,
    ledger: new Float64Array(1),
  });

  it("counts failures with the whole budget, and outcomes by frequency", () => {
    const episodes = [
      episode("anchor moved", 3),
      episode("success", 20),
      episode("success", 40),
      episode("timed out", 100),
      episode("success", 30),
    ];
    const summary = summarize(episodes, 0.1, 100);
    // (2 + 4 + 3 + 10 + 10) s / 5
    expect(summary.meanTime_s).toBeCloseTo(5.8, 9);
    expect(summary.success).toMatchObject({ successes: 3, trials: 5, rate: 0.6 });
    expect(Object.keys(summary.outcomes)[0]).toBe("success");
    expect(summary.meanReturn).toBeCloseTo(19.3 / 5, 9);
    expect(summary.meanPathLength_m).toBe(2);
  });
});

it("counts failures by the stage that they came in", () => {
  const ends = [
    ["success", 3],
    ["timed out", 0],
    ["touched", 2],
    ["timed out", 2],
    // all stages were done, and then undone
    ["timed out", 3],
  ] as const;
  const episodes = ends.map(([outcome, stagesDone]) => ({ outcome, stagesDone }));
  expect(failuresByStage(episodes, 3)).toEqual([1, 0, 3]);
});
