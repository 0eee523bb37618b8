/**
 * Lengths as people say them: "30 cm", "half a metre", "1 m 20 cm". What is a measure, but none that can be read ("-30 cm",
 * "a few inches"), is found as well: without it the rest of the words would mean another place.
 */

import type { Meters } from "../../core/units.ts";
import { plural } from "../grammar/lexicon.ts";

/** A stretch of words that is a measure. */
export interface Measure {
  /** Words that it takes up. */
  readonly used: number;
  /** Undefined where it cannot be read. */
  readonly length_m?: Meters;
}

const METRES: Readonly<Record<string, Meters>> = {
  ...unit(0.001, "mm", "millimetre", "millimeter"),
  ...unit(0.01, "cm", "centimetre", "centimeter"),
  ...unit(0.1, "dm", "decimetre", "decimeter"),
  ...unit(1, "metre", "meter"),
  // "ms" are milliseconds
  m: 1,
  ...unit(1000, "km", "kilometre", "kilometer"),
  ...unit(0.0254, "inch"),
  ...unit(0.3048, "ft", "foot"),
  feet: 0.3048,
  ...unit(0.9144, "yd", "yard"),
};

const ONES =
  "zero one two three four five six seven eight nine ten eleven twelve thirteen fourteen fifteen sixteen seventeen eighteen nineteen";
const TENS = "twenty thirty forty fifty sixty seventy eighty ninety";
const NUMBERS: Readonly<Record<string, number>> = {
  ...Object.fromEntries(ONES.split(" ").map((word, i) => [word, i])),
  ...Object.fromEntries(TENS.split(" ").map((word, i) => [word, 10 * i + 20])),
};

const PARTS: Readonly<Record<string, number>> = {
  half: 1 / 2,
  ...part("third", 3),
  ...part("quarter", 4),
  ...part("fifth", 5),
  ...part("tenth", 10),
  ...{ "½": 1 / 2, "⅓": 1 / 3, "⅔": 2 / 3, "¼": 1 / 4, "¾": 3 / 4 },
};

const SIGNS: ReadonlySet<string> = new Set(["-", "−", "–", "+", "±", "minus", "negative"]);

/** How figures may be written, for a pattern that looks for words. */
export const FIGURES: string = [
  String.raw`\d+(?:\.\d+)?e[+-]?\d+(?![\p{L}\d_-])`,
  String.raw`\d+\/\d+`,
  String.raw`(?<![\p{L}\d])\.\d+`,
  String.raw`\d+(?:[.,]\d+)*`,
  "[½⅓⅔¼¾]",
  // a sign is a word of its own, and so is what follows a number
  String.raw`(?<![^\s(])[-−–+±](?=[.\d½⅓⅔¼¾])`,
  String.raw`(?<=\d ?)[°%]`,
].join("|");

/** Whether a word is the name of a unit of length. */
export function isUnit(word: string | undefined): boolean {
  return Object.hasOwn(METRES, word ?? "");
}

/** Whether a word is a number that is written out. */
export function isNumberWord(word: string): boolean {
  return Object.hasOwn(NUMBERS, word) || word === "hundred" || word === "thousand";
}

/** The measure that begins at word `at`; undefined where none does. */
export function measureAt(words: readonly string[], at: number): Measure | undefined {
  if (SIGNS.has(words[at])) {
    const unsigned = lengthAt(words, at + 1) ?? numberAt(words, at + 1);
    return unsigned && { used: 1 + unsigned.used };
  }
  return lengthAt(words, at) ?? strayUnit(words, at);
}

/** Numbers and units, with no sign before them. */
function lengthAt(words: readonly string[], at: number): Measure | undefined {
  const first = simpleAt(words, at);
  if (!first) return undefined;
  let { used, unit_m, length_m } = first;
  // "1 m 20 cm": each unit smaller than the one before, and less than one of it
  for (;;) {
    const next = at + used + (words[at + used] === "and" ? 1 : 0);
    const more = simpleAt(words, next);
    if (!more || more.unit_m >= unit_m || more.length_m >= unit_m) break;
    used = next + more.used - at;
    unit_m = more.unit_m;
    length_m += more.length_m;
  }
  return length_m > 0 && Number.isFinite(length_m) ? { used, length_m } : { used };
}

interface Simple extends Required<Measure> {
  readonly unit_m: Meters;
}

/** A number and a unit, "a metre and a half" among them. */
function simpleAt(words: readonly string[], at: number): Simple | undefined {
  const number = partAt(words, at) ?? numberAt(words, at) ?? articleAt(words, at);
  if (!number) return undefined;
  const next = at + number.used;
  if (!isUnit(words[next])) return undefined;
  const unit_m = METRES[words[next]];
  const more = extraAt(words, next + 1);
  // "1.000 mm": a metre to some, a millimetre to others
  const isTorn = unit_m === METRES.mm && /^[1-9]\d{0,2}\.\d{3}$/.test(words[at]);
  const value = isTorn ? Number.NaN : number.value + more.value;
  return { used: number.used + 1 + more.used, length_m: value * unit_m, unit_m };
}

