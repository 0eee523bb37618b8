/**
 * Logits to goals, within what a plan may say: every object once, places that do not collide, anchors that hold
 * still when they are needed. Whatever the network answers, the result is a set of goals that fit together, or a
 * refusal with its reason.
 */

import type { Meters } from "../../core/units.ts";
import { DIRECTIONS, type Goal, MOST_PLACES } from "../grammar/goals.ts";
import { MOST_GOALS, STATUSES, type Status } from "../grammar/instructions.ts";
import type { WorldView } from "../world-view.ts";
import { OBJECTS } from "./encoding.ts";
import { objectionTo } from "./objections.ts";
import type { ReaderOutput } from "./reader.ts";
import { type Token, taughtWords } from "./words.ts";

/** Outputs of the reader for one row. */
export type ReadRow = Readonly<Record<ReaderOutput, Float32Array>>;

/** What was read: goals in no order yet, and what the words say about order. */
export interface Reading {
  /** "ok", or why no plan can be made of the words. */
  readonly status: Status;
  /** Where the words themselves speak against the goals: why, as a sentence. */
  readonly objection?: string;
  /** Probability of the status. */
  readonly certainty: number;
  readonly goals: readonly Goal[];
  /** [goals, goals] how much earlier the words speak of the first, as a log-odds. */
  readonly earlier: readonly (readonly number[])[];
  /** [goals, goals] whether the words demand that the first is done before the second. */
  readonly demanded: readonly (readonly boolean[])[];
}

interface Candidate {
  readonly goal: Goal;
  readonly score: number;
}

/** Answers kept for each object while the best joint answer is looked for. */
const KEPT = 6;

/** The best joint answer of a reader that knows the words of `vocabulary`. */
export function decode(
  row: ReadRow,
  tokens: readonly Token[],
  world: WorldView,
  vocabulary: ReadonlyMap<string, number>,
): Reading {
  // a number that no name has can mean nothing here, whatever the network makes of it
  const isOff = tokens.some(({ word }) => word === "<absent-name>");
  const { status, certainty } = isOff
    ? { status: "unknown-object" as const, certainty: 1 }
    : statusOf(row.status);
  const moved = movedObjects(row.moved, world.objects.length);
  const lists = moved.map((object) => candidatesFor(object, row, tokens, world));
  const goals = moved.length > 0 ? bestJoint(lists, world.objects.length) : [];
  const objection =
    status === "ok" ? objectionTo(tokens, goals, taughtWords(vocabulary)) : undefined;
  const between = (of: (a: number, b: number) => number) =>
    goals.map((a) => goals.map((b) => of(a.object, b.object)));
  const { turn, before } = row;
  const odds = between((a, b) => before[a * OBJECTS + b]);
  return {
    status: status === "ok" && (goals.length === 0 || objection) ? "unclear" : status,
    ...(objection && { objection }),
    certainty,
    goals,
    earlier: between((a, b) => turn[b] - turn[a]),
    demanded: odds.map((line, i) => line.map((value, j) => value > 0 && value > odds[j][i])),
  };
}

function statusOf(logits: Float32Array): { status: Status; certainty: number } {
  const best = STATUSES.reduce((most, _, i) => (logits[i] > logits[most] ? i : most), 0);
  const total = STATUSES.reduce((sum, _, i) => sum + Math.exp(logits[i] - logits[best]), 0);
  return { status: STATUSES[best], certainty: 1 / total };
}

/** Objects that are more likely moved than not, the likeliest ones where there are too many. */
function movedObjects(logits: Float32Array, count: number): number[] {
  const likely = Array.from({ length: count }, (_, i) => i).filter((i) => logits[i] > 0);
  const kept = likely.sort((a, b) => logits[b] - logits[a]).slice(0, MOST_GOALS);
  return kept.sort((a, b) => a - b);
}

