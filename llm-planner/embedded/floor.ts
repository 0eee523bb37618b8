/**
 * A quick model of placing objects one after another: discs on a floor, and whether an object can be pushed to its
 * place past the others. It stands in for the simulation where thousands of orders are to be tried.
 */

import type { Meters } from "../../core/units.ts";
import { type Goal, inWorld, placeOf } from "../grammar/goals.ts";
import type { ObjectView, WorldView } from "../world-view.ts";

/** A point of the floor, world frame. */
export interface Spot {
  readonly x_m: Meters;
  readonly y_m: Meters;
}

/** A robot with its pusher fits into a disc of this radius. */
export const ROBOT_RADIUS_m = 0.13;
/** Discs closer than this touch when something is pushed by hand. */
const MARGIN_m = 0.02;
/** Side of a cell of the search, and directions in which an object may be pushed home. */
const CELL_m = 0.05;
const DIRECTIONS = 12;
/** Straight way that an object is pushed at the end. */
const RUN_UP_m = 0.15;

/** Between the circles in and about the footprint. */
export function radius_m({ size_m, shape }: ObjectView): Meters {
  if (shape === "cylinder") return size_m / 2;
  return shape === "prism" ? size_m * 0.48 : size_m * 0.6;
}

export interface Outcome {
  /** Whether each stage put its object where it belongs, in the order done. */
  readonly placed: readonly boolean[];
  readonly success: boolean;
}

/** Where the object of a goal goes, if its anchor stands where it stands in `spots`. */
export function targetSpot(world: WorldView, goal: Goal, spots: readonly Spot[]): Spot {
  const anchor = { ...world.objects[goal.anchor], ...spots[goal.anchor] };
  const [x_m, y_m] = inWorld(anchor, placeOf(world, goal));
  return { x_m, y_m };
}

/** Where every object belongs in the end: chains of anchors followed, the others where they are. */
export function finalSpots(world: WorldView, goals: readonly Goal[]): Spot[] {
  const spots: Spot[] = world.objects.map(({ x_m, y_m }) => ({ x_m, y_m }));
  // a chain of n goals has settled after n rounds
  for (let round = 0; round < goals.length; round++) {
    for (const goal of goals) spots[goal.object] = targetSpot(world, goal, spots);
  }
  return spots;
}

/** Does `goals`, none of them "beside", in the order `order`. An object that cannot get through stays. */
export function tryOrder(
  world: WorldView,
  goals: readonly Goal[],
  order: readonly number[],
): Outcome {
  const spots: Spot[] = world.objects.map(({ x_m, y_m }) => ({ x_m, y_m }));
  const ended = finalSpots(world, goals);
  const placed = order.map((i) => {
    const { object } = goals[i];
    const target = targetSpot(world, goals[i], spots);
    const through = canPlace(world, spots, object, target);
    if (through) spots[object] = target;
    return through && apart_m(target, ended[object]) < MARGIN_m;
  });
  return { placed, success: placed.every((done) => done) };
}

/** True when the place is free, the object can get there, and a robot can stand behind it as it arrives. */
export function canPlace(
  world: WorldView,
  spots: readonly Spot[],
  object: number,
  target: Spot,
): boolean {
  const own_m = radius_m(world.objects[object]);
  const inside_m = world.arenaSide_m / 2 - own_m;
  if (Math.max(Math.abs(target.x_m), Math.abs(target.y_m)) > inside_m) return false;
  const others = discsBut(world, spots, object);
  const isFree = (spot: Spot, radius: Meters) =>
    others.every((disc) => apart_m(spot, disc) > disc.radius_m + radius);
  // two that touch may stand side by side, but nothing can be pushed into another
  if (!isFree(target, own_m * 0.8)) return false;
  const reach_m = own_m + ROBOT_RADIUS_m;
  const flood = new Flood(world, others, spots[object], own_m);
  for (let k = 0; k < DIRECTIONS; k++) {
    const heading = (2 * Math.PI * k) / DIRECTIONS;
    const back = (by_m: Meters): Spot => ({
      x_m: target.x_m - by_m * Math.cos(heading),
      y_m: target.y_m - by_m * Math.sin(heading),
    });
    const start = back(RUN_UP_m);
    const open =
      isFree(start, own_m) &&
      isFree(back(reach_m), ROBOT_RADIUS_m * 0.8) &&
      isFree(back(reach_m + RUN_UP_m), ROBOT_RADIUS_m * 0.8) &&
      insideArena(back(reach_m + RUN_UP_m), world);
    if (open && flood.reaches(start)) return true;
  }
  return false;
}

