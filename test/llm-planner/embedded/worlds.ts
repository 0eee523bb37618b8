/** Worlds small enough to see through. */

import type { ObjectView, WorldView } from "../../../llm-planner/world-view.ts";

export function object(
  name: string,
  shape: ObjectView["shape"],
  colour: string,
  x_m: number,
  y_m: number,
  size_m = 0.15,
): ObjectView {
  return { name, shape, colour, size_m, x_m, y_m, yaw_rad: 0 };
}

/** The robot at the origin of the world looks along +x, so +y is its left. */
export function worldWith(...objects: readonly ObjectView[]): WorldView {
  return {
    scene: "test",
    arenaSide_m: 3,
    robot: { x_m: -1.2, y_m: 0, yaw_rad: 0 },
    objects,
  };
}

/** A blue cube in the middle, a red box on its left, a green cylinder on its right, a small red cube far off. */
export const table: WorldView = worldWith(
  object("blue-cube", "cube", "blue", 0, 0),
  object("red-box", "box", "red", 0.2, 0.6, 0.2),
  object("green-can", "cylinder", "green", 0.1, -0.6),
  object("object-4", "cube", "red", 1, 0.1, 0.1),
);
