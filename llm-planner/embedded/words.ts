/**
 * Words to tokens. What names a property of an object (its name, its colour, its shape) becomes a class of
 * words, and beside it stands which objects it fits; so a network that has learnt to read "the red box" reads
 * "the turquoise parcel" as well. All other words come from a vocabulary, or count as unknown.
 */

import type { Meters } from "../../core/units.ts";
import { knownColours, shapeNouns, shapesNamedBy } from "../grammar/lexicon.ts";
import type { ObjectView, WorldView } from "../world-view.ts";
import { FIGURES, isUnit, type Measure, measureAt } from "./lengths.ts";

/** Classes of words; they come first in every vocabulary. */
export const CLASSES = [
  "<none>",
  "<unknown>",
  "<name>",
  "<colour>",
  "<shape>",
  "<shapes>",
  "<absent>",
  "<absent-name>",
  "<length>",
  "<number>",
] as const;
type WordClass = (typeof CLASSES)[number];

/** How a token may fit an object. */
export const FITS = ["name", "colour", "shape"] as const;
type Fit = (typeof FITS)[number];

/** One word of an instruction, as the reader's network takes it. */
export interface Token {
  /** The word, or the class that stands for it. */
  readonly word: string;
  /** As it was written. */
  readonly text: string;
  /** Which objects it names, by their position in the world view, and by what. */
  readonly fits: readonly { readonly object: number; readonly by: Fit }[];
  /** Where it is a length, such as "30 cm". */
  readonly length_m?: Meters;
  /** Where it is a measure that cannot be read, such as "-30 cm". */
  readonly unread?: true;
}

const ARTICLES: ReadonlySet<string> = new Set(["the", "a", "an"]);
/** Numbers that the reader knows as words, each at its place. */
export const COUNTS = ["zero", "one", "two", "three", "four", "five", "six", "seven", "eight"];
/** Tokens of `text`, without articles. */
export function tokenize(text: string, world: WorldView): Token[] {
  const names = namesIn(world.objects);
  const words = rawWords(text, names.whole);
  const tokens: Token[] = [];
  let at = 0;
  while (at < words.length) {
    const { token, used } = nextToken(words, at, names, world.objects);
    if (token) tokens.push(token);
    at += used;
  }
  return tokens;
}

/** Tokens of a whole instruction: the marks at its end say nothing. */
export function readInstruction(text: string, world: WorldView): Token[] {
  const tokens = tokenize(text, world);
  const last = tokens.findLastIndex(({ word }) => !isMark(word));
  return tokens.slice(0, last + 1);
}

/** A word; a stroke between words is one, too. */
const WORD = new RegExp(
  String.raw`[\p{L}\d]+(?:[-_][\p{L}\d]+)+|${FIGURES}|\p{L}+\d*|(?<=\p{L})\/(?=\p{L})|[.,;:!?]`,
  "gu",
);

