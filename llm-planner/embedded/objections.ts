/**
 * What the words say and a plan does not. The reader makes the best of any words, so it would carry out what it took
 * from "put it -30 cm left"; here the words themselves object, and the answer is that they are unclear.
 */

import type { Meters } from "../../core/units.ts";
import { quote } from "../check.ts";
import type { Goal } from "../grammar/goals.ts";
import { beyondPlans, strangeThing } from "./beyond.ts";
import { isNumberWord } from "./lengths.ts";
import { COUNTS, isClass, type Token } from "./words.ts";

/**
 * Why the words cannot mean just these goals, as a sentence; undefined where nothing speaks against it. `knows` tells words
 * that the reader was taught.
 */
export function objectionTo(
  tokens: readonly Token[],
  goals: readonly Goal[],
  knows: (word: string) => boolean,
): string | undefined {
  const beyond = beyondPlans(tokens, knows);
  const strange = strangeThing(tokens, knows) ?? strangePair(tokens);
  const spoken =
    unreadMeasure(tokens) ??
    (beyond &&
      `The embedded planner cannot plan for ${quote(beyond)}: it puts objects on sides of other objects, once and whatever happens. Say just which object goes where.`) ??
    (strange && `The instruction names ${quote(strange)}, which the scene does not have.`);
  if (spoken || goals.length === 0) return spoken;
  return (
    unplannedLength(tokens, goals) ??
    unplannedSide(tokens, goals) ??
    unknownSide(tokens, goals, knows) ??
    unnamedAnchor(tokens, goals) ??
    movedNonetheless(tokens, goals) ??
    miscounted(tokens, goals)
  );
}

function unreadMeasure(tokens: readonly Token[]): string | undefined {
  const at = tokens.findIndex(
    (token, t) => token.unread || (isNumber(token) && !plainCount(tokens, t)) || isSize(tokens, t),
  );
  if (at < 0) return undefined;
  const { text, unread } = tokens[at];
  const whole = unread || at + 1 === tokens.length ? text : `${text} ${tokens[at + 1].text}`;
  return `The instruction says ${quote(whole)}, which the embedded planner reads neither as a distance nor as how many. Say, for example, "30 cm", "0.3 m" or "two cubes".`;
}

/** A number, "one" aside, which mostly stands for an object. */
function isNumber({ word, text }: Token): boolean {
  return /^(\.?\d|[½⅓⅔¼¾])/.test(text)
    ? !isLength(word) && !isName(word)
    : word !== "one" && isNumberWord(word);
}

const isLength = (word: string) => word === "<length>";
const isName = (word: string) => word === "<name>" || word === "<absent-name>";

/** "two red cubes", "the three other objects": the tokens of how many of what; undefined where the number is none of things. */
function plainCount(tokens: readonly Token[], at: number): readonly Token[] | undefined {
  const near = tokens.slice(at + 1, at + 4);
  const end = near.findIndex(({ word }) =>
    /^(<shapes>|objects|things|ones|items|pieces)$/.test(word),
  );
  if (end >= 0) return tokens.slice(at, at + end + 2);
  return /^<(colour|absent)>$/.test(near[0]?.word ?? "") ? tokens.slice(at, at + 2) : undefined;
}

/** "a 30 cm cube": a length that says how large something is. */
function isSize(tokens: readonly Token[], at: number): boolean {
  const next = tokens[at + 1]?.word ?? "";
  return (
    isLength(tokens[at].word) &&
    (/^(wide|long|tall|high|deep|thick|big|large)$/.test(next) ||
      (isClass(next) && !isLength(next)))
  );
}

/** "the green cube" where there are green things and cubes, but no green cube. */
function strangePair(tokens: readonly Token[]): string | undefined {
  const at = tokens.findIndex(
    ({ word }, t) =>
      word === "<colour>" &&
      /^<shapes?>$/.test(tokens[t + 1]?.word ?? "") &&
      common(tokens.slice(t, t + 2)).length === 0 &&
      // "behind the can that is not red the box goes"
      !tokens.slice(Math.max(0, t - 4), t).some((before) => before.word === "not"),
  );
  return at < 0 ? undefined : textOf(tokens.slice(at, at + 2));
}

/** A length that was said more often than the goals have it. */
function unplannedLength(tokens: readonly Token[], goals: readonly Goal[]): string | undefined {
  const lengths = tokens.filter(({ length_m }) => length_m !== undefined);
  const extra = lengths.find(({ length_m }) => {
    const same = (other?: Meters) => Math.abs((other ?? 0) - (length_m ?? 0)) < 1e-6;
    const planned = goals.filter(({ distance_m }) => same(distance_m));
    return lengths.filter((token) => same(token.length_m)).length > planned.length;
  });
  return (
    extra &&
    `The instruction says ${quote(extra.text)}, which is the distance of no object in the plan that was read. Say which object goes how far from which, for example "the red cube 30 cm left of the cylinder".`
  );
}

/** What sides are called, each in a direction. */
const SIDES: Readonly<Record<string, RegExp>> = {
  left: /^left$/,
  right: /^right$/,
  front: /^(front|ahead)$/,
  behind: /^(behind|back|rear)$/,
};
/** "right behind", "all right": no side. */
function isJust(tokens: readonly Token[], at: number): boolean {
  const next = tokens[at + 1]?.word ?? "";
  return (
    /^(behind|in|next|beside|by|close|near|ahead|on|over|now|away|there)$/.test(next) ||
    tokens[at - 1]?.word === "all"
  );
}

