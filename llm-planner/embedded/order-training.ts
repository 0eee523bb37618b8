/**
 * Trains the sequencer: first to do as told, then by outcome. Plans are drawn for the same snapshot of the world,
 * carried out, and compared with each other; tasks of few stages come first.
 */

import { z } from "zod";
import { ConfigError } from "../../core/errors.ts";
import { createRng, type Rng } from "../../core/rng.ts";
import { Actor } from "../../nn/actor.ts";
import { runInBatches } from "../../nn/batches.ts";
import type { Device } from "../../nn/device.ts";
import { Trainer, type TrainState } from "../../nn/trainer.ts";
import { ROOMY } from "../grammar/worlds.ts";
import {
  groupAdvantages,
  preferencePairs,
  sharedCredit,
  standardized,
  type Trial,
} from "./advantages.ts";
import type { Outcome } from "./floor.ts";
import {
  brokenDemands,
  crowdedCases,
  type Executor,
  floorExecutor,
  type OrderCase,
} from "./order-cases.ts";
import {
  logProbsOf,
  type OrderRow,
  orderArrays,
  orderObjective,
  orderSpec,
} from "./order-learning.ts";
import type { TrainedReader } from "./reader-training.ts";
import {
  GOALS,
  orderBy,
  SEQUENCER_OUTPUTS,
  sequencerForward,
  sequencerInputs,
  sequencerParams,
} from "./sequencer.ts";

/** Plans that an update learns from. */
const BATCH = 64;

const orderFields = z.strictObject({
  imitationSteps: z.int().min(0).default(400).describe("updates that teach to do as told"),
  iterations: z
    .int()
    .min(0)
    .default(160)
    .describe("rounds of drawing plans and learning from them"),
  tasks: z.int().min(1).default(32).describe("instructions of a round"),
  plans: z.int().min(2).default(8).describe("plans drawn for each instruction"),
  explore: z
    .number()
    .min(0)
    .max(1)
    .default(0.25)
    .describe("share of them whose order is drawn blindly, for what the start would never try"),
  epochs: z.int().min(1).default(2).describe("passes over the plans of a round"),
  learningRate: z.number().positive().default(5e-3),
  credit: z
    .enum(["group", "shared"])
    .default("group")
    .describe("advantages: group (GiGPO), or the planner's share alone (HiPER)"),
  clip: z.number().positive().default(0.2).describe("how far probabilities move in a round"),
  preference: z
    .number()
    .min(0)
    .default(0.5)
    .describe("weight of the preference loss (SPO); 0: none"),
  beta: z
    .number()
    .positive()
    .default(0.5)
    .describe("how strongly preferences hold on to the start"),
  entropy: z.number().min(0).default(0.01).describe("weight of the entropy"),
  disobedience: z
    .number()
    .min(0)
    .max(1)
    .default(0.3)
    .describe("what a plan pays for not keeping an order that the words demand; success pays 1"),
});

export const orderConfig = orderFields.refine(({ tasks, plans }) => tasks * plans >= BATCH, {
  path: ["tasks"],
  error: `Tasks times plans must be at least ${BATCH}, the plans of an update: a smaller round teaches nothing.`,
});
export type OrderConfig = z.output<typeof orderConfig>;

/** Scores that make all orders alike. */
const BLIND = new Float32Array(GOALS * GOALS);

export interface OrderTraining {
  readonly config: OrderConfig;
  readonly seed: number;
  readonly device?: Device;
  readonly signal?: AbortSignal;
}

export class SequencerTrainer {
  readonly #options: OrderTraining;
  readonly #rng: Rng;
  readonly #trainer: Trainer;
  readonly #actor: Actor;
  /** Rounds of outcome so far; they decide how many stages tasks may have. */
  rounds = 0;

  private constructor(options: OrderTraining, rng: Rng, trainer: Trainer, actor: Actor) {
    this.#options = options;
    this.#rng = rng;
    this.#trainer = trainer;
    this.#actor = actor;
  }

  static async create(options: OrderTraining): Promise<SequencerTrainer> {
    const { config, seed, device = "cpu" } = options;
    const rng = createRng(seed).split("sequencer");
    const params = sequencerParams();
    const trainer = await Trainer.create({
      params,
      objective: orderObjective(config),
      data: orderSpec,
      rows: BATCH,
      batch: BATCH,
      clipNorm: 1,
      theta: params.init(rng.split("weights")),
      device,
    });
    const actor = await Actor.create({
      params,
      forward: sequencerForward,
      inputs: sequencerInputs,
      outputs: SEQUENCER_OUTPUTS,
      batch: BATCH,
    });
    return new SequencerTrainer(options, rng, trainer, actor);
  }

