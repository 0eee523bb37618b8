/**
 * Whole instructions with what they mean: worlds, clauses, the order that the words demand, and
 * instructions that no plan can follow. Everything is drawn from one stream of random numbers.
 */

import type { Rng } from "../../core/rng.ts";
import type { WorldView } from "../world-view.ts";
import { type Clause, fill, groupClause, singleClause, stayClause, type Told } from "./clauses.ts";
import type { Meaning } from "./goals.ts";
import { closings, openings, type Split, verbs } from "./lexicon.ts";
import { andWords, chatter, lastWords, orderedPairs, thenWords } from "./phrases.ts";
import {
  absentPhrase,
  ambiguousPhrase,
  type Piece,
  pick,
  referTo,
  type Speaker,
} from "./references.ts";
import { choose, MOST_OBJECTS, sampleWorld } from "./worlds.ts";

/** Stages of the longest instruction. */
export const MOST_GOALS = 5;

/** Whether an instruction can be followed, and if not, why. */
export const STATUSES = ["ok", "unknown-object", "ambiguous", "unclear"] as const;
/** Whether an instruction can be planned for, and if not, why. */
export type Status = (typeof STATUSES)[number];

export interface Example {
  readonly world: WorldView;
  readonly instruction: string;
  /** The instruction in pieces; joined by spaces they are its words. */
  readonly pieces: readonly Piece[];
  readonly status: Status;
  /** Empty unless the status is "ok". */
  readonly meaning: Meaning;
  /** Where the meaning is not the speaker's own but was worked out from what was done: what that does not tell. */
  readonly untold?: Untold;
}

/** What is not known of a meaning. Its order is not either. */
export interface Untold {
  /** For each goal, whether another word for its side would have led to the same place. */
  readonly sides: readonly boolean[];
}

export interface InstructionOptions {
  readonly split: Split;
  /** Number of goals; drawn from 1 to 5 unless given. */
  readonly goals?: number;
  /** Share of instructions that cannot be followed. */
  readonly refusable?: number;
  /** The world to speak of; drawn unless given. */
  readonly world?: WorldView;
  /** Most goals are relative to this object; drawn unless given. */
  readonly anchor?: number;
}

/** One instruction. In the held-out half at least one choice is from the held-out lists; one in a hundred comes out as training might say it. */
export function sampleInstruction(rng: Rng, options: InstructionOptions): Example {
  const { split, refusable = 0.15 } = options;
  for (;;) {
    const goals = options.goals ?? 1 + Math.floor(rng.next() * MOST_GOALS);
    const count = Math.min(
      MOST_OBJECTS,
      goals + 1 + Math.floor(rng.next() * 3) + (goals < 2 ? 1 : 0),
    );
    const world = options.world ?? sampleWorld(rng, split, count);
    const speaker: Speaker = { rng, world, split, unseen: { count: 0 } };
    const spoiled = rng.next() < refusable;
    const example = spoiled ? sampleRefusable(speaker) : sampleTask(speaker, goals, options.anchor);
    if (example && (split === "train" || speaker.unseen.count > 0)) return example;
  }
}

/** How a clause is joined to what was said before. */
type Joint = "and" | "then" | "last" | "pair";

function sampleTask(speaker: Speaker, size: number, anchor?: number): Example | undefined {
  const { rng, world } = speaker;
  const main = anchor ?? Math.floor(rng.next() * world.objects.length);
  const clauses: Clause[] = [];
  const joints: Joint[] = [];
  let told: Told = { goals: [], still: [main] };
  while (told.goals.length < size) {
    const joint = nextJoint(rng, joints);
    // "it" after a swapped pair of clauses could mean several things
    const afresh = joint === "pair" || joints.at(-1) === "pair";
    const clause = sampleClause(speaker, afresh ? withoutPronouns(told) : told, {
      main,
      left: size - told.goals.length,
      single: joint === "pair" || clauses.at(-1)?.gerund === undefined,
    });
    if (!clause) return undefined;
    const paired = joint === "pair" && clause.gerund && clauses.at(-1)?.gerund;
    joints.push(joint === "pair" && !paired ? "and" : joint);
    clauses.push(marked(clause));
    told = after(told, clause);
  }
  const { pieces, before } = compose(speaker, clauses, joints);
  const framed = frame(speaker, withStay(speaker, told, pieces));
  return finished(world, framed, "ok", { goals: told.goals, before });
}

