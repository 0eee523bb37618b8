/**
 * A robot that pushes by rules and knows where everything is: the stand-in for a trained policy when
 * a plan is rehearsed, and an executor to try the monitor with.
 *
 * It places an object by two straight pushes. Pushed flush, an object turns its face to the pusher;
 * so it goes first to a point some way before its target, on the line on which it shall arrive, and
 * then along that line. There is a line for each heading in which the object looks right.
 */

import type { Ground } from "../../sim/ground.ts";
import { wayAround } from "../../sim/push.ts";
import { pusherReach_m } from "../../sim/robots/diff-drive.ts";
import { type Cast, isParked, type PlanarPose } from "../../sim/scene.ts";
import { footprintRadius_m, symmetry_rad } from "../../sim/shape.ts";

/** What has to be moved where; without a target it need only be reached. */
export interface Task {
  readonly active: number;
  readonly target: PlanarPose | undefined;
}

/** How the pushing is done. Lengths in metres, speeds as shares of the robot's. */
export interface Manner {
  /** Where the last push begins, before the target. */
  readonly runUp_m: number;
  /** How far before the target the robot stops pushing. */
  readonly stopShort_m: number;
  readonly speed: number;
}

export const usualManner: Manner = { runUp_m: 0.3, stopShort_m: 0.005, speed: 0.5 };

type Phase = "approach" | "push" | "back off";

/** What one environment's robot remembers. */
interface Memory {
  phase: Phase;
  steps: number;
  /** Index of the chosen line; undefined until one is chosen. */
  line: number | undefined;
  active: number;
}

/** A cylinder may arrive from anywhere; this many directions are tried. */
const DIRECTIONS = 8;
/** Sharpest turn with an object in front that keeps it there. */
const SHARPEST_1pm = 2.2;

export class ScriptedPusher {
  readonly #cast: Cast;
  readonly #manner: Manner;
  readonly #memories: Memory[];
  readonly #reach_m: number;
  readonly #robotRadius_m: number;

  constructor(cast: Cast, envs: number, manner: Manner = usualManner) {
    this.#cast = cast;
    this.#manner = manner;
    this.#memories = Array.from({ length: envs }, () => fresh());
    this.#reach_m = pusherReach_m(cast.robot);
    this.#robotRadius_m = Math.hypot(this.#reach_m, cast.robot.pusher_m.width / 2);
  }

  /** Forgets an environment's episode. */
  reset(env: number): void {
    this.#memories[env] = fresh();
  }

  /** The next action, [forward, turn] in [-1, 1], of the environment that `ground` looks at. */
  act(ground: Ground, task: Task): readonly [number, number] {
    let memory = this.#memories[ground.env];
    if (memory.active !== task.active) {
      // what was pushed last must be let go before turning
      const phase = memory.active === 0 ? "approach" : "back off";
      memory = { ...fresh(), phase, active: task.active };
      this.#memories[ground.env] = memory;
    }
    memory.steps++;
    if (memory.phase === "back off") {
      if (memory.steps < 10) return [-0.5, 0];
      enter(memory, "approach");
    }
    const { target } = task;
    if (!target) return this.#driveTo(ground, this.#centre(ground, task.active), task.active);
    return memory.phase === "approach"
      ? this.#approach(ground, task.active, target, memory)
      : this.#push(ground, task.active, target, memory);
  }

