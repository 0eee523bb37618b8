/**
 * Environment steps a second of every scene on one core, without a policy: physics, rewards, a teacher's observations and
 * new episodes, under random actions. Scenes take turns, so that what else the machine does hits all alike.
 *
 * `npx tsx bench/scenes.ts` writes bench/results/scenes.json.
 */

import { createRng } from "../core/rng.ts";
import { SceneBatch } from "../sim/scene-batch.ts";
import { scenes } from "../sim/scenes/index.ts";
import { type Contender, interleavedMedians, writeResults } from "./harness.ts";

const ENVS = 64;
/** Control steps of one turn. */
const STEPS = 50;

async function contender(name: string): Promise<Contender> {
  const scene = scenes.find((found) => found.name === name);
  if (!scene) throw new Error(`internal: no scene "${name}".`);
  const batch = await SceneBatch.create({
    scene,
    envs: ENVS,
    seed: 1,
    purpose: "training",
    groups: ["keypoints:objects+gate", "proprioception", "lastSeen", "privileged"],
  });
  batch.practiceShare = 0.3;
  batch.stageShare = 0.5;
  batch.reset();
  const rng = createRng(1);
  const actions = new Float32Array(ENVS * 2);
  return {
    name,
    units: ENVS * STEPS,
    work() {
      for (let t = 0; t < STEPS; t++) {
        for (let i = 0; i < actions.length; i++) actions[i] = rng.uniform(-0.6, 1);
        batch.step(actions);
      }
    },
  };
}

const timings = await interleavedMedians(
  await Promise.all(scenes.map(({ name }) => contender(name))),
);
const pair = timings.find(({ name }) => name === "push-pair")?.unitsPerSecond ?? Number.NaN;
const headlines = timings.map(({ name, unitsPerSecond }) => ({
  what: `${name}: simulation and a teacher's observations, one core`,
  value: `${unitsPerSecond.toLocaleString("en-US")} environment steps/s`,
  against: `${(unitsPerSecond / pair).toFixed(2)} of push-pair`,
}));
for (const { what, value, against } of headlines) console.log(`${what}: ${value}, ${against}`);
console.log(`Wrote ${writeResults("scenes", { headlines, envs: ENVS, timings })}.`);
