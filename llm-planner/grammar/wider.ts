/**
 * More ways to say things, which only training draws from: what is judged speaks the `train` and `heldOut`
 * lists of `phrases.ts` and `lexicon.ts`, so that the judged instructions stay what they were.
 *
 * "(a|b) c" stands for "a c" and "b c". "{?}" is a word that nobody knows, another one each time: a reader
 * that is to understand paraphrases must learn what can be inferred around a word that it does not know.
 * No word and no phrase here is one of the held-out lists; a test compares them.
 */

import type { Direction } from "./goals.ts";

/** All strings that a pattern stands for. */
export function variants(...patterns: readonly string[]): string[] {
  return patterns.flatMap((pattern) => {
    const group = /\(([^()]*)\)/.exec(pattern);
    if (!group) return [pattern.replaceAll(/ +/g, " ").trim()];
    const [whole, inside] = group;
    return inside.split("|").flatMap((choice) => variants(pattern.replace(whole, choice)));
  });
}

const near = "(directly|immediately|straight|{?})";

function leftOrRight(side: "left" | "right"): string[] {
  return variants(
    `(at|along|by) the ${side} side of {anchor}`,
    `(to|towards) the ${side} side of {anchor}`,
    `(on|at|along|by) the ${side} (flank|edge|{?}|{?} {?}) of {anchor}`,
    `(by|towards) the ${side} of {anchor}`,
    `${near} ${side} of {anchor}`,
    `${near} (to|on) the ${side} of {anchor}`,
    `(at|by|towards) {anchor} 's ${side}`,
    `(on|at|by) {anchor} 's ${side} (side|flank|{?})`,
    `to the (immediate|{?}) ${side} of {anchor}`,
    `${side} from {anchor}`,
    `{?} {?} ${side} of {anchor}`,
  );
}

/** The other word for the side, where there is one. */
const ends = { front: "front", behind: "(back|rear)" } as const;

function corner(end: keyof typeof ends, side: "left" | "right"): string[] {
  const named = ends[end];
  const plain = end === "front" ? "(ahead|in front)" : "(behind|at the back)";
  return variants(
    `(to|on|by) the ${named} ${side} side of {anchor}`,
    `(on|by|towards) the ${named} ${side} of {anchor}`,
    `(at|on|by|to) the ${named} ${side} (edge|{?}|{?} {?}) of {anchor}`,
    `(at|on) {anchor} 's ${named} ${side} (edge|side|{?})`,
    `${plain} and (to the|on the|) ${side} of {anchor}`,
    `(to the|on the|) ${side} and ${plain} of {anchor}`,
    `(diagonally|{?}) ${named} ${side} of {anchor}`,
  );
}

export const widerDirections: Readonly<Record<Direction, readonly string[]>> = {
  left: leftOrRight("left"),
  right: leftOrRight("right"),
  front: variants(
    `${near} in front of {anchor}`,
    `${near} ahead of {anchor}`,
    "(at|to|by|along) the front side of {anchor}",
    "(on|to|by|towards) the front of {anchor}",
    "(on|at|by) the front (edge|{?}|{?} {?}) of {anchor}",
    "(on|at|by) {anchor} 's front (|side|{?})",
    "in the front of {anchor}",
    "{?} {?} in front of {anchor}",
  ),
  behind: variants(
    `${near} behind {anchor}`,
    "(at|to|by|along) the (back|rear) side of {anchor}",
    "(on|to|by|towards) the back of {anchor}",
    "(on|by|towards|in) the rear of {anchor}",
    "(on|at|by) the (back|rear) (edge|{?}|{?} {?}) of {anchor}",
    "(on|at|by) {anchor} 's (back|rear) (|side|{?})",
    "in back of {anchor}",
    "{?} {?} behind {anchor}",
  ),
  "front-left": corner("front", "left"),
  "front-right": corner("front", "right"),
  "behind-left": corner("behind", "left"),
  "behind-right": corner("behind", "right"),
  beside: variants(
    "(by|alongside|adjacent to|close by) {anchor}",
    `${near} (next to|beside|close to) {anchor}`,
    "(at|by) the side of {anchor}",
    "{?} {?} (next to|beside) {anchor}",
  ),
};

