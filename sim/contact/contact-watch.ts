/** Remembers which of the watched pairs of bodies were in contact during a control step. */

import type { Collider } from "../rapier.ts";
import type { ContactWorld } from "./contact-world.ts";

/** Bodies whose outer circles are further apart than this are not asked about. */
const margin_m = 0.005;

export class ContactWatch {
  readonly #world: ContactWorld;
  readonly #rows: number;
  readonly #pairs: readonly (readonly [a: number, b: number])[];
  readonly #halfSide_m: number;
  /** [environment, pair] */
  readonly #touched: Uint8Array;

  /**
   * @param rows bodies per environment; environments stand one after another in `world`
   * @param pairs rows of the bodies to watch; -1 stands for the walls, second
   */
  constructor(
    world: ContactWorld,
    rows: number,
    pairs: readonly (readonly [a: number, b: number])[],
    arenaSide_m: number,
  ) {
    this.#world = world;
    this.#rows = rows;
    this.#pairs = pairs.map(([a, b]) => (a < b ? [b, a] : [a, b]));
    this.#halfSide_m = arenaSide_m / 2;
    this.#touched = new Uint8Array((world.entries.length / rows) * pairs.length);
  }

  clear(): void {
    this.#touched.fill(0);
  }

  /** Notes the contacts of the last physics step. */
  update(): void {
    const pairs = this.#pairs;
    for (let i = 0; i < this.#touched.length; i++) {
      if (this.#touched[i]) continue;
      const [a, b] = pairs[i % pairs.length];
      const first = Math.floor(i / pairs.length) * this.#rows;
      if (b < 0 ? this.#meetsWall(first + a) : this.#meets(first + a, first + b)) {
        this.#touched[i] = 1;
      }
    }
  }

  touched(env: number, a: number, b: number): boolean {
    const [first, second] = a < b ? [b, a] : [a, b];
    const pair = this.#pairs.findIndex((watched) => watched[0] === first && watched[1] === second);
    if (pair < 0) {
      throw new Error(
        `internal: the contact of bodies ${a} and ${b} is not watched; add it to the world's "watch".`,
      );
    }
    return this.#touched[env * this.#pairs.length + pair] === 1;
  }

  #meets(a: number, b: number): boolean {
    const { entries, memory } = this.#world;
    const { floats, starts, at } = memory;
    const dx = floats[starts[a] + at.position] - floats[starts[b] + at.position];
    const dy = floats[starts[a] + at.position + 1] - floats[starts[b] + at.position + 1];
    const reach = entries[a].radius_m + entries[b].radius_m + margin_m;
    if (dx * dx + dy * dy > reach * reach) return false;
    return entries[a].colliders.some((one) =>
      entries[b].colliders.some((other) => this.#inContact(one, other)),
    );
  }

  #meetsWall(a: number): boolean {
    const { entries, memory, walls } = this.#world;
    const { floats, starts, at } = memory;
    const { colliders, radius_m } = entries[a];
    const x = floats[starts[a] + at.position];
    const y = floats[starts[a] + at.position + 1];
    const free = this.#halfSide_m - radius_m - margin_m;
    if (Math.abs(x) < free && Math.abs(y) < free) return false;
    return colliders.some((collider) => walls.some((wall) => this.#inContact(collider, wall)));
  }

  #inContact(one: Collider, other: Collider): boolean {
    let contact = false;
    this.#world.world.contactPair(one, other, (manifold) => {
      for (let i = 0; i < manifold.numContacts(); i++) {
        contact ||= manifold.contactImpulse(i) > 0 || manifold.contactDist(i) < 0;
      }
    });
    return contact;
  }
}
