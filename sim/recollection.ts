/** Rows of `lastSeen`: what the robots of a batch remember of where things were. */

import {
  carryAlong,
  followCommand,
  lastSeenColumns,
  memoryColumns,
  nearestKnown,
  noteFound,
  noteSighting,
  recall,
} from "../core/last-seen.ts";
import { type Layout, layout } from "../core/layout.ts";
import type { Rng } from "../core/rng.ts";
import type { Sightings } from "../core/sightings.ts";
import type { Ground } from "./ground.ts";
import type { Observer } from "./observer.ts";
import { castOf } from "./roles.ts";
import { type AssembledScene, isParked, type Roles } from "./scene.ts";

/** Obstacles that a row has room for, the nearest that are known; however many there are, so that a student fits all. */
const OBSTACLES = 3;

/** What a row remembers, in order, `lastSeenColumns` each: the roles of the student's image, obstacles one by one. */
export function lastSeenNames(scene: AssembledScene): readonly string[] {
  const { anchored, obstacles } = castOf(scene);
  const places = Array.from({ length: OBSTACLES }, (_, i) => `obstacle ${i + 1}`);
  return ["active", ...(anchored ? ["anchor"] : []), ...(obstacles > 0 ? places : [])];
}

/** Columns of a row. */
export function lastSeenLayout(scene: AssembledScene): Layout {
  return layout(
    Object.fromEntries(lastSeenNames(scene).map((name) => [name, lastSeenColumns.size])),
  );
}

/** Remembers each body of each environment, so that a stage's roles can be looked up when it begins. */
export class Recollection {
  readonly #columns: Layout;
  readonly #observer: Observer | undefined;
  readonly #bodies: number;
  readonly #anchored: boolean;
  /** Obstacles of a row. */
  readonly #obstacles: number;
  /** [N, bodies, memoryColumns] */
  readonly #memory: Float32Array;
  /** How fast each robot should be going by its commands, [N, 2]. */
  readonly #twists: Float64Array;
  readonly #lag_s: number;
  readonly #noise_m: number;
  readonly #place = [0, 0];
  /** Each environment's stream of noise. */
  readonly #noise: Rng[] = [];

  /** @param observer whose rules say what is seen, exactly but for the noise; without one, `sight` has to be called */
  constructor(
    scene: AssembledScene,
    observer: Observer | undefined,
    envs: number,
    noise_m: number,
  ) {
    this.#columns = lastSeenLayout(scene);
    this.#observer = observer;
    this.#noise_m = noise_m;
    this.#twists = new Float64Array(envs * 2);
    this.#lag_s = scene.cast.robot.wheelTime_s;
    this.#bodies = scene.cast.bodies.length + 1;
    const { anchored, obstacles } = castOf(scene);
    this.#anchored = anchored;
    this.#obstacles = obstacles > 0 ? OBSTACLES : 0;
    this.#memory = new Float32Array(envs * this.#bodies * memoryColumns.size);
  }

  get rowSize(): number {
    return this.#columns.size;
  }

  /** A new episode: nothing is known but what is in view, and what was `remembered` when it went on from another. */
  begin(ground: Ground, rng: Rng, remembered?: Float32Array): void {
    this.#noise[ground.env] = rng;
    this.#twists.fill(0, ground.env * 2, ground.env * 2 + 2);
    const rows = this.#rowsOf(ground.env);
    if (remembered) rows.set(remembered);
    else rows.fill(0);
    this.#look(ground);
  }

  /** A copy of what an environment's robot remembers, for `begin`. */
  remembered(env: number): Float32Array {
    return this.#rowsOf(env).slice();
  }

  #rowsOf(env: number): Float32Array {
    const size = this.#bodies * memoryColumns.size;
    return this.#memory.subarray(env * size, (env + 1) * size);
  }

  /** One control step under a commanded twist. */
  advance(ground: Ground, v_mps: number, omega_radps: number, step_s: number): void {
    const first = ground.env * this.#bodies;
    const at = ground.env * 2;
    const forward = followCommand(this.#twists[at], v_mps, this.#lag_s, step_s);
    const turn = followCommand(this.#twists[at + 1], omega_radps, this.#lag_s, step_s);
    carryAlong(this.#memory, first, this.#bodies, forward.mean, turn.mean, step_s);
    this.#twists[at] = forward.last;
    this.#twists[at + 1] = turn.last;
    this.#look(ground);
  }

  write(ground: Ground, roles: Roles, out: Float32Array, start: number): void {
    const first = ground.env * this.#bodies;
    // row 0 is the robot, which is never seen: it stands for whatever there is not
    const bodies = [roles.active];
    if (this.#anchored) bodies.push(roles.anchor ?? 0);
    const obstacles = nearestKnown(this.#memory, first, roles.obstacles);
    for (let i = 0; i < this.#obstacles; i++) bodies.push(obstacles[i] ?? 0);
    let to = start;
    for (const body of bodies) {
      recall(this.#memory, first + body, out, to);
      to += lastSeenColumns.size;
    }
  }

  /** Takes in what an environment's camera shows, as of now: how late it is, a robot does not know. */
  sight(env: number, sightings: Sightings): void {
    for (let body = 1; body < this.#bodies; body++) {
      const found = sightings.find(body - 1, this.#place);
      const row = env * this.#bodies + body;
      noteFound(this.#memory, row, found, this.#place[0], this.#place[1]);
    }
  }

  #look(ground: Ground): void {
    if (!this.#observer) return;
    const noise = this.#noise[ground.env];
    this.#observer.look(ground);
    for (let body = 1; body < this.#bodies; body++) {
      if (isParked(ground, body) || !this.#observer.sees(body)) continue;
      const place = this.#observer.placeOf(body);
      const x_m = place.x_m + this.#noise_m * noise.normal();
      const y_m = place.y_m + this.#noise_m * noise.normal();
      noteSighting(this.#memory, ground.env * this.#bodies + body, x_m, y_m);
    }
  }
}
