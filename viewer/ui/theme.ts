/** Light and dark: the style sheet has the colours, this says which of them, and reads them. */

import { signal } from "@preact/signals";
import type { Theme } from "../draw/arena.ts";

export type ThemeName = "auto" | "light" | "dark";

export const theme = signal<ThemeName>("auto");
/** Grows whenever the colours have changed: read it where colours are used. */
export const palette = signal(0);

/** Colours that were read since the theme changed last. */
const known = new Map<string, string>();

theme.subscribe((name) => {
  const { dataset } = document.documentElement;
  if (name === "auto") delete dataset.theme;
  else dataset.theme = name;
  forget();
});
matchMedia("(prefers-color-scheme: dark)").addEventListener("change", forget);

function forget(): void {
  known.clear();
  palette.value++;
}

/** A colour of the style sheet as it is now. */
export function colour(name: string): string {
  const before = known.get(name);
  if (before !== undefined) return before;
  // light-dark() is resolved only where a colour is used
  document.body.style.outlineColor = `var(--${name})`;
  const { outlineColor } = getComputedStyle(document.body);
  known.set(name, outlineColor);
  return outlineColor;
}

export function sceneTheme(): Theme {
  return {
    sky: colour("sky"),
    floor: colour("floor"),
    grid: colour("grid"),
    wall: colour("wall"),
  };
}
