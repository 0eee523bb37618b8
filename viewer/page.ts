/** The page's elements, and the sentences that tell what went wrong. */

/** The element with that id. */
export function byId<E extends HTMLElement>(id: string, type: new () => E): E {
  const element = document.getElementById(id);
  if (element instanceof type) return element;
  throw new Error(`internal: the page has no ${type.name} "${id}"`);
}

/** Shows a sentence at the top of the page until the next; an empty one takes it away. */
export function alertOnPage(sentence: string): void {
  const alert = byId("alert", HTMLParagraphElement);
  alert.textContent = sentence;
  alert.hidden = sentence === "";
}

export function option(value: string, text: string): HTMLOptionElement {
  return new Option(text, value);
}

/** True where typing means writing or choosing, not driving. */
export function isField(target: EventTarget | null): boolean {
  return (
    target instanceof HTMLInputElement ||
    target instanceof HTMLSelectElement ||
    target instanceof HTMLTextAreaElement
  );
}
