/** What the words name, compared with the scene and with the plan that was read: what moves, by what it is placed, how many. */

import { quote } from "../check.ts";
import type { Goal } from "../grammar/goals.ts";
import { COUNTS, type Token } from "./words.ts";

/** "the green cube" where there are green things and cubes, but no green cube. */
export function strangePair(tokens: readonly Token[]): string | undefined {
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

const EXTREME =
  /^(large|largest|big|biggest|small|smallest|little|leftmost|rightmost|nearest|closest|farthest|distant)$/;
/** What else may stand for an object without a word for its name, colour or shape. */
const ANY = /^(objects?|things?|ones?|items?|pieces?|others?|else|everything|rest|all)$/;

/** "put the box left of it": an anchor that nothing in the words can mean. */
export function unnamedAnchor(
  tokens: readonly Token[],
  goals: readonly Goal[],
): string | undefined {
  if (tokens.some(({ word }) => ANY.test(word) || EXTREME.test(word))) return undefined;
  const named = new Set(namedThings(tokens).flatMap(({ objects }) => objects));
  return goals.every(({ anchor }) => named.has(anchor))
    ? undefined
    : `The instruction does not name what the objects are placed by. Say, for example, "put the red cube left of the cylinder".`;
}

/** What a side is said of, and nothing is placed by: "left of the cube and right of the prism", for one object. */
export function unusedAnchor(tokens: readonly Token[], goals: readonly Goal[]): string | undefined {
  const unused = namedThings(tokens).find(({ start, plural, objects }) => {
    const [side, of] = [tokens[start - 2]?.word ?? "", tokens[start - 1]?.word];
    const isAnchor =
      of === "behind" || (of === "of" && /^(left|right|front|ahead|back|rear|side)$/.test(side));
    return (
      isAnchor &&
      !plural &&
      objects.length === 1 &&
      !goals.some(({ anchor }) => anchor === objects[0])
    );
  });
  return (
    unused &&
    `The instruction has something placed by ${quote(unused.text)}, but the plan that was read has not. Give each object one place, for example "put the red cube left of the cylinder".`
  );
}

const EXCEPT =
  /\b(all|everything|every|each)\b.* (?:except|excluding|save|other than|but|but not|apart from|except for) $/;
const STAYS =
  /\b(?:(?:not|never|without|cannot) (?:ever |to |be )*(?:move|touch|moving|touching)|leave|keep) $/;

/** What the words have stay where it is, or leave out, and the goals move. */
export function movedNonetheless(
  tokens: readonly Token[],
  goals: readonly Goal[],
): string | undefined {
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

/** "two red boxes" where there is one of them, or where fewer are moved. */
export function miscounted(tokens: readonly Token[], goals: readonly Goal[]): string | undefined {
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

/** "two red cubes", "the three other objects": the tokens of how many of what; undefined where the number is none of things. */
export function plainCount(tokens: readonly Token[], at: number): readonly Token[] | undefined {
  const near = tokens.slice(at + 1, at + 4);
  const end = near.findIndex(({ word }) =>
    /^(<shapes>|objects|things|ones|items|pieces)$/.test(word),
  );
  if (end >= 0) return tokens.slice(at, at + end + 2);
  return /^<(colour|absent)>$/.test(near[0]?.word ?? "") ? tokens.slice(at, at + 2) : undefined;
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
