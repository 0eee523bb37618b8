/**
 * Noun phrases that refer to objects of a world. Each phrase is made together with its meaning, a set of
 * objects worked out from the world, and is used only where that set is the one that was to be named.
 */

import type { Rng } from "../../core/rng.ts";
import type { ObjectView, WorldView } from "../world-view.ts";
import { inventedWord } from "./invented.ts";
import {
  anyNouns,
  colours,
  EXTREMES,
  type Extreme,
  extremeWords,
  type Halves,
  nounsOf,
  plural,
  type Split,
  shapeNouns,
} from "./lexicon.ts";
import { referencePhrases } from "./phrases.ts";
import { choose, shuffled } from "./worlds.ts";

/** A stretch of an instruction. */
export interface Piece {
  readonly text: string;
  /** Objects that the stretch refers to, as positions in the world's list. */
  readonly refers?: readonly number[];
  /** Nothing hangs on the words themselves. */
  readonly loose?: true;
  /** The clause that the stretch belongs to: what it moves, and by which object it places it. */
  readonly clause?: { readonly moves: readonly number[]; readonly anchor: number };
}

export interface Speaker {
  readonly rng: Rng;
  readonly world: WorldView;
  readonly split: Split;
  /** Counts the choices from the held-out half. */
  readonly unseen: { count: number };
}

/** An extreme must stand out by this much to be called one. */
const MARGIN_m = 0.03;

/** Of the choices in a held-out instruction; at least one is made from the held-out half. */
const HELD_OUT_SHARE = 0.4;

/** Of the choices in training, where there are more ways to say it. */
const WIDER_SHARE = 0.5;

/** Words of the half that is asked for; the held-out half speaks trained words too. */
export function pick({ rng, split, unseen }: Speaker, halves: Halves<string>): string {
  if (split === "train") {
    const wide = halves.wider !== undefined && rng.next() < WIDER_SHARE;
    const chosen = choose(rng, wide ? (halves.wider ?? []) : halves.train);
    return chosen.replaceAll("{?}", () => inventedWord(rng));
  }
  if (rng.next() > HELD_OUT_SHARE) return choose(rng, halves.train);
  unseen.count++;
  return choose(rng, halves.heldOut);
}

/** Colours and nouns that training does not say together where it names an object by both alone: about a sixth of all pairs. */
export function isUnseenPair(colour: string, noun: string): boolean {
  let hash = 7;
  for (const c of `${colour} ${noun}`) hash = (Math.imul(hash, 31) + c.charCodeAt(0)) >>> 0;
  return hash % 6 === 0;
}

/** How far an object is ahead in each extreme, for the robot that looks at it: larger is more so. */
export function measureOf({ robot }: WorldView, object: ObjectView, extreme: Extreme): number {
  const [dx, dy] = [object.x_m - robot.x_m, object.y_m - robot.y_m];
  const left = -Math.sin(robot.yaw_rad) * dx + Math.cos(robot.yaw_rad) * dy;
  if (extreme === "largest") return object.size_m;
  if (extreme === "smallest") return -object.size_m;
  if (extreme === "leftmost") return left;
  if (extreme === "rightmost") return -left;
  return extreme === "nearest" ? -Math.hypot(dx, dy) : Math.hypot(dx, dy);
}

/** The member of `group` that is most so by a margin; undefined where two are about as much. */
export function extremeOf(
  world: WorldView,
  group: readonly number[],
  extreme: Extreme,
): number | undefined {
  if (group.length < 2) return undefined;
  return foremost(group, (i) => measureOf(world, world.objects[i], extreme));
}

/** The member of `group` that is nearest to `landmark` by a margin. */
export function neighbourOf(
  { objects }: WorldView,
  group: readonly number[],
  landmark: number,
): number | undefined {
  const { x_m, y_m } = objects[landmark];
  return foremost(group, (i) =>
    i === landmark
      ? Number.NEGATIVE_INFINITY
      : -Math.hypot(objects[i].x_m - x_m, objects[i].y_m - y_m),
  );
}

