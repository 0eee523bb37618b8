/**
 * The embedded planner: how well it reads held-out instructions, how fast, what learning by outcome and learning from
 * corrections change. Writes bench/results/planner.json.
 *
 * npx tsx bench/planner.ts [instructions] [simulated cases]
 */

import { formatPercent } from "../cli/format.ts";
import { createRng } from "../core/rng.ts";
import { median, type Proportion, quantile, wilson } from "../core/statistics.ts";
import { positionsIn, sampleFitting } from "../llm-planner/embedded/batches.ts";
import { readWeights } from "../llm-planner/embedded/bundle.ts";
import {
  correctionConfig,
  exampleOf,
  learnCorrections,
} from "../llm-planner/embedded/corrections.ts";
import { tryOrder } from "../llm-planner/embedded/floor.ts";
import { judgedCases, judgeOrders, readerQuality } from "../llm-planner/embedded/judging.ts";
import {
  allOrders,
  crowdedCases,
  type Executor,
  floorExecutor,
  type OrderCase,
} from "../llm-planner/embedded/order-cases.ts";
import {
  orderConfig,
  orderLessons,
  SequencerTrainer,
} from "../llm-planner/embedded/order-training.ts";
import { EmbeddedPlanner, zooPlanner } from "../llm-planner/embedded/planner.ts";
import { BatchReader, isRight } from "../llm-planner/embedded/read.ts";
import { simulatedExecutor } from "../llm-planner/embedded/simulated.ts";
import { correctionSchema } from "../llm-planner/execution/corrections.ts";
import { stagesOf } from "../llm-planner/grammar/goals.ts";
import type { Example } from "../llm-planner/grammar/instructions.ts";
import type { Split } from "../llm-planner/grammar/lexicon.ts";
import { ROOMY } from "../llm-planner/grammar/worlds.ts";
import { writeResults } from "./harness.ts";
import type { Headline } from "./readme.ts";

const count = Number(process.argv[2] ?? 2000);
const simulated = Number(process.argv[3] ?? 60);
const SEED = 1;
const SEEDS = [0, 1, 2];

const SAILOR = [
  [/\b(to the |on the )?left( side)? of\b/, "to port of"],
  [/\b(to the |on the )?right( side)? of\b/, "to starboard of"],
] as const;

const weights = readWeights(zooPlanner);
const { size, vocabulary } = weights;
const nothing = new Float32Array(weights.reader.length);
const state = { theta: weights.reader, m: nothing, v: nothing, steps: 0 };
const reader = { size, vocabulary, state };

const parts = process.argv[4]?.split(",") ?? ["reading", "speed", "outcome", "corrections"];
const results: Record<string, unknown> = {};
const headlines: Headline[] = [];
const measure = async (part: string, work: () => Promise<unknown>) => {
  if (parts.includes(part)) results[part] = await work();
};
await measure("reading", readHeldOut);
await measure("speed", () => timePlans(200));
await measure("outcome", learnByOutcome);
await measure("corrections", learnFromCorrections);
// a part alone is for a look
if (parts.length === 4) writeResults("planner", { headlines, ...results });

async function readHeldOut() {
  const heldOut = await readerQuality(reader, { seed: SEED, count, split: "heldOut" });
  const trained = await readerQuality(reader, { seed: SEED, count: count / 2, split: "train" });
  for (const [kind, share] of Object.entries(heldOut.kinds)) console.log(kind, percent(share));
  console.log("held-out", percent(heldOut.tasks), "trained templates", percent(trained.tasks));
  const what = "embedded planner, held-out instructions read exactly";
  headlines.push({ what, value: percent(heldOut.tasks) });
  return { heldOut, trained };
}

function percent({ rate, low, high }: Proportion): string {
  const [all, from, to] = [rate, low, high].map((share) => (100 * share).toFixed(1));
  return `${all} % (${from} to ${to})`;
}

/** Words in, JSON out, one thread, one at a time. */
async function timePlans(plans: number) {
  const rng = createRng(SEED).split("speed");
  const planner = await EmbeddedPlanner.load();
  const times_ms: number[] = [];
  for (let i = 0; i < plans + 20; i++) {
    const options = { split: "heldOut", refusable: 0 } as const;
    const { instruction, world } = sampleFitting(rng, options, size.tokens).example;
    const start = performance.now();
    // a refusal takes as long
    await planner.propose({ instruction, world, refusals: [] }).catch(() => undefined);
    if (i >= 20) times_ms.push(performance.now() - start);
  }
  await planner.close();
  const { reader: words, sequencer } = planner.manifest;
  const median_ms = median(times_ms);
  headlines.push({ what: "one plan, median", value: `${median_ms.toFixed(1)} ms` });
  const p99_ms = quantile(times_ms, 0.99);
  console.log("plan", median_ms, p99_ms, "ms");
  return { median_ms, p99_ms, onnx_bytes: words.bytes + sequencer.bytes };
}

