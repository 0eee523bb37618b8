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
export function isForPage({ target, ctrlKey, altKey, metaKey }: KeyboardEvent): boolean {
  if (ctrlKey || altKey || metaKey || isField(target)) return false;
  return keyPlace.value === "page" || isScene(target);
}

/** True where typing means writing or choosing. */
function isField(target: EventTarget | null): boolean {
  return (
    target instanceof HTMLInputElement ||
    target instanceof HTMLSelectElement ||
    target instanceof HTMLTextAreaElement
  );
}

function isScene(target: EventTarget | null): boolean {
  return target instanceof HTMLCanvasElement && target.closest("#stage") !== null;
}