/** The member of `group` that measures most, by a margin. */
export function foremost(
  group: readonly number[],
  measure: (i: number) => number,
): number | undefined {
  let best: number | undefined;
  let most = Number.NEGATIVE_INFINITY;
  let second = Number.NEGATIVE_INFINITY;
  for (const i of group) {
    const value = measure(i);
    if (value > most) {
      second = most;
      most = value;
      best = i;
    } else if (value > second) second = value;
  }
  return most - second > MARGIN_m ? best : undefined;
}

const all = ({ world }: Speaker) => world.objects.map((_, i) => i);

function withNoun(speaker: Speaker, noun: string): number[] {
  const shapes = shapeNouns[noun];
  return all(speaker).filter((i) => shapes.includes(speaker.world.objects[i].shape));
}

const withColour = (speaker: Speaker, group: readonly number[], colour: string | undefined) =>
  group.filter((i) => colour !== undefined && speaker.world.objects[i].colour === colour);

/** One way to phrase a reference, and what it denotes. */
interface Phrase {
  readonly text: string;
  readonly denotes: readonly number[];
}

type Phrasing = (speaker: Speaker, target: number) => Phrase | undefined;

const byName: Phrasing = ({ rng, world }, target) => {
  const { name } = world.objects[target];
  const spoken = /^object-\d+$/.test(name) && rng.next() < 0.5 ? name.replace("-", " ") : name;
  return { text: rng.next() < 0.3 ? spoken : `the ${spoken}`, denotes: [target] };
};

const byColourAndNoun: Phrasing = (speaker, target) => {
  const { colour, shape } = speaker.world.objects[target];
  if (colour === undefined) return undefined;
  const noun = pick(speaker, nounsOf[shape]);
  if (speaker.split === "train" && isUnseenPair(colour, noun)) return undefined;
  const denotes = withColour(speaker, withNoun(speaker, noun), colour);
  return { text: `the ${colour} ${noun}`, denotes };
};

const byColour: Phrasing = (speaker, target) => {
  const { colour } = speaker.world.objects[target];
  if (colour === undefined) return undefined;
  const denotes = withColour(speaker, all(speaker), colour);
  return { text: `the ${colour} ${pick(speaker, anyNouns)}`, denotes };
};

const byNoun: Phrasing = (speaker, target) => {
  const noun = pick(speaker, nounsOf[speaker.world.objects[target].shape]);
  return { text: `the ${noun}`, denotes: withNoun(speaker, noun) };
};

/**
 * What a search finds among the objects that a noun may stand for. Where cubes are boxes as well, it must be the
 * same among all boxes: people disagree on whether "the largest cube" looks at them.
 */
function foundAmong(
  speaker: Speaker,
  noun: string,
  search: (group: readonly number[]) => number | undefined,
): number | undefined {
  const found = search(withNoun(speaker, noun));
  const kind = shapeNouns[noun].includes("cube") ? "box" : noun;
  return search(withNoun(speaker, kind)) === found ? found : undefined;
}

const byExtreme: Phrasing = (speaker, target) => {
  const { rng, world } = speaker;
  const { shape, colour } = world.objects[target];
  const specific = rng.next() < 0.7;
  const noun = specific ? pick(speaker, nounsOf[shape]) : pick(speaker, anyNouns);
  const extreme = choose(rng, EXTREMES);
  const coloured = specific && colour !== undefined && rng.next() < 0.25;
  const among = (group: readonly number[]) =>
    extremeOf(world, coloured ? withColour(speaker, group, colour) : group, extreme);
  const found = specific ? foundAmong(speaker, noun, among) : among(all(speaker));
  const word = pick(speaker, extremeWords[extreme]);
  const text = `the ${word} ${coloured ? `${colour} ` : ""}${noun}`;
  return { text, denotes: found === undefined ? [] : [found] };
};

