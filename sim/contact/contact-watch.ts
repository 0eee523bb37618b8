/**
 * Remembers which of the watched pairs of bodies were in contact during a control step.
 *
 * Whether two bodies touch is worked out from their outlines on the floor, which costs a tenth of asking Rapier.
 */

import type { BodyMemory } from "./body-memory.ts";
import { type Outline, separation_m, wallDistance_m } from "./outline.ts";

/** Gaps up to this count as contact: Rapier holds bodies apart, or lets them overlap, by about as much. */
export const touch_m = 0.001;

/** Rows of two bodies, or of a body and -1 for the walls. */
export type BodyPair = readonly [a: number, b: number];

/** Bodies that can be watched: what of each touches others, and where they are. */
export interface WatchedBodies {
  readonly entries: readonly { readonly outlines: readonly Outline[]; readonly radius_m: number }[];
  /** Looked up once for many bodies: finding out where Rapier's memory lies now takes a while. */
  readonly memory: Floats;
}

type Floats = Pick<BodyMemory, "floats" | "starts" | "at">;

export class ContactWatch {
  readonly #world: WatchedBodies;
  readonly #rows: number;
  readonly #envs: number;
  readonly #pairs: readonly BodyPair[];
  readonly #halfSide_m: number;
  /** [environment, pair] */
  readonly #touched: Uint8Array;
  // outlines of the pair that is being looked at
  readonly #one: Outline;
  readonly #other: Outline;

  /**
   * @param rows bodies per environment; environments stand one after another in `world`
   */
  constructor(world: WatchedBodies, rows: number, pairs: readonly BodyPair[], arenaSide_m: number) {
    this.#world = world;
    this.#rows = rows;
    this.#envs = world.entries.length / rows;
    this.#pairs = pairs.map(sorted);
    this.#halfSide_m = arenaSide_m / 2;
    this.#touched = new Uint8Array(this.#envs * pairs.length);
    this.#one = emptyOutline();
    this.#other = emptyOutline();
  }

  /** Forgets the contacts of all environments, or of one. */
  clear(env?: number): void {
    const pairs = this.#pairs.length;
    if (env === undefined) this.#touched.fill(0);
    else this.#touched.fill(0, env * pairs, (env + 1) * pairs);
  }

  /** Notes the contacts after a physics step. */
  update(): void {
    const pairs = this.#pairs;
    const { memory } = this.#world;
    for (let env = 0, at = 0; env < this.#envs; env++) {
      const first = env * this.#rows;
      for (let p = 0; p < pairs.length; p++, at++) {
        if (this.#touched[at]) continue;
        const a = first + pairs[p][0];
        const b = pairs[p][1];
        const meets = b < 0 ? this.#meetsWall(memory, a) : this.#meets(memory, a, first + b);
        if (meets) this.#touched[at] = 1;
      }
    }
  }

  touched(env: number, a: number, b: number): boolean {
    const [first, second] = sorted([a, b]);
    const pair = this.#pairs.findIndex((watched) => watched[0] === first && watched[1] === second);
    if (pair < 0) {
      throw new Error(
        `internal: the contact of bodies ${a} and ${b} is not watched; add the pair to the world's "watch".`,
      );
    }
    return this.#touched[env * this.#pairs.length + pair] === 1;
  }

  #meets(memory: Floats, a: number, b: number): boolean {
    const { entries } = this.#world;
    const { floats, starts, at } = memory;
    const dx = floats[starts[a] + at.position] - floats[starts[b] + at.position];
    const dy = floats[starts[a] + at.position + 1] - floats[starts[b] + at.position + 1];
    const reach = entries[a].radius_m + entries[b].radius_m + touch_m;
    if (dx * dx + dy * dy > reach * reach) return false;
    for (const one of entries[a].outlines) {
      this.#toWorld(memory, a, one, this.#one);
      for (const other of entries[b].outlines) {
        this.#toWorld(memory, b, other, this.#other);
        if (separation_m(this.#one, this.#other) < touch_m) return true;
      }
    }
    return false;
  }

  #meetsWall(memory: Floats, a: number): boolean {
    const { entries } = this.#world;
    const { floats, starts, at } = memory;
    const { outlines, radius_m } = entries[a];
    const free = this.#halfSide_m - radius_m - touch_m;
    const x = floats[starts[a] + at.position];
    const y = floats[starts[a] + at.position + 1];
    if (Math.abs(x) < free && Math.abs(y) < free) return false;
    for (const outline of outlines) {
      this.#toWorld(memory, a, outline, this.#one);
      if (wallDistance_m(this.#one, this.#halfSide_m) < touch_m) return true;
    }
    return false;
  }

  /** Writes where an outline of a body lies now. */
  #toWorld({ floats, starts, at }: Floats, body: number, outline: Outline, out: Outline): void {
    const p = starts[body] + at.position;
    const q = starts[body] + at.rotation;
    // the body's x axis in the ground plane
    const cx = 1 - 2 * (floats[q + 1] * floats[q + 1] + floats[q + 2] * floats[q + 2]);
    const cy = 2 * (floats[q] * floats[q + 1] + floats[q + 2] * floats[q + 3]);
    const length = Math.sqrt(cx * cx + cy * cy);
    const cos = cx / length;
    const sin = cy / length;
    out.corners = outline.corners;
    out.radius_m = outline.radius_m;
    for (let i = 0; i < outline.corners; i++) {
      const x = outline.xy_m[2 * i];
      const y = outline.xy_m[2 * i + 1];
      out.xy_m[2 * i] = floats[p] + cos * x - sin * y;
      out.xy_m[2 * i + 1] = floats[p + 1] + sin * x + cos * y;
    }
  }
}

function sorted([a, b]: BodyPair): BodyPair {
  return a < b ? [b, a] : [a, b];
}

function emptyOutline(): Outline {
  return { corners: 0, xy_m: new Float64Array(8), radius_m: 0 };
}
