/**
 * What the words say and a plan does not. The reader makes the best of any words, so it would carry out what it took
 * from "put it -30 cm left"; here the words themselves object, and the answer is that they are unclear.
 */

import type { Meters } from "../../core/units.ts";
import { quote } from "../check.ts";
import type { Goal } from "../grammar/goals.ts";
import { isNumberWord } from "./lengths.ts";
import { isClass, type Token } from "./words.ts";

/** Why the words cannot mean just these goals, as a sentence; undefined where nothing speaks against it. */
export function objectionTo(tokens: readonly Token[], goals: readonly Goal[]): string | undefined {
  return unreadMeasure(tokens) ?? unplannedLength(tokens, goals);
}

function unreadMeasure(tokens: readonly Token[]): string | undefined {
  const at = tokens.findIndex(
    (token, t) => token.unread || (isNumber(token) && !isCount(tokens, t)) || isSize(tokens, t),
  );
  if (at < 0) return undefined;
  const { text, unread } = tokens[at];
  const whole = unread || at + 1 === tokens.length ? text : `${text} ${tokens[at + 1].text}`;
  return `The instruction says ${quote(whole)}, which is no distance that the embedded planner reads. Say, for example, "30 cm" or "0.3 m".`;
}

/** A number, "one" aside, which mostly stands for an object. */
function isNumber({ word, text }: Token): boolean {
  return /^(\.?\d|[½⅓⅔¼¾])/.test(text)
    ? !isLength(word) && !isName(word)
    : word !== "one" && isNumberWord(word);
}

const isLength = (word: string) => word === "<length>";
const isName = (word: string) => word === "<name>" || word === "<absent-name>";

/** "two red cubes", "the three other objects": a number that says how many. */
function isCount(tokens: readonly Token[], at: number): boolean {
  const [next, ...more] = tokens.slice(at + 1, at + 4).map(({ word }) => word);
  return next === "<colour>" || next === "<absent>" || [next, ...more].some(isPlural);
}

function isPlural(word: string): boolean {
  return /^(<shapes>|objects|things|ones|items|pieces)$/.test(word);
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