/** A side that was said more often than the goals have it, or of which a goal has half more than was said. */
function unplannedSide(tokens: readonly Token[], goals: readonly Goal[]): string | undefined {
  for (const [side, called] of Object.entries(SIDES)) {
    const said = tokens.filter(
      ({ word }, t) => called.test(word) && !(side === "right" && isJust(tokens, t)),
    );
    const having = goals.filter(({ direction }) => direction.split("-").includes(side));
    const isHalf = said.length === 0 && having.some(({ direction }) => direction.includes("-"));
    if (said.length <= having.length && !isHalf) continue;
    const what = isHalf
      ? `was read as if it said ${quote(side)}`
      : `says ${quote(said[0].text)} more often than the plan that was read`;
    return `The instruction ${what}. Give each object one place, for example "put the red cube left of the cylinder".`;
  }
  return undefined;
}

/** "north of the cube": a side that no word says, beside a word in its place that nobody knows. */
function unknownSide(
  tokens: readonly Token[],
  goals: readonly Goal[],
  knows: (word: string) => boolean,
): string | undefined {
  if (tokens.some(({ word }) => /^(around|surround|circle|ring|encircle|enclose)$/.test(word)))
    return undefined;
  const unsaid = Object.entries(SIDES).some(
    ([side, called]) =>
      goals.some(({ direction }) => direction.split("-").includes(side)) &&
      !tokens.some(({ word }) => called.test(word)),
  );
  const odd = tokens.find(
    ({ word }, t) =>
      !knows(word) && !isClass(word) && /^(of|from)$/.test(tokens[t + 1]?.word ?? ""),
  );
  if (!unsaid || !odd) return undefined;
  return `The embedded planner does not know what ${quote(odd.text)} means. Say left of, right of, in front of, behind or next to.`;
}

const EXTREME =
  /^(large|largest|big|biggest|small|smallest|little|leftmost|rightmost|nearest|closest|farthest|distant)$/;
/** What else may stand for an object without a word for its name, colour or shape. */
const ANY = /^(objects?|things?|ones?|items?|pieces?|others?|else|everything|rest|all)$/;

/** "put the box left of it": an anchor that nothing in the words can mean. */
function unnamedAnchor(tokens: readonly Token[], goals: readonly Goal[]): string | undefined {
  if (tokens.some(({ word }) => ANY.test(word) || EXTREME.test(word))) return undefined;
  const named = new Set(namedThings(tokens).flatMap(({ objects }) => objects));
  return goals.every(({ anchor }) => named.has(anchor))
    ? undefined
    : `The instruction does not name what the objects are placed by. Say, for example, "put the red cube left of the cylinder".`;
}

const EXCEPT =
  /\b(all|everything|every|each)\b.* (?:except|excluding|save|other than|but|but not|apart from|except for) $/;
const STAYS =
  /\b(?:(?:not|never|without|cannot) (?:ever |to |be )*(?:move|touch|moving|touching)|leave|keep) $/;

/** What the words have stay where it is, or leave out, and the goals move. */
function movedNonetheless(tokens: readonly Token[], goals: readonly Goal[]): string | undefined {
  const things = namedThings(tokens);
  const wordsBefore = (at: number) =>
    `${tokens
      .slice(0, at)
      .map(({ word }) => word)
      .join(" ")} `;
  const found = things.find(({ start, objects }) => {
    const [object, ...others] = objects;
    if (others.length > 0 || !goals.some((goal) => goal.object === object)) return false;
    if (STAYS.test(wordsBefore(start))) return true;
    // what a group leaves out may be placed by itself, whatever it is called there
    const again = things.filter((thing) => !thing.plural && thing.objects.includes(object));
    const isCalledOtherwise = tokens.some(({ word }) => EXTREME.test(word));
    return EXCEPT.test(wordsBefore(start)) && again.length === 1 && !isCalledOtherwise;
  });
  return (
    found &&
    `The instruction has ${quote(found.text)} stay, but it is moved in the plan that was read. Say just which object goes where.`
  );
}

interface NamedThing {
  readonly start: number;
  readonly text: string;
  readonly plural: boolean;
  /** Those that all words of it fit. */
  readonly objects: readonly number[];
}

/** Words in a row that name one thing: it ends with its noun or name, for without articles another may follow. */
function namedThings(tokens: readonly Token[]): NamedThing[] {
  const isPart = (t: number) => (tokens[t]?.fits.length ?? 0) > 0;
  const ends = (t: number) => !isPart(t) || tokens[t].word !== "<colour>";
  const starts = tokens.flatMap((_, t) => (isPart(t) && ends(t - 1) ? [t] : []));
  return starts.map((start) => {
    const end = tokens.findIndex((_, t) => t >= start && (ends(t) || !isPart(t + 1)));
    const words = tokens.slice(start, end + 1);
    const plural = words.at(-1)?.word === "<shapes>";
    return { start, text: textOf(words), plural, objects: common(words) };
  });
}

function common(run: readonly Token[]): number[] {
  const [first = [], ...others] = run.map(({ fits }) => fits.map(({ object }) => object));
  return first.filter((object) => others.every((objects) => objects.includes(object)));
}

const textOf = (tokens: readonly Token[]) => tokens.map(({ text }) => text).join(" ");

/** "two red boxes" where there is one of them, or where fewer are moved. */
function miscounted(tokens: readonly Token[], goals: readonly Goal[]): string | undefined {
  for (const [at, token] of tokens.entries()) {
    const count = COUNTS.indexOf(token.word);
    const phrase = count > 1 ? plainCount(tokens, at) : undefined;
    if (!phrase) continue;
    const named =
      phrase.slice(1).every(({ fits }) => fits.length > 0) && phrase.at(-1)?.word === "<shapes>";
    if (goals.length >= count && !(named && common(phrase.slice(1)).length !== count)) continue;
    return `The instruction says ${quote(textOf(phrase))}, which are not as many in the scene or in the plan that was read. Name each of them.`;
  }
  return undefined;
}
