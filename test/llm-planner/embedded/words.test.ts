/** Words to tokens: what names an object's property is known by that, whatever the word. */

import { expect, it } from "vitest";
import { encode, OBJECT_COLUMNS, OBJECTS } from "../../../llm-planner/embedded/encoding.ts";
import { CLASSES, taughtWords, tokenize } from "../../../llm-planner/embedded/words.ts";
import { EXTREMES } from "../../../llm-planner/grammar/lexicon.ts";
import { object, table, worldWith } from "./worlds.ts";

const words = (text: string, world = table) => tokenize(text, world).map(({ word }) => word);
const fits = (text: string, world = table) =>
  tokenize(text, world).map((token) => token.fits.map((fit) => fit.object));

it("marks colours, shapes and names by the objects they fit", () => {
  expect(words("Put the red box left of object-4.")).toEqual([
    "put",
    "<colour>",
    "<shape>",
    "left",
    "of",
    "<name>",
    ".",
  ]);
  // a box may be a cube; both red things are red
  expect(fits("the red box")).toEqual([
    [1, 3],
    [0, 1, 3],
  ]);
});

it("reads a name spoken in two words, and colours of two words", () => {
  expect(words("move object 4")).toEqual(["move", "<name>"]);
  const odd = worldWith(object("x", "cube", "dark green", 0, 0), object("y", "cube", "red", 1, 0));
  expect(words("the dark green one", odd)).toEqual(["<colour>", "one"]);
});

it("reads every name that a scene may have", () => {
  const names = ["box_2.b", "red-cube 2", "red-cube", "große Dose", "3box", "v1.2"];
  const world = worldWith(...names.map((name, i) => object(name, "cube", "red", i / 4, 0)));
  for (const [i, name] of names.entries()) {
    expect(words(`put ${name} away`, world), name).toEqual(["put", "<name>", "away"]);
    expect(fits(name, world), name).toEqual([[i]]);
  }
  // a number of another kind is no word
  const odd = worldWith(object("²", "cube", "red", 0, 0), object("y", "cube", "red", 1, 0));
  expect(words("put y away", odd)).toEqual(["put", "<name>", "away"]);
});

it("knows what is named but not here", () => {
  expect(words("the purple prism")).toEqual(["<absent>", "<absent>"]);
  expect(words("put object-9 away")).toContain("<absent-name>");
});

it("takes a mark before a number for a mark, and a word for that word alone", () => {
  const numbered = worldWith(
    object("a-1", "cube", "blue", 0, 0),
    object("box-2", "box", "red", 1, 0),
    object("1x5-3", "box", "red", 1, 1),
  );
  expect(words("Ready? 2 cans go left of the blue cube", numbered).slice(0, 3)).toEqual([
    "ready",
    "?",
    "two",
  ]);
  for (const mark of [".", ",", ";", ":", "!", "?"]) {
    expect(words(`${mark} 2 boxes`, numbered), mark).toEqual([mark, "two", "<shapes>"]);
  }
  expect(words("1.5 2", numbered)).toEqual(["<number>", "two"]);
  expect(words("box 9", numbered)).toEqual(["<absent-name>"]);
});

it("knows a colour that no list has, where an object has it", () => {
  const odd = worldWith(object("x", "cube", "puce", 0, 0), object("y", "cube", "red", 1, 0));
  expect(words("the puce cube", odd)).toEqual(["<colour>", "<shape>"]);
});

it.each([
  ["30 cm", 0.3],
  ["30cm", 0.3],
  ["0.3 m", 0.3],
  ["300 mm", 0.3],
  ["0,5 metres", 0.5],
])("reads %s as a length", (text, metres) => {
  const [token] = tokenize(text, table);
  expect(token.word).toBe("<length>");
  expect(token.length_m).toBeCloseTo(metres, 12);
});

it("tells plurals, possessives and negations apart", () => {
  expect(words("the cubes")).toEqual(["<shapes>"]);
  expect(words("the box's left")).toEqual(["<shape>", "s", "left"]);
  expect(words("don't touch it")).toEqual(["do", "not", "touch", "it"]);
  expect(words("on its left")).toEqual(["on", "it", "s", "left"]);
});

it("tells words that corrections added from those of a training, which are in order", () => {
  const at = (...list: string[]) => new Map([...CLASSES, ...list].map((word, i) => [word, i]));
  expect([...taughtWords(at("behind", "left", "right"))]).toEqual([]);
  expect([...taughtWords(at("behind", "left", "right", "port", "starboard"))]).toEqual([
    "port",
    "starboard",
  ]);
});

it("encodes which object is an extreme among which others", () => {
  const { objects } = encode([], table, new Map());
  const column = (group: number, name: (typeof EXTREMES)[number]) =>
    Array.from(
      { length: table.objects.length },
      (_, i) =>
        objects[
          i * OBJECT_COLUMNS + 1 + OBJECTS + group * EXTREMES.length + EXTREMES.indexOf(name)
        ],
    );
  // the robot looks along +x: y is its left; distances are from (-1.2, 0)
  expect(column(0, "leftmost")).toEqual([0, 1, 0, 0]);
  expect(column(0, "rightmost")).toEqual([0, 0, 1, 0]);
  expect(column(0, "nearest")).toEqual([1, 0, 0, 0]);
  expect(column(0, "farthest")).toEqual([0, 0, 0, 1]);
  // among boxes and cubes the right one is the blue cube, by less than the margin short of it the small cube
  expect(column(1, "largest")).toEqual([0, 1, 0, 0]);
  expect(column(1, "smallest")).toEqual([0, 0, 0, 1]);
});
