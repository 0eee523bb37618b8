/** What every scene has to keep to, so that a slip in a new one is a sentence and no wrong number. */

import { z } from "zod";
import { parseConfig } from "../core/config.ts";
import { ConfigError } from "../core/errors.ts";
import { WALLS } from "./rows.ts";
import type { AssembledScene, Episode, PlanarPose, Roles } from "./scene.ts";

const positive = z.number().positive();
const angle = z.number().positive().lt(Math.PI);

const camera = z.object({
  x_m: z.number(),
  z_m: positive,
  pitch_rad: z.number(),
  horizontalFov_rad: angle,
  verticalFov_rad: angle,
  minDepth_m: z.number().min(0),
  maxDepth_m: positive,
  sensor: z.object({ minDepth_m: z.number().min(0), sigmaInverseDepth: z.number().min(0) }),
});

const robot = z.object({
  base_m: z.tuple([positive, positive, positive]),
  pusher_m: z.object({ length: positive, width: positive, height: positive }),
  mass_kg: positive,
  drivetrain_kg: z.number().min(0),
  halfTrack_m: positive,
  friction: z.number().min(0),
  maxSpeed_mps: positive,
  maxTurnRate_radps: positive,
  wheelTime_s: positive,
  maxForce_N: positive,
  maxTorque_Nm: positive,
  grip_N: z.number().min(0),
  camera,
});

const shape = z.discriminatedUnion("kind", [
  z.object({ kind: z.literal("box"), size_m: z.tuple([positive, positive, positive]) }),
  z.object({ kind: z.literal("cylinder"), diameter_m: positive, height_m: positive }),
  z.object({ kind: z.literal("prism"), side_m: positive, height_m: positive }),
]);

const cast = z.object({
  robot,
  arenaSide_m: positive,
  bodies: z.array(
    z.object({
      name: z.string().min(1),
      shape,
      mass_kg: positive,
      friction: z.number().min(0),
      motion: z.enum(["dynamic", "fixed"]),
    }),
  ),
});

const stages = z.array(z.object({ name: z.string().min(1), budgetSteps: z.int().min(1) })).min(1);

/** @throws ConfigError naming the first thing that no scene can have: a length below zero, roles for rows that there are not */
export function checkScene(scene: AssembledScene): void {
  const { name, roles, watch } = scene;
  parseConfig(cast, scene.cast, `the cast of scene "${name}"`);
  parseConfig(stages, scene.stages, `the stages of scene "${name}"`);
  if (roles.length < scene.stages.length) {
    throw new ConfigError(
      `Scene "${name}" has ${scene.stages.length} stages and roles for ${roles.length}. Give roles for each.`,
    );
  }
  const rows = scene.cast.bodies.length;
  for (const [stage, each] of roles.entries()) {
    const wrong = rowsOf(each).find(([, row]) => !isRow(row, 1, rows));
    if (wrong) throw noSuchRow(scene, `${wrong[0]} of stage ${stage + 1}`, wrong[1]);
  }
  const wrong = watch.flat().find((row) => !isRow(row, WALLS, rows));
  if (wrong !== undefined) throw noSuchRow(scene, "a watched pair", wrong);
}

/** @throws ConfigError for an episode that does not place every body somewhere, or whose stages the scene has not */
export function checkEpisode(
  { name, cast, stages: all }: AssembledScene,
  { poses, firstStage, stages }: Episode<unknown>,
): void {
  const rows = cast.bodies.length + 1;
  if (poses.length !== rows) {
    throw new ConfigError(
      `An episode of scene "${name}" begins with ${poses.length} poses, its world has ${rows} rows: the robot's and ${rows - 1} bodies'.`,
    );
  }
  const nowhere = poses.findIndex((pose) => !isFinitePose(pose));
  if (nowhere >= 0) {
    const who = nowhere === 0 ? "the robot" : `"${cast.bodies[nowhere - 1].name}"`;
    throw new ConfigError(
      `An episode of scene "${name}" begins with ${who} at no place: ${poseText(poses[nowhere])}. Give x_m, y_m and yaw_rad as finite numbers.`,
    );
  }
  if (isRow(stages, 1, all.length) && isRow(firstStage, 0, stages - 1)) return;
  // a scene that plans give stages has none of its own; by itself it is not simulated
  if (all.length === 0 && stages === 0 && firstStage === 0) return;
  throw new ConfigError(
    `An episode of scene "${name}" has ${stages} stages and begins with number ${firstStage}, counted from 0; the scene has ${all.length}.`,
  );
}

export function isFinitePose({ x_m, y_m, yaw_rad }: PlanarPose): boolean {
  return Number.isFinite(x_m) && Number.isFinite(y_m) && Number.isFinite(yaw_rad);
}

/** As in `x_m 0.3, y_m NaN, yaw_rad undefined`. */
export function poseText({ x_m, y_m, yaw_rad }: PlanarPose): string {
  return `x_m ${x_m}, y_m ${y_m}, yaw_rad ${yaw_rad}`;
}

function rowsOf({ active, anchor, obstacles }: Roles): readonly (readonly [string, number])[] {
  return [
    ["the active object", active],
    ...(anchor === undefined ? [] : [["the anchor", anchor] as const]),
    ...obstacles.map((row) => ["an obstacle", row] as const),
  ];
}

function isRow(row: number, first: number, last: number): boolean {
  return Number.isInteger(row) && row >= first && row <= last;
}

function noSuchRow({ name, cast }: AssembledScene, what: string, row: number): ConfigError {
  return new ConfigError(
    `In scene "${name}" ${what} is row ${row}, but its bodies are rows 1 to ${cast.bodies.length}.`,
  );
}
