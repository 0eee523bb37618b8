/**
 * What stages from a plan cost: the same scene with its hand-written stages, with a plan's usual ones,
 * and with a plan that asks for everything there is. How long a plan takes to verify, and how good the
 * scripted pusher is that rehearses it.
 *
 * npx tsx bench/planner-stages.ts
 */

import { createRng } from "../core/rng.ts";
import { planAnswerSchema } from "../llm-planner/plan.ts";
import { rehearse } from "../llm-planner/rehearsal/rehearse.ts";
import { asScene, sceneFromPlan } from "../llm-planner/scene.ts";
import { verifyPlan } from "../llm-planner/verify.ts";
import { assembleScene } from "../sim/scene.ts";
import { SceneBatch } from "../sim/scene-batch.ts";
import { findScene } from "../sim/scenes/index.ts";
import { interleavedMedians, writeResults } from "./harness.ts";
import type { Headline } from "./readme.ts";

const envs = 64;
const steps = 32;

const scene = findScene("push-cross");
const base = assembleScene(scene);
const places = [
  [0.25, 0],
  [0, 0.25],
  [-0.25, 0],
  [0, -0.25],
];

function stages(more: object) {
  return planAnswerSchema.parse({
    stages: places.map(([x_m, y_m], i) => ({
      name: `stage-${i + 1}`,
      active: `object ${i + 1}`,
      place: { anchor: "anchor", x_m, y_m },
      ...more,
    })),
  });
}

const everything = stages({
  factors: [
    { name: "gap", kind: "level", value: "clearance(robot, anchor)", weight: 0.1 },
    { name: "walls", kind: "level", value: "clearance(active, walls)", weight: 0.1 },
    { name: "look", kind: "level", value: "if(visible(active), 1, 0)", weight: 0.1 },
    { name: "touch", kind: "level", value: "if(contact(robot, active), 1, 0)", weight: 0.1 },
    { name: "turn", kind: "progress", value: "-abs(bearing(robot, active))", weight: 0.1 },
  ],
});

async function stepper(name: string, of: typeof scene) {
  const batch = await SceneBatch.create({
    scene: of,
    envs,
    seed: 1,
    purpose: "training",
    groups: ["proprioception"],
  });
  const rng = createRng(1);
  const actions = Array.from({ length: steps }, () =>
    Float32Array.from({ length: envs * 2 }, () => rng.uniform(-1, 1)),
  );
  batch.reset();
  return {
    name,
    units: envs * steps,
    work() {
      for (const action of actions) batch.step(action);
    },
  };
}

const timings = await interleavedMedians([
  await stepper("hand-written stages", scene),
  await stepper("a plan's usual stages", asScene(sceneFromPlan(base, stages({})))),
  await stepper("a plan that asks for everything", asScene(sceneFromPlan(base, everything))),
]);
const began = performance.now();
const { reasons } = await verifyPlan(base, stages({}), { seed: 1 });
const verify_s = Number(((performance.now() - began) / 1000).toFixed(2));
const pair = findScene("push-pair");
const front = planAnswerSchema.parse({
  stages: [{ name: "front", active: "object", place: { anchor: "anchor", x_m: 0.25, y_m: 0 } }],
});
const rehearsals = {
  "push-pair": await rehearse(assembleScene(pair), front, {
    seed: 1,
    attempts: 64,
  }),
  "push-cross": await rehearse(base, stages({}), { seed: 1, attempts: 64 }),
};
if (reasons.length > 0) throw new Error(`internal: the plan was refused: ${reasons}`);
const stepsPerSecond = (rate: number) => `${rate.toLocaleString("en-US")} environment steps/s`;
const [byHand, ...planned] = timings;
const headlines: Headline[] = [
  ...planned.map(({ name, unitsPerSecond }) => ({
    what: `push-cross with ${name}, one core`,
    value: stepsPerSecond(unitsPerSecond),
    against: `${byHand.name} ${stepsPerSecond(byHand.unitsPerSecond)}`,
  })),
  { what: "a plan of four stages verified", value: `${verify_s} s` },
  ...Object.entries(rehearsals).map(([name, found]) => ({
    what: `the pusher that rehearses plans, ${name}, stage by stage`,
    value: found.map(({ completed, entered }) => `${completed} of ${entered}`).join(", "),
  })),
];
for (const { what, value } of headlines) console.log(`${what}: ${value}`);
console.log(
  writeResults("planner-stages", { headlines, unit: "step", timings, verify_s, rehearsals }),
);
