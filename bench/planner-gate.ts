/**
 * Gated factors against plain sums, on a plan with a factor that can be exploited: being near the box
 * pays in every step, so staying near it forever pays more than reaching it.
 *
 * A linear policy learns to drive by the cross-entropy method (Rubinstein, 1999), from the plan's reward
 * alone, once with each gate, and is judged by whether the box is reached.
 *
 * npx tsx bench/planner-gate.ts [seeds]
 */

import { formatPercent } from "../cli/format.ts";
import { createRng, type Rng } from "../core/rng.ts";
import { type Proportion, wilson } from "../core/statistics.ts";
import { type Plan, planAnswerSchema } from "../llm-planner/plan.ts";
import { planScene } from "../llm-planner/scene.ts";
import type { Gate } from "../llm-planner/stages.ts";
import { verifyPlan } from "../llm-planner/verify.ts";
import { assembleScene } from "../sim/scene.ts";
import { SceneBatch } from "../sim/scene-batch.ts";
import { findScene } from "../sim/scenes/index.ts";
import { writeResults } from "./harness.ts";

const seeds = Number(process.argv[2] ?? 3);

const plan: Plan = {
  format: 1,
  scene: "reach-box",
  instruction: "drive up to the box",
  stages: planAnswerSchema.parse({
    stages: [
      {
        name: "reach",
        active: "box",
        budgetSteps: 80,
        factors: [
          {
            name: "near",
            kind: "level",
            value: "max(0, 1 - distance(robot, active) / 1 m)",
            weight: 0.5,
          },
        ],
      },
    ],
  }).stages,
};

/** Bias, and where the box is in the robot's axes: ahead, left, and the bearing. */
const FEATURES = 4;
const WEIGHTS = FEATURES * 2;
const POPULATION = 24;
const ELITE = 6;
const EPISODES = 4;
const GENERATIONS = 14;

type Batch = Awaited<ReturnType<typeof openBatch>>;

function openBatch(gate: Gate, envs: number, seed: number, purpose: "training" | "evaluation") {
  return SceneBatch.create({
    scene: planScene,
    config: { base: "reach-box", plan, gate },
    envs,
    seed,
    purpose,
    groups: ["keypoints:global"],
  });
}

/** Plays one episode in each environment; environment n by the policy `weightsOf(n)`. */
function play(batch: Batch, weightsOf: (env: number) => Float64Array) {
  const points = batch.groups["keypoints:global"];
  const size = batch.rowSizes["keypoints:global"];
  const actions = new Float32Array(batch.envs * 2);
  const returns = new Float64Array(batch.envs).fill(Number.NaN);
  const reached = new Uint8Array(batch.envs);
  let open = batch.envs;
  batch.reset();
  while (open > 0) {
    for (let env = 0; env < batch.envs; env++) {
      const ahead_m = points[env * size];
      const left_m = points[env * size + 1];
      const features = [1, ahead_m, left_m, Math.atan2(left_m, ahead_m)];
      const weights = weightsOf(env);
      for (let a = 0; a < 2; a++) {
        const sum = features.reduce((total, x, f) => total + x * weights[a * FEATURES + f], 0);
        actions[env * 2 + a] = Math.tanh(sum);
      }
    }
    batch.step(actions);
    for (const end of batch.ends) {
      if (!Number.isNaN(returns[end.env])) continue;
      returns[end.env] = end.return;
      reached[end.env] = end.outcome === "success" ? 1 : 0;
      open--;
    }
  }
  return { returns, reached };
}

/** Mean and spread move towards the best quarter of each generation. */
async function learn(gate: Gate, seed: number): Promise<{ mean: Float64Array; curve: number[] }> {
  const rng: Rng = createRng(seed).split("cross-entropy");
  const batch = await openBatch(gate, POPULATION * EPISODES, seed, "training");
  const mean = new Float64Array(WEIGHTS);
  const spread = new Float64Array(WEIGHTS).fill(1.5);
  const curve: number[] = [];
  for (let generation = 0; generation < GENERATIONS; generation++) {
    const people = Array.from({ length: POPULATION }, () =>
      Float64Array.from(mean, (centre, i) => centre + spread[i] * rng.normal()),
    );
    const { returns } = play(batch, (env) => people[Math.floor(env / EPISODES)]);
    const scores = people.map((weights, p) => {
      const own = returns.subarray(p * EPISODES, (p + 1) * EPISODES);
      return { weights, score: own.reduce((sum, r) => sum + r, 0) / EPISODES };
    });
    const best = scores.sort((a, b) => b.score - a.score).slice(0, ELITE);
    curve.push(best[0].score);
    for (let i = 0; i < WEIGHTS; i++) {
      const values = best.map(({ weights }) => weights[i]);
      const centre = values.reduce((sum, v) => sum + v, 0) / ELITE;
      const variance = values.reduce((sum, v) => sum + (v - centre) ** 2, 0) / ELITE;
      mean[i] = centre;
      spread[i] = Math.sqrt(variance) + 0.3 * 0.9 ** generation;
    }
  }
  batch.free();
  return { mean, curve };
}

const base = findScene("reach-box");
const verdict = await verifyPlan(assembleScene(base), plan, { seed: 1 });
if (verdict.reasons.length > 0) throw new Error(`internal: ${verdict.reasons.join(" ")}`);

interface Run {
  readonly gate: Gate;
  readonly seed: number;
  readonly success: Proportion;
  readonly meanReturn: number;
  readonly curve: readonly number[];
}
const runs: Run[] = [];
for (const gate of ["outcome", "none"] as const) {
  for (let seed = 1; seed <= seeds; seed++) {
    const { mean, curve } = await learn(gate, seed);
    const test = await openBatch(gate, 64, seed, "evaluation");
    const { returns, reached } = play(test, () => mean);
    test.free();
    const success = wilson(
      reached.reduce((sum, won) => sum + won, 0),
      reached.length,
    );
    const meanReturn = returns.reduce((sum, r) => sum + r, 0) / returns.length;
    runs.push({ gate, seed, success, meanReturn, curve });
    console.log(
      `gate ${gate}, seed ${seed}: reached ${formatPercent(success.rate)}, return ${meanReturn.toFixed(1)}`,
    );
  }
}
const worstAndBest = (gate: Gate) => {
  const rates = runs.filter((run) => run.gate === gate).map(({ success }) => success.rate);
  return `${formatPercent(Math.min(...rates))} to ${formatPercent(Math.max(...rates))}`;
};
console.log(
  writeResults("planner-gate", {
    headlines: [
      {
        what: `a plan with a factor that can be exploited: success over ${seeds} seeds, gated by outcome`,
        value: worstAndBest("outcome"),
        against: `plain sum ${worstAndBest("none")}`,
      },
    ],
    environmentSteps: GENERATIONS * POPULATION * EPISODES * plan.stages[0].budgetSteps,
    factor: plan.stages[0].factors,
    runs,
  }),
);