interface Disc extends Spot {
  readonly radius_m: Meters;
}

function discsBut(world: WorldView, spots: readonly Spot[], object: number): Disc[] {
  return spots.flatMap((spot, i) =>
    i === object ? [] : [{ ...spot, radius_m: radius_m(world.objects[i]) }],
  );
}

function insideArena({ x_m, y_m }: Spot, { arenaSide_m }: WorldView): boolean {
  return Math.max(Math.abs(x_m), Math.abs(y_m)) < arenaSide_m / 2;
}

/** Where a disc of radius `own_m` can move to: straight, or by a search on a grid that is done once. */
class Flood {
  readonly #world: WorldView;
  readonly #others: readonly Disc[];
  readonly #from: Spot;
  readonly #keep_m: Meters;
  #seen: Uint8Array | undefined;

  constructor(world: WorldView, others: readonly Disc[], from: Spot, own_m: Meters) {
    this.#world = world;
    this.#others = others;
    this.#from = from;
    this.#keep_m = own_m + MARGIN_m;
  }

  reaches(to: Spot): boolean {
    const clear = (disc: Disc) =>
      fromSegment_m(disc, this.#from, to) > disc.radius_m + this.#keep_m;
    if (this.#others.every(clear)) return true;
    this.#seen ??= this.#search();
    return this.#seen[this.#cellOf(to)] === 1;
  }

  get #cells(): number {
    return Math.round(this.#world.arenaSide_m / CELL_m);
  }

  #cellOf({ x_m, y_m }: Spot): number {
    const last = this.#cells - 1;
    const line = (value: number) =>
      Math.max(0, Math.min(last, Math.floor((value + this.#world.arenaSide_m / 2) / CELL_m)));
    return line(x_m) + this.#cells * line(y_m);
  }

  #search(): Uint8Array {
    const cells = this.#cells;
    const barred = barredCells(this.#world, this.#others, cells, this.#keep_m);
    const seen = new Uint8Array(cells * cells);
    const queue = new Int32Array(cells * cells);
    queue[0] = this.#cellOf(this.#from);
    seen[queue[0]] = 1;
    for (let head = 0, tail = 1; head < tail; head++) {
      const cell = queue[head];
      const x = cell % cells;
      const left = x > 0 ? cell - 1 : -1;
      const right = x < cells - 1 ? cell + 1 : -1;
      for (const step of [left, right, cell - cells, cell + cells]) {
        if (step < 0 || step >= seen.length || seen[step] || barred[step]) continue;
        seen[step] = 1;
        queue[tail++] = step;
      }
    }
    return seen;
  }
}

function barredCells(
  { arenaSide_m }: WorldView,
  others: readonly Disc[],
  cells: number,
  keep_m: Meters,
): Uint8Array {
  const barred = new Uint8Array(cells * cells);
  const centre = (line: number) => (line + 0.5) * CELL_m - arenaSide_m / 2;
  const line = (value: number) => Math.floor((value + arenaSide_m / 2) / CELL_m);
  for (const disc of others) {
    // what stands close already may still be pushed away
    const far_m = disc.radius_m + keep_m - CELL_m / 2;
    const last = Math.min(cells - 1, line(disc.y_m + far_m));
    for (let row = Math.max(0, line(disc.y_m - far_m)); row <= last; row++) {
      const right = Math.min(cells - 1, line(disc.x_m + far_m));
      for (let column = Math.max(0, line(disc.x_m - far_m)); column <= right; column++) {
        const spot = { x_m: centre(column), y_m: centre(row) };
        if (apart_m(spot, disc) < far_m) barred[row * cells + column] = 1;
      }
    }
  }
  return barred;
}

export function apart_m(a: Spot, b: Spot): Meters {
  return Math.hypot(a.x_m - b.x_m, a.y_m - b.y_m);
}

/** Distance of a point from the straight way between two others. */
export function fromSegment_m(point: Spot, from: Spot, to: Spot): Meters {
  const [dx, dy] = [to.x_m - from.x_m, to.y_m - from.y_m];
  const along = (point.x_m - from.x_m) * dx + (point.y_m - from.y_m) * dy;
  const share = Math.max(0, Math.min(1, along / Math.max(dx * dx + dy * dy, 1e-12)));
  return apart_m(point, { x_m: from.x_m + share * dx, y_m: from.y_m + share * dy });
}