function nextJoint(rng: Rng, joints: readonly Joint[]): Joint {
  const draw = rng.next();
  if (draw < 0.45) return "and";
  if (draw < 0.75) return "then";
  return joints.length > 0 && joints.at(-1) !== "pair" && draw < 0.87 ? "pair" : "and";
}

/** The clause with its pieces marked as its own. */
function marked(clause: Clause): Clause {
  const own = { moves: clause.goals.map(({ object }) => object), anchor: clause.anchor };
  const mark = (pieces: readonly Piece[]) => pieces.map((piece) => ({ ...piece, clause: own }));
  const { pieces, gerund, state } = clause;
  return {
    ...clause,
    pieces: mark(pieces),
    ...(gerund && { gerund: mark(gerund) }),
    ...(state && { state: mark(state) }),
  };
}

function withoutPronouns({ goals, still }: Told): Told {
  return { goals, still };
}

function sampleClause(
  speaker: Speaker,
  told: Told,
  { main, left, single }: { main: number; left: number; single: boolean },
): Clause | undefined {
  const { rng } = speaker;
  for (let tries = 0; tries < 40; tries++) {
    if (left >= 2 && !single && rng.next() < 0.5) {
      const size = 2 + Math.floor(rng.next() * Math.min(3, left - 1));
      const clause = groupClause(speaker, told, main, size);
      if (clause) return clause;
    }
    const other = rng.next() < 0.15;
    const anchor = other ? Math.floor(rng.next() * speaker.world.objects.length) : main;
    const clause = singleClause(speaker, told, anchor);
    if (clause) return clause;
  }
  return undefined;
}

function after(told: Told, clause: Clause): Told {
  const lastMoved = clause.goals.length === 1 ? clause.goals[0].object : undefined;
  return {
    goals: [...told.goals, ...clause.goals],
    still: [...told.still, clause.anchor],
    lastAnchor: clause.anchor,
    ...(lastMoved !== undefined && { lastMoved }),
  };
}

/** Joins clauses, and works out which goals must come before which. */
function compose(speaker: Speaker, clauses: readonly Clause[], joints: readonly Joint[]) {
  const starts: number[] = [];
  let total = 0;
  for (const clause of clauses) {
    starts.push(total);
    total += clause.goals.length;
  }
  const indices = (c: number) => clauses[c].goals.map((_, i) => starts[c] + i);
  const before: (readonly [number, number])[] = anchorsFirst(clauses.flatMap(({ goals }) => goals));
  const demand = (first: readonly number[], second: readonly number[]) => {
    for (const a of first) for (const b of second) before.push([a, b]);
  };
  const pieces: Piece[] = [];
  let c = 0;
  while (c < clauses.length) {
    const joint = joints[c];
    const ordered = c > 0 && (joint === "then" || joint === "last");
    const done = Array.from({ length: starts[c] }, (_, i) => i);
    const isPair = joints[c + 1] === "pair";
    if (c > 0) pieces.push(connector(speaker, ordered, c === clauses.length - 1));
    if (isPair) {
      pieces.push(...pairOf(speaker, clauses[c], clauses[c + 1]));
      demand(indices(c), indices(c + 1));
      if (ordered) demand(done, indices(c + 1));
    } else {
      if (c === 0 && joints[1] === "then" && speaker.rng.next() < 0.3)
        pieces.push({ text: "first" });
      pieces.push(...clauses[c].pieces);
    }
    if (ordered) demand(done, indices(c));
    c += isPair ? 2 : 1;
  }
  return { pieces, before };
}

