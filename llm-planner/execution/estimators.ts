/** Where a monitor's knowledge comes from: the simulation's true state, or what a student's head reports. */

import { POSE_COLUMNS } from "../../policies/networks/student.ts";
import type { Ground } from "../../sim/ground.ts";
import { pusherReach_m } from "../../sim/robots/diff-drive.ts";
import type { Cast } from "../../sim/scene.ts";
import { rowsOf, type Situation, thing } from "../language/situation.ts";
import { Surveyor } from "../measure.ts";
import { type PlannedStage, undoneStages } from "../planned-stage.ts";

/** Where an execution's knowledge comes from. Asked once per control step, after the step. */
export interface Estimator {
  /**
   * Fills in what is known of the scene for the stage that is worked on; the rest must be NaN, as it is to begin with. `out` is reused
   * and holds what the last look left in it. Rows of its arrays are those of `rowsOf`; any frame will do, if it is one for all things.
   * That a stage has stalled is seen by `robotToActive_m` and `activeToTarget_m`, where they are known.
   */
  estimate(stage: PlannedStage, out: Situation): void;
  /** Of `stages` before index `current`, those whose places are known to hold no longer; empty where that is not known. */
  undone(stages: readonly PlannedStage[], current: number): readonly PlannedStage[];
}

/** Knows everything about the environment that `ground` looks at, in the world frame. */
export function trueState(ground: Ground, cast: Cast): Estimator {
  const surveyor = new Surveyor(cast);
  return {
    estimate({ active, target, compiled }, out) {
      surveyor.measure(ground, { active, target, uses: compiled.uses }, [0, 0], out);
    },
    undone: (stages, current) => undoneStages(stages, current, ground),
  };
}

/** What a student reports in one control step. */
export interface HeadReport {
  /** [R, 3] of the relative-pose head: how sure it is to see the role, 0 to 1, and x_m, y_m of its middle in the base frame. */
  readonly poses: Float32Array;
  /** Names of the rows: active, anchor, ... */
  readonly roles: readonly string[];
  /** Where the target lies from the anchor, in metres along the robot's axes: the student's own goal input. */
  readonly goal: readonly [x_m: number, y_m: number];
}

/** How sure the head must be that it sees a role. */
const SEEN = 0.5;

/**
 * Knows what the relative-pose head of a student says: where the active object and the anchor are from
 * the robot. Headings are not reported and stay unknown, and so does whether earlier places hold, since
 * the head does not tell one obstacle from another.
 */
export class HeadEstimator implements Estimator {
  readonly #rows;
  readonly #reach_m: number;
  readonly #step_s: number;
  #report: HeadReport | undefined;
  /** The active object from the target, in axes that turn with the goal: speeds come from its change. */
  #offset: readonly [number, number] | undefined;
  #speed_mps = Number.NaN;

  /** @param cast bodies of the scene, whose rows situations have */
  constructor(cast: Cast, controlStep_s: number) {
    this.#rows = rowsOf(cast.bodies.map(({ name }) => name));
    this.#reach_m = pusherReach_m(cast.robot);
    this.#step_s = controlStep_s;
  }

  /** Takes the report of a new control step. */
  report(report: HeadReport): void {
    this.#report = report;
    const active = seen(report, "active");
    const target = targetOf(report);
    const offset = active && target ? turnedBy(report.goal, active, target) : undefined;
    this.#speed_mps =
      offset && this.#offset
        ? Math.hypot(offset[0] - this.#offset[0], offset[1] - this.#offset[1]) / this.#step_s
        : Number.NaN;
    this.#offset = offset;
  }

  /** To be called where another stage begins, which is about another object: no speed is known until two reports of it. */
  forget(): void {
    this.#offset = undefined;
    this.#speed_mps = Number.NaN;
  }

  /** In the base frame. Nothing but the robot is known before the first report. */
  estimate(stage: PlannedStage, out: Situation): void {
    out.things.fill(Number.NaN);
    out.visible.fill(Number.NaN);
    out.touching.fill(Number.NaN);
    out.inWorld = Number.NaN;
    out.robotToActive_m = Number.NaN;
    out.activeToTarget_m = Number.NaN;
    out.detour_m = Number.NaN;
    out.approachDetour_m = Number.NaN;
    out.crowding = Number.NaN;
    out.behind = Number.NaN;
    out.othersInPlace = true;
    write(out, 0, [0, 0], 0);
    write(out, this.#rows.pusher, [this.#reach_m, 0], 0);
    if (!this.#report) return;
    const active = seen(this.#report, "active");
    const anchor = seen(this.#report, "anchor");
    const target = targetOf(this.#report);
    if (active) {
      write(out, stage.active, active, Number.NaN);
      out.things[stage.active * thing.size + thing.at.speed_mps] = this.#speed_mps;
      out.visible[stage.active] = 1;
      out.robotToActive_m = Math.hypot(active[0] - this.#reach_m, active[1]);
    }
    if (anchor && stage.anchor !== undefined) {
      write(out, stage.anchor, anchor, Number.NaN);
      out.visible[stage.anchor] = 1;
    }
    if (target && stage.target) write(out, this.#rows.target, target, Number.NaN);
    if (active && target && stage.target) {
      out.activeToTarget_m = Math.hypot(active[0] - target[0], active[1] - target[1]);
    }
  }

  /** Always empty: that is not known. */
  undone(): readonly PlannedStage[] {
    return [];
  }
}

function seen({ poses, roles }: HeadReport, role: string): readonly [number, number] | undefined {
  const row = roles.indexOf(role);
  if (row < 0) return undefined;
  const at = row * POSE_COLUMNS;
  return poses[at] > SEEN ? [poses[at + 1], poses[at + 2]] : undefined;
}

function targetOf(report: HeadReport): readonly [number, number] | undefined {
  const anchor = seen(report, "anchor");
  return anchor && [anchor[0] + report.goal[0], anchor[1] + report.goal[1]];
}

/** `active - target` along and across the goal's direction. */
function turnedBy(
  goal: readonly [number, number],
  active: readonly [number, number],
  target: readonly [number, number],
): readonly [number, number] {
  const length = Math.max(1e-9, Math.hypot(...goal));
  const [c, s] = [goal[0] / length, goal[1] / length];
  const [dx, dy] = [active[0] - target[0], active[1] - target[1]];
  return [c * dx + s * dy, c * dy - s * dx];
}

function write(out: Situation, row: number, at: readonly [number, number], yaw_rad: number): void {
  out.things[row * thing.size + thing.at.x_m] = at[0];
  out.things[row * thing.size + thing.at.y_m] = at[1];
  out.things[row * thing.size + thing.at.yaw_rad] = yaw_rad;
}
