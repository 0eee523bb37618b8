/** Fills situations from the simulation's true state. */

import type { CameraMount } from "../sim/camera.ts";
import type { Ground } from "../sim/ground.ts";
import { behindness, measurePush, wayAmong } from "../sim/push.ts";
import { pusherReach_m } from "../sim/robots/diff-drive.ts";
import { WALLS } from "../sim/rows.ts";
import type { Cast, PlanarPose } from "../sim/scene.ts";
import { footprintRadius_m, height } from "../sim/shape.ts";
import { blocks, Frustum } from "../sim/visibility.ts";
import type { Uses } from "./language/compile.ts";
import { pairIndex, rowsOf, type Situation, thing } from "./language/situation.ts";

/** What a stage needs measured. */
export interface Wanted {
  readonly active: number;
  /** Undefined where the stage has no place. */
  readonly target: ((ground: Ground) => PlanarPose) | undefined;
  readonly uses: Uses;
}

/** Measures situations of one scene. Holds scratch space only. */
export class Surveyor {
  readonly #cast: Cast;
  readonly #rows;
  readonly #sight: Sight;
  readonly #reach_m: number;

  constructor(cast: Cast) {
    this.#cast = cast;
    this.#rows = rowsOf(cast.bodies.map((body) => body.name));
    this.#sight = new Sight(cast);
    this.#reach_m = pusherReach_m(cast.robot);
  }

  /** `action` is in [-1, 1]. Only what `wanted` asks for is brought up to date. */
  measure(
    ground: Ground,
    wanted: Wanted,
    action: readonly [forward: number, turn: number],
    out: Situation,
  ): void {
    const { world, target: targetRow, pusher } = this.#rows;
    out.inWorld = 1;
    for (let row = 0; row < world; row++) {
      writeThing(out, row, ground.x_m(row), ground.y_m(row), ground.yaw_rad(row));
      out.things[row * thing.size + thing.at.speed_mps] = ground.speed_mps(row);
      out.things[row * thing.size + thing.at.turnRate_radps] = ground.turnRate_radps(row);
    }
    const yaw = ground.yaw_rad(0);
    const faceX = ground.x_m(0) + this.#reach_m * Math.cos(yaw);
    const faceY = ground.y_m(0) + this.#reach_m * Math.sin(yaw);
    writeThing(out, pusher, faceX, faceY, yaw);
    const target = wanted.target?.(ground);
    if (target) writeThing(out, targetRow, target.x_m, target.y_m, target.yaw_rad);
    this.#measurePush(ground, wanted.active, target, out);
    [out.forward, out.turn] = action;
    this.#measureUses(ground, wanted.uses, out);
  }

  #measurePush(
    ground: Ground,
    active: number,
    target: PlanarPose | undefined,
    out: Situation,
  ): void {
    const { robot, bodies } = this.#cast;
    const { shape } = bodies[active - 1];
    const goal = target ?? ground.pose(active);
    measurePush(ground, robot, active, shape, goal, out);
    const way = wayAmong(ground, active, goal, passing_m(this.#cast, active));
    out.detour_m = way.detour_m;
    out.behind = behindness(ground, active, way, out.activeToTarget_m);
  }

  #measureUses(ground: Ground, { visible, contacts }: Uses, out: Situation): void {
    for (const row of visible) out.visible[row] = this.#sight.sees(ground, row) ? 1 : 0;
    for (const [a, b] of contacts) {
      const body = (row: number) => (row === this.#rows.walls ? WALLS : row);
      out.touching[pairIndex(this.#rows, a, b)] = ground.touched(body(a), body(b)) ? 1 : 0;
    }
  }
}

/** Centres of the active object and of any other can pass each other at this distance. */
function passing_m({ bodies }: Cast, active: number): number {
  const radii = bodies.map(({ shape }) => footprintRadius_m(shape));
  return radii[active - 1] + Math.max(...radii);
}

/**
 * Where the bodies and a target are, in a situation that knows nothing else: no speeds, nothing that is seen or touched, and not where
 * the robot is, which comes and goes.
 */
export function writePoses(ground: Ground, target: PlanarPose, out: Situation): void {
  const bodies = ground.bodies.length;
  out.inWorld = 1;
  for (let row = 1; row < bodies; row++) {
    writeThing(out, row, ground.x_m(row), ground.y_m(row), ground.yaw_rad(row));
  }
  writeThing(out, bodies, target.x_m, target.y_m, target.yaw_rad);
}

function writeThing(out: Situation, row: number, x_m: number, y_m: number, yaw_rad: number): void {
  const at = row * thing.size;
  out.things[at + thing.at.x_m] = x_m;
  out.things[at + thing.at.y_m] = y_m;
  out.things[at + thing.at.yaw_rad] = yaw_rad;
}

/** Whether the camera sees the centre of a body. */
class Sight {
  readonly #cast: Cast;
  readonly #camera: CameraMount;
  readonly #frustum: Frustum;

  constructor(cast: Cast) {
    this.#cast = cast;
    this.#camera = cast.robot.camera;
    this.#frustum = new Frustum(cast.robot.camera);
  }

  sees(ground: Ground, row: number): boolean {
    const [c, s] = [Math.cos(ground.yaw_rad(0)), Math.sin(ground.yaw_rad(0))];
    const dx = ground.x_m(row) - ground.x_m(0);
    const dy = ground.y_m(row) - ground.y_m(0);
    const z_m = height(this.#cast.bodies[row - 1].shape) / 2;
    if (!this.#frustum.contains(c * dx + s * dy, c * dy - s * dx, z_m)) return false;
    const camera = [
      ground.x_m(0) + this.#camera.x_m * c,
      ground.y_m(0) + this.#camera.x_m * s,
      this.#camera.z_m,
    ] as const;
    const centre = [ground.x_m(row), ground.y_m(row), z_m] as const;
    return this.#cast.bodies.every(
      (_, index) => index + 1 === row || !this.#hides(ground, index + 1, camera, centre),
    );
  }

  #hides(
    ground: Ground,
    row: number,
    from: readonly [number, number, number],
    to: readonly [number, number, number],
  ): boolean {
    const { shape } = this.#cast.bodies[row - 1];
    const inFrame = ([x, y, z]: readonly [number, number, number]) => {
      const [dx, dy] = [x - ground.x_m(row), y - ground.y_m(row)];
      const [c, s] = [Math.cos(ground.yaw_rad(row)), Math.sin(ground.yaw_rad(row))];
      return [c * dx + s * dy, c * dy - s * dx, z - height(shape) / 2] as const;
    };
    return blocks(shape, ...inFrame(from), ...inFrame(to));
  }
}
