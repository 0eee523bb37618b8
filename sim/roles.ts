/** What the roles of a scene come to: which image layers there are, and who the obstacles are. */

import type { Ground } from "./ground.ts";
import { type AssembledScene, isParked, type Roles } from "./scene.ts";

/** Whether any stage has an anchor, and how many obstacles observations leave room for. */
export function castOf(scene: AssembledScene): { anchored: boolean; obstacles: number } {
  return {
    anchored: scene.roles.some((roles) => roles.anchor !== undefined),
    obstacles: scene.obstacleSlots,
  };
}

/** Role layers of the student's image that this scene needs, in channel order. */
export function roleNames(scene: AssembledScene): readonly string[] {
  const { anchored, obstacles } = castOf(scene);
  return ["active", ...(anchored ? ["anchor"] : []), ...(obstacles > 0 ? ["obstacle"] : [])];
}

/** Obstacles that take part in the episode, nearest first. */
export function nearestObstacles(ground: Ground, { obstacles }: Roles): number[] {
  return obstacles
    .filter((body) => !isParked(ground, body))
    .sort((a, b) => ground.distance_m(0, a) - ground.distance_m(0, b));
}