/** Imitation against learning by outcome where the order told cannot be done: in the model and in simulation. */
async function learnByOutcome() {
  const cases = await orderLessons(reader, SEED);
  const judged = await judgedCases(reader, { seed: SEED, count: 800 });
  const roomy = await roomyCases();
  const sets: readonly [string, readonly OrderCase[], Executor][] = [
    ["model, infeasible as told", judged.infeasible, floorExecutor],
    ["model, feasible as told", judged.feasible, floorExecutor],
    ["simulation, infeasible as told", roomy, simulatedExecutor(SEED)],
  ];
  const runs = [];
  for (const credit of ["group", "shared"] as const) {
    for (const seed of SEEDS) {
      const config = orderConfig.parse({ credit });
      const trainer = await SequencerTrainer.create({ config, seed });
      await trainer.imitate(cases);
      const told = trainer.theta;
      for (let i = 0; i < config.iterations; i++) await trainer.improve(cases, floorExecutor, told);
      for (const [what, set, executor] of sets) {
        // the start imitates the same orders whatever the seed: in simulation once is enough
        const again = executor !== floorExecutor && (seed > 0 || credit === "shared");
        const before = again ? undefined : await judgeOrders(trainer, told, set, executor);
        const after = await judgeOrders(trainer, trainer.theta, set, executor);
        console.log(credit, seed, what, before && percent(before.success), percent(after.success));
        runs.push({ credit, seed, what, before: before?.success, after: after.success });
      }
      await trainer.close();
    }
  }
  const inSimulation = runs.filter(({ what }) => what.startsWith("simulation"));
  const byCredit = (wanted: string) =>
    inSimulation.filter(({ credit }) => credit === wanted).map(({ after }) => after.rate);
  const start = inSimulation.find(({ before }) => before)?.before as Proportion;
  headlines.push({
    what: "plans carried out in simulation where the order told is infeasible, median of 3 seeds",
    value: `${formatPercent(median(byCredit("group")))} after learning by outcome`,
    against: `${formatPercent(start.rate)} before; worst seed ${formatPercent(Math.min(...byCredit("group")))}; with the planner's share of the credit alone ${formatPercent(median(byCredit("shared")))}`,
  });
  return runs;
}

/** Held-out cases of few stages with room for a robot, where the order told fails in the model and another works. */
async function roomyCases(): Promise<OrderCase[]> {
  const found: OrderCase[] = [];
  for (let draw = 0; found.length < simulated && draw < 40; draw++) {
    const options = { style: ROOMY, mostGoals: 3 };
    const cases = await crowdedCases(reader, "heldOut", 0x5eed + draw, 200, options);
    for (const one of cases) {
      const works = (order: readonly number[]) =>
        tryOrder(one.example.world, one.reading.goals, order).success;
      if (found.length < simulated && !works(one.told) && allOrders(one).some(works))
        found.push(one);
    }
  }
  return found;
}

/** A sailor's words, which no template has: 50 corrections, then instructions of the same kind and of the usual one. */
async function learnFromCorrections() {
  const rng = createRng(SEED).split("corrections");
  // by way of the schema that corrections are logged in
  const logged = sailorExamples(rng.split("logged"), "train", 50).map(({ world, ...example }) =>
    correctionSchema.parse({
      format: 1,
      scene: world.scene,
      instruction: "",
      words: example.instruction,
      stage: "",
      step: 0,
      world,
      stages: stagesOf(world, example.meaning.goals, () => ""),
      reasons: [],
    }),
  );
  const examples = logged.flatMap((correction) => exampleOf(correction) ?? []);
  const before = { size, vocabulary, theta: weights.reader };
  const after = await learnCorrections(before, examples, correctionConfig.parse({}), SEED);
  const kind = sailorExamples(rng.split("judged"), "heldOut", 300);
  const usual = Array.from(
    { length: 500 },
    () => sampleFitting(rng, { split: "heldOut", refusable: 0 }, size.tokens).example,
  );
  const results = [];
  for (const [what, set] of [
    ["corrected kind", kind],
    ["usual instructions", usual],
  ] as const) {
    const [was, is] = [await shareRight(before, set), await shareRight(after, set)];
    console.log(what, percent(was), percent(is));
    results.push({ what, before: was, after: is });
    headlines.push({
      what: `50 corrections learnt: ${what} read exactly`,
      value: percent(is),
      against: `${percent(was)} before`,
    });
  }
  return results;
}

/** Instructions of one or two goals in which left and right are called port and starboard. */
function sailorExamples(
  rng: ReturnType<typeof createRng>,
  split: Split,
  wanted: number,
): Example[] {
  const found: Example[] = [];
  while (found.length < wanted) {
    const goals = 1 + Math.floor(rng.next() * 2);
    const { example } = sampleFitting(rng, { split, goals, refusable: 0 }, size.tokens);
    const sides = example.meaning.goals.map(({ direction }) => direction);
    if (!sides.every((side) => side === "left" || side === "right")) continue;
    let text = example.instruction;
    for (const [pattern, words] of SAILOR) text = text.replaceAll(new RegExp(pattern, "g"), words);
    if (/\b(left|right)\b/.test(text)) continue;
    found.push({ ...example, instruction: text, pieces: [{ text }] });
  }
  return found;
}

async function shareRight(
  one: { readonly size: typeof size; readonly vocabulary: readonly string[]; theta: Float32Array },
  examples: readonly Example[],
) {
  const batch = await BatchReader.create(one.size, positionsIn(one.vocabulary));
  const readings = await batch.read(one.theta, examples);
  await batch.close();
  const right = examples.filter((example, i) => isRight(example, readings[i])).length;
  return wilson(right, examples.length);
}
