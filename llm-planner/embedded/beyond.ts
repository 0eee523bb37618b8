/**
 * What can be said, and no plan of the embedded planner can mean: conditions, choices, repetitions, what must not be done, places
 * that are no side of an object. The reader never met it in training, and makes a side of it or passes over it.
 */

import type { Token } from "./words.ts";

/** Words that change what a sentence means. One that corrections have taught is the reader's to read. */
const WORDS: ReadonlySet<string> = new Set(
  [
    // conditions, choices, repetitions
    "unless whenever whether otherwise depending provided",
    "or / either neither nor",
    "twice thrice times repeatedly versa",
    // counts that are none
    "dozen several couple few many double triple per",
    // negations
    "no none nothing nobody nowhere avoid refuse refrain forbidden prohibited anywhere everywhere somewhere",
    // places
    "between among under underneath beneath below above atop top inside outside beyond across opposite against",
    "north south east west northeast northwest southeast southwest middle centre center half halfway here",
    "far further farther closer nearer past through touches",
    // other things than pushing one object somewhere
    "stack lift raise throw toss smash destroy remove swap swapped exchange switch rotate rotated spin flip tilt turned facing upright sideways",
  ].flatMap((line) => line.split(" ")),
);

/** Things and colours that no scene here has, unless an object is called so; taught ones as above. */
const STRANGE: ReadonlySet<string> = new Set(
  [
    "ball balls sphere spheres cone cones pyramid pyramids disc disk bottle cup mug bowl plate chair table tray shelf door wall",
    "tan scarlet puce khaki coral salmon ruby amber bronze copper mint lavender lilac mauve plum peach rose ivory cream charcoal azure aqua emerald fuchsia mustard burgundy ochre",
  ].flatMap((line) => line.split(" ")),
);

const THING = "<(?:name|colour|shapes?|absent|absent-name)>";
const NOT =
  "(?:not|never|cannot|cant|dont|wont|mustnt|shouldnt|without|instead of|rather than|stop|from)";
const PLACE =
  "put|place|push|bring|set|slide|get|carry|drive|park|position|shove|nudge|shift|take|want|need|let|allow";
const PLACING =
  "putting|placing|pushing|bringing|setting|sliding|getting|carrying|driving|parking|positioning|shoving|nudging|shifting|taking";
const SIDE = "left|right|front|behind|back|rear|ahead|next|beside|near|close";

/** Each finds what is beyond in words joined by blanks, where classes stand for things; its last group is what to name. */
const PATTERNS: readonly RegExp[] = [
  // "don't put", "must never be placed", "not to the left"
  `\\b(${NOT}(?: (?:ever|please|you|to|be|go|stand|end|up|on|in|at|even|just|try))*? (?:${PLACE}|${PLACING}|placed|pushed|moved to|${SIDE}))\\b`,
  "\\b(not|never) (?=<length>)",
  // "can" names a thing, too
  "\\b(if)\\b(?! you (?:<\\w+>|could|please|like|will|would)| possible\\b)",
  "\\b(when)\\b(?!.* (?:done|finished)\\b)",
  "\\b(until)\\b(?! it\\b)",
  "\\b((?:more|less) than)\\b",
  "\\b((?:other|same|each|both|every|wrong) sides?)\\b",
  "(?<!<length> )\\b(away from)\\b",
  "\\b(apart)\\b(?! from)",
  `\\b((?:second|third|fourth|fifth) )(?=${THING}|one\\b|object\\b|thing\\b)`,
  "\\b(?:of|behind|beside|near|from|towards?) (me|you|us|yourself|myself|robot)\\b",
  // "on the cube", but not "on the cube's left"
  `\\b(on|onto|into|in|over|off|towards?) (?=${THING})(?!.* s\\b)`,
  // "so that the can is left of it" places the other one
  "\\b((?:so|such) that) (?!it\\b)",
  // questions, and what was once
  "^(is|are|does|did|has|had|why|who|how|what|which|where)\\b",
  `^(could|would|will|should|may) (?=${THING})`,
  "(?<!\\b(?:it|they) )\\b(was|were)\\b",
].map((pattern) => new RegExp(pattern));

/** What is named and no object can be. */
export function strangeThing(
  tokens: readonly Token[],
  taught: ReadonlySet<string>,
): string | undefined {
  return tokens.find(({ word }) => STRANGE.has(word) && !taught.has(word))?.text;
}

/** The words that are beyond any plan, of an instruction in which corrections have given the words of `taught` a meaning. */
export function beyondPlans(
  tokens: readonly Token[],
  taught: ReadonlySet<string>,
): string | undefined {
  const lone = tokens.find(({ word }) => WORDS.has(word) && !taught.has(word));
  if (lone) return lone.text;
  const words = tokens.map(({ word }) => word).join(" ");
  for (const pattern of PATTERNS) {
    const found = pattern.exec(words)?.at(-1);
    if (found !== undefined) return found.trim();
  }
  return undefined;
}
