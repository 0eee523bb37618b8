/** Where keys drive, play and step: anywhere on the page, or on a scene alone, for whom single letters get in the way (WCAG 2.1.4). */

import { signal } from "@preact/signals";

type KeyPlace = "page" | "scene";

const STORED_AS = "understudy keys";

/** As it was chosen last in this browser. */
export const keyPlace = signal<KeyPlace>(remembered());

export function chooseKeyPlace(place: KeyPlace): void {
  keyPlace.value = place;
  try {
    localStorage.setItem(STORED_AS, place);
  } catch {
    // where nothing may be stored it holds until the page is left
  }
}

function remembered(): KeyPlace {
  try {
    return localStorage.getItem(STORED_AS) === "scene" ? "scene" : "page";
  } catch {
    return "page";
  }
}

/** Whether a key that was pressed is to drive, play or step. */
export function isForPage({ target, code, ctrlKey, altKey, metaKey }: KeyboardEvent): boolean {
  if (ctrlKey || altKey || metaKey || isOwn(target, code)) return false;
  return keyPlace.value === "page" || isScene(target);
}

/** What a browser does by keys with controls that nobody writes in. */
const CONTROL_KEYS: Readonly<Record<string, RegExp>> = {
  range: /^Arrow/,
  radio: /^(Arrow|Space)/,
  checkbox: /^Space/,
  file: /^Space/,
};

/** True where the key has a meaning of its own: writing, choosing, pressing what has the focus. */
function isOwn(target: EventTarget | null, code: string): boolean {
  if (target instanceof HTMLInputElement) return CONTROL_KEYS[target.type]?.test(code) ?? true;
  if (target instanceof HTMLSelectElement || target instanceof HTMLTextAreaElement) return true;
  return target instanceof HTMLElement && target.matches("button, summary") && code === "Space";
}

function isScene(target: EventTarget | null): boolean {
  return target instanceof HTMLCanvasElement && target.closest("#stage") !== null;
}
