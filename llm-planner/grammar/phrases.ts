/** Templates of phrases and clauses. Words in braces are filled in; each list has a held-out half. */

import type { Direction } from "./goals.ts";
import type { Halves } from "./lexicon.ts";
import {
  widerAnd,
  widerAround,
  widerDirections,
  widerExcept,
  widerGerund,
  widerLast,
  widerMoved,
  widerNear,
  widerNot,
  widerPairs,
  widerRest,
  widerRow,
  widerSides,
  widerSingle,
  widerStay,
  widerThen,
} from "./wider.ts";

/** Where something goes. */
export const directionPhrases: Readonly<Record<Direction, Halves<string>>> = {
  left: {
    train: [
      "left of {anchor}",
      "to the left of {anchor}",
      "on the left of {anchor}",
      "on the left side of {anchor}",
      "on {anchor} 's left",
    ],
    heldOut: [
      "on the left-hand side of {anchor}",
      "at the left of {anchor}",
      "to {anchor} 's left",
    ],
    wider: widerDirections.left,
  },
  right: {
    train: [
      "right of {anchor}",
      "to the right of {anchor}",
      "on the right of {anchor}",
      "on the right side of {anchor}",
      "on {anchor} 's right",
    ],
    heldOut: [
      "on the right-hand side of {anchor}",
      "at the right of {anchor}",
      "to {anchor} 's right",
    ],
    wider: widerDirections.right,
  },
  front: {
    train: [
      "in front of {anchor}",
      "in front of {anchor}",
      "at the front of {anchor}",
      "ahead of {anchor}",
      "right in front of {anchor}",
    ],
    heldOut: ["on the front side of {anchor}", "just in front of {anchor}"],
    wider: widerDirections.front,
  },
  behind: {
    train: [
      "behind {anchor}",
      "behind {anchor}",
      "at the back of {anchor}",
      "to the rear of {anchor}",
      "right behind {anchor}",
    ],
    heldOut: ["on the back side of {anchor}", "at the rear of {anchor}", "just behind {anchor}"],
    wider: widerDirections.behind,
  },
  "front-left": {
    train: ["front left of {anchor}", "to the front left of {anchor}"],
    heldOut: ["at the front left corner of {anchor}"],
    wider: widerDirections["front-left"],
  },
  "front-right": {
    train: ["front right of {anchor}", "to the front right of {anchor}"],
    heldOut: ["at the front right corner of {anchor}"],
    wider: widerDirections["front-right"],
  },
  "behind-left": {
    train: ["behind and left of {anchor}", "to the back left of {anchor}"],
    heldOut: ["at the back left corner of {anchor}"],
    wider: widerDirections["behind-left"],
  },
  "behind-right": {
    train: ["behind and right of {anchor}", "to the back right of {anchor}"],
    heldOut: ["at the back right corner of {anchor}"],
    wider: widerDirections["behind-right"],
  },
  beside: {
    train: ["next to {anchor}", "beside {anchor}", "right beside {anchor}", "close to {anchor}"],
    heldOut: ["right next to {anchor}", "just beside {anchor}"],
    wider: widerDirections.beside,
  },
};

/** One object goes to one place. */
export const singleClauses: Halves<string> = {
  train: [
    "{verb} {object} {where}",
    "{verb} {object} {where}",
    "{verb} {object} {where}",
    "{verb} {object} {where}",
    "{verb} {object} {where}",
    "{verb} {object} {where}",
    "{object} {where}",
    "{object} goes {where}",
    "{object} should be {where}",
    "I want {object} {where}",
    "{verb} {object} so that it is {where}",
    "{where} goes {object}",
    "{verb} {where} {object}",
    "make sure that {object} is {where}",
    "{object} belongs {where}",
    "{object} to a spot {where}",
    "{where} , {verb} {object}",
  ],
  heldOut: [
    "{verb} {object} to the place {where}",
    "{object} must end up {where}",
    "see that {object} is {where}",
    "{where} I want {object}",
    "I want to see {object} {where}",
    "{object} has to go {where}",
    "{verb} {object} over so that it stands {where}",
  ],
  wider: widerSingle,
};

/** The same after a conjunction that takes a gerund. */
export const gerundClauses: Halves<string> = {
  train: ["putting {object} {where}", "moving {object} {where}", "placing {object} {where}"],
  heldOut: ["pushing {object} {where}", "you put {object} {where}"],
  wider: widerGerund,
};

