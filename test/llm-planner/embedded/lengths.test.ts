/** Lengths in words: each as a person would mean it, or known to be none. */

import { describe, expect, it } from "vitest";
import { tokenize } from "../../../llm-planner/embedded/words.ts";
import { object, table, worldWith } from "./worlds.ts";

/** The tokens of "put it ... left", less those around the middle. */
const read = (text: string, world = table) => tokenize(`put it ${text} left`, world).slice(2, -1);
const words = (text: string) => read(text).map(({ word }) => word);

describe("a length in words", () => {
  it.each([
    ["30 cm", 0.3],
    ["30cm", 0.3],
    ["0.3 m", 0.3],
    ["0,5 metres", 0.5],
    ["300 mm", 0.3],
    ["30 cms", 0.3],
    ["2 dm", 0.2],
    ["0.001 km", 1],
    // 12 times 2.54 cm is a foot, three of those are a yard
    ["12 inches", 0.3048],
    ["an inch", 0.0254],
    ["a foot", 0.3048],
    ["2 feet", 0.6096],
    ["1 ft", 0.3048],
    ["a yard", 0.9144],
    ["a metre", 1],
    ["half a metre", 0.5],
    ["a half metre", 0.5],
    ["half of a meter", 0.5],
    ["a quarter of a metre", 0.25],
    ["three quarters of a metre", 0.75],
    ["a metre and a half", 1.5],
    ["one and a half metres", 1.5],
    ["thirty centimetres", 0.3],
    ["twenty-five cm", 0.25],
    ["a hundred and twenty mm", 0.12],
    ["one point two five metres", 1.25],
    ["zero point three m", 0.3],
    [".5 m", 0.5],
    ["1/2 m", 0.5],
    ["½ m", 0.5],
    ["1½ m", 1.5],
    ["1 1/2 m", 1.5],
    ["3e-1 m", 0.3],
    ["1.5e-1 m", 0.15],
    ["3e1 cm", 0.3],
    ["1,000 mm", 1],
    ["1,250.5 mm", 1.2505],
    // a thousand begins with no zero
    ["0,500 m", 0.5],
    ["1 m 20 cm", 1.2],
    ["1 metre and 20 cm", 1.2],
    // 5 times 0.3048 m and 3 times 0.0254 m
    ["5 feet 3 inches", 1.6002],
  ])("%s", (text, length_m) => {
    const tokens = read(text);
    expect(tokens.map(({ word }) => word)).toEqual(["<length>"]);
    expect(tokens[0].length_m).toBeCloseTo(length_m, 12);
  });

  it.each([
    "-30 cm",
    "−30 cm",
    "minus 30 cm",
    "+30 cm",
    "minus half a metre",
    "0 cm",
    "1/0 m",
    "1.2.3 m",
    "1.000,5 mm",
    // a metre, or a millimetre
    "1.000 mm",
  ])("%s is none", (text) => {
    expect(read(text)).toMatchObject([{ word: "<unknown>", text, unread: true }]);
    expect(read(text)[0].length_m).toBeUndefined();
  });

  it("is found after the last of many signs", () => {
    const tokens = read(`${"minus ".repeat(20_000)}30 cm`);
    expect(tokens.at(-1)).toMatchObject({ text: "minus 30 cm", unread: true });
  });

  it("is known to be missing where a unit stands alone", () => {
    expect(read("a few inches").at(-1)).toMatchObject({ text: "inches", unread: true });
    expect(read("1 000 mm").at(-1)).toMatchObject({ text: "000 mm", unread: true });
  });

  it("is not made of what follows another unit as large", () => {
    expect(read("20 cm 1 m").map(({ length_m }) => length_m)).toEqual([0.2, 1]);
    // more than a metre of centimetres
    expect(read("1 m 120 cm").map(({ length_m }) => length_m)).toEqual([1, 1.2]);
  });

  it("leaves counts, names and other words alone", () => {
    expect(words("two cubes 30 cm apart")).toEqual(["two", "<shapes>", "<length>", "apart"]);
    expect(words("the 2 red cubes")).toEqual(["two", "<colour>", "<shapes>"]);
    expect(words("the red one 30 cm")).toEqual(["<colour>", "one", "<length>"]);
    expect(words("as I'm told")).toEqual(["as", "i", "m", "told"]);
    expect(words("object-4 30 cm")).toEqual(["<name>", "<length>"]);
    const numbered = worldWith(
      object("can 1", "cylinder", "red", 0, 0),
      object("a", "cube", "red", 1, 0),
    );
    expect(read("can 1 200 mm", numbered).map(({ text }) => text)).toEqual(["can 1", "200 mm"]);
    expect(read("a metre", numbered)[0]).toMatchObject({ word: "<name>", text: "a" });
  });
});
