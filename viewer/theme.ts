/** Light and dark: the style sheet has the colours, this says which of them, and reads them. */

import type { Theme } from "./arena.ts";
import { byId } from "./page.ts";

/** Colours that were read since the theme changed last. */
const known = new Map<string, string>();

/** Calls `changed` whenever the colours have. */
export function followTheme(changed: () => void): void {
  const forget = () => {
    known.clear();
    changed();
  };
  const choice = byId("theme", HTMLSelectElement);
  choice.addEventListener("change", () => {
    const { dataset } = document.documentElement;
    if (choice.value === "auto") delete dataset.theme;
    else dataset.theme = choice.value;
    forget();
  });
  matchMedia("(prefers-color-scheme: dark)").addEventListener("change", forget);
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