interface Amount {
  readonly used: number;
  /** Not a number where figures make none. */
  readonly value: number;
}

/** "30", "1,000", "1/2", "1 ½", "thirty five", "two and a half". */
function numberAt(words: readonly string[], at: number): Amount | undefined {
  const word = words[at] ?? "";
  const whole = /^[.\d]/.test(word) && word !== "." ? figures(word) : spelledAt(words, at);
  if (whole === undefined) return undefined;
  const { used, value } = typeof whole === "number" ? { used: 1, value: whole } : whole;
  const more = extraAt(words, at + used);
  return { used: used + more.used, value: value + more.value };
}

/** "1/2", "½" or "and a half" behind a whole number; nothing where none is. */
function extraAt(words: readonly string[], at: number): Amount {
  const word = words[at] ?? "";
  if (/^[½⅓⅔¼¾]$/.test(word)) return { used: 1, value: PARTS[word] };
  if (/^\d+\/\d+$/.test(word)) return { used: 1, value: figures(word) };
  const [and, one, part = ""] = words.slice(at, at + 3);
  const isExtra = and === "and" && (one === "a" || one === "one") && Object.hasOwn(PARTS, part);
  return isExtra ? { used: 3, value: PARTS[part] } : { used: 0, value: 0 };
}

/** "half a", "a quarter of a", "three quarters of a": parts of the unit that follows. */
function partAt(words: readonly string[], at: number): Amount | undefined {
  const count = spelledAt(words, at) ?? (words[at] === "a" ? { used: 1, value: 1 } : undefined);
  let next = at + (count?.used ?? 0);
  const part = words[next] ?? "";
  if (!Object.hasOwn(PARTS, part)) return undefined;
  next++;
  if (words[next] === "of") next++;
  if (["a", "an", "one"].includes(words[next])) next++;
  return isUnit(words[next])
    ? { used: next - at, value: (count?.value ?? 1) * PARTS[part] }
    : undefined;
}

/** "a" before a unit, "a hundred". */
function articleAt(words: readonly string[], at: number): Amount | undefined {
  if (words[at] !== "a" && words[at] !== "an") return undefined;
  if (isUnit(words[at + 1])) return { used: 1, value: 1 };
  const counted = spelledAt(["one", ...words.slice(at + 1, at + 5)], 0);
  return counted && counted.used > 1 ? counted : undefined;
}

/** A number in words, below a thousand. */
function spelledAt(words: readonly string[], at: number): Amount | undefined {
  let [value, next, below] = [0, at, 100];
  for (;;) {
    const word = words[next] ?? "";
    if (word === "hundred" && value > 0 && value < 10) {
      [value, below] = [100 * value, 100];
      next += words[next + 1] === "and" && Object.hasOwn(NUMBERS, words[next + 2] ?? "") ? 2 : 1;
    } else if (Object.hasOwn(NUMBERS, word) && NUMBERS[word] < below) {
      value += NUMBERS[word];
      below = NUMBERS[word] < 20 ? 0 : 10;
      next++;
    } else break;
  }
  if (next === at) return undefined;
  const isDigit = (word = "") => Object.hasOwn(NUMBERS, word) && NUMBERS[word] < 10;
  if (words[next] === "point" && isDigit(words[next + 1])) {
    next++;
    for (let tenth = 0.1; isDigit(words[next]); tenth /= 10)
      value += NUMBERS[words[next++]] * tenth;
  }
  return { used: next - at, value };
}

/** Commas part thousands where three figures follow each, and are decimal where they do not. */
function figures(text: string): number {
  const [over, under] = text.split("/");
  if (under !== undefined) return Number(over) / Number(under);
  if (/^[1-9]\d{0,2}(,\d{3})+(\.\d+)?$/.test(text)) return Number(text.replaceAll(",", ""));
  return Number(text.replace(",", "."));
}

/** A unit that no number goes with, as in "a few inches"; a single letter may be anything. */
function strayUnit(words: readonly string[], at: number): Measure | undefined {
  return isUnit(words[at]) && words[at].length > 1 ? { used: 1 } : undefined;
}

function unit(length_m: Meters, ...names: readonly string[]): Record<string, Meters> {
  return Object.fromEntries(
    names.flatMap((name) => [name, plural(name)].map((n) => [n, length_m])),
  );
}

function part(name: string, count: number): Record<string, number> {
  return { [name]: 1 / count, [plural(name)]: 1 / count };
}
