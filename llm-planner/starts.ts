/** Where episodes of a planned scene start: from the beginning, or with some of the plan done. */

import type { Rng } from "../core/rng.ts";
import type { Meters } from "../core/units.ts";
import { discs, robotBefore, scatter } from "../sim/placement.ts";
import { type DiffDriveSpec, growth_m } from "../sim/robots/diff-drive.ts";
import {
  type AssembledScene,
  drawEpisode,
  type Episode,
  type EpisodeWish,
  type PlanarPose,
} from "../sim/scene.ts";
import { placePose } from "./place.ts";
import type { PlannedStage } from "./planned-stage.ts";

/** Centres of things stand at least this far apart at practice starts. */
const APART_m = 0.28;

/** A start of the base scene, with some stages done and the active object near its place if so wished. */
export function plannedEpisode(
  base: AssembledScene,
  stages: readonly PlannedStage[],
  rng: Rng,
  { progress, close }: EpisodeWish,
): Episode<undefined> {
  // full starts are those of the base scene
  const { poses } = drawEpisode(base, rng, { progress: 0, close: false });
  const from = (firstStage: number, at: readonly PlanarPose[]) => ({
    poses: at,
    firstStage,
    stages: stages.length,
    plan: undefined,
  });
  const firstStage = Math.floor(progress * stages.length);
  if (firstStage === 0 && !close) return from(0, poses);
  const { robot, arenaSide_m } = base.cast;
  const bound_m = arenaSide_m / 2 - (0.2 + Math.max(0, growth_m(robot)));
  const later = practicePoses(poses, stages, { firstStage, close, bound_m, robot }, rng);
  const inside = ({ x_m, y_m }: PlanarPose) => Math.max(Math.abs(x_m), Math.abs(y_m)) <= bound_m;
  const moved = later.filter((pose, row) => pose !== poses[row]);
  return moved.every(inside) ? from(firstStage, later) : from(0, poses);
}

interface Practice {
  readonly firstStage: number;
  /** Whether the active object begins near its place. */
  readonly close: boolean;
  /** How far from the middle of the arena anything may be. */
  readonly bound_m: Meters;
  readonly robot: DiffDriveSpec;
}

/** Objects of earlier stages in their places, give or take what still counts as placed; the rest off their way. */
function practicePoses(
  start: readonly PlanarPose[],
  stages: readonly PlannedStage[],
  { firstStage, close, bound_m, robot }: Practice,
  rng: Rng,
): readonly PlanarPose[] {
  const poses = [...start];
  const settled = new Set(stages.flatMap(({ anchor }) => anchor ?? []));
  for (const { compiled, active, anchor } of stages.slice(0, firstStage)) {
    const { place } = compiled.plan;
    if (!place || anchor === undefined) continue;
    poses[active] = jittered(placePose(place, poses[anchor], poses[active].yaw_rad), rng);
    settled.add(active);
  }
  const { compiled, active, anchor } = stages[firstStage];
  const kept = () =>
    discs(
      [...settled].map((row) => poses[row]),
      APART_m,
    );
  const { place } = compiled.plan;
  if (close && place && anchor !== undefined) {
    const centre = placePose(place, poses[anchor], 0);
    poses[active] = scatter(rng, { within_m: 0.4, centre, bound_m }, kept());
  }
  settled.add(active);
  for (let row = 1; row < poses.length; row++) {
    if (settled.has(row)) continue;
    const free = kept().every(
      (d) => Math.hypot(d.x_m - poses[row].x_m, d.y_m - poses[row].y_m) > d.radius_m,
    );
    if (!free) poses[row] = scatter(rng, { within_m: bound_m }, kept());
    settled.add(row);
  }
  const things = [...settled].map((row) => poses[row]);
  poses[0] = robotBefore(rng, robot, poses[active], things, bound_m);
  return poses;
}

function jittered({ x_m, y_m, yaw_rad }: PlanarPose, rng: Rng): PlanarPose {
  return {
    x_m: x_m + rng.uniform(-0.02, 0.02),
    y_m: y_m + rng.uniform(-0.02, 0.02),
    yaw_rad: yaw_rad + rng.uniform(-0.1, 0.1),
  };
}
