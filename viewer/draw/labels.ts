/** Names over bodies, and over what the robot believes of them; none covers another. */

import type { Belief } from "../tape.ts";
import { SEEN } from "./overlays.ts";

/** Size of a label's letters and lines. */
const LETTER_px = 9;
const LINE_px = 20;

/** In CSS pixels of the canvas. */
export interface Point {
  readonly x: number;
  readonly y: number;
}

export class Labels {
  readonly #root: HTMLElement;
  /** By row of the world. */
  #names: readonly HTMLElement[] = [];
  /** What is believed and can be seen, and its labels; more of those than needed are empty. */
  #believed: readonly Belief[] = [];
  #beliefNames: HTMLElement[] = [];

  /** @param root lies over the canvas; filled with labels */
  constructor(root: HTMLElement) {
    this.#root = root;
  }

  /** Begins anew, with a label for each of these bodies. */
  open(bodies: readonly string[]): void {
    this.#names = bodies.map(label);
    this.#beliefNames = [];
    this.#root.replaceChildren(...this.#names);
  }

  /** A label for each ghost: what it is of, and how old. */
  believe(beliefs: readonly Belief[]): void {
    this.#believed = beliefs.filter(({ seen, by }) => seen >= SEEN && by !== "image");
    while (this.#beliefNames.length < this.#believed.length) {
      const name = label("");
      name.className = "ghost";
      this.#beliefNames.push(name);
      this.#root.append(name);
    }
    for (const [i, name] of this.#beliefNames.entries()) {
      const belief = this.#believed[i];
      name.textContent = belief ? textOf(belief) : "";
    }
  }

  /** Puts labels where the two functions say, or a bit above; hides those that have no place. */
  place(
    ofBody: (row: number) => Point | undefined,
    ofBelief: (belief: Belief) => Point | undefined,
  ): void {
    const wanted = [
      ...this.#names.map((name, row) => ({ name, spot: ofBody(row) })),
      ...this.#beliefNames.map((name, i) => {
        const belief = this.#believed[i];
        return { name, spot: belief && ofBelief(belief) };
      }),
    ];
    const spots = wanted.flatMap(({ name, spot }) => {
      name.hidden = spot === undefined;
      return spot ? [{ name, ...spot, width: name.textContent.length * LETTER_px }] : [];
    });
    liftApart(spots);
    for (const { name, x, y } of spots) {
      name.style.transform = `translate(-50%, -100%) translate(${x}px, ${y}px)`;
    }
  }
}

interface Spot extends Point {
  y: number;
  readonly width: number;
}

/** Moves labels up until none covers one below it. */
function liftApart(spots: readonly Spot[]): void {
  const placed: Spot[] = [];
  for (const spot of [...spots].sort((a, b) => b.y - a.y)) {
    for (const other of placed) {
      const beside = Math.abs(other.x - spot.x) > (other.width + spot.width) / 2;
      if (!beside && Math.abs(other.y - spot.y) < LINE_px) spot.y = other.y - LINE_px;
    }
    placed.push(spot);
  }
}

/** `anchor, 2.3 s ago`; what the head sees now goes without an age. */
function textOf({ role, by, age_s }: Belief): string {
  return by === "memory" && age_s > 0.05 ? `${role}, ${age_s.toFixed(1)} s ago` : role;
}

function label(text: string): HTMLElement {
  const element = document.createElement("span");
  element.textContent = text;
  return element;
}