  /** Gets behind the object, on the side away from where it has to go. */
  #approach(
    ground: Ground,
    active: number,
    target: PlanarPose,
    memory: Memory,
  ): readonly [number, number] {
    memory.line ??= this.#bestLine(ground, active, target);
    const heading = this.#pushHeading(ground, active, target, memory.line);
    const object = this.#centre(ground, active);
    const stand_m = this.#reach_m + this.#radius_m(active) + 0.05;
    const spot = {
      x_m: object.x_m - stand_m * Math.cos(heading),
      y_m: object.y_m - stand_m * Math.sin(heading),
    };
    const range_m = Math.hypot(spot.x_m - ground.x_m(0), spot.y_m - ground.y_m(0));
    if (memory.steps > 150) {
      enter(memory, "back off");
      memory.line = undefined;
    }
    if (range_m > 0.04) return this.#driveTo(ground, spot, undefined);
    const error = wrapped(heading - ground.yaw_rad(0));
    if (Math.abs(error) > 0.06) return [0, turnTowards(error)];
    enter(memory, "push");
    return [0.3, 0];
  }

  #push(
    ground: Ground,
    active: number,
    target: PlanarPose,
    memory: Memory,
  ): readonly [number, number] {
    const line = memory.line ?? 0;
    const { runUp_m, stopShort_m, speed } = this.#manner;
    const arrival = this.#arrival(active, target, line);
    const yaw = ground.yaw_rad(0);
    const dx = ground.x_m(active) - ground.x_m(0);
    const dy = ground.y_m(active) - ground.y_m(0);
    const aside_m = Math.cos(yaw) * dy - Math.sin(yaw) * dx;
    const ahead_m = Math.cos(yaw) * dx + Math.sin(yaw) * dy;
    const touching_m = this.#reach_m + this.#radius_m(active);
    const lost = Math.abs(aside_m) > 0.05 || ahead_m > touching_m + 0.12;
    const { along_m, off_m } = onLine(this.#centre(ground, active), target, arrival);
    const lastLeg = Math.abs(off_m) < 0.03 && along_m > -runUp_m * 1.5;
    const goal = lastLeg ? target : before(target, arrival, runUp_m);
    const left_m = lastLeg
      ? -along_m
      : Math.hypot(goal.x_m - ground.x_m(active), goal.y_m - ground.y_m(active));
    const arrived = left_m < (lastLeg ? stopShort_m : 0.02);
    const turned = lastLeg && Math.abs(wrapped(arrival - yaw)) > 0.5;
    if (lost || arrived || turned || memory.steps > 120) {
      enter(memory, "back off");
      memory.line = lost || memory.steps > 120 ? undefined : memory.line;
      return arrived ? [0, 0] : [-0.5, 0];
    }
    const wanted = lastLeg
      ? arrival - Math.max(-0.4, Math.min(0.4, 3 * off_m))
      : Math.atan2(goal.y_m - ground.y_m(active), goal.x_m - ground.x_m(active));
    return this.#steer(wrapped(wanted - yaw), left_m < 0.1 ? speed * 0.5 : speed);
  }

  /** Drives on without losing what is in front. */
  #steer(error_rad: number, forward: number): readonly [number, number] {
    const { maxSpeed_mps, maxTurnRate_radps } = this.#cast.robot;
    const sharpest = (forward * maxSpeed_mps * SHARPEST_1pm) / maxTurnRate_radps;
    const turn = (2 * error_rad) / maxTurnRate_radps;
    return [forward, Math.max(-sharpest, Math.min(sharpest, turn))];
  }

  /** Drives to a point, around every object but the one it may run into. */
  #driveTo(
    ground: Ground,
    goal: { readonly x_m: number; readonly y_m: number },
    except: number | undefined,
  ): readonly [number, number] {
    const [x_m, y_m] = [ground.x_m(0), ground.y_m(0)];
    let heading = Math.atan2(goal.y_m - y_m, goal.x_m - x_m);
    let nearest_m = Number.POSITIVE_INFINITY;
    for (let row = 1; row <= this.#cast.bodies.length; row++) {
      if (row === except || isParked(ground, row)) continue;
      const radius_m = this.#radius_m(row) + this.#robotRadius_m;
      const disc = { ...this.#centre(ground, row), radius_m };
      const way = wayAround(disc, x_m, y_m, goal);
      const range_m = Math.hypot(disc.x_m - x_m, disc.y_m - y_m);
      if (way.detour_m > 0 && range_m < nearest_m) {
        [nearest_m, heading] = [range_m, way.heading_rad];
      }
    }
    const error = wrapped(heading - ground.yaw_rad(0));
    const range_m = Math.hypot(goal.x_m - x_m, goal.y_m - y_m);
    // short of what is behind, backing up is quicker than turning round
    if (Math.abs(error) > 2.6 && range_m < 0.3)
      return [-0.4, turnTowards(wrapped(error - Math.PI))];
    if (Math.abs(error) > 0.5) return [0, turnTowards(error)];
    return [Math.min(1, Math.max(0.15, 2.5 * range_m)), turnTowards(error)];
  }

  /** The direction in which the object has to be pushed next. */
  #pushHeading(ground: Ground, active: number, target: PlanarPose, line: number): number {
    const arrival = this.#arrival(active, target, line);
    const object = this.#centre(ground, active);
    const { along_m, off_m } = onLine(object, target, arrival);
    const { runUp_m } = this.#manner;
    if (Math.abs(off_m) < 0.03 && along_m < 0 && along_m > -runUp_m * 1.5) return arrival;
    const goal = before(target, arrival, runUp_m);
    return this.#wayOf(ground, active, object, goal).heading_rad;
  }

  /** The way of an object past the others. */
  #wayOf(
    ground: Ground,
    active: number,
    from: { readonly x_m: number; readonly y_m: number },
    goal: { readonly x_m: number; readonly y_m: number },
  ) {
    const straight = Math.atan2(goal.y_m - from.y_m, goal.x_m - from.x_m);
    let worst = { detour_m: 0, heading_rad: straight };
    for (let row = 1; row <= this.#cast.bodies.length; row++) {
      if (row === active || isParked(ground, row)) continue;
      const radius_m = this.#radius_m(row) + this.#radius_m(active) + 0.03;
      const disc = { ...this.#centre(ground, row), radius_m };
      const way = wayAround(disc, from.x_m, from.y_m, goal);
      if (way.detour_m > worst.detour_m) worst = way;
    }
    return worst;
  }

  #lines(active: number): number {
    const symmetry = symmetry_rad(this.#cast.bodies[active - 1].shape);
    return symmetry === 0 ? DIRECTIONS : Math.round((2 * Math.PI) / symmetry);
  }

  #arrival(active: number, target: PlanarPose, line: number): number {
    return target.yaw_rad + (2 * Math.PI * line) / this.#lines(active);
  }

  /** The shortest line to arrive on that nothing blocks; the least blocked one if all are. */
  #bestLine(ground: Ground, active: number, target: PlanarPose): number {
    const object = this.#centre(ground, active);
    let best = 0;
    let bestCost = Number.POSITIVE_INFINITY;
    for (let line = 0; line < this.#lines(active); line++) {
      const arrival = this.#arrival(active, target, line);
      const { along_m, off_m } = onLine(object, target, arrival);
      const direct = Math.abs(off_m) < 0.03 && along_m < 0;
      const start = before(target, arrival, this.#manner.runUp_m);
      const away_m = Math.hypot(start.x_m - object.x_m, start.y_m - object.y_m);
      const detour_m = this.#wayOf(ground, active, object, start).detour_m;
      const cost =
        (direct ? 0 : away_m + detour_m) + 5 * this.#blocked(ground, active, target, arrival);
      if (cost < bestCost) [best, bestCost] = [line, cost];
    }
    return best;
  }

  /** How much the others reach into the strip along which object and robot arrive, and the walls. */
  #blocked(ground: Ground, active: number, target: PlanarPose, arrival: number): number {
    const length_m = this.#manner.runUp_m + 2 * this.#robotRadius_m;
    const tail = before(target, arrival, length_m);
    const inside_m = this.#cast.arenaSide_m / 2 - 0.1;
    let blocked = Math.max(Math.abs(tail.x_m), Math.abs(tail.y_m)) > inside_m ? 1 : 0;
    const own_m = this.#radius_m(active) * 0.75;
    for (let row = 1; row <= this.#cast.bodies.length; row++) {
      if (row === active || isParked(ground, row)) continue;
      const { along_m, off_m } = onLine(this.#centre(ground, row), target, arrival);
      const beyond_m = Math.max(0, along_m, -length_m - along_m);
      const apart_m = Math.hypot(beyond_m, off_m);
      const needed_m = this.#radius_m(row) * 0.9 + own_m;
      blocked += Math.max(0, needed_m - apart_m) / needed_m;
    }
    return blocked;
  }

  #centre(ground: Ground, row: number) {
    return { x_m: ground.x_m(row), y_m: ground.y_m(row) };
  }

  #radius_m(row: number): number {
    return footprintRadius_m(this.#cast.bodies[row - 1].shape);
  }
}

function fresh(): Memory {
  return { phase: "approach", steps: 0, line: undefined, active: 0 };
}

function enter(memory: Memory, phase: Phase): void {
  memory.phase = phase;
  memory.steps = 0;
}

/** A point relative to a line through `target`: how far beyond the target, and how far to the left. */
function onLine(
  point: { readonly x_m: number; readonly y_m: number },
  target: PlanarPose,
  heading: number,
): { readonly along_m: number; readonly off_m: number } {
  const dx = point.x_m - target.x_m;
  const dy = point.y_m - target.y_m;
  const [c, s] = [Math.cos(heading), Math.sin(heading)];
  return { along_m: c * dx + s * dy, off_m: c * dy - s * dx };
}

function before(target: PlanarPose, heading: number, by_m: number) {
  return {
    x_m: target.x_m - by_m * Math.cos(heading),
    y_m: target.y_m - by_m * Math.sin(heading),
  };
}

function turnTowards(error_rad: number): number {
  return Math.max(-0.6, Math.min(0.6, error_rad));
}

/** Into [-pi, pi]. */
function wrapped(angle_rad: number): number {
  return angle_rad - 2 * Math.PI * Math.round(angle_rad / (2 * Math.PI));
}
