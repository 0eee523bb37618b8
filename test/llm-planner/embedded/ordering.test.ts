/** The floor model, and the orders that the sequencer draws, learns and counts. */

import path from "node:path";
import { describe, expect, it } from "vitest";
import { ConfigError } from "../../../core/errors.ts";
import { createRng } from "../../../core/rng.ts";
import { readPart, writePart } from "../../../llm-planner/embedded/checkpoints.ts";
import type { Reading } from "../../../llm-planner/embedded/decoding.ts";
import { canPlace, tryOrder } from "../../../llm-planner/embedded/floor.ts";
import {
  allOrders,
  caseOf,
  floorExecutor,
  type OrderCase,
} from "../../../llm-planner/embedded/order-cases.ts";
import { logProbsOf } from "../../../llm-planner/embedded/order-learning.ts";
import {
  learnOrdersOf,
  orderConfig,
  SequencerTrainer,
} from "../../../llm-planner/embedded/order-training.ts";
import {
  GOALS,
  likeliestOrders,
  orderBy,
  sequencerParams,
} from "../../../llm-planner/embedded/sequencer.ts";
import type { Goal } from "../../../llm-planner/grammar/goals.ts";
import type { WorldView } from "../../../llm-planner/world-view.ts";
import { temporaryFolder } from "../../support/temporary-folder.ts";
import { object, worldWith } from "./worlds.ts";

/** The green cube stands where the red one is to go; the green one itself goes elsewhere. */
const blocked = worldWith(
  object("blue", "cube", "blue", 0, 0),
  object("red", "cube", "red", -0.3, 0.9),
  object("green", "cube", "green", 0.02, 0.25),
);
const goals: readonly Goal[] = [
  { object: 1, anchor: 0, direction: "left", place: 1 },
  { object: 2, anchor: 0, direction: "right", place: 1 },
];

const reading = (which: readonly Goal[]): Reading => ({
  status: "ok",
  certainty: 1,
  goals: which,
  earlier: which.map((_, i) => which.map((__, j) => 4 * (j - i))),
  demanded: which.map(() => which.map(() => false)),
});

it("finds a place free only after what stands in it has gone", () => {
  expect(tryOrder(blocked, goals, [0, 1])).toEqual({ placed: [false, true], success: false });
  expect(tryOrder(blocked, goals, [1, 0])).toEqual({ placed: [true, true], success: true });
});

it("does not let an object through a closed ring, nor out of the arena", () => {
  const ring = Array.from({ length: 7 }, (_, k) => {
    const angle = (2 * Math.PI * k) / 7;
    return object(`wall-${k}`, "cube", "grey", 0.5 * Math.cos(angle), 0.5 * Math.sin(angle), 0.3);
  });
  const world = worldWith(object("in", "cube", "red", 0, 0, 0.1), ...ring);
  const spots = world.objects;
  expect(canPlace(world, spots, 0, { x_m: 1.1, y_m: 0 })).toBe(false);
  expect(
    canPlace(worldWith(object("in", "cube", "red", 0, 0, 0.1)), spots.slice(0, 1), 0, {
      x_m: 1.1,
      y_m: 0,
    }),
  ).toBe(true);
  expect(canPlace(world, spots, 0, { x_m: 1.6, y_m: 0 })).toBe(false);
});

it("gives all orders together the probability 1", () => {
  const rng = createRng(1);
  const three: Goal[] = [0, 1, 2].map((i) => ({
    object: i,
    anchor: 7,
    direction: "left",
    place: i + 1,
  }));
  // the last leans on the first: three of six orders are left
  const leaning = [three[0], three[1], { ...three[2], anchor: 0 }];
  const scores = Float32Array.from({ length: GOALS * GOALS }, () => rng.normal());
  for (const [which, count] of [
    [three, 6],
    [leaning, 3],
  ] as const) {
    const orders = likeliestOrders(scores, which);
    expect(orders).toHaveLength(count);
    const chances = orders.map((order) =>
      Math.exp(logProbsOf(scores, which, order).reduce((a, b) => a + b, 0)),
    );
    expect(chances.reduce((a, b) => a + b, 0)).toBeCloseTo(1, 5);
    expect(chances).toEqual([...chances].sort((a, b) => b - a));
    expect(orderBy(scores, which)).toEqual(orders[0]);
  }
});

