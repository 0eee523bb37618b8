/** A scene whose stages come from a plan: what stands where is the scene's, what pays is the plan's. */

import { z } from "zod";
import { parseConfig } from "../core/config.ts";
import type { Rng } from "../core/rng.ts";
import { type Ground, yawDistance_rad } from "../sim/ground.ts";
import { scatterAmong } from "../sim/placement.ts";
import {
  type AssembledScene,
  type Cast,
  drawEpisode,
  type Episode,
  type EpisodeWish,
  type PlanarPose,
  type Scene,
} from "../sim/scene.ts";
import { findScene } from "../sim/scenes/index.ts";
import { symmetry_rad } from "../sim/shape.ts";
import { WALLS } from "../sim/world.ts";
import { checkPlan } from "./check.ts";
import { createSituation, rowsOf, type Situation } from "./language/situation.ts";
import { poseOf, Surveyor } from "./measure.ts";
import { type Place, type Plan, type PlanStage, planSchema, type Staged } from "./plan.ts";
import { rowOf } from "./scope.ts";
import { type CompiledStage, compileStage, type Gate, levelsOf, stageOf } from "./stages.ts";

/** A place that was achieved counts as kept within these: EgoPush's thresholds for success. */
const KEPT_m = 0.05;
const KEPT_rad = Math.PI / 12;
/** An anchor that no stage has placed must not be moved further; that of push-pair. */
const ANCHOR_SHIFT_m = 0.1;

/** Centres of things stand at least this far apart at practice starts. */
const APART_m = 0.28;

/** A stage of a plan with its names looked up. */
export interface PlannedStage {
  readonly compiled: CompiledStage;
  readonly active: number;
  readonly anchor: number | undefined;
  /** In the world frame, from where the anchor is now. */
  readonly target: ((ground: Ground) => PlanarPose) | undefined;
}

/** Compiles the stages in the order in which they will be executed; throws on a plan that is wrong. */
export function plannedStages(plan: Staged, cast: Cast): readonly PlannedStage[] {
  return checkPlan(plan, cast).map((stage) => plannedStage(stage, cast));
}

function plannedStage(stage: PlanStage, cast: Cast): PlannedStage {
  const compiled = compileStage(stage, cast);
  const active = known(cast, stage.active);
  if (!stage.place) return { compiled, active, anchor: undefined, target: undefined };
  const { place } = stage;
  const anchor = known(cast, place.anchor);
  const target = (ground: Ground) =>
    placePose(place, poseOf(ground, anchor), ground.yaw_rad(active));
  return { compiled, active, anchor, target };
}

function known(cast: Cast, name: string): number {
  const row = rowOf(cast, name);
  if (row === undefined) throw new Error(`internal: "${name}" passed the check of the plan`);
  return row;
}

/** Where a place is, given its anchor; a place of any heading takes the active object's own. */
export function placePose(place: Place, anchor: PlanarPose, activeYaw_rad: number): PlanarPose {
  const [c, s] = [Math.cos(anchor.yaw_rad), Math.sin(anchor.yaw_rad)];
  return {
    x_m: anchor.x_m + c * place.x_m - s * place.y_m,
    y_m: anchor.y_m + s * place.x_m + c * place.y_m,
    yaw_rad:
      place.yaw_deg === null ? activeYaw_rad : anchor.yaw_rad + (place.yaw_deg * Math.PI) / 180,
  };
}

/** The scene with the plan's stages. */
export function sceneFromPlan(
  base: AssembledScene,
  plan: Staged,
  gate: Gate = "outcome",
): AssembledScene {
  const { cast } = base;
  const stages = plannedStages(plan, cast);
  const surveyor = new Surveyor(cast);
  const rows = rowsOf(cast.bodies.map((body) => body.name));
  const levels = Math.max(...stages.map(({ compiled }) => levelsOf(compiled)));
  const all = cast.bodies.map((_, index) => index + 1);
  return {
    ...base,
    roles: stages.map(({ active, anchor }) => ({
      active,
      ...(anchor === undefined ? {} : { anchor }),
      obstacles: all.filter((row) => row !== active && row !== anchor),
    })),
    stages: stages.map(({ compiled }) => stageOf(compiled, gate) as AssembledScene["stages"][0]),
    watch: watchedPairs(stages, rows.walls),
    obstacleSlots: cast.bodies.length - (stages.some(({ anchor }) => anchor !== undefined) ? 2 : 1),
    tellsGoal: stages.some(({ target }) => target !== undefined),
    practice: undefined,
    episode: (rng, wish) => plannedEpisode(base, stages, rng, wish),
    target: (ground, stage) => stages[stage].target?.(ground),
    reading: () => createSituation(rows, levels),
    measure(ground, stage, action, out) {
      const { active, target, compiled } = stages[stage];
      const situation = out as Situation;
      surveyor.measure(ground, { active, target, uses: compiled.uses }, action, situation);
      situation.othersInPlace = undoneStages(stages, stage, ground, cast).length === 0;
    },
    failure: (ground, stage) => failureOf(stages, stage, ground, cast),
  };
}

function watchedPairs(
  stages: readonly PlannedStage[],
  walls: number,
): readonly (readonly [number, number])[] {
  const body = (row: number) => (row === walls ? WALLS : row);
  const pairs = stages.flatMap(({ compiled }) =>
    compiled.uses.contacts.map(([a, b]) => [body(a), body(b)] as const),
  );
  const keys = pairs.map(([a, b]) => [a, b].sort().join());
  return pairs.filter((_, i) => keys.indexOf(keys[i]) === i);
}