const byNeighbour: Phrasing = (speaker, target) => {
  const { rng, world } = speaker;
  const landmark = choose(rng, all(speaker));
  if (landmark === target) return undefined;
  const { text } = choose(rng, [byColourAndNoun, byNoun, byName])(speaker, landmark) ?? {};
  const noun = pick(speaker, nounsOf[world.objects[target].shape]);
  if (text === undefined || !isUnique(speaker, landmark, text)) return undefined;
  const found = foundAmong(speaker, noun, (group) => neighbourOf(world, group, landmark));
  const near = pick(speaker, referencePhrases.near);
  return { text: `the ${noun} ${near} ${text}`, denotes: found === undefined ? [] : [found] };
};

const byNegation: Phrasing = (speaker, target) => {
  const noun = pick(speaker, nounsOf[speaker.world.objects[target].shape]);
  const group = withNoun(speaker, noun);
  const others = group.filter((i) => i !== target);
  if (others.length === 0) return undefined;
  const { colour } = speaker.world.objects[others[0]];
  if (colour === undefined) return undefined;
  const coloured = withColour(speaker, group, colour);
  const denotes = group.filter((i) => !coloured.includes(i));
  return { text: `the ${noun} ${pick(speaker, referencePhrases.not)} ${colour}`, denotes };
};

const PHRASINGS: readonly Phrasing[] = [
  byColourAndNoun,
  byColourAndNoun,
  byColour,
  byNoun,
  byNoun,
  byExtreme,
  byExtreme,
  byNeighbour,
  byNegation,
  byName,
];

/** Whether the words of `text` that name a landmark could mean nothing else. */
function isUnique(speaker: Speaker, target: number, text: string): boolean {
  const { name, colour } = speaker.world.objects[target];
  if (text.endsWith(name) || text.endsWith(name.replace("-", " "))) return true;
  const noun = text.split(" ").at(-1) ?? "";
  if (!Object.hasOwn(shapeNouns, noun)) return false;
  const group = withNoun(speaker, noun);
  const named = colour !== undefined && text.includes(` ${colour} `);
  return (named ? withColour(speaker, group, colour) : group).length === 1;
}

/** A phrase that means `target` and nothing else. */
export function referTo(speaker: Speaker, target: number): Piece {
  for (let tries = 0; tries < 30; tries++) {
    const phrase = choose(speaker.rng, PHRASINGS)(speaker, target);
    if (phrase?.denotes.length === 1 && phrase.denotes[0] === target) {
      return { text: phrase.text, refers: [target] };
    }
  }
  return { text: speaker.world.objects[target].name, refers: [target] };
}

/** A phrase in the singular that could mean several objects; undefined where this world has none. */
export function ambiguousPhrase(speaker: Speaker): Piece | undefined {
  const phrasings = [byColourAndNoun, byColour, byNoun, byNegation];
  for (let tries = 0; tries < 12; tries++) {
    const target = choose(speaker.rng, all(speaker));
    const phrase = choose(speaker.rng, phrasings)(speaker, target);
    if (phrase && phrase.denotes.length > 1) {
      return { text: phrase.text, refers: phrase.denotes };
    }
  }
  return undefined;
}

/** A phrase that means nothing that is here: a colour, a shape or a number that the world lacks. */
export function absentPhrase(speaker: Speaker): Piece | undefined {
  const { rng, world } = speaker;
  for (let tries = 0; tries < 12; tries++) {
    const colour = pick(speaker, colours);
    const shape = choose(rng, ["cube", "box", "cylinder", "prism"] as const);
    const noun = rng.next() < 0.3 ? pick(speaker, anyNouns) : pick(speaker, nounsOf[shape]);
    const shapeIsHere = !Object.hasOwn(shapeNouns, noun) || withNoun(speaker, noun).length > 0;
    const text = !shapeIsHere && rng.next() < 0.5 ? `the ${noun}` : `the ${colour} ${noun}`;
    const colourIsHere = world.objects.some((object) => object.colour === colour);
    if (!shapeIsHere || !colourIsHere) return { text, refers: [] };
  }
  return undefined;
}

const COUNT_WORDS = ["no", "one", "two", "three", "four", "five", "six", "seven", "eight"];

type GroupPhrasing = (
  speaker: Speaker,
  members: readonly number[],
  anchor: number,
) => Phrase | undefined;

