/** Light and dark: the style sheet has the colours, this says which of them, and reads them. */

import type { Theme } from "./arena.ts";
import { byId } from "./page.ts";

/** Calls `changed` whenever the colours have. */
export function followTheme(changed: () => void): void {
  const choice = byId("theme", HTMLSelectElement);
  choice.addEventListener("change", () => {
    const { dataset } = document.documentElement;
    if (choice.value === "auto") delete dataset.theme;
    else dataset.theme = choice.value;
    changed();
  });
  matchMedia("(prefers-color-scheme: dark)").addEventListener("change", changed);
}

/** A colour of the style sheet as it is now; reading any makes a new style, so not for inner loops. */
export function colour(name: string): string {
  document.body.style.outlineColor = `var(--${name})`;
  return getComputedStyle(document.body).outlineColor;
}

export function sceneTheme(): Theme {
  return {
    sky: colour("sky"),
    floor: colour("floor"),
    grid: colour("grid"),
    wall: colour("wall"),
  };
}
