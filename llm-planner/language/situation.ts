/**
 * A situation: everything that expressions may ask about one environment at one moment, as numbers.
 *
 * Rows are the robot, the scene's bodies in the order of the world, the target of the stage and the
 * face of the pusher. The frame may be any that is fixed for the moment: expressions only compare
 * things with things. What is not known is NaN, and so is every answer that depends on it.
 */

import { layout } from "../../core/layout.ts";
import { type PushReading, pushReading } from "../../credit/ego-push.ts";

/** Columns of one thing. Its speed is at least 0; a positive turn rate is to the left. */
export const thing = layout({ x_m: 1, y_m: 1, yaw_rad: 1, speed_mps: 1, turnRate_radps: 1 });

/**
 * What is known at one moment, in SI; NaN is "not known". Rows are those of `rowsOf`: the robot, the scene's bodies, the target of
 * the stage, the face of the pusher. The frame may be any, if it is one for all things.
 */
export interface Situation extends PushReading {
  /** [rows, `thing`] */
  readonly things: Float64Array;
  /** [rows] 1 where the camera sees the thing of that row, 0 where not. */
  readonly visible: Float64Array;
  /** [rows of the world + 1, same]: 1 where two bodies touched in the last control step; walls last. */
  readonly touching: Float64Array;
  /** What level factors of the stage have earned and not been paid. An estimator leaves it alone. */
  readonly held: Float64Array;
  /** 1 where poses are in the world frame, NaN elsewhere: only then is it known where the walls are. */
  inWorld: number;
}

/** Rows of the things that are not bodies of the world, in a scene of so many bodies. */
export interface Rows {
  /** How many rows the world has: the robot's, 0, and the scene's bodies'. */
  readonly world: number;
  /** Where the active object of the stage belongs. */
  readonly target: number;
  /** The middle of the pusher's face. */
  readonly pusher: number;
  /** Only for contacts and clearances; it has no pose. */
  readonly walls: number;
}

/** The rows of a scene's situations. @param bodies names of the scene's bodies, without the robot */
export function rowsOf(bodies: readonly string[]): Rows {
  const world = bodies.length + 1;
  return { world, target: world, pusher: world + 1, walls: world + 2 };
}

/**
 * A situation in which nothing is known yet.
 * @param factors level factors of the stage, which need a number each where they are paid; 0 unless given
 */
export function createSituation(rows: Rows, factors = 0): Situation {
  const unknown = Number.NaN;
  return {
    ...pushReading(),
    ...{ robotToActive_m: unknown, activeToTarget_m: unknown, yawError_rad: unknown },
    ...{ activeSpeed_mps: unknown, detour_m: unknown, approachDetour_m: unknown },
    ...{ crowding: unknown, behind: unknown },
    things: new Float64Array((rows.world + 2) * thing.size).fill(Number.NaN),
    visible: new Float64Array(rows.world + 2).fill(Number.NaN),
    touching: new Float64Array((rows.world + 1) ** 2).fill(Number.NaN),
    held: new Float64Array(factors),
    inWorld: Number.NaN,
  };
}

/** Index of a pair in `touching`; the walls count as the row after the last body. */
export function pairIndex(rows: Rows, a: number, b: number): number {
  const row = (index: number) => (index === rows.walls ? rows.world : index);
  return Math.min(row(a), row(b)) * (rows.world + 1) + Math.max(row(a), row(b));
}