/** An instruction that is read as it was meant. */
function caseIn(world: WorldView, which: readonly Goal[]): OrderCase {
  const meaning = { goals: which, before: [] };
  const example = { world, instruction: "", pieces: [], status: "ok", meaning } as const;
  const one = caseOf(example, reading(which));
  if (!one) throw new Error("the reading is the meaning");
  return one;
}

it("learns by outcome to do first what stands in the way", async () => {
  const one = caseIn(blocked, goals);
  expect(allOrders(one)).toHaveLength(2);
  expect(one.told).toEqual([0, 1]);
  const config = orderConfig.parse({ imitationSteps: 12, iterations: 40, tasks: 8 });
  const trainer = await SequencerTrainer.create({ config, seed: 1 });
  await trainer.imitate([one]);
  const reference = trainer.theta;
  const [told] = await trainer.scores(reference, [one]);
  expect(orderBy(told, one.reading.goals)).toEqual([0, 1]);
  for (let i = 0; i < config.iterations; i++)
    await trainer.improve([one], floorExecutor, reference);
  const [learnt] = await trainer.scores(trainer.theta, [one]);
  expect(orderBy(learnt, one.reading.goals)).toEqual([1, 0]);
  await trainer.close();
});

describe("a training that is stopped", () => {
  const folder = temporaryFolder();
  const one = caseIn(blocked, goals);
  const config = orderConfig.parse({ imitationSteps: 5, iterations: 3, tasks: 8 });
  const run = { config, seed: 1 };

  /** Aborts when it has been asked that often. */
  const abortsAfter = (times: number) => {
    let asked = 0;
    return {
      get aborted() {
        return ++asked > times;
      },
    } as AbortSignal;
  };

  it("before its first round has nothing to keep, and one after it goes on from there", async () => {
    for (const times of [0, 3, 5]) {
      expect(await learnOrdersOf([one], { ...run, signal: abortsAfter(times) }), `${times}`).toBe(
        undefined,
      );
    }
    // asked five times by imitation and once after it, then before each round
    const stopped = await learnOrdersOf([one], { ...run, signal: abortsAfter(7) });
    expect(stopped?.rounds).toBe(1);
    const rounds: number[] = [];
    const whole = await learnOrdersOf([one], {
      ...run,
      ...stopped,
      onRound: (done) => void rounds.push(done),
    });
    expect([rounds, whole?.rounds]).toEqual([[2, 3], 3]);
  });

  it("is resumed with its seed only", async () => {
    const file = path.join(folder, "sequencer.ckpt");
    const learnt = await learnOrdersOf([one], { ...run, signal: abortsAfter(7) });
    if (!learnt) throw new Error("it had a round");
    const params = sequencerParams();
    writePart(file, "sequencer", params, { ...learnt, seed: 1, config });
    expect(readPart(file, "sequencer", params, 1)).toMatchObject({
      rounds: 1,
      state: { theta: learnt.state.theta },
    });
    const other = () => readPart(file, "sequencer", params, 2);
    expect(other).toThrow(ConfigError);
    expect(other).toThrow(/was trained with seed 1, not 2\. Use that seed to resume/);
  });
});

it("refuses rounds that fill no update, and a round for which all that is read right is too long", async () => {
  // 3 tasks of 21 plans are one short of 64
  expect(() => orderConfig.parse({ tasks: 3, plans: 21 })).toThrow(
    /Tasks times plans must be at least 64, the plans of an update/,
  );
  expect(orderConfig.parse({ tasks: 2, plans: 32 })).toMatchObject({ tasks: 2, plans: 32 });
  const apart = worldWith(
    ...[0, 1, 2, 3].map((i) => object(`cube-${i}`, "cube", "blue", 0.3 * i - 0.5, 0.9)),
  );
  const three: Goal[] = [1, 2, 3].map((i) => ({
    ...{ object: i, anchor: 0, place: 1 },
    direction: (["left", "behind", "right"] as const)[i - 1],
  }));
  const config = orderConfig.parse({ imitationSteps: 1, iterations: 3, tasks: 8 });
  const learning = learnOrdersOf([caseIn(apart, three)], { config, seed: 1 });
  await expect(learning).rejects.toThrow(ConfigError);
  await expect(learning).rejects.toThrow(/none of the instructions of up to 2 stages right yet/);
});
