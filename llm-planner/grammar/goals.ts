/** What an instruction asks for, in the terms of its words: which object goes on which side of which other. */

import type { Meters } from "../../core/units.ts";
import type { PlanStage } from "../plan.ts";
import type { ObjectView, WorldView } from "../world-view.ts";

/** Sides of an anchor, in its own frame (x forward, y left). "beside" leaves the side open. */
export const DIRECTIONS = [
  "front",
  "left",
  "behind",
  "right",
  "front-left",
  "behind-left",
  "behind-right",
  "front-right",
  "beside",
] as const;
/** A side of an anchor; "beside" leaves open which. */
export type Direction = (typeof DIRECTIONS)[number];

/** Places one behind another on the same side: the first next to the anchor. */
export const MOST_PLACES = 4;

/** Free floor between an object and its anchor, unless the words give a distance between centres. */
export const GAP_m: Meters = 0.1;
/** From one place of a row to the next. */
export const ROW_STEP_m: Meters = 0.25;

/** One object and where it goes. Objects are positions in the list of the world view. */
export interface Goal {
  readonly object: number;
  readonly anchor: number;
  /** Side of the anchor, in the anchor's own frame. */
  readonly direction: Direction;
  /** Which place in a row, from 1; or a distance between centres that the words give. */
  readonly place: number;
  readonly distance_m?: Meters;
}

/** A goal of an instruction; goals with the same `group` may swap their objects among themselves. */
export interface AskedGoal extends Goal {
  readonly group?: number;
}

/** What an instruction means. */
export interface Meaning {
  /** In the order in which the words have them done. */
  readonly goals: readonly AskedGoal[];
  /** Pairs of positions in `goals`: the words demand that the first is done before the second. */
  readonly before: readonly (readonly [number, number])[];
}

const UNIT: Readonly<Record<Exclude<Direction, "beside">, readonly [x: number, y: number]>> = {
  front: [1, 0],
  left: [0, 1],
  behind: [-1, 0],
  right: [0, -1],
  "front-left": [Math.SQRT1_2, Math.SQRT1_2],
  "behind-left": [-Math.SQRT1_2, Math.SQRT1_2],
  "behind-right": [-Math.SQRT1_2, -Math.SQRT1_2],
  "front-right": [Math.SQRT1_2, -Math.SQRT1_2],
};

/** Distance between the centres of an anchor and the object of a goal. */
export function distanceOf({ objects }: WorldView, goal: Goal): Meters {
  if (goal.distance_m !== undefined) return goal.distance_m;
  const touching = (objects[goal.object].size_m + objects[goal.anchor].size_m) / 2;
  return touching + GAP_m + (goal.place - 1) * ROW_STEP_m;
}

/** Where the object of a goal belongs, in its anchor's frame; "beside" must have been decided. */
export function placeOf(world: WorldView, goal: Goal): readonly [x_m: Meters, y_m: Meters] {
  if (goal.direction === "beside") throw new Error("internal: a goal beside has no place yet.");
  const [x, y] = UNIT[goal.direction];
  const distance_m = distanceOf(world, goal);
  return [round4(x * distance_m), round4(y * distance_m)];
}

const SIDES = ["front", "left", "behind", "right"] as const;

/** Gives every goal "beside" the side that is nearest to its object among those that nothing else takes: no goal, no object, no wall. */
export function withSides<G extends Goal>(world: WorldView, goals: readonly G[]): G[] {
  const moved = new Set(goals.map(({ object }) => object));
  const taken = goals.filter(({ direction }) => direction !== "beside").map(sideKey);
  return goals.map((goal) => {
    if (goal.direction !== "beside") return goal;
    const choices = SIDES.map((direction) => ({ ...goal, direction }));
    const untaken = choices.filter((choice) => !taken.includes(sideKey(choice)));
    const free = untaken.filter((choice) => hasRoom(world, choice, moved));
    const away = (choice: G) => distanceToPlace(world, choice);
    const [open = choices] = [free, untaken].filter((list) => list.length > 0);
    const nearest = open.reduce((best, choice) => (away(choice) < away(best) ? choice : best));
    taken.push(sideKey(nearest));
    return nearest;
  });
}