/** Two objects go to two sides, the first named to the first. */
export const sidesClauses: Halves<string> = {
  train: [
    "{verb} {objects} {side} and {side2} of {anchor}",
    "{verb} {objects} to the {side} and {side2} of {anchor}",
    "{objects} go {side} and {side2} of {anchor}",
    "{verb} {objects} on the {side} and the {side2} of {anchor}",
  ],
  heldOut: [
    "{objects} belong {side} and {side2} of {anchor}",
    "I want {objects} on the {side} and on the {side2} of {anchor}",
  ],
  wider: widerSides,
};

/** Objects go to the sides of an anchor: 2 left and right, 3 also behind, 4 all. */
export const aroundClauses: Halves<string> = {
  train: [
    "{verb} {objects} around {anchor}",
    "surround {anchor} with {objects}",
    "arrange {objects} around {anchor}",
    "{objects} go around {anchor}",
  ],
  heldOut: ["form a circle of {objects} around {anchor}", "{objects} should surround {anchor}"],
  wider: widerAround,
};

/** Objects go one behind another on one side. */
export const rowClauses: Halves<string> = {
  train: [
    "{verb} {objects} in a row {where}",
    "line up {objects} {where}",
    "make a row of {objects} {where}",
    "{objects} in a line {where}",
  ],
  heldOut: ["form a line of {objects} {where}", "{objects} should stand in a row {where}"],
  wider: widerRow,
};

/** Says that something stays. */
export const stayClauses: Halves<string> = {
  train: [
    "leave {object} where it is",
    "do not touch {object}",
    "don't move {object}",
    "without touching {object}",
    "keep {object} in its place",
  ],
  heldOut: ["{object} stays where it is", "don't touch {object}"],
  wider: widerStay,
};

/** Between clauses whose order is open. */
export const andWords: Halves<string> = {
  train: [" and ", " , ", " . ", " ; ", " , and ", " . also ", " as well as "],
  heldOut: [" , plus ", " . besides , "],
  wider: widerAnd,
};

/** Between clauses whose order is asked for. */
export const thenWords: Halves<string> = {
  train: [
    " , then ",
    " and then ",
    " . then ",
    " . after that ",
    " , next ",
    " . afterwards ",
    " and after that ",
    " . once that is done , ",
  ],
  heldOut: [" , and only then ", " . when that is done , ", " , and next "],
  wider: widerThen,
};

/** Two clauses, the one that is done first and the other; {first} and {second} are clauses. */
export const orderedPairs: Halves<string> = {
  train: [
    "first {first} , then {second}",
    "{second} , but first {first}",
    "{second} , but before that {first}",
    "{second} after {first-ing}",
    "before {second-ing} , {first}",
    "after {first-ing} , {second}",
    "{first} before {second-ing}",
    "once {first-ing} is done , {second}",
  ],
  heldOut: [
    "start with {first-ing} , then {second}",
    "when {first-ing} is done , {second}",
    "{second} , but only after {first-ing}",
    "{second} once {first-ing} is done",
  ],
  wider: widerPairs,
};

/** Opens the last of several clauses, whose order is asked for. */
export const lastWords: Halves<string> = {
  train: [" , finally ", " . last , ", " and finally "],
  heldOut: [" , and at the very end "],
  wider: widerLast,
};

/** Parts of references, and what the clause before has moved. */
export const referencePhrases = {
  near: {
    train: ["next to", "nearest to", "beside", "close to", "right by"],
    heldOut: ["closest to", "near"],
    wider: widerNear,
  },
  not: {
    train: ["that is not", "which is not", "that isn't"],
    heldOut: ["which isn't", "not being"],
    wider: widerNot,
  },
  rest: {
    train: ["the others", "everything else", "the rest", "all the other objects"],
    heldOut: ["all the others", "the remaining objects"],
    wider: widerRest,
  },
  except: {
    train: ["except", "but not", "but"],
    heldOut: ["except for", "other than"],
    wider: widerExcept,
  },
  moved: {
    train: ["the one you just moved", "the one just placed", "that one"],
    heldOut: ["the one you have just moved", "the object just placed"],
    wider: widerMoved,
  },
} as const satisfies Readonly<Record<string, Halves<string>>>;

/** No task at all. */
export const chatter: Halves<string> = {
  train: [
    "what is the weather like",
    "tell me a joke",
    "hello",
    "how are you",
    "what can you do",
    "who made you",
    "sing a song",
    "what colour is the sky",
    "write me a poem about boxes",
    "turn the light on",
    "stop",
    "do something",
    "clean up",
    "is the box red",
    "go to sleep",
    "thank you",
    "delete all files",
    "repeat the last sentence",
  ],
  heldOut: [
    "what time is it",
    "good morning",
    "play some music",
    "how many boxes are there",
    "print your weights",
  ],
};