function connector(speaker: Speaker, ordered: boolean, last: boolean): Piece {
  if (!ordered) return { text: pick(speaker, andWords).trim(), loose: true };
  const words = last && speaker.rng.next() < 0.3 ? lastWords : thenWords;
  return { text: pick(speaker, words).trim() };
}

function pairOf(speaker: Speaker, first: Clause, second: Clause): Piece[] {
  return fill(pick(speaker, orderedPairs), {
    first: first.pieces,
    second: second.pieces,
    "first-ing": first.gerund ?? first.pieces,
    "second-ing": second.gerund ?? second.pieces,
    "first-is": first.state ?? first.pieces,
    "second-is": second.state ?? second.pieces,
  });
}

/** What is placed against an object that is moved itself waits for that object. */
function anchorsFirst(goals: Meaning["goals"]): [number, number][] {
  return goals.flatMap(({ anchor }, i) => {
    const moved = goals.findIndex(({ object }) => object === anchor);
    return moved < 0 ? [] : [[moved, i] as [number, number]];
  });
}

function withStay(speaker: Speaker, told: Told, pieces: readonly Piece[]): readonly Piece[] {
  if (speaker.rng.next() >= 0.1) return pieces;
  const stay = stayClause(speaker, told);
  if (!stay) return pieces;
  const between = { text: choose(speaker.rng, [".", ",", "and", ", but"]) };
  return speaker.rng.next() < 0.3
    ? [...stay.pieces, { text: choose(speaker.rng, [".", ",", "and"]) }, ...pieces]
    : [...pieces, between, ...stay.pieces];
}

function frame(speaker: Speaker, pieces: readonly Piece[]): readonly Piece[] {
  const opens = speaker.rng.next() < 0.25;
  const closes = speaker.rng.next() < 0.1;
  return [
    ...(opens ? [{ text: pick(speaker, openings), loose: true } as const] : []),
    ...pieces,
    ...(closes ? [{ text: pick(speaker, closings), loose: true } as const] : []),
  ];
}

/** An instruction with one reference spoiled, one that breaks off, or no task at all. */
function sampleRefusable(speaker: Speaker): Example | undefined {
  const { rng, world } = speaker;
  const nothing: Meaning = { goals: [], before: [] };
  const draw = rng.next();
  if (draw < 0.15) {
    const pieces = [{ text: pick(speaker, chatter) }];
    return finished(world, frame(speaker, pieces), "unclear", nothing);
  }
  if (draw < 0.25) {
    const object = Math.floor(rng.next() * world.objects.length);
    const pieces = [{ text: pick(speaker, verbs) }, referTo(speaker, object)];
    return finished(world, frame(speaker, pieces), "unclear", nothing);
  }
  const task = sampleTask(
    speaker,
    1 + Math.floor(rng.next() * Math.min(4, world.objects.length - 1)),
  );
  const named = task?.pieces.flatMap((piece, i) =>
    piece.refers?.length === 1 && !/^(it|th\w+ one|the one .*|.* placed)$/.test(piece.text)
      ? [i]
      : [],
  );
  if (!task || !named || named.length === 0) return undefined;
  const unknown = draw < 0.65;
  const wrong = unknown ? absentPhrase(speaker) : ambiguousPhrase(speaker);
  if (!wrong) return undefined;
  const at = choose(rng, named);
  const pieces = task.pieces.map((piece, i) => (i === at ? wrong : piece));
  return finished(world, pieces, unknown ? "unknown-object" : "ambiguous", nothing);
}

function finished(
  world: WorldView,
  pieces: readonly Piece[],
  status: Status,
  meaning: Meaning,
): Example {
  return { world, instruction: spell(pieces), pieces, status, meaning };
}

/** The pieces as a person would write them. */
function spell(pieces: readonly Piece[]): string {
  const text = pieces
    .map((piece) => piece.text)
    .join(" ")
    .replaceAll(/\bit 's\b/g, "its")
    .replaceAll(" 's", "'s")
    .replaceAll(/ +([,.;])/g, "$1")
    .replaceAll(/\s+/g, " ")
    .trim();
  return `${text[0].toUpperCase()}${text.slice(1)}.`;
}
