/** Stages of a plan with their names looked up in a scene: who is pushed, by whom, to where, and whether it stays. */

import { type Ground, yawDistance_rad } from "../sim/ground.ts";
import type { Cast, PlanarPose } from "../sim/scene.ts";
import { symmetry_rad as symmetryOf } from "../sim/shape.ts";
import { checkPlan } from "./check.ts";
import { createSituation, rowsOf } from "./language/situation.ts";
import { writePoses } from "./measure.ts";
import { placePose } from "./place.ts";
import type { PlanStage, Staged } from "./plan.ts";
import { rowOf } from "./scope.ts";
import { type CompiledStage, compileStage } from "./stages.ts";

/** A place that was achieved counts as kept within these, whatever completed the stage: EgoPush's thresholds for success. */
const KEPT_m = 0.05;
const KEPT_rad = Math.PI / 12;

/** A stage of a plan with its names looked up. Rows are those of the world: 0 the robot, then the scene's bodies. */
export interface PlannedStage {
  /** The stage as it was planned, and its conditions ready to be evaluated. */
  readonly compiled: CompiledStage;
  /** Row of the object that is moved, or driven up to. */
  readonly active: number;
  /** Row of the object that the place is relative to; undefined where there is no place. */
  readonly anchor: number | undefined;
  /** Where the active object belongs, in the world frame, from where the anchor is now; undefined where there is no place. */
  readonly target: ((ground: Ground) => PlanarPose) | undefined;
  /**
   * Whether the active object still stands where the stage has put it: at its place, or wherever else nothing that poses of bodies tell
   * speaks against "done".
   */
  readonly kept: (ground: Ground) => boolean;
}

/**
 * Compiles the stages in the order in which they will be executed.
 * @throws PlanRefusedError for a plan that does not fit the cast
 */
export function plannedStages(plan: Staged, cast: Cast): readonly PlannedStage[] {
  return checkPlan(plan, cast).map((stage) => plannedStage(stage, cast));
}

function plannedStage(stage: PlanStage, cast: Cast): PlannedStage {
  const compiled = compileStage(stage, cast);
  const active = known(cast, stage.active);
  const { place } = stage;
  if (!place) return { compiled, active, anchor: undefined, target: undefined, kept: () => true };
  const anchor = known(cast, place.anchor);
  const target = (ground: Ground) => placePose(place, ground.pose(anchor), ground.yaw_rad(active));
  const symmetry_rad = symmetryOf(cast.bodies[active - 1].shape);
  const poses = createSituation(rowsOf(cast.bodies.map(({ name }) => name)));
  const kept = (ground: Ground) => {
    const goal = target(ground);
    if (isAt(ground, active, goal, symmetry_rad)) return true;
    writePoses(ground, goal, poses);
    return compiled.done.evaluate(poses) !== 0;
  };
  return { compiled, active, anchor, target, kept };
}

function known(cast: Cast, name: string): number {
  const row = rowOf(cast, name);
  if (row === undefined) throw new Error(`internal: "${name}" passed the check of the plan`);
  return row;
}

/** Earlier stages whose places no longer hold, those of objects that a later stage placed anew left out. */
export function undoneStages(
  stages: readonly PlannedStage[],
  current: number,
  ground: Ground,
): readonly PlannedStage[] {
  return stages.slice(0, current).filter(({ active, kept }, i) => {
    const anew = stages.slice(i + 1, current + 1).some((later) => later.active === active);
    return !anew && !kept(ground);
  });
}

function isAt(ground: Ground, row: number, place: PlanarPose, symmetry_rad: number): boolean {
  return (
    Math.hypot(ground.x_m(row) - place.x_m, ground.y_m(row) - place.y_m) < KEPT_m &&
    yawDistance_rad(ground.yaw_rad(row), place.yaw_rad, symmetry_rad) < KEPT_rad
  );
}
