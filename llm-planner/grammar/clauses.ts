/** Clauses: one or several goals in words. */

import { type AskedGoal, DIRECTIONS, type Direction, type Goal, MOST_PLACES } from "./goals.ts";
import { verbs } from "./lexicon.ts";
import {
  aroundClauses,
  directionPhrases,
  gerundClauses,
  referencePhrases,
  rowClauses,
  sidesClauses,
  singleClauses,
  stayClauses,
} from "./phrases.ts";
import { type Piece, pick, referTo, referToGroup, type Speaker } from "./references.ts";
import { choose } from "./worlds.ts";

/** A clause, said in up to three ways: as a command, after "before" or "after", and as what is so once it is done. */
export interface Clause {
  readonly pieces: readonly Piece[];
  readonly gerund?: readonly Piece[];
  readonly state?: readonly Piece[];
  readonly goals: readonly AskedGoal[];
  readonly anchor: number;
  /** Objects that the clause spoke of, besides its goals. */
  readonly mentions?: readonly number[];
}

/** What the clauses before have settled. */
export interface Told {
  readonly goals: readonly AskedGoal[];
  /** Anchor of the clause just before: what "it" would mean. */
  readonly lastAnchor?: number;
  /** What "the one you just moved" would mean. */
  readonly lastMoved?: number;
  /** Objects that must stay where they are: anchors, and those that were said to. */
  readonly still: readonly number[];
}

type Fillings = Readonly<Record<string, readonly Piece[]>>;

/** Puts pieces into the braces of a template; the words between are plain pieces, or `loose` ones. */
export function fill(template: string, fillings: Fillings, loose?: "loose"): Piece[] {
  return template.split(/(\{[\w-]+\})/).flatMap((part): readonly Piece[] => {
    const text = part.trim();
    if (!part.startsWith("{")) return text === "" ? [] : [{ text, ...(loose && { loose: true }) }];
    const filling = fillings[part.slice(1, -1)];
    if (!filling) throw new Error(`internal: nothing fills ${part} of "${template}".`);
    return filling;
  });
}

const verb = (speaker: Speaker): readonly Piece[] => [{ text: pick(speaker, verbs), loose: true }];

const slotKey = ({ anchor, direction, place, distance_m }: Goal) =>
  `${anchor} ${direction} ${distance_m ?? place}`;

/** Whether a goal can be added: its object is free to move, its slot is free, its anchor holds still. */
function isFree(told: Told, goals: readonly Goal[]): boolean {
  const all = [...told.goals, ...goals];
  const objects = all.map(({ object }) => object);
  const sides = all.map((goal) => (goal.direction === "beside" ? `${goal.anchor}` : slotKey(goal)));
  const moved = new Set(objects);
  return (
    moved.size === all.length &&
    new Set(sides).size === all.length &&
    goals.every(({ object, anchor }) => object !== anchor && !told.still.includes(object)) &&
    // an anchor that is moved itself is one that an earlier clause has placed
    goals.every(({ anchor }) => !goals.some(({ object }) => object === anchor))
  );
}

/** The anchor in words: named, or "it" where the clause before named it. */
function anchorPiece(speaker: Speaker, told: Told, anchor: number): Piece {
  if (told.lastAnchor === anchor && speaker.rng.next() < 0.4) {
    return { text: "it", refers: [anchor] };
  }
  if (told.lastMoved === anchor && speaker.rng.next() < 0.5) {
    const text = pick(speaker, referencePhrases.moved);
    return { text, refers: [anchor] };
  }
  return referTo(speaker, anchor);
}

function randomDirection({ rng }: Speaker): Direction {
  if (rng.next() < 0.75) return DIRECTIONS[Math.floor(rng.next() * 4)];
  return choose(rng, DIRECTIONS);
}

interface Length {
  readonly text: string;
  readonly metres: number;
}

function randomLength({ rng }: Speaker): Length {
  const cm = 5 * Math.floor(rng.uniform(6, 17));
  const text = choose(rng, [
    `${cm} cm`,
    `${cm}cm`,
    `${cm / 100} m`,
    `${cm * 10} mm`,
    `${cm} centimetres`,
    `${cm / 100} metres`,
  ]);
  return { text, metres: cm / 100 };
}

/** One object to one place. */
export function singleClause(speaker: Speaker, told: Told, anchor: number): Clause | undefined {
  const { rng, world } = speaker;
  const object = Math.floor(rng.next() * world.objects.length);
  const direction = randomDirection(speaker);
  const length = direction !== "beside" && rng.next() < 0.15 ? randomLength(speaker) : undefined;
  const distance = length && { distance_m: length.metres };
  const goal: Goal = { object, anchor, direction, place: 1, ...distance };
  if (!isFree(told, [goal])) return undefined;
  const phrase = fill(pick(speaker, directionPhrases[direction]), {
    anchor: [anchorPiece(speaker, told, anchor)],
  });
  const where = length ? [{ text: length.text }, ...phrase] : phrase;
  const named = referTo(speaker, object);
  const fillings = { verb: verb(speaker), object: [named], where };
  const pieces = fill(pick(speaker, singleClauses), fillings, "loose");
  const gerund = fill(pick(speaker, gerundClauses), fillings, "loose");
  const state = fill("{object} is {where}", fillings);
  return { pieces, gerund, state, goals: [goal], anchor };
}

