/**
 * What the words say and a plan does not. The reader makes the best of any words, so it would carry out what it took
 * from "put it -30 cm left"; here the words themselves object, and the answer is that they are unclear.
 */

import type { Meters } from "../../core/units.ts";
import { quote } from "../check.ts";
import type { Goal } from "../grammar/goals.ts";
import { beyondPlans, strangeThing } from "./beyond.ts";
import { isNumberWord } from "./lengths.ts";
import {
  miscounted,
  movedNonetheless,
  plainCount,
  strangePair,
  unnamedAnchor,
  unusedAnchor,
} from "./named-things.ts";
import { isClass, type Token } from "./words.ts";

/**
 * Why the words cannot mean just these goals, as a sentence; undefined where nothing speaks against it. `taught` are the
 * words to which corrections have given a meaning.
 */
export function objectionTo(
  tokens: readonly Token[],
  goals: readonly Goal[],
  taught: ReadonlySet<string>,
): string | undefined {
  const beyond = beyondPlans(tokens, taught);
  const strange = strangeThing(tokens, taught) ?? strangePair(tokens);
  const spoken =
    unreadMeasure(tokens) ??
    (beyond &&
      `The embedded planner cannot plan for ${quote(beyond)}: it puts objects on sides of other objects, once and whatever happens. Say just which object goes where.`) ??
    (strange && `The instruction names ${quote(strange)}, which the scene does not have.`);
  if (spoken || goals.length === 0) return spoken;
  return (
    unplannedLength(tokens, goals) ??
    unplannedSide(tokens, goals, taught) ??
    unnamedAnchor(tokens, goals) ??
    unusedAnchor(tokens, goals) ??
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

/** "a 30 cm cube": a length that says how large something is. */
function isSize(tokens: readonly Token[], at: number): boolean {
  const next = tokens[at + 1]?.word ?? "";
  return (
    isLength(tokens[at].word) &&
    (/^(wide|long|tall|high|deep|thick|big|large)$/.test(next) ||
      (isClass(next) && !isLength(next)))
  );
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
  beside: /^(beside|next|close|near|nearby|by|alongside|adjacent|side|from|within)$/,
};
/** A word for a side, where it does not mean something else: "right behind", "all right". */
function placesTo(called: RegExp, tokens: readonly Token[], at: number): boolean {
  const [before, word, next] = [at - 1, at, at + 1].map((t) => tokens[t]?.word ?? "");
  const isJust = /^(behind|in|next|beside|by|close|near|ahead|on|over|now|away|there)$/.test(next);
  return called.test(word) && !(word === "right" && (isJust || before === "all"));
}

/** Words that place several objects on several sides, or one behind another. */
const GROUP = /^(around|surround|circle|ring|encircle|enclose|row|line)$/;

/** A side that was said more often than the goals have it, or that goals have and nothing says. */
function unplannedSide(
  tokens: readonly Token[],
  goals: readonly Goal[],
  taught: ReadonlySet<string>,
): string | undefined {
  const isGroup = tokens.some(({ word }) => GROUP.test(word));
  if (isGroup && goals.length < 2) {
    return "The instruction places several objects, but the plan that was read moves one. Name each of them.";
  }
  const mayMeanAny = isGroup || tokens.some(({ word }) => taught.has(word));
  for (const [side, called] of Object.entries(SIDES)) {
    const having = goals.filter(({ direction }) => direction.split("-").includes(side));
    const said = tokens.filter(({ word }) => called.test(word));
    const isOff = said.length === 0 && having.length > 0 && !mayMeanAny;
    // what is beside another object may be what is spoken of
    const placing = side === "beside" ? [] : tokens.filter((_, t) => placesTo(called, tokens, t));
    if (placing.length <= having.length && !isOff) continue;
    const what = isOff
      ? `was read as if it said ${quote(side)}`
      : `says ${quote(placing[0].text)} more often than the plan that was read`;
    return `The instruction ${what}. Give each object one place, for example "put the red cube left of the cylinder".`;
  }
  return undefined;
}
