/** How good a planner is, on instructions it never saw. */

import { createRng } from "../../core/rng.ts";
import { type Proportion, wilson } from "../../core/statistics.ts";
import type { Example } from "../grammar/instructions.ts";
import type { Split } from "../grammar/lexicon.ts";
import { positionsIn, sampleFitting } from "./batches.ts";
import { tryOrder } from "./floor.ts";
import {
  allOrders,
  crowdedCases,
  type Executor,
  floorExecutor,
  type OrderCase,
} from "./order-cases.ts";
import { orderConfig, SequencerTrainer } from "./order-training.ts";
import { BatchReader, isRight } from "./read.ts";
import type { TrainedReader } from "./reader-training.ts";
import { orderBy } from "./sequencer.ts";

/** Judged instructions are drawn from seeds apart from those of training. */
const JUDGING = 0x7e57;

export interface ReaderQuality {
  /** Instructions that can be followed, of all lengths. */
  readonly tasks: Proportion;
  /** Instructions that cannot, which must be refused for the right reason. */
  readonly refusals: Proportion;
  /** By number of goals, or by the reason why there is no plan. */
  readonly kinds: Readonly<Record<string, Proportion>>;
}

/** Share of instructions of which all goals, their order and refusals are right. */
export async function readerQuality(
  { size, vocabulary, state }: Pick<TrainedReader, "size" | "vocabulary" | "state">,
  { seed, count, split }: { readonly seed: number; readonly count: number; readonly split: Split },
): Promise<ReaderQuality> {
  const rng = createRng(JUDGING + seed).split(split);
  const examples = Array.from(
    { length: count },
    () => sampleFitting(rng, { split }, size.tokens).example,
  );
  const reader = await BatchReader.create(size, positionsIn(vocabulary));
  const readings = await reader.read(state.theta, examples);
  await reader.close();
  const right = examples.map((example, i) => isRight(example, readings[i]));
  const kinds = [...new Set(examples.map(kindOf))].sort();
  const share = (holds: (example: Example) => boolean) => {
    const chosen = right.filter((_, i) => holds(examples[i]));
    return wilson(chosen.filter((yes) => yes).length, chosen.length);
  };
  return {
    tasks: share(({ status }) => status === "ok"),
    refusals: share(({ status }) => status !== "ok"),
    kinds: Object.fromEntries(kinds.map((kind) => [kind, share((one) => kindOf(one) === kind)])),
  };
}

function kindOf({ status, meaning }: Example): string {
  return status === "ok" ? `${meaning.goals.length} goals` : status;
}

export interface OrderQuality {
  /** Success where the order that the words ask for cannot be done, but another one can. */
  readonly infeasible: Proportion;
  /** Success where the order that the words ask for can be done. */
  readonly feasible: Proportion;
  /** Of the feasible, those done in an order that the words demand, wherever they demand one. */
  readonly obeyed: Proportion;
}

/** Held-out instructions about crowded worlds, read and sorted by whether the order told can be done. */
export async function judgedCases(
  { size, vocabulary, state }: Pick<TrainedReader, "size" | "vocabulary" | "state">,
  { seed, count }: { readonly seed: number; readonly count: number },
): Promise<{ readonly infeasible: OrderCase[]; readonly feasible: OrderCase[] }> {
  const cases = await crowdedCases({ size, vocabulary, state }, "heldOut", JUDGING + seed, count);
  const works = ({ example, reading }: OrderCase, order: readonly number[]) =>
    tryOrder(example.world, reading.goals, order).success;
  const feasible = cases.filter((one) => works(one, one.told));
  const infeasible = cases.filter(
    (one) => !feasible.includes(one) && allOrders(one).some((order) => works(one, order)),
  );
  return { infeasible, feasible };
}

export async function sequencerQuality(
  reader: Pick<TrainedReader, "size" | "vocabulary" | "state">,
  theta: Float32Array,
  options: { readonly seed: number; readonly count: number },
  executor: Executor = floorExecutor,
): Promise<OrderQuality> {
  const { infeasible, feasible } = await judgedCases(reader, options);
  const trainer = await SequencerTrainer.create({ config: orderConfig.parse({}), seed: 0 });
  try {
    const judged = await judgeOrders(trainer, theta, infeasible, executor);
    const easy = await judgeOrders(trainer, theta, feasible, executor);
    return { infeasible: judged.success, feasible: easy.success, obeyed: easy.obeyed };
  } finally {
    await trainer.close();
  }
}

/** Carries out the likeliest order of every case. */
export async function judgeOrders(
  trainer: SequencerTrainer,
  theta: Float32Array,
  cases: readonly OrderCase[],
  executor: Executor,
): Promise<{ readonly success: Proportion; readonly obeyed: Proportion }> {
  const scores = await trainer.scores(theta, cases);
  const orders = cases.map(({ reading }, i) => orderBy(scores[i], reading.goals));
  const tasks = cases.map(({ example, reading }, i) => ({
    world: example.world,
    goals: reading.goals,
    order: orders[i],
  }));
  const outcomes = await executor.run(tasks);
  const kept = cases.filter(({ reading: { demanded } }, i) =>
    orders[i].every((late, k) => orders[i].slice(0, k).every((early) => !demanded[late][early])),
  );
  return {
    success: wilson(outcomes.filter(({ success }) => success).length, cases.length),
    obeyed: wilson(kept.length, cases.length),
  };
}
