/** What a critic may know: everything. */

import { type Layout, layout } from "../core/layout.ts";
import type { Ground } from "./ground.ts";
import { castOf, nearestObstacles } from "./roles.ts";
import type { AssembledScene, PlanarPose, Roles } from "./scene.ts";
import { symmetry_rad } from "./shape.ts";
import { bodyState } from "./world.ts";

/**
 * Everything a critic may know: metres, metres and radians per second. In the base frame, but for the poses, which are in the
 * world's; a bearing is in half turns.
 */
export const privilegedLayout = layout({
  /** v_x, v_y, omega. */
  robotTwist: 3,
  /** x, y, sine and cosine of the yaw. */
  robotPose: 4,
  /** From the robot to the active object: x, y, range, bearing. */
  active: 4,
  activeTwist: 3,
  /** x, y. */
  activePose: 2,
  /** From the robot to where the active object belongs: x, y, range, bearing. */
  target: 4,
  /** From the active object to there: x, y, range, bearing. */
  push: 4,
  /** Sine and cosine of what it still has to turn, its symmetry stretched to a whole turn. */
  yawError: 2,
  /** From the robot to the anchor: x, y. */
  anchor: 2,
  /** Stage, whether it was reached, share of its budget used up. */
  progress: 3,
  previousAction: 2,
});

/** The same for one scene: with the places of its obstacles, nearest first, and the stages left, where it has any. */
export function privilegedLayoutOf(scene: AssembledScene): Layout {
  const { obstacles } = castOf(scene);
  if (obstacles === 0) return privilegedLayout;
  return layout({ ...privilegedLayout.width, obstacles: 2 * obstacles, remaining: 1 });
}

/** Progress of an episode, as the observations need it. */
export interface Progress {
  readonly stage: number;
  /** Stages left, this one counted. */
  readonly remaining: number;
  readonly reached: boolean;
  /** Share of the stage's budget used up, 0 to 1. */
  readonly elapsed: number;
  readonly action: readonly [forward: number, turn: number];
}

/** One row of `privileged`, whose columns are `privilegedLayoutOf(scene)`; what this stage has no role or target for is 0. */
export function writePrivileged(
  scene: AssembledScene,
  columns: Layout,
  ground: Ground,
  roles: Roles,
  target: PlanarPose | undefined,
  progress: Progress,
  out: Float32Array,
  start: number,
): void {
  const { at } = privilegedLayout;
  out.fill(0, start, start + columns.size);
  const yaw = ground.yaw_rad(0);
  const cos = Math.cos(yaw);
  const sin = Math.sin(yaw);
  const x = ground.x_m(0);
  const y = ground.y_m(0);
  const active = roles.active;
  const ax = ground.x_m(active);
  const ay = ground.y_m(active);
  writeTwist(ground, 0, cos, sin, out, start + at.robotTwist);
  out[start + at.robotPose] = x;
  out[start + at.robotPose + 1] = y;
  out[start + at.robotPose + 2] = sin;
  out[start + at.robotPose + 3] = cos;
  writePolar(ax - x, ay - y, cos, sin, out, start + at.active);
  writeTwist(ground, active, cos, sin, out, start + at.activeTwist);
  out[start + at.activePose] = ax;
  out[start + at.activePose + 1] = ay;
  if (target) {
    writePolar(target.x_m - x, target.y_m - y, cos, sin, out, start + at.target);
    writePolar(target.x_m - ax, target.y_m - ay, cos, sin, out, start + at.push);
    const symmetry = symmetry_rad(scene.cast.bodies[active - 1].shape);
    const turns = symmetry > 0 ? (2 * Math.PI) / symmetry : 0;
    const error = turns * (ground.yaw_rad(active) - target.yaw_rad);
    out[start + at.yawError] = Math.sin(error);
    out[start + at.yawError + 1] = Math.cos(error);
  }
  if (roles.anchor !== undefined) {
    const dx = ground.x_m(roles.anchor) - x;
    writeVector(dx, ground.y_m(roles.anchor) - y, cos, sin, out, start + at.anchor);
  }
  out[start + at.progress] = progress.stage;
  out[start + at.progress + 1] = progress.reached ? 1 : 0;
  out[start + at.progress + 2] = progress.elapsed;
  out[start + at.previousAction] = progress.action[0];
  out[start + at.previousAction + 1] = progress.action[1];
  const more = columns.at as Readonly<Record<string, number>>;
  if (more.obstacles === undefined) return;
  out[start + more.remaining] = progress.remaining;
  // a stage may have more obstacles than the scene leaves room for
  const nearest = nearestObstacles(ground, roles).slice(0, columns.width.obstacles / 2);
  for (const [slot, body] of nearest.entries()) {
    const to = start + more.obstacles + 2 * slot;
    writeVector(ground.x_m(body) - x, ground.y_m(body) - y, cos, sin, out, to);
  }
}

/** A vector of the world frame in the base frame. */
function writeVector(
  dx: number,
  dy: number,
  cos: number,
  sin: number,
  out: Float32Array,
  to: number,
): void {
  out[to] = cos * dx + sin * dy;
  out[to + 1] = -sin * dx + cos * dy;
}

/** The same, then its length and its bearing in half turns. */
function writePolar(
  dx: number,
  dy: number,
  cos: number,
  sin: number,
  out: Float32Array,
  to: number,
): void {
  writeVector(dx, dy, cos, sin, out, to);
  out[to + 2] = Math.hypot(dx, dy);
  out[to + 3] = Math.atan2(out[to + 1], out[to]) / Math.PI;
}

/** Planar velocity of a body in the base frame and its turn rate. */
function writeTwist(
  ground: Ground,
  body: number,
  cos: number,
  sin: number,
  out: Float32Array,
  to: number,
): void {
  const at = ground.at(body) + bodyState.at.linearVelocity;
  writeVector(ground.states[at], ground.states[at + 1], cos, sin, out, to);
  out[to + 2] = ground.turnRate_radps(body);
}
