/** Scenes to talk about: objects of mixed shapes, colours and sizes, scattered on the floor. */

import type { Rng } from "../../core/rng.ts";
import type { ObjectView, WorldView } from "../world-view.ts";
import { colours, type Split } from "./lexicon.ts";

/** Objects a world may have at most: what the network has slots for. */
export const MOST_OBJECTS = 8;

/** Centres are at least this far apart. */
const APART_m = 0.3;
const REACH_m = 1.1;
/** The same for those that crowd about the first. */
const TOUCHING_m = 0.23;
const SHAPES = ["cube", "cube", "cylinder", "cylinder", "prism", "box"] as const;
const SIZES_m = [0.1, 0.15, 0.15, 0.2] as const;

/** Objects that stand about the first one where a crowded world begins, at most. */
const MOST_CROWDING = 3;

/**
 * A world of `count` objects. Words of the held-out half are mixed in where `split` says so. In a crowded one
 * the first object has others on its sides, where instructions may want something else.
 */
export function sampleWorld(rng: Rng, split: Split, count: number, crowded = false): WorldView {
  const palette = split === "train" ? colours.train : [...colours.heldOut, ...colours.train];
  const naming = Math.floor(rng.uniform(0, 3));
  const monochrome = rng.next() < 0.03;
  const objects: ObjectView[] = [];
  while (objects.length < count) {
    const beside = crowded && objects.length > 0 && objects.length <= MOST_CROWDING;
    const at = beside ? besideFirst(rng, objects[0]) : anywhere(rng, crowded ? 0.6 : 1);
    const apart_m = beside ? TOUCHING_m : APART_m;
    if (objects.some((o) => Math.hypot(o.x_m - at.x_m, o.y_m - at.y_m) < apart_m)) continue;
    const shape = choose(rng, SHAPES);
    const colour = choose(rng, palette);
    const name = nameOf(naming, objects, shape, colour);
    objects.push({
      name,
      shape,
      ...(!monochrome && { colour }),
      size_m: choose(rng, SIZES_m),
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

function anywhere(rng: Rng, share: number) {
  const reach_m = share * REACH_m;
  return { x_m: rng.uniform(-reach_m, reach_m), y_m: rng.uniform(-reach_m, reach_m) };
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
