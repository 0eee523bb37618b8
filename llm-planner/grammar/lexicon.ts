/**
 * The words that instructions are made of. Words of each kind are split in two: those a planner is trained
 * on, and those it meets for the first time when it is judged (`heldOut`).
 */

import type { ObjectView } from "../world-view.ts";
import { widerAnyNouns, widerClosings, widerExtremes, widerOpenings, widerVerbs } from "./wider.ts";

/** Which half of the words and templates may be used. */
export type Split = "train" | "heldOut";

/** Something that exists in both halves. */
export interface Halves<T> {
  readonly train: readonly T[];
  readonly heldOut: readonly T[];
  /** More for training, which no judged instruction draws from; see `wider.ts`. */
  readonly wider?: readonly T[];
}

/** Colours that scenes give their objects. */
export const colours: Halves<string> = {
  train: ["red", "green", "blue", "yellow", "orange", "purple", "white", "black", "grey", "brown"],
  heldOut: ["pink", "turquoise", "maroon", "beige", "navy", "gold", "light blue", "dark green"],
};

/** Nouns by the shapes they may stand for. Plurals are formed by `plural`. */
export const shapeNouns: Readonly<Record<string, readonly ObjectView["shape"][]>> = {
  cube: ["cube"],
  box: ["cube", "box"],
  block: ["cube", "box"],
  crate: ["cube", "box"],
  carton: ["cube", "box"],
  parcel: ["cube", "box"],
  brick: ["cube", "box"],
  cylinder: ["cylinder"],
  can: ["cylinder"],
  tin: ["cylinder"],
  drum: ["cylinder"],
  barrel: ["cylinder"],
  prism: ["prism"],
  wedge: ["prism"],
  triangle: ["prism"],
};

/** The nouns that instructions of each half use, by shape. */
export const nounsOf: Readonly<Record<ObjectView["shape"], Halves<string>>> = {
  cube: { train: ["cube", "box", "block"], heldOut: ["crate", "brick"] },
  box: { train: ["box", "block", "crate"], heldOut: ["carton", "parcel"] },
  cylinder: { train: ["cylinder", "can"], heldOut: ["drum", "barrel", "tin"] },
  prism: { train: ["prism", "wedge"], heldOut: ["triangle"] },
};

/** Nouns that stand for any object. */
export const anyNouns: Halves<string> = {
  train: ["object", "one", "thing"],
  heldOut: ["item", "piece"],
  wider: widerAnyNouns,
};

/** Ways to say move, followed by what is moved. */
export const verbs: Halves<string> = {
  train: ["put", "move", "push", "place", "bring", "set", "slide", "get"],
  heldOut: ["shove", "nudge", "shift", "park", "position", "drive"],
  wider: widerVerbs,
};

export const openings: Halves<string> = {
  train: ["please", "could you", "robot ,", "I need you to", "now", "ok ,", "would you please"],
  heldOut: ["kindly", "hey robot ,", "I would like you to", "be so good and"],
  wider: widerOpenings,
};

export const closings: Halves<string> = {
  train: ["please", ", thanks", ", will you"],
  heldOut: [", thank you very much", ", cheers"],
  wider: widerClosings,
};

/** Names of the extremes an object may have; each is a column of its row for every group that it may be one of. */
export const EXTREMES = [
  "largest",
  "smallest",
  "leftmost",
  "rightmost",
  "nearest",
  "farthest",
] as const;
export type Extreme = (typeof EXTREMES)[number];

const withEmphasis = (train: readonly string[], heldOut: readonly string[]): Halves<string> => ({
  train,
  heldOut,
  wider: widerExtremes(train),
});

/** How extremes are said. Left and right are the robot's; near and far are from the robot. */
export const extremeWords: Readonly<Record<Extreme, Halves<string>>> = {
  largest: withEmphasis(["largest", "biggest", "large", "big"], ["very largest"]),
  smallest: withEmphasis(["smallest", "small", "little"], ["very smallest"]),
  leftmost: withEmphasis(["leftmost"], ["leftmost"]),
  rightmost: withEmphasis(["rightmost"], ["rightmost"]),
  nearest: withEmphasis(["nearest", "closest"], ["very nearest"]),
  farthest: withEmphasis(["farthest", "most distant"], ["very farthest"]),
};

/** Colours that are recognised as such even where no object has them. */
export const knownColours: ReadonlySet<string> = new Set([
  ...colours.train,
  ...colours.heldOut,
  ...["gray", "violet", "cyan", "magenta", "silver", "lime", "olive", "teal", "indigo", "crimson"],
]);

/** Box, boxes; cube, cubes. */
export function plural(noun: string): string {
  return /(x|s|ch)$/.test(noun) ? `${noun}es` : `${noun}s`;
}

const singulars: ReadonlyMap<string, string> = new Map(
  Object.keys(shapeNouns).map((noun) => [plural(noun), noun]),
);

/** What a word says about shape, and whether it is a plural; undefined for words that name no shape. */
export function shapesNamedBy(
  word: string,
): { readonly shapes: readonly ObjectView["shape"][]; readonly plural: boolean } | undefined {
  const singular = singulars.get(word);
  if (singular !== undefined) return { shapes: shapeNouns[singular], plural: true };
  return Object.hasOwn(shapeNouns, word) ? { shapes: shapeNouns[word], plural: false } : undefined;
}