export const widerSingle: readonly string[] = variants(
  "{object} (is|shall be|ought to be|needs to be|needs to go|is to be|is to go) {where}",
  "{object} (gets placed|is wanted|is needed|gets put) {where}",
  "{object} {?} {where}",
  "{object} {?} {?} {where}",
  "{object} {?} (to|be|up|in) {where}",
  "{object} {?} to (be|go|{?}) {where}",
  "{object} {?} {?} {?} {where}",
  "let {object} (|be|go|{?}) {where}",
  "(I|we) (need|want|{?}) {object} (|to be|to go|placed|{?}) {where}",
  "(I|we) {?} to {?} {object} {where}",
  "(make sure|take care|ensure|{?}|{?} to it) that {object} (is|goes|gets|{?}) {where}",
  "the (spot|place) of {object} is {where}",
  "{verb} {object} (to|into|onto) the (spot|area|{?}) (|that is|which is) {where}",
  "{verb} {object} (to|into) its (spot|place|{?}) {where}",
  "{verb} {object} (until|so|such that|so that) it (is|{?}) {where}",
  "{verb} {object} {?} (|so that it is|so that it {?}|until it is) {where}",
  "{verb} {?} {object} {where}",
  "{?} {?} {object} {where}",
  "{?} {object} {where}",
  "{?} {?} {?} {object} {where}",
  "{where} (belongs|is) {object}",
  "{where} (we need|we want|put|{?}|{?} {?}|{?} {?} {?}) {object}",
  "{where} there (should|ought to|is to|{?}) be {object}",
  "{where} is (the spot of|where you {?}|where I need|the place of) {object}",
  "{where} , (I|we) {?} {object}",
  "{verb} , {where} , {object}",
  "{verb} {object} , {where}",
);

/** After "before" and "after". */
export const widerGerund: readonly string[] = variants(
  "(bringing|setting|sliding|getting) {object} {where}",
  "{?} {object} {where}",
  "{?} {?} {object} {where}",
  "(we|the robot) (place|move|set|{?}) {object} {where}",
  "{object} is (|placed|put|{?}) {where}",
  "{object} {?} {where}",
);

export const widerSides: readonly string[] = variants(
  "{verb} {objects} (at|to) the {side} and (the|at the|to the) {side2} of {anchor}",
  "{verb} {objects} {side} and {side2} of {anchor} {?}",
  "{verb} {objects} (on|to|at) the {side} and {side2} side of {anchor}",
  "{objects} (should be|are to be|should go|are|{?}|{?} {?}) (|on the|to the) {side} and {side2} of {anchor}",
  "(we|I) (need|{?}) {objects} (|to the|at the|on the) {side} and (|the) {side2} of {anchor}",
  "{side} and {side2} of {anchor} (go|put|{?}) {objects}",
  "{?} {objects} {side} and {side2} of {anchor}",
  "{?} {objects} on the {side} and {?} the {side2} of {anchor}",
);

export const widerAround: readonly string[] = variants(
  "{verb} {objects} in a ring around {anchor}",
  "(make|build|{?}) a (ring|{?}) of {objects} around {anchor}",
  "{objects} (go all|are placed|{?}) around {anchor}",
  "{objects} (are to|shall|{?}) surround {anchor}",
  "let {objects} surround {anchor}",
  "(enclose|encircle) {anchor} with {objects}",
  "{?} {objects} (|all|{?}) around {anchor}",
);

export const widerRow: readonly string[] = variants(
  "{verb} {objects} in (a line|single file) {where}",
  "(make|build|{?}) a line of {objects} {where}",
  "(build|arrange|{?}) a row of {objects} {where}",
  "{objects} (go|should go|{?}|{?} {?}) in a (row|line) {where}",
  "{?} {objects} in a (row|line) {where}",
  "a (row|line) of {objects} (|goes|belongs|{?}) {where}",
  "arrange {objects} in a (row|line) {where}",
  "{where} , (make|{?}) a row of {objects}",
);

