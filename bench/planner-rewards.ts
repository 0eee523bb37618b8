/**
 * Stage rewards that come from a plan against those written by hand: for each of five arrangements drawn at random,
 * two teachers with the same steps and the same seed, one paid by the scene, one by `train --plan`. Both are
 * judged by the scene's own success on the same unseen starts. Writes bench/results/planner-rewards.json.
 *
 * npx tsx bench/planner-rewards.ts [--iterations 300] [--episodes 512] [--workers 2] [--teacher '{"epochs": 4}']
 *
 * The teachers see everything and read poses: it is rewards that are compared, and one that has to search for its objects
 * is at 5 % of two-object arrangements after five million steps, where these are at 50 to 60.
 *
 * Trainings that are finished are skipped and one that was stopped goes on, so run it again after Ctrl-C. `--smoke` shows
 * in a minute that it runs, and writes no results.
 */

import path from "node:path";
import { parseArgs } from "node:util";
import { evaluateLink, trainLink } from "../cli/chain.ts";
import { formatProportion } from "../cli/format.ts";
import { presetOf } from "../cli/presets.ts";
import { Progress } from "../cli/progress.ts";
import { runConfigSchema, simulationOf } from "../cli/run-config.ts";
import { openPool } from "../cli/run-options.ts";
import { createRng } from "../core/rng.ts";
import { type Plan, planSchema } from "../llm-planner/plan.ts";
import { planScene } from "../llm-planner/scene.ts";
import type { SimulationSpec } from "../rollout/shard.ts";
import { teacherActor } from "../rollout/teacher-actor.ts";
import type { ArrangementInput } from "../sim/arrangement/arrangement.ts";
import { drawArrangement } from "../sim/arrangement/random.ts";
import { egoPushRobot } from "../sim/robots/diff-drive.ts";
import { writeResults } from "./harness.ts";

const SCENE = "push-arrangement";
const SEED = 11;
/** What the planner issue asks for. */
const required = { notClearlyWorse: 4 };

const { values } = parseArgs({
  options: {
    iterations: { type: "string", default: "300" },
    episodes: { type: "string", default: "512" },
    workers: { type: "string", default: "2" },
    teacher: { type: "string", default: "{}" },
    folder: { type: "string", default: "runs/planner-rewards" },
    smoke: { type: "boolean", default: false },
  },
});
const { smoke } = values;
const arrangements = smoke ? 1 : 5;
const episodes = smoke ? 16 : Number(values.episodes);

/** The settings that push-pair is trained with, here and there. */
const quick = presetOf("push-pair", "quick") as {
  readonly scene: object;
  readonly teacher: object;
};
const tiny = { iterations: 2, envs: 16, shardEnvs: 8, rolloutSteps: 16, batch: 128 };
const teacher = {
  ...quick.teacher,
  encoder: "poses",
  observability: "global",
  iterations: Number(values.iterations),
  ...(JSON.parse(values.teacher) as object),
  ...(smoke ? tiny : {}),
};

/** One or two objects, drawn like those of a random arrangement, in numbers that one would write down. */
function arrangementAt(number: number): ArrangementInput & { readonly anchor: "cube" } {
  const rng = createRng(SEED).split(`arrangement ${number}`);
  const shapes = (["cube", "cylinder"] as const).map((shape) =>
    rng.next() < 0.75 ? "cube" : shape,
  );
  const { slots } = drawArrangement({ anchor: "cube", shapes, fewest: 1 }, egoPushRobot, 0.6, rng);
  const objects = slots.map(({ shape, x_m, y_m, yaw_rad }) => ({
    shape: shape as "cube" | "cylinder",
    x_m: Math.round(x_m * 100) / 100,
    y_m: Math.round(y_m * 100) / 100,
    yaw_deg: Math.round((yaw_rad * 180) / Math.PI),
  }));
  return { anchor: "cube", objects };
}

/** The same task as a plan: where each object belongs, and nothing about what pays. */
function planFor({ objects }: ArrangementInput): Plan {
  return planSchema.parse({
    format: 1,
    scene: SCENE,
    instruction: "make the arrangement",
    stages: objects.map(({ shape, x_m, y_m, yaw_deg = 0 }, i) => ({
      name: `place-object-${i + 1}`,
      why: "It belongs to the arrangement.",
      active: `object ${i + 1}`,
      place: { anchor: "anchor", x_m, y_m, yaw_deg: shape === "cylinder" ? null : yaw_deg },
    })),
  });
}

const pool = openPool(Number(values.workers));
const names = ["by hand", "from the plan"] as const;
const comparisons = [];
for (let i = 0; i < arrangements; i++) {
  const arrangement = arrangementAt(i);
  const scene = { ...quick.scene, arrangement };
  const config = runConfigSchema(SCENE).parse({ scene, teacher });
  const own = simulationOf(SCENE, config, SEED + i);
  const planned: SimulationSpec = {
    ...own,
    scene: planScene.name,
    config: { base: SCENE, scene: own.config, plan: planFor(arrangement) },
  };
  const found = [];
  for (const [name, simulation] of [
    [names[0], own],
    [names[1], planned],
  ] as const) {
    const file = path.join(
      values.folder,
      `${smoke ? "smoke-" : ""}${i}-${name.replaceAll(" ", "-")}.ckpt`,
    );
    const progress = new Progress(["teacher", "evaluate"]);
    const { signal } = new AbortController();
    const chain = { simulation, config, pool, progress, signal };
    const { teacher: trained } = await trainLink(chain, file);
    const actor = teacherActor(trained.spec, config.teacher.observability);
    // both by the scene's own success
    const judged = { simulation: own, pool, progress };
    const { theta } = trained;
    const { success, outcomes } = await evaluateLink(judged, "evaluate", actor, {
      episodes,
      theta,
    });
    const { environmentSteps } = trained.progress;
    console.log(`arrangement ${i + 1}, ${name}: ${formatProportion(success)}`);
    found.push({ name, environmentSteps, success, outcomes });
  }
  const [byHand, fromPlan] = found;
  // their intervals overlap, or the plan's is above
  const notClearlyWorse = fromPlan.success.high >= byHand.success.low;
  comparisons.push({ arrangement, notClearlyWorse, found });
}
await pool.close();

const held = comparisons.filter(({ notClearlyWorse }) => notClearlyWorse).length;
const rates = comparisons.map(({ found }) =>
  found.map(({ success }) => (100 * success.rate).toFixed(0)).join(" / "),
);
const headlines = [
  {
    what: "stage rewards from a plan, teacher's success on arrangements drawn at random, unseen starts",
    value: `not clearly worse on ${held} of ${arrangements} (95 % intervals overlap), one seed each`,
    against: `by hand / from the plan: ${rates.join(", ")} %`,
  },
];
console.log(`${headlines[0].what}: ${headlines[0].value} (${headlines[0].against})`);
if (!smoke) {
  const results = { headlines, required, episodes, seed: SEED, teacher, comparisons };
  console.log(`Wrote ${writeResults("planner-rewards", results)}.`);
}
