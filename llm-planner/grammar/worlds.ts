/** Scenes to talk about: objects of mixed shapes, colours and sizes, scattered on the floor. */

import type { Rng } from "../../core/rng.ts";
import type { Meters } from "../../core/units.ts";
import type { ObjectView, WorldView } from "../world-view.ts";
import { colours, type Split } from "./lexicon.ts";

/** Objects a world may have at most: what the network has slots for. */
export const MOST_OBJECTS = 8;

/** Centres of those that crowd about the first are at least this far apart. */
const TOUCHING_m = 0.23;

/** How a world is to be filled. */
export interface WorldStyle {
  /** This many objects stand on sides of the first one, where instructions may want something else. */
  readonly crowding: number;
  /** The others' centres are at least this far apart, and this near to the middle. */
  readonly apart_m: Meters;
  readonly within_m: Meters;
  readonly shapes: readonly ObjectView["shape"][];
  readonly sizes_m: readonly Meters[];
}

const SHAPES = ["cube", "cube", "cylinder", "cylinder", "prism", "box"] as const;
const SIZES_m = [0.1, 0.15, 0.15, 0.2] as const;

export const SCATTERED: WorldStyle = {
  crowding: 0,
  apart_m: 0.3,
  within_m: 1.1,
  shapes: SHAPES,
  sizes_m: SIZES_m,
};

/** Things stand in each other's way. */
export const CROWDED: WorldStyle = { ...SCATTERED, crowding: 3, within_m: 0.7 };

/** The same with EgoPush's objects, and room enough for a robot that pushes by rules. */
export const ROOMY: WorldStyle = {
  crowding: 1,
  apart_m: 0.55,
  within_m: 1,
  shapes: ["cube", "cylinder"],
  sizes_m: [0.15],
};

/** A world of `count` objects. Words of the held-out half are mixed in where `split` says so. */
export function sampleWorld(
  rng: Rng,
  split: Split,
  count: number,
  style: WorldStyle = SCATTERED,
): WorldView {
  const palette = split === "train" ? colours.train : [...colours.heldOut, ...colours.train];
  const naming = Math.floor(rng.uniform(0, 3));
  const monochrome = rng.next() < 0.03;
  const objects: ObjectView[] = [];
  while (objects.length < count) {
    const beside = objects.length > 0 && objects.length <= style.crowding;
    // what others crowd about should have room on all sides
    const isHub = objects.length === 0 && style.crowding > 0;
    const within_m = isHub ? style.within_m / 2 : style.within_m;
    const at = beside ? besideFirst(rng, objects[0]) : anywhere(rng, within_m);
    const apart_m = beside ? TOUCHING_m : style.apart_m;
    if (objects.some((o) => Math.hypot(o.x_m - at.x_m, o.y_m - at.y_m) < apart_m)) continue;
    const shape = choose(rng, style.shapes);
    const colour = choose(rng, palette);
    const name = nameOf(naming, objects, shape, colour);
    objects.push({
      name,
      shape,
      ...(!monochrome && { colour }),
      size_m: choose(rng, style.sizes_m),
      ...at,
      yaw_rad: rng.uniform(-Math.PI, Math.PI),
    });
  }
  const robot = {
    x_m: rng.uniform(-1.4, 1.4),
    y_m: rng.uniform(-1.4, 1.4),
    yaw_rad: rng.uniform(-Math.PI, Math.PI),
  };
  return { scene: "grammar", arenaSide_m: 3, robot, objects };
}

function anywhere(rng: Rng, within_m: Meters) {
  return { x_m: rng.uniform(-within_m, within_m), y_m: rng.uniform(-within_m, within_m) };
}

/** Somewhere on one of four sides of an object, about where a neighbour would be placed. */
function besideFirst(rng: Rng, first: ObjectView) {
  const angle = first.yaw_rad + (Math.PI / 2) * Math.floor(rng.uniform(0, 4));
  const away_m = rng.uniform(0.25, 0.4);
  return {
    x_m: first.x_m + away_m * Math.cos(angle) + rng.uniform(-0.05, 0.05),
    y_m: first.y_m + away_m * Math.sin(angle) + rng.uniform(-0.05, 0.05),
  };
}

/** Three habits of scene writers: object-3; anchor and object-1; red-cube-2. */
function nameOf(habit: number, before: readonly ObjectView[], shape: string, colour: string) {
  if (habit === 0) return `object-${before.length + 1}`;
  if (habit === 1) return before.length === 0 ? "anchor" : `object-${before.length}`;
  const plain = `${colour.replaceAll(" ", "-")}-${shape}`;
  const alike = before.filter(({ name }) => name.startsWith(plain)).length;
  return alike === 0 ? plain : `${plain}-${alike + 1}`;
}

export function choose<T>(rng: Rng, list: readonly T[]): T {
  return list[Math.floor(rng.next() * list.length)];
}

/** The same elements in random order. */
export function shuffled<T>(rng: Rng, list: readonly T[]): T[] {
  const result = [...list];
  for (let i = result.length - 1; i > 0; i--) {
    const j = Math.floor(rng.next() * (i + 1));
    [result[i], result[j]] = [result[j], result[i]];
  }
  return result;
}
