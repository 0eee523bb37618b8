/** Rows of `lastSeen`: what the robots of a batch remember of where things were. */

import {
  carryAlong,
  lastSeenColumns,
  memoryColumns,
  noteSighting,
  recall,
} from "../core/last-seen.ts";
import { type Layout, layout } from "../core/layout.ts";
import type { Rng } from "../core/rng.ts";
import type { Ground } from "./ground.ts";
import type { Observer } from "./observer.ts";
import { roleNames } from "./roles.ts";
import { type AssembledScene, isParked, type Roles } from "./scene.ts";

/** Columns of a row: `lastSeenColumns` for each role of the student's image; of the obstacles the nearest that is known. */
export function lastSeenLayout(scene: AssembledScene): Layout {
  return layout(Object.fromEntries(roleNames(scene).map((role) => [role, lastSeenColumns.size])));
}

/** Remembers each body of each environment, so that a stage's roles can be looked up when it begins. */
export class Recollection {
  readonly #columns: Layout;
  readonly #observer: Observer;
  readonly #bodies: number;
  /** [N, bodies, memoryColumns] */
  readonly #memory: Float32Array;
  readonly #noise_m: number;
  /** Each environment's stream of noise. */
  readonly #noise: Rng[] = [];

  constructor(scene: AssembledScene, observer: Observer, envs: number, noise_m: number) {
    this.#columns = lastSeenLayout(scene);
    this.#observer = observer;
    this.#noise_m = noise_m;
    this.#bodies = scene.cast.bodies.length + 1;
    this.#memory = new Float32Array(envs * this.#bodies * memoryColumns.size);
  }

  get rowSize(): number {
    return this.#columns.size;
  }

  /** A new episode: nothing is known but what is in view. */
  begin(ground: Ground, rng: Rng): void {
    this.#noise[ground.env] = rng;
    const size = this.#bodies * memoryColumns.size;
    this.#memory.fill(0, ground.env * size, (ground.env + 1) * size);
    this.#look(ground);
  }

  /** One control step under a commanded twist. */
  advance(ground: Ground, v_mps: number, omega_radps: number, step_s: number): void {
    const first = ground.env * this.#bodies;
    carryAlong(this.#memory, first, this.#bodies, v_mps, omega_radps, step_s);
    this.#look(ground);
  }

  write(ground: Ground, roles: Roles, out: Float32Array, start: number): void {
    const at = this.#columns.at as Readonly<Record<string, number>>;
    const first = ground.env * this.#bodies;
    recall(this.#memory, first + roles.active, out, start + at.active);
    // row 0 is the robot, which is never seen
    if (at.anchor !== undefined) {
      recall(this.#memory, first + (roles.anchor ?? 0), out, start + at.anchor);
    }
    if (at.obstacle !== undefined) {
      recall(this.#memory, first + this.#nearestKnown(first, roles), out, start + at.obstacle);
    }
  }

  #look(ground: Ground): void {
    const noise = this.#noise[ground.env];
    this.#observer.look(ground);
    const yaw = ground.yaw_rad(0);
    const cos = Math.cos(yaw);
    const sin = Math.sin(yaw);
    for (let body = 1; body < this.#bodies; body++) {
      if (isParked(ground, body) || !this.#observer.sees(ground, body)) continue;
      const dx = ground.x_m(body) - ground.x_m(0);
      const dy = ground.y_m(body) - ground.y_m(0);
      const x_m = cos * dx + sin * dy + this.#noise_m * noise.normal();
      const y_m = -sin * dx + cos * dy + this.#noise_m * noise.normal();
      noteSighting(this.#memory, ground.env * this.#bodies + body, x_m, y_m);
    }
  }

  /** The obstacle that is remembered nearest; the robot's own empty row where none is. */
  #nearestKnown(first: number, { obstacles }: Roles): number {
    const { at, size } = memoryColumns;
    let nearest = 0;
    let range_m = Number.POSITIVE_INFINITY;
    for (const body of obstacles) {
      const from = (first + body) * size;
      if (this.#memory[from + at.known] === 0) continue;
      const found_m = Math.hypot(
        this.#memory[from + at.place_m],
        this.#memory[from + at.place_m + 1],
      );
      if (found_m < range_m) [nearest, range_m] = [body, found_m];
    }
    return nearest;
  }
}