  get theta(): Float32Array {
    return this.#trainer.theta;
  }

  state(): TrainState {
    return this.#trainer.state();
  }

  load(state: TrainState): void {
    this.#trainer.load(state);
  }

  /** Scores [K, K] of each case under `theta`. */
  async scores(theta: Float32Array, cases: readonly OrderCase[]): Promise<Float32Array[]> {
    const width = sequencerInputs.pairs.shape.reduce((a, b) => a * b, 1);
    const pairs = new Float32Array(cases.length * width);
    for (const [i, { features }] of cases.entries()) pairs.set(features, i * width);
    const sizes = { rows: cases.length, batch: BATCH };
    const { scores } = await runInBatches(this.#actor, theta, { pairs }, sizes);
    return cases.map((_, i) => scores.slice(i * GOALS * GOALS, (i + 1) * GOALS * GOALS));
  }

  /** Learns the orders that the words ask for. */
  async imitate(cases: readonly OrderCase[]): Promise<void> {
    const { config, signal } = this.#options;
    for (let step = 0; step < config.imitationSteps && !signal?.aborted; step++) {
      const rows = Array.from({ length: BATCH }, (): OrderRow => {
        const { features, reading, told } = cases[Math.floor(this.#rng.next() * cases.length)];
        return { features, goals: reading.goals, order: told, imitate: 1 };
      });
      await this.#train(rows, config.learningRate);
    }
  }

  /**
   * One round: draws plans for some of the cases, carries them out, learns. Returns the share that succeeded.
   * @throws ConfigError where no case is short enough for this round
   */
  async improve(
    cases: readonly OrderCase[],
    executor: Executor,
    reference: Float32Array,
  ): Promise<number> {
    const { config } = this.#options;
    const share = this.rounds / Math.max(1, config.iterations - 1);
    const most = 2 + Math.floor(Math.min(1, 2 * share) * (GOALS - 2));
    const lesson = cases.filter(({ reading }) => reading.goals.length <= most);
    if (lesson.length === 0) throw nothingToOrder(most);
    const picked = Array.from(
      { length: config.tasks },
      () => lesson[Math.floor(this.#rng.next() * lesson.length)],
    );
    const rows: OrderRow[] = [];
    const scores = await this.scores(this.theta, picked);
    const before = await this.scores(reference, picked);
    const blind = Math.round(config.explore * config.plans);
    const orders = picked.map((one, i) =>
      Array.from({ length: config.plans }, (_, k) =>
        orderBy(k < blind ? BLIND : scores[i], one.reading.goals, this.#rng),
      ),
    );
    const tasks = picked.flatMap(({ example, reading }, i) =>
      orders[i].map((order) => ({ world: example.world, goals: reading.goals, order })),
    );
    const outcomes = await executor.run(tasks);
    picked.forEach((one, i) => {
      const own = outcomes.slice(i * config.plans, (i + 1) * config.plans);
      rows.push(...this.#rowsOf(one, orders[i], own, scores[i], before[i]));
    });
    for (let epoch = 0; epoch < config.epochs; epoch++) await this.#learn(rows);
    this.rounds++;
    return outcomes.filter(({ success }) => success).length / outcomes.length;
  }

  async close(): Promise<void> {
    await this.#trainer.close();
    await this.#actor.close();
  }

  #rowsOf(
    one: OrderCase,
    orders: readonly (readonly number[])[],
    outcomes: readonly Outcome[],
    scores: Float32Array,
    before: Float32Array,
  ): OrderRow[] {
    const { config } = this.#options;
    const trials = orders.map((order, i) => trialOf(one, order, outcomes[i], config.disobedience));
    const totals = trials.map(({ rewards }) => rewards.reduce((a, b) => a + b, 0));
    const advantages = config.credit === "group" ? groupAdvantages(trials) : plannerShare(trials);
    const pairs = preferencePairs(totals, 0.1, (count) => Math.floor(this.#rng.next() * count));
    const { goals } = one.reading;
    const sum = (order: readonly number[]) =>
      logProbsOf(before, goals, order).reduce((a, b) => a + b, 0);
    return orders.map((order, i) => {
      const pair = config.preference > 0 ? pairs.find(([better]) => better === i) : undefined;
      const worse = pair && {
        order: orders[pair[1]],
        referenceGap: sum(order) - sum(orders[pair[1]]),
      };
      return {
        features: one.features,
        goals,
        order,
        advantages: advantages[i],
        // of blind orders, too, on purpose: see docs/decisions/embedded-planner.md
        oldLogProbs: logProbsOf(scores, goals, order),
        ...(worse && { worse }),
      };
    });
  }

  /** All rows once, in random order. */
  async #learn(rows: readonly OrderRow[]): Promise<void> {
    const left = [...rows];
    while (left.length >= BATCH) {
      const part = Array.from(
        { length: BATCH },
        () => left.splice(Math.floor(this.#rng.next() * left.length), 1)[0],
      );
      await this.#train(part, this.#options.config.learningRate / 2);
    }
  }

  async #train(rows: readonly OrderRow[], rate: number): Promise<void> {
    const index = Int32Array.from({ length: BATCH }, (_, i) => i);
    await this.#trainer.train(orderArrays(rows), index, [rate]);
  }
}

/**
 * What a plan earned, stage by stage: half a point shared by the stages that were placed, half for all of them at the
 * end, less for breaking an order that was demanded. The same stages done in the same order lead to the same snapshot.
 */
export function trialOf(
  { reading }: OrderCase,
  order: readonly number[],
  { placed, success }: Outcome,
  disobedience: number,
): Trial {
  const rewards = placed.map((done) => (done ? 0.5 / placed.length : 0));
  const broken = brokenDemands(reading, order) > 0 ? disobedience : 0;
  rewards[rewards.length - 1] += (success ? 0.5 : 0) - broken;
  const snapshots = Array.from({ length: order.length + 1 }, (_, k) => order.slice(0, k).join(" "));
  return { snapshots, choices: order.map(String), rewards };
}

/** The planner's share of the credit, standardized over the whole group. */
function plannerShare(trials: readonly Trial[]): number[][] {
  const { planner } = sharedCredit(trials);
  const flat = standardized(planner.flat());
  let at = 0;
  return planner.map((line) => line.map(() => flat[at++]));
}

/** Instructions that are read before training: about crowded worlds, and about roomy ones with one thing in the way. */
const CROWDED_CASES = 900;
const ROOMY_CASES = 600;

/** What the sequencer learns on: training instructions that the reader gets right. */
export async function orderLessons(reader: TrainedReader, seed: number): Promise<OrderCase[]> {
  const roomy = { style: ROOMY, mostGoals: 3 };
  return [
    ...(await crowdedCases(reader, "train", seed, CROWDED_CASES)),
    ...(await crowdedCases(reader, "train", seed + 1, ROOMY_CASES, roomy)),
  ];
}

export interface OrderRun extends OrderTraining {
  /** Where an earlier run, or another planner's, stopped. */
  readonly state?: TrainState;
  /** Rounds that `state` has had. */
  readonly rounds?: number;
  readonly executor?: Executor;
  readonly onRound?: (rounds: number, success: number) => void;
}

/** What came of the rounds so far. */
export interface LearntOrders {
  readonly state: TrainState;
  readonly rounds: number;
}

/**
 * Imitation, then all rounds of outcome; a resumed run draws other plans. Undefined where it was stopped before its first round: there is
 * nothing new to keep then, and imitation begins anew.
 */
export async function learnOrders(
  reader: TrainedReader,
  run: OrderRun,
): Promise<LearntOrders | undefined> {
  const { config, seed, state, rounds = 0 } = run;
  if (state && rounds >= config.iterations) return { state, rounds };
  return learnOrdersOf(await orderLessons(reader, seed), run);
}

/** The same from what is to be ordered. @throws ConfigError where that is nothing */
export async function learnOrdersOf(
  cases: readonly OrderCase[],
  run: OrderRun,
): Promise<LearntOrders | undefined> {
  const { config, signal, executor = floorExecutor, onRound, state } = run;
  if (cases.length === 0) throw nothingToOrder();
  const trainer = await SequencerTrainer.create(run);
  try {
    // the start that preferences hold on to is the same for a resumed run
    await trainer.imitate(cases);
    if (signal?.aborted) return undefined;
    const reference = trainer.theta;
    if (state) trainer.load(state);
    let rounds = run.rounds ?? 0;
    trainer.rounds = rounds;
    while (rounds < config.iterations && !signal?.aborted) {
      const success = await trainer.improve(cases, executor, reference);
      rounds++;
      onRound?.(rounds, success);
    }
    return { state: trainer.state(), rounds };
  } finally {
    await trainer.close();
  }
}

/** @param most stages of an instruction, where only short ones are drawn yet */
function nothingToOrder(most?: number): ConfigError {
  const which =
    most === undefined ? "the instructions" : `the instructions of up to ${most} stages`;
  return new ConfigError(
    `The reader reads none of ${which} right yet, so there is nothing to order. Train it for more steps.`,
  );
}
