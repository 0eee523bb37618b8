/** Where the numbers of a world's bodies stand among MuJoCo's coordinates, and how they are read. */

import { layout } from "../../core/layout.ts";
import { height } from "../shape.ts";
import { bodyState, type WorldSpec } from "../world.ts";

/** The robot's coordinates and their speeds, which come first. */
export const robotCoordinates = layout({ x: 1, y: 1, yaw: 1 });
/** Position, then quaternion w, x, y, z. */
const freePosition = layout({ position: 3, quaternion: 4 });
/** Linear velocity in the world frame, then angular velocity in the body's. */
export const freeVelocity = layout({ linear: 3, angular: 3 });

/** Where a body's numbers stand. */
export interface Row {
  readonly moves: boolean;
  /** First of its positions in `qpos`; for a fixed body its number among the mocap bodies. */
  readonly position: number;
  readonly velocity: number;
  readonly z_m: number;
}

/** Where each row's numbers stand; `worldModel` says in which order. */
export function rowsOf({ robot, bodies }: WorldSpec): Row[] {
  const rows: Row[] = [{ moves: true, position: 0, velocity: 0, z_m: robot.base_m[2] / 2 }];
  let free = 0;
  let fixed = 0;
  for (const { shape, motion } of bodies) {
    const moves = motion === "dynamic";
    rows.push({
      moves,
      position: moves ? robotCoordinates.size + free * freePosition.size : fixed,
      velocity: robotCoordinates.size + free * freeVelocity.size,
      z_m: height(shape) / 2,
    });
    if (moves) free++;
    else fixed++;
  }
  return rows;
}

/** A free joint's numbers as a row of `bodyState`. */
export function readFree(
  qpos: Float64Array,
  p: number,
  qvel: Float64Array,
  v: number,
  states: Float32Array,
  to: number,
): void {
  const [w, x, y, z] = [qpos[p + 3], qpos[p + 4], qpos[p + 5], qpos[p + 6]];
  const [ax, ay, az] = [qvel[v + 3], qvel[v + 4], qvel[v + 5]];
  // the angular velocity, from the body's frame to the world's: a + 2 w (q × a) + 2 q × (q × a)
  const tx = 2 * (y * az - z * ay);
  const ty = 2 * (z * ax - x * az);
  const tz = 2 * (x * ay - y * ax);
  states.set(
    [qpos[p], qpos[p + 1], qpos[p + 2], x, y, z, w, qvel[v], qvel[v + 1], qvel[v + 2]],
    to,
  );
  states.set(
    [ax + w * tx + y * tz - z * ty, ay + w * ty + z * tx - x * tz, az + w * tz + x * ty - y * tx],
    to + bodyState.at.angularVelocity,
  );
}