const sideKey = ({ anchor, direction }: Goal) => `${anchor} ${direction}`;

/** Whether a place is in the arena and clear of what stays. Not known by an anchor that is moved itself: true. */
function hasRoom(world: WorldView, goal: Goal, moved: ReadonlySet<number>): boolean {
  const { objects, arenaSide_m } = world;
  if (moved.has(goal.anchor)) return true;
  const [x_m, y_m] = inWorld(objects[goal.anchor], placeOf(world, goal));
  const { size_m } = objects[goal.object];
  if (Math.max(Math.abs(x_m), Math.abs(y_m)) > (arenaSide_m - size_m) / 2) return false;
  return objects.every(
    (other, i) =>
      i === goal.anchor ||
      moved.has(i) ||
      Math.hypot(other.x_m - x_m, other.y_m - y_m) >= (other.size_m + size_m) / 2,
  );
}

/** From where the object is to where it belongs, with all anchors where they are now. */
function distanceToPlace(world: WorldView, goal: Goal): Meters {
  const [x_m, y_m] = inWorld(world.objects[goal.anchor], placeOf(world, goal));
  const object = world.objects[goal.object];
  return Math.hypot(object.x_m - x_m, object.y_m - y_m);
}

/** A point of an anchor's frame in the world frame. */
export function inWorld(
  anchor: Pick<ObjectView, "x_m" | "y_m" | "yaw_rad">,
  [x_m, y_m]: readonly [Meters, Meters],
): readonly [x_m: Meters, y_m: Meters] {
  const [cos, sin] = [Math.cos(anchor.yaw_rad), Math.sin(anchor.yaw_rad)];
  return [anchor.x_m + cos * x_m - sin * y_m, anchor.y_m + sin * x_m + cos * y_m];
}

/** True when `goals`, done in their order, are what `meaning` asks for: the same goals, its order kept. */
export function matches(meaning: Meaning, goals: readonly Goal[]): boolean {
  const asked = meaning.goals;
  if (asked.length !== goals.length) return false;
  const positions = asked.map(({ object }) => goals.findIndex((goal) => goal.object === object));
  if (positions.includes(-1)) return false;
  if (meaning.before.some(([first, second]) => positions[first] > positions[second])) return false;
  const groups = new Set(asked.map(({ group }, i) => group ?? -1 - i));
  return [...groups].every((group) => {
    const members = asked.flatMap((goal, i) => ((goal.group ?? -1 - i) === group ? [i] : []));
    const wanted = members.map((i) => slotKey(asked[i])).sort();
    const found = members.map((i) => slotKey(goals[positions[i]])).sort();
    return wanted.every((key, i) => key === found[i]);
  });
}

function slotKey({ anchor, direction, place, distance_m }: Goal): string {
  const far = distance_m === undefined ? `place ${place}` : `${distance_m.toFixed(3)} m`;
  return `${anchor} ${direction} ${far}`;
}

/** Stages of a plan that does the goals in their order. `why` says a sentence about each. */
export function stagesOf(
  world: WorldView,
  goals: readonly Goal[],
  why: (goal: Goal) => string,
): Pick<PlanStage, "name" | "why" | "active" | "place">[] {
  return withSides(world, goals).map((goal, i) => {
    const [x_m, y_m] = placeOf(world, goal);
    const object = world.objects[goal.object];
    const yaw_deg = object.shape === "cylinder" ? null : 0;
    return {
      name: `place-${i + 1}`,
      why: why(goal),
      active: object.name,
      place: { anchor: world.objects[goal.anchor].name, x_m, y_m, yaw_deg },
    };
  });
}

/** What stages do, each as one text: two that are the same put the same object in the same place. */
export function placesOf(stages: readonly Pick<PlanStage, "active" | "place">[]): string[] {
  return stages.map(({ active, place }) =>
    JSON.stringify([active, place && [place.anchor, place.x_m, place.y_m]]),
  );
}

function round4(value: number): number {
  return Math.round(value * 1e4) / 1e4 + 0;
}