/** Words, numbers and marks in lower case; a hyphen joins words only where that makes a name. */
function rawWords(text: string, names: ReadonlySet<string>): string[] {
  const plain = text
    .toLowerCase()
    .replaceAll(/[’`]/g, "'")
    .replaceAll("n't", " not")
    .replaceAll(/\bits\b/g, "it's");
  const rough = plain.match(WORD) ?? [];
  return rough.flatMap((word) => {
    if (names.has(word) || !/[\p{L}\d][-_]/u.test(word) || /^[\d.]+e-/.test(word)) return [word];
    return word.split(/[-_]/);
  });
}

interface Names {
  /** Names of objects in lower case. */
  readonly whole: ReadonlySet<string>;
  /** Sequences of words that name something, longest first. */
  readonly sequences: readonly {
    readonly words: readonly string[];
    readonly word: WordClass;
    readonly fits: Token["fits"];
  }[];
}

/** A world is read many times, piece by piece, while a reader trains. */
const namesMet = new WeakMap<readonly ObjectView[], Names>();

function namesIn(objects: readonly ObjectView[]): Names {
  const met = namesMet.get(objects) ?? namesOf(objects);
  namesMet.set(objects, met);
  return met;
}

function namesOf(objects: readonly ObjectView[]): Names {
  const sequences = new Map<string, { word: WordClass; fits: { object: number; by: Fit }[] }>();
  const whole = new Set(objects.map(({ name }) => name.toLowerCase()));
  const add = (words: string, word: WordClass, by: Fit, object: number) => {
    // a name that no word can be
    if (words === "") return;
    const entry = sequences.get(words) ?? { word, fits: [] };
    entry.fits.push({ object, by });
    sequences.set(words, entry);
  };
  objects.forEach(({ name, colour }, i) => {
    const lower = name.toLowerCase();
    // as it will be split where it is said
    add(rawWords(lower, whole).join(" "), "<name>", "name", i);
    // "object-3" may be spoken as "object 3"
    if (/^[a-z]+-\d+$/.test(lower)) add(lower.replace("-", " "), "<name>", "name", i);
    if (colour !== undefined) add(colour.toLowerCase(), "<colour>", "colour", i);
    if (colour?.toLowerCase() === "grey") add("gray", "<colour>", "colour", i);
  });
  const list = [...sequences].map(([words, entry]) => ({ words: words.split(" "), ...entry }));
  return { whole, sequences: list.sort((a, b) => b.words.length - a.words.length) };
}

function nextToken(
  words: readonly string[],
  at: number,
  { sequences }: Names,
  objects: readonly ObjectView[],
): { readonly token?: Token; readonly used: number } {
  const named = sequences.find((sequence) => sequence.words.every((w, i) => w === words[at + i]));
  const text = words[at];
  if (named) {
    const { word, fits } = named;
    const used = named.words.length;
    return { token: { word, text: words.slice(at, at + used).join(" "), fits }, used };
  }
  if (isNumberedName(words, at, objects)) {
    const spoken = `${text} ${words[at + 1]}`;
    return { token: { word: "<absent-name>", text: spoken, fits: [] }, used: 2 };
  }
  const measure = measureAt(words, at);
  if (measure) return measured(words.slice(at, at + measure.used), measure);
  if (/^\.?\d/.test(text)) return number(text);
  if (ARTICLES.has(text)) return { used: 1 };
  const noun = shapesNamedBy(text);
  if (noun) return { token: shapeToken(text, noun, objects), used: 1 };
  if (knownColours.has(text)) return { token: { word: "<absent>", text, fits: [] }, used: 1 };
  return { token: { word: text, text, fits: [] }, used: 1 };
}

/** "object 9" where there are an object-1 and an object-2, but it is none of them. */
function isNumberedName(
  words: readonly string[],
  at: number,
  objects: readonly ObjectView[],
): boolean {
  const [word, count, unit] = [words[at], words[at + 1], words[at + 2]];
  // a mark names nothing
  if (!/^[\p{L}\d]+$/u.test(word)) return false;
  if (!/^\d+$/.test(count ?? "") || isUnit(unit)) return false;
  const begin = `${word}-`;
  return objects.some(({ name }) => {
    const lower = name.toLowerCase();
    return lower.startsWith(begin) && /^\d+$/.test(lower.slice(begin.length));
  });
}

function shapeToken(
  text: string,
  noun: { readonly shapes: readonly ObjectView["shape"][]; readonly plural: boolean },
  objects: readonly ObjectView[],
): Token {
  const fits = objects.flatMap(({ shape }, object) =>
    noun.shapes.includes(shape) ? [{ object, by: "shape" as const }] : [],
  );
  if (fits.length === 0) return { word: "<absent>", text, fits };
  return { word: noun.plural ? "<shapes>" : "<shape>", text, fits };
}

function measured(words: readonly string[], { used, length_m }: Measure) {
  const text = words.join(" ").replace(/^([^\p{L}\d.]) /u, "$1");
  const token: Token =
    length_m === undefined
      ? { word: "<unknown>", text, fits: [], unread: true }
      : { word: "<length>", text, fits: [], length_m };
  return { token, used };
}

/** A bare number up to eight is its word. */
function number(text: string): { token: Token; used: number } {
  return { token: { word: COUNTS[Number(text)] ?? "<number>", text, fits: [] }, used: 1 };
}

/** True for words that stand for a property rather than for themselves. */
export function isClass(word: string): boolean {
  return word.startsWith("<");
}

/** True for marks of punctuation. */
export function isMark(word: string): boolean {
  return /^[.,;:!?]$/.test(word);
}

/** Position of a token's word in a vocabulary. */
export function wordIndex(vocabulary: ReadonlyMap<string, number>, { word }: Token): number {
  return vocabulary.get(word) ?? CLASSES.indexOf("<unknown>");
}

/** Words of a vocabulary that corrections have added: those of a training come first, and in order. */
export function taughtWords(vocabulary: ReadonlyMap<string, number>): ReadonlySet<string> {
  const words = [...vocabulary.keys()].slice(CLASSES.length);
  const first = words.findIndex((word, i) => i > 0 && word < words[i - 1]);
  return new Set(first < 0 ? [] : words.slice(first));
}

/** Nouns that the lexicon knows, for messages. */
export const knownNouns: readonly string[] = Object.keys(shapeNouns);
