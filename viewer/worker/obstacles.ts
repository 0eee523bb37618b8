/** A scene with bodies added to it. They wait far outside until they are placed. */

import { pusherReach_m } from "../../sim/robots/diff-drive.ts";
import type { AssembledScene, PlanarPose } from "../../sim/scene.ts";
import { footprintRadius_m, pushable } from "../../sim/shape.ts";
import type { BodySpec } from "../../sim/world.ts";

/** Beyond the far plane of every camera. */
const PARKED_m = 40;

/** Heavy enough to be in the way, light enough to give way. */
const OBSTACLE: Omit<BodySpec, "name"> = {
  shape: pushable("cylinder", 0.12),
  mass_kg: 1,
  friction: 0.6,
  motion: "dynamic",
};

/** Rows of the added bodies follow those of the scene. They are seen as obstacles where the scene has any. */
export function withObstacles(scene: AssembledScene, count: number): AssembledScene {
  if (count === 0) return scene;
  const { cast, roles, start, episode, watch } = scene;
  const added = Array.from({ length: count }, (_, i) => ({ ...OBSTACLE, name: `extra ${i + 1}` }));
  const rows = added.map((_, i) => cast.bodies.length + 1 + i);
  const waiting = rows.map(parkingPlace);
  const known = roles.some(({ obstacles }) => obstacles.length > 0);
  return {
    ...scene,
    cast: { ...cast, bodies: [...cast.bodies, ...added] },
    roles: known
      ? roles.map((stage) => ({ ...stage, obstacles: [...stage.obstacles, ...rows] }))
      : roles,
    // a scene may ask whether anything touched them
    watch: [
      ...watch,
      ...rows.flatMap((row) => Array.from({ length: row }, (_, other) => [other, row] as const)),
    ],
    start: (rng) => [...start(rng), ...waiting],
    episode:
      episode &&
      ((rng, wish) => {
        const drawn = episode(rng, wish);
        return { ...drawn, poses: [...drawn.poses, ...waiting] };
      }),
  };
}

function parkingPlace(row: number): PlanarPose {
  return { x_m: PARKED_m, y_m: row, yaw_rad: 0 };
}

/** A circle on the floor. */
export interface Disc {
  readonly x_m: number;
  readonly y_m: number;
  readonly radius_m: number;
}

/** The circle that a body keeps others out of; row 0 is the robot. */
export function discRadius_m({ cast }: AssembledScene, row: number): number {
  return row === 0 ? pusherReach_m(cast.robot) : footprintRadius_m(cast.bodies[row - 1].shape);
}

/** The place nearest to the one wanted that is inside the arena and clear of every disc, as far as that goes. */
export function freePlace(
  wanted: { readonly x_m: number; readonly y_m: number },
  radius_m: number,
  others: readonly Disc[],
  arenaSide_m: number,
): { readonly x_m: number; readonly y_m: number } {
  const limit = arenaSide_m / 2 - radius_m;
  const inside = (value: number) => Math.max(-limit, Math.min(limit, value));
  const clear = (x: number, y: number) =>
    others.every((disc) => Math.hypot(x - disc.x_m, y - disc.y_m) >= disc.radius_m + radius_m);
  const x_m = inside(wanted.x_m);
  const y_m = inside(wanted.y_m);
  // rings of growing radius about the place wanted
  for (let ring_m = 0; ring_m < arenaSide_m; ring_m += 0.01) {
    const places = ring_m === 0 ? 1 : 48;
    for (let i = 0; i < places; i++) {
      const angle = (2 * Math.PI * i) / places;
      const x = x_m + ring_m * Math.cos(angle);
      const y = y_m + ring_m * Math.sin(angle);
      if (x === inside(x) && y === inside(y) && clear(x, y)) return { x_m: x, y_m: y };
    }
  }
  return { x_m, y_m };
}