const AROUND: Readonly<Record<number, readonly Direction[]>> = {
  2: ["left", "right"],
  3: ["left", "right", "behind"],
  4: ["front", "left", "behind", "right"],
};

type Shape = (
  speaker: Speaker,
  told: Told,
  anchor: number,
  group: { readonly piece: readonly Piece[]; readonly members: readonly number[]; fixed: boolean },
) => { readonly pieces: readonly Piece[]; readonly goals: readonly AskedGoal[] } | undefined;

/** Left and right of it, or two other sides, in the order named. */
const toSides: Shape = (speaker, told, anchor, { piece, members, fixed }) => {
  if (members.length !== 2) return undefined;
  const pairs: readonly (readonly [Direction, Direction])[] = [
    ["left", "right"],
    ["right", "left"],
  ];
  const sides = choose(speaker.rng, pairs);
  const pieces = fill(pick(speaker, sidesClauses), {
    verb: verb(speaker),
    objects: piece,
    side: [{ text: sides[0] }],
    side2: [{ text: sides[1] }],
    anchor: [anchorPiece(speaker, told, anchor)],
  });
  const group = fixed ? undefined : told.goals.length;
  return { pieces, goals: goalsAt(members, anchor, sides, group) };
};

const around: Shape = (speaker, told, anchor, { piece, members }) => {
  const pieces = fill(pick(speaker, aroundClauses), {
    verb: verb(speaker),
    objects: piece,
    anchor: [anchorPiece(speaker, told, anchor)],
  });
  const sides = AROUND[members.length];
  return { pieces, goals: goalsAt(members, anchor, sides, told.goals.length) };
};

const inRow: Shape = (speaker, told, anchor, { piece, members }) => {
  if (members.length > MOST_PLACES) return undefined;
  const direction = DIRECTIONS[Math.floor(speaker.rng.next() * 4)];
  const where = fill(pick(speaker, directionPhrases[direction]), {
    anchor: [anchorPiece(speaker, told, anchor)],
  });
  const pieces = fill(pick(speaker, rowClauses), { verb: verb(speaker), objects: piece, where });
  const goals = members.map((object, i) => ({
    object,
    anchor,
    direction,
    place: i + 1,
    group: told.goals.length,
  }));
  return { pieces, goals };
};

function goalsAt(
  members: readonly number[],
  anchor: number,
  sides: readonly Direction[],
  group: number | undefined,
): AskedGoal[] {
  return members.map((object, i) => ({
    object,
    anchor,
    direction: sides[i],
    place: 1,
    ...(group !== undefined && { group }),
  }));
}

/** Several objects to several places. */
export function groupClause(
  speaker: Speaker,
  told: Told,
  anchor: number,
  size: number,
): Clause | undefined {
  const avoid = [...told.still, ...told.goals.map(({ object }) => object), anchor];
  const listed = size === 2 && speaker.rng.next() < 0.35;
  const group = listed ? listedPair(speaker, avoid) : pluralGroup(speaker, anchor, size, avoid);
  if (!group) return undefined;
  const shape = choose(speaker.rng, [toSides, around, inRow]);
  const said = shape(speaker, told, anchor, group);
  return said && isFree(told, said.goals) ? { ...said, anchor } : undefined;
}

function pluralGroup(speaker: Speaker, anchor: number, size: number, avoid: readonly number[]) {
  const piece = referToGroup(speaker, { size, anchor, avoid });
  return piece && { piece: [piece], members: piece.refers ?? [], fixed: false };
}

/** "The red box and the cylinder": the first named goes to the first side. */
function listedPair(speaker: Speaker, avoid: readonly number[]) {
  const free = speaker.world.objects.map((_, i) => i).filter((i) => !avoid.includes(i));
  if (free.length < 2) return undefined;
  const first = choose(speaker.rng, free);
  const second = choose(
    speaker.rng,
    free.filter((i) => i !== first),
  );
  const piece = [referTo(speaker, first), { text: "and" }, referTo(speaker, second)];
  return { piece, members: [first, second], fixed: true };
}

/** Says of an object that no clause moves that it stays. */
export function stayClause(speaker: Speaker, told: Told): Clause | undefined {
  const moved = told.goals.map(({ object }) => object);
  const free = speaker.world.objects.map((_, i) => i).filter((i) => !moved.includes(i));
  if (free.length === 0) return undefined;
  const object = choose(speaker.rng, free);
  const pieces = fill(pick(speaker, stayClauses), {
    object: [referTo(speaker, object)],
  });
  return { pieces, goals: [], anchor: -1, mentions: [object] };
}