const byNouns: GroupPhrasing = (speaker, members) => {
  const { rng, world } = speaker;
  const noun = pick(speaker, nounsOf[world.objects[members[0]].shape]);
  const count = COUNT_WORDS[members.length];
  const starts = ["all", `the ${count}`, "the", "all the", `all ${count}`];
  if (members.length === 2) starts.push("both", "both");
  return { text: `${choose(rng, starts)} ${plural(noun)}`, denotes: withNoun(speaker, noun) };
};

const byColourOfAll: GroupPhrasing = (speaker, members) => {
  const { colour, shape } = speaker.world.objects[members[0]];
  if (colour === undefined) return undefined;
  const specific = speaker.rng.next() < 0.5;
  const noun = specific ? pick(speaker, nounsOf[shape]) : pick(speaker, anyNouns);
  const group = specific ? withNoun(speaker, noun) : all(speaker);
  const start = choose(speaker.rng, ["all", "the", `the ${COUNT_WORDS[members.length]}`]);
  const denotes = withColour(speaker, group, colour);
  return { text: `${start} ${colour} ${plural(noun)}`, denotes };
};

const byRest: GroupPhrasing = (speaker, _members, anchor) => ({
  text: pick(speaker, referencePhrases.rest),
  denotes: all(speaker).filter((i) => i !== anchor),
});

const byOtherNouns: GroupPhrasing = (speaker, members, anchor) => {
  const noun = pick(speaker, nounsOf[speaker.world.objects[members[0]].shape]);
  const group = withNoun(speaker, noun);
  if (!group.includes(anchor)) return undefined;
  const denotes = group.filter((i) => i !== anchor);
  return { text: `the other ${plural(noun)}`, denotes };
};

const byException: GroupPhrasing = (speaker, members) => {
  const noun = pick(speaker, nounsOf[speaker.world.objects[members[0]].shape]);
  const group = withNoun(speaker, noun);
  const left = group.filter((i) => !members.includes(i));
  if (left.length !== 1) return undefined;
  const but = referTo(speaker, left[0]).text;
  const text = `all ${plural(noun)} ${pick(speaker, referencePhrases.except)} ${but}`;
  return { text, denotes: group.filter((i) => i !== left[0]) };
};

const byNegatedColour: GroupPhrasing = (speaker, members) => {
  const noun = pick(speaker, nounsOf[speaker.world.objects[members[0]].shape]);
  const group = withNoun(speaker, noun);
  const other = group.find((i) => !members.includes(i));
  const colour = other === undefined ? undefined : speaker.world.objects[other].colour;
  if (colour === undefined) return undefined;
  const coloured = withColour(speaker, group, colour);
  const text = `the ${plural(noun)} that are not ${colour}`;
  return { text, denotes: group.filter((i) => !coloured.includes(i)) };
};

const GROUP_PHRASINGS: readonly GroupPhrasing[] = [
  byNouns,
  byNouns,
  byColourOfAll,
  byRest,
  byOtherNouns,
  byException,
  byNegatedColour,
];

/** Some group of `size` objects other than the anchor that a plural phrase means; undefined if none was found. */
export function referToGroup(
  speaker: Speaker,
  { size, anchor, avoid }: { size: number; anchor: number; avoid: readonly number[] },
): Piece | undefined {
  for (let tries = 0; tries < 8; tries++) {
    const seed = choose(speaker.rng, all(speaker));
    const shapeOf = (i: number) => speaker.world.objects[i].shape;
    const same = shuffled(speaker.rng, all(speaker)).filter((i) => shapeOf(i) === shapeOf(seed));
    const members = [seed, ...same.filter((i) => i !== seed)].slice(0, size);
    const phrase = choose(speaker.rng, GROUP_PHRASINGS)(speaker, members, anchor);
    const fits = phrase?.denotes.length === size && !phrase.denotes.includes(anchor);
    if (phrase && fits && !phrase.denotes.some((i) => avoid.includes(i))) {
      return { text: phrase.text, refers: [...phrase.denotes].sort((a, b) => a - b) };
    }
  }
  return undefined;
}