/** The likeliest whole answers for one object, best first. */
function candidatesFor(
  object: number,
  { anchor, direction, distance }: ReadRow,
  tokens: readonly Token[],
  { objects }: WorldView,
): Candidate[] {
  const width = distance.length / OBJECTS;
  const anchors = ranked(anchor, object * OBJECTS, objects.length).filter(
    ({ at }) => at !== object,
  );
  const directions = ranked(direction, object * DIRECTIONS.length, DIRECTIONS.length);
  const distances = ranked(distance, object * width, MOST_PLACES + tokens.length).filter(
    ({ at }) => at < MOST_PLACES || tokens[at - MOST_PLACES].length_m !== undefined,
  );
  const all = anchors.slice(0, 3).flatMap((a) =>
    directions.slice(0, 4).flatMap((d) =>
      distances.slice(0, 3).map((far) => ({
        goal: goalOf(object, a.at, d.at, far.at, tokens),
        score: a.score + d.score + far.score,
      })),
    ),
  );
  return all.sort((a, b) => b.score - a.score).slice(0, KEPT);
}

function goalOf(
  object: number,
  anchor: number,
  side: number,
  far: number,
  tokens: readonly Token[],
): Goal {
  const goal = { object, anchor, direction: DIRECTIONS[side] };
  if (far < MOST_PLACES) return { ...goal, place: far + 1 };
  const distance_m: Meters | undefined = tokens[far - MOST_PLACES].length_m;
  return { ...goal, place: 1, ...(distance_m !== undefined && { distance_m }) };
}

/** Positions with their log-probabilities, best first. */
function ranked(logits: Float32Array, start: number, count: number) {
  const slice = logits.subarray(start, start + count);
  const most = slice.reduce((a, b) => Math.max(a, b), Number.NEGATIVE_INFINITY);
  const total = Math.log(slice.reduce((sum, x) => sum + Math.exp(x - most), 0)) + most;
  const list = Array.from(slice, (x, at) => ({ at, score: x - total }));
  return list.sort((a, b) => b.score - a.score);
}

/** One candidate for each object, together as likely as can be, by depth-first search with a bound. */
function bestJoint(lists: readonly (readonly Candidate[])[], objects: number): Goal[] {
  const hope = lists.map((_, i) =>
    lists.slice(i).reduce((sum, list) => sum + (list[0]?.score ?? 0), 0),
  );
  let best: readonly Goal[] = [];
  let most = Number.NEGATIVE_INFINITY;
  const search = (i: number, chosen: readonly Goal[], score: number) => {
    if (i === lists.length) {
      if (score > most) [best, most] = [chosen, score];
      return;
    }
    for (const { goal, score: gain } of lists[i]) {
      if (score + gain + (hope[i + 1] ?? 0) <= most) break;
      if (fitsWith(goal, chosen, objects)) search(i + 1, [...chosen, goal], score + gain);
    }
  };
  search(0, [], 0);
  return [...best];
}

/** No place is taken twice, and no chain of anchors bites its tail. */
function fitsWith(goal: Goal, chosen: readonly Goal[], objects: number): boolean {
  const taken = chosen.some(
    (other) =>
      other.anchor === goal.anchor &&
      other.direction === goal.direction &&
      other.direction !== "beside" &&
      other.place === goal.place &&
      other.distance_m === goal.distance_m,
  );
  if (taken) return false;
  const anchorOf = new Map([...chosen, goal].map(({ object, anchor }) => [object, anchor]));
  let at: number | undefined = goal.object;
  for (let steps = 0; at !== undefined; steps++) {
    if (steps > objects) return false;
    at = anchorOf.get(at);
  }
  return true;
}

/** The order that the words ask for: told order, what is demanded first, anchors before what leans on them. */
export function toldOrder({ goals, earlier, demanded }: Reading): number[] {
  const left = goals.map((_, i) => i);
  const order: number[] = [];
  while (left.length > 0) {
    const free = left.filter((i) => !waits(i, left, goals));
    const cost = (i: number) =>
      left.reduce(
        (sum, j) => (j === i ? sum : sum + softplus(-earlier[i][j]) + (demanded[j][i] ? 100 : 0)),
        0,
      );
    const next = free.reduce((best, i) => (cost(i) < cost(best) ? i : best));
    order.push(next);
    left.splice(left.indexOf(next), 1);
  }
  return order;
}

/** True while the anchor of goal `i` is itself still to be placed. */
export function waits(i: number, left: readonly number[], goals: readonly Goal[]): boolean {
  return left.some((j) => j !== i && goals[j].object === goals[i].anchor);
}

function softplus(x: number): number {
  return x > 30 ? x : Math.log1p(Math.exp(x));
}
