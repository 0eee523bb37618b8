/** The floor model, and the orders that the sequencer draws, learns and counts. */

import { expect, it } from "vitest";
import { createRng } from "../../../core/rng.ts";
import type { Reading } from "../../../llm-planner/embedded/decoding.ts";
import { canPlace, tryOrder } from "../../../llm-planner/embedded/floor.ts";
import { allOrders, caseOf, floorExecutor } from "../../../llm-planner/embedded/order-cases.ts";
import { logProbsOf } from "../../../llm-planner/embedded/order-learning.ts";
import { orderConfig, SequencerTrainer } from "../../../llm-planner/embedded/order-training.ts";
import { GOALS, likeliestOrders, orderBy } from "../../../llm-planner/embedded/sequencer.ts";
import type { Goal } from "../../../llm-planner/grammar/goals.ts";
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

it("learns by outcome to do first what stands in the way", async () => {
  const example = {
    world: blocked,
    instruction: "",
    pieces: [],
    status: "ok",
    meaning: { goals, before: [] },
  } as const;
  const one = caseOf(example, reading(goals));
  if (!one) throw new Error("the reading is the meaning");
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
