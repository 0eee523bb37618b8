/** Decoding: whatever the network says, what comes out fits together. */

import { expect, it } from "vitest";
import { createRng } from "../../../core/rng.ts";
import { decode, type ReadRow, toldOrder } from "../../../llm-planner/embedded/decoding.ts";
import { MOST_TOKENS, OBJECTS } from "../../../llm-planner/embedded/encoding.ts";
import { tokenize } from "../../../llm-planner/embedded/words.ts";
import { DIRECTIONS, MOST_PLACES, withSides } from "../../../llm-planner/grammar/goals.ts";
import { STATUSES } from "../../../llm-planner/grammar/instructions.ts";
import { table } from "./worlds.ts";

const widths = {
  status: STATUSES.length,
  moved: OBJECTS,
  anchor: OBJECTS * OBJECTS,
  direction: OBJECTS * DIRECTIONS.length,
  distance: OBJECTS * (MOST_PLACES + MOST_TOKENS),
  turn: OBJECTS,
  before: OBJECTS * OBJECTS,
  refers: MOST_TOKENS * OBJECTS,
};

function rowWith(fill: (name: string, i: number) => number): ReadRow {
  return Object.fromEntries(
    Object.entries(widths).map(([name, width]) => [
      name,
      Float32Array.from({ length: width }, (_, i) => fill(name, i)),
    ]),
  ) as unknown as ReadRow;
}

const vocabulary = new Map<string, number>();
const tokens = tokenize("put the red box 40 cm left of the blue cube and the can behind it", table);

it("reads the likeliest answer where it stands", () => {
  const set: Record<string, readonly number[]> = {
    status: [0],
    moved: [1, 2],
    anchor: [1 * OBJECTS, 2 * OBJECTS],
    direction: [DIRECTIONS.length + 1, 2 * DIRECTIONS.length + 2],
    // the box at the length's token, which is the fourth; the can next to its anchor
    distance: [MOST_PLACES + MOST_TOKENS + MOST_PLACES + 3, 2 * (MOST_PLACES + MOST_TOKENS)],
    turn: [1],
    before: [2 * OBJECTS + 1],
  };
  expect(tokens[3].word).toBe("<length>");
  const row = rowWith((name, i) => (set[name]?.includes(i) ? 5 : -5));
  const reading = decode(row, tokens, table, vocabulary);
  expect(reading.status).toBe("ok");
  expect(reading.goals).toEqual([
    { object: 1, anchor: 0, direction: "left", place: 1, distance_m: 0.4 },
    { object: 2, anchor: 0, direction: "behind", place: 1 },
  ]);
  // the can is told earlier (smaller turn) and demanded first
  expect(toldOrder(reading)).toEqual([1, 0]);
});

it("answers with goals that fit together, whatever the logits", () => {
  const rng = createRng(11);
  for (let i = 0; i < 300; i++) {
    const row = rowWith((name, k) => 3 * rng.normal() + (name === "status" && k === 0 ? 20 : 0));
    const reading = decode(row, tokens, table, vocabulary);
    const goals = withSides(table, reading.goals);
    const objects = goals.map(({ object }) => object);
    expect(new Set(objects).size).toBe(goals.length);
    for (const { object, anchor } of goals) {
      expect(object).toBeLessThan(table.objects.length);
      expect(anchor).toBeLessThan(table.objects.length);
      expect(anchor).not.toBe(object);
    }
    const order = toldOrder(reading);
    expect([...order].sort()).toEqual(goals.map((_, k) => k));
    order.forEach((goal, k) => {
      const later = order.slice(k + 1).map((other) => goals[other].object);
      expect(later).not.toContain(goals[goal].anchor);
    });
  }
});