export const widerStay: readonly string[] = variants(
  "{object} (remains|rests|{?}) where it is",
  "{object} (remains|{?}) in its place",
  "{object} (is not to be|should not be) (moved|touched)",
  "{object} should not (move|{?})",
  "(keep|let|{?}) {object} where it is",
  "{?} {object} in its place",
  "(never|do not ever) (move|touch) {object}",
  "{object} keeps its place",
);

export const widerAnd: readonly string[] = variants(
  "and also",
  ", also",
  ". (likewise|moreover|{?}) ,",
  ". in addition ,",
  ", while",
  ", (and {?}|{?})",
  "{?}",
  ". {?}",
  "; (also|{?})",
);

export const widerThen: readonly string[] = variants(
  "(, |. |)afterwards ,",
  "and afterwards",
  ". next ,",
  "(.|,) and then",
  ". (later|subsequently|thereafter) ,",
  ", after which",
  ". after this ,",
  ". (as soon as|{?}) that is (done|finished) ,",
  ". that done ,",
  ", {?} (then|next|afterwards)",
  ", and {?} then",
  "and {?} (then|afterwards)",
);

export const widerLast: readonly string[] = variants(
  ", and lastly",
  ". (lastly|finally|at last) ,",
  "and last of all",
  ", and at the {?} {?}",
  ". to finish ,",
);

export const widerPairs: readonly string[] = variants(
  "first {first} , (and then|next|afterwards) {second}",
  "{second} as soon as {first-ing} is (done|finished)",
  "(as soon as|{?}) {first-ing} is (done|finished) , {second}",
  "{second} (as soon as|{?}) {first-ing} is done",
  "{second} , (though|and) first {first}",
  "{second} (, {?}|{?}|, but) after {first-ing}",
  "{second} , but {?} after {first-ing}",
  "(begin with|begin by|{?} with|{?} by) {first-ing} , (then|and then|afterwards) {second}",
  "prior to {second-ing} , {first}",
  "{first} prior to {second-ing}",
  "{first} , but before {second-ing}",
  "after {first-ing} is (done|finished) , {second}",
  "(once|after|as soon as) {first-is} , {second}",
  "{second} (after|as soon as) {first-is}",
  "before {second-is} , {first}",
  "{second} , but (first|before that) you {?} {first-is}",
);

export const widerOpenings: readonly string[] = variants(
  "{?}",
  "{?} {?} ,",
  "(well|listen|hello|now then) ,",
  "can you (|please)",
  "robot , please",
  "{?} robot ,",
  "(I|we) {?} you to",
  "your next task is to",
  "{?} {?} {?} and",
);

export const widerClosings: readonly string[] = variants(
  ", {?} (|{?})",
  ", {?} you {?}",
  ", if you can",
  ", thanks a lot",
);

export const widerVerbs: readonly string[] = [
  ...Array.from({ length: 4 }, () => "{?}"),
  ...["carry", "haul", "take", "guide", "roll", "transport", "deliver", "steer", "relocate"],
];

export const widerAnyNouns: readonly string[] = ["{?}", "{?}", "thing", "object"];

export const widerNear: readonly string[] = variants(
  "(adjacent to|alongside|by|close by)",
  "(that is|which is|located) (next to|beside|close to|nearest to)",
  "{?}",
  "{?}",
  "{?} (to|by)",
  "{?} to",
);

export const widerNot: readonly string[] = variants(
  "that (does|looks|{?}) not {?}",
  "which {?} not",
  "not {?}",
  "(not painted|not coloured)",
);

export const widerRest: readonly string[] = variants(
  "all other (objects|things|ones)",
  "the other (objects|things|ones)",
  "all (of the|{?}) rest",
  "(all|all the) {?} others",
  "the {?} objects",
);

export const widerExcept: readonly string[] = [
  "excluding",
  "save",
  "apart from",
  "{?}",
  "except {?}",
  "{?} from",
];

/** In front of the word for an extreme. */
export const widerExtremes = (words: readonly string[]): string[] =>
  words.flatMap((word) => variants(`({?}|{?}|single|absolutely) ${word}`));

export const widerMoved: readonly string[] = variants(
  "the (one|thing|object) (just moved|moved last|you moved last)",
  "the thing you just (moved|placed)",
  "the (one|thing) you {?} just (placed|moved)",
);
