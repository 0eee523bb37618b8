/** What the reader sees of an instruction and a world, as rows of numbers. */

import { EXTREMES, shapeNouns } from "../grammar/lexicon.ts";
import { foremost, measureOf, neighbourOf } from "../grammar/references.ts";
import { MOST_OBJECTS } from "../grammar/worlds.ts";
import type { ObjectView, WorldView } from "../world-view.ts";
import { FITS, type Token, wordIndex } from "./words.ts";

/** Tokens of the longest instruction. */
export const MOST_TOKENS = 56;
export const OBJECTS = MOST_OBJECTS;

/** Groups among which an object may be an extreme. */
const GROUPS = 4;
/** Columns of an object: here at all, its slot, and which extremes it is among which group. */
export const OBJECT_COLUMNS = 1 + OBJECTS + GROUPS * EXTREMES.length;
/** Columns of a pair (o, p): alike in kind, alike in colour, o next to p of its kind, of all, o listed first. */
export const PAIR_COLUMNS = 5;

/** Flat arrays of one row. T tokens, O objects. */
export interface EncodedRow {
  /** [T] positions in the vocabulary; 0 where no token is. */
  readonly words: Uint8Array;
  /** [T, O, FITS] 1 where a token names an object. */
  readonly fits: Uint8Array;
  /** [O, OBJECT_COLUMNS] */
  readonly objects: Uint8Array;
  /** [O, O, PAIR_COLUMNS] */
  readonly pairs: Uint8Array;
}

/** The shapes that one noun may stand for are one kind: a box may be a cube. */
const isBlock = (shape: ObjectView["shape"]) => shapeNouns.box.includes(shape);
const sameKind = (a: ObjectView, b: ObjectView) =>
  a.shape === b.shape || (isBlock(a.shape) && isBlock(b.shape));
const sameColour = (a: ObjectView, b: ObjectView) =>
  a.colour !== undefined && a.colour === b.colour;

/** Encodes an instruction of at most `tokens` tokens about at most `OBJECTS` objects. */
export function encode(
  instruction: readonly Token[],
  world: WorldView,
  vocabulary: ReadonlyMap<string, number>,
  tokens: number = MOST_TOKENS,
): EncodedRow {
  const words = new Uint8Array(tokens);
  const fits = new Uint8Array(tokens * OBJECTS * FITS.length);
  instruction.forEach((token, t) => {
    words[t] = wordIndex(vocabulary, token);
    for (const { object, by } of token.fits) {
      fits[(t * OBJECTS + object) * FITS.length + FITS.indexOf(by)] = 1;
    }
  });
  return { words, fits, objects: objectRows(world), pairs: pairRows(world) };
}

function objectRows(world: WorldView): Uint8Array {
  const rows = new Uint8Array(OBJECTS * OBJECT_COLUMNS);
  const measures = EXTREMES.map((extreme) =>
    world.objects.map((object) => measureOf(world, object, extreme)),
  );
  world.objects.forEach((object, i) => {
    const at = i * OBJECT_COLUMNS;
    rows[at] = 1;
    rows[at + 1 + i] = 1;
    groupsOf(world, object).forEach((group, g) => {
      if (group.length < 2) return;
      measures.forEach((measure, e) => {
        const column = at + 1 + OBJECTS + g * EXTREMES.length + e;
        rows[column] = foremost(group, (member) => measure[member]) === i ? 1 : 0;
      });
    });
  });
  return rows;
}

/** All objects; those of the object's kind; of its colour; of both. */
function groupsOf({ objects }: WorldView, object: ObjectView): number[][] {
  const where = (holds: (other: ObjectView) => boolean) =>
    objects.flatMap((other, i) => (holds(other) ? [i] : []));
  return [
    where(() => true),
    where((other) => sameKind(object, other)),
    where((other) => sameColour(object, other)),
    where((other) => sameKind(object, other) && sameColour(object, other)),
  ];
}

function pairRows(world: WorldView): Uint8Array {
  const { objects } = world;
  const rows = new Uint8Array(OBJECTS * OBJECTS * PAIR_COLUMNS);
  const everything = objects.map((_, i) => i);
  const neighbours = everything.map((p) => neighbourOf(world, everything, p));
  const ofKind = new Map<string, (number | undefined)[]>();
  objects.forEach((object, o) => {
    const kind = everything.filter((i) => sameKind(object, objects[i]));
    const near = ofKind.get(kind.join()) ?? everything.map((p) => neighbourOf(world, kind, p));
    ofKind.set(kind.join(), near);
    objects.forEach((other, p) => {
      if (o === p) return;
      const at = (o * OBJECTS + p) * PAIR_COLUMNS;
      rows[at] = sameKind(object, other) ? 1 : 0;
      rows[at + 1] = sameColour(object, other) ? 1 : 0;
      rows[at + 2] = near[p] === o ? 1 : 0;
      rows[at + 3] = neighbours[p] === o ? 1 : 0;
      rows[at + 4] = o < p ? 1 : 0;
    });
  });
  return rows;
}