/** Earlier stages whose places no longer hold, those of objects that a later stage placed anew left out. */
export function undoneStages(
  stages: readonly PlannedStage[],
  current: number,
  ground: Ground,
  cast: Cast,
): readonly PlannedStage[] {
  return stages.slice(0, current).filter(({ active, target }, i) => {
    const anew = stages.slice(i + 1, current + 1).some((later) => later.active === active);
    return target && !anew && !holds(ground, active, target(ground), cast);
  });
}

function holds(ground: Ground, active: number, target: PlanarPose, cast: Cast): boolean {
  const symmetry = symmetry_rad(cast.bodies[active - 1].shape);
  return (
    Math.hypot(ground.x_m(active) - target.x_m, ground.y_m(active) - target.y_m) < KEPT_m &&
    yawDistance_rad(ground.yaw_rad(active), target.yaw_rad, symmetry) < KEPT_rad
  );
}

function failureOf(
  stages: readonly PlannedStage[],
  current: number,
  ground: Ground,
  cast: Cast,
): string | undefined {
  const { active, anchor } = stages[Math.min(current, stages.length - 1)];
  for (const row of [0, active]) {
    if (Math.max(Math.abs(ground.x_m(row)), Math.abs(ground.y_m(row))) > cast.arenaSide_m / 2) {
      return "out of the arena";
    }
  }
  const placed = stages.slice(0, current + 1).some((stage) => stage.active === anchor);
  if (anchor !== undefined && !placed && ground.shift_m(anchor) > ANCHOR_SHIFT_m) {
    return "anchor moved";
  }
  if (undoneStages(stages, current, ground, cast).length > 0) return "something placed was moved";
  return ground.upright(active) < 0.7 ? "object toppled" : undefined;
}

/** A start of the base scene, with some stages done and the active object near its place if so wished. */
function plannedEpisode(
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
  const bound_m = base.cast.arenaSide_m / 2 - 0.2;
  const later = practicePoses(poses, stages, firstStage, close, bound_m, rng);
  const inside = ({ x_m, y_m }: PlanarPose) => Math.max(Math.abs(x_m), Math.abs(y_m)) <= bound_m;
  const moved = later.filter((pose, row) => pose !== poses[row]);
  return moved.every(inside) ? from(firstStage, later) : from(0, poses);
}

/** Objects of earlier stages in their places, give or take what still counts as placed; the rest off their way. */
function practicePoses(
  start: readonly PlanarPose[],
  stages: readonly PlannedStage[],
  firstStage: number,
  close: boolean,
  bound_m: number,
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
  const kept = () => [...settled].map((row) => disc(poses[row]));
  const { place } = compiled.plan;
  if (close && place && anchor !== undefined) {
    const centre = placePose(place, poses[anchor], 0);
    poses[active] = scatterAmong(rng, { within_m: 0.4, centre, bound_m }, kept());
  }
  settled.add(active);
  for (let row = 1; row < poses.length; row++) {
    if (settled.has(row)) continue;
    const free = kept().every(
      (d) => Math.hypot(d.x_m - poses[row].x_m, d.y_m - poses[row].y_m) > d.radius_m,
    );
    if (!free) poses[row] = scatterAmong(rng, { within_m: bound_m }, kept());
    settled.add(row);
  }
  const robot = scatterAmong(rng, { within_m: 0.6, centre: poses[active], bound_m }, kept());
  const towards = Math.atan2(poses[active].y_m - robot.y_m, poses[active].x_m - robot.x_m);
  poses[0] = { ...robot, yaw_rad: towards + rng.uniform(-0.8, 0.8) };
  return poses;
}

function disc({ x_m, y_m }: PlanarPose) {
  return { x_m, y_m, radius_m: APART_m };
}

function jittered({ x_m, y_m, yaw_rad }: PlanarPose, rng: Rng): PlanarPose {
  return {
    x_m: x_m + rng.uniform(-0.02, 0.02),
    y_m: y_m + rng.uniform(-0.02, 0.02),
    yaw_rad: yaw_rad + rng.uniform(-0.1, 0.1),
  };
}

/** Any plan on any scene, as a scene by name: what a training run is configured with. */
export const planScene: Scene = {
  name: "plan",
  summary: "Another scene with the stages of a plan.",
  config: z.strictObject({
    base: z.string().describe("name of the scene that the plan is for"),
    scene: z.record(z.string(), z.unknown()).default({}).describe("settings of that scene"),
    plan: planSchema,
    gate: z
      .enum(["outcome", "none"])
      .default("outcome")
      .describe("outcome: dense factors count only as the verified outcome allows"),
  }),
  assemble(input) {
    const { base, scene, plan, gate } = input as {
      base: string;
      scene: unknown;
      plan: Plan;
      gate: Gate;
    };
    const found = findScene(base);
    const config = parseConfig(found.config, scene, `scene "${base}"`);
    return sceneFromPlan(found.assemble(config), plan, gate);
  },
};

/** A scene that is already assembled, where a `Scene` is asked for. */
export function asScene(assembled: AssembledScene): Scene {
  return {
    name: assembled.name,
    summary: "Assembled from a plan.",
    config: z.strictObject({}),
    assemble: () => assembled,
  };
}
