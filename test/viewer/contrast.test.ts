/** Colours of the style sheet against WCAG 2.2: text needs 4.5 to 1, level AA. */

import { readFileSync } from "node:fs";
import path from "node:path";
import { describe, expect, it } from "vitest";

const css = readFileSync(path.resolve(import.meta.dirname, "../../viewer/style.css"), "utf8");

/** The colour of a name in a theme, through names that stand for others. */
function colourOf(name: string, theme: "light" | "dark"): string {
  const value = new RegExp(`--${name}:\\s*([^;]+);`).exec(css)?.[1] ?? "";
  const other = /^var\(--([\w-]+)\)$/.exec(value)?.[1];
  if (other) return colourOf(other, theme);
  const [light, dark] = [...value.matchAll(/#[0-9a-f]{6}/g)].map(([hex]) => hex);
  return theme === "light" ? light : (dark ?? light);
}

/** Relative luminance, https://www.w3.org/TR/WCAG22/#dfn-relative-luminance */
function luminance(hex: string): number {
  const [r, g, b] = [1, 3, 5].map((at) => {
    const share = Number.parseInt(hex.slice(at, at + 2), 16) / 255;
    return share <= 0.04045 ? share / 12.92 : ((share + 0.055) / 1.055) ** 2.4;
  });
  return 0.2126 * r + 0.7152 * g + 0.0722 * b;
}

function contrast(a: string, b: string): number {
  const [dark, light] = [luminance(a), luminance(b)].toSorted((x, y) => x - y);
  return (light + 0.05) / (dark + 0.05);
}

it("black on white is 21 to 1", () => {
  expect(contrast("#000000", "#ffffff")).toBeCloseTo(21, 6);
});

describe.each(["light", "dark"] as const)("in the %s theme", (theme) => {
  it.each([
    ...["ink", "quiet", "good", "bad", "turn"].flatMap((text) => [
      [text, "card"],
      [text, "paper"],
    ]),
    ["ink", "field"],
    ["on-good", "good"],
    ["paper", "bad"],
  ])("%s on %s can be read", (text, ground) => {
    expect(contrast(colourOf(text, theme), colourOf(ground, theme))).toBeGreaterThanOrEqual(4.5);
  });

  // what is drawn, not written, needs 3 to 1
  it.each([1, 2, 3, 4, 5, 6])("curve %i can be told from its ground", (curve) => {
    const ground = colourOf("card", theme);
    expect(contrast(colourOf(`curve-${curve}`, theme), ground)).toBeGreaterThanOrEqual(3);
  });
});
