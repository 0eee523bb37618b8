/** What a scene is. A scene file calls `defineScene` once and exports the result. */

import type { z } from "zod";
import type { Rng } from "../core/rng.ts";
import type { Meters, Radians, Seconds } from "../core/units.ts";
import type { Stage } from "../credit/stage.ts";
import type { Ground } from "./ground.ts";
import type { DiffDriveSpec } from "./robots/diff-drive.ts";
import type { BodySpec } from "./world.ts";

/** A pose in the ground plane of the world frame. */
export interface PlanarPose {
  readonly x_m: Meters;
  readonly y_m: Meters;
  readonly yaw_rad: Radians;
}

/**
 * Who plays which part in a stage: what is being pushed, what it is placed against, and what must
 * not be touched. Numbers are rows of the world; the robot is row 0, the scene's bodies follow.
 */
export interface Roles {
  readonly active: number;
  readonly anchor?: number;
  readonly obstacles: readonly number[];
}

export interface Timing {
  readonly physicsStep_s: Seconds;
  readonly controlStep_s: Seconds;
}

/** The bodies of a scene; the same in every environment and episode. */
export interface Cast {
  readonly robot: DiffDriveSpec;
  readonly bodies: readonly BodySpec[];
  /** Walls stand around a square of this side, centred on the origin. */
  readonly arenaSide_m: Meters;
}

export interface SceneSpec<Config extends z.ZodObject, Reading> {
  readonly name: string;
  /** One sentence: what the robot has to do. */
  readonly summary: string;
  readonly config: Config;
  readonly timing: Timing;
  readonly cast: (config: z.output<Config>) => Cast;
  /** Where an episode starts: one pose for every row of the world, the robot's first. */
  readonly start: (config: z.output<Config>, rng: Rng) => readonly PlanarPose[];
  /** Starts closer to the goal, that a curriculum may mix in while training. */
  readonly practice?: (config: z.output<Config>, rng: Rng) => readonly PlanarPose[];
  /** One entry per stage. */
  readonly roles: (config: z.output<Config>) => readonly Roles[];
  /** Where the active object of a stage belongs, in the world frame; undefined if nowhere. */
  readonly target: (
    config: z.output<Config>,
    ground: Ground,
    stage: number,
  ) => PlanarPose | undefined;
  readonly stages: (config: z.output<Config>) => readonly Stage<Reading>[];
  readonly reading: () => Reading;
  /** Measures one environment, once per control step. `action` is in [-1, 1]. */
  readonly measure: (
    config: z.output<Config>,
    ground: Ground,
    stage: number,
    action: readonly [forward: number, turn: number],
    out: Reading,
  ) => void;
  /** Names what went wrong for good, such as "out of the arena"; undefined while all is well. */
  readonly failure: (config: z.output<Config>, ground: Ground, stage: number) => string | undefined;
  /** What a failure costs; nothing unless given. */
  readonly failurePenalty?: (config: z.output<Config>) => number;
  /** Pairs of rows whose contact `failure` asks for. */
  readonly watch?: (config: z.output<Config>) => readonly (readonly [number, number])[];
}

/** A scene with its config filled in and its private types erased, as the environment sees it. */
export interface AssembledScene {
  readonly name: string;
  readonly timing: Timing;
  readonly cast: Cast;
  readonly roles: readonly Roles[];
  readonly stages: readonly Stage<unknown>[];
  readonly watch: readonly (readonly [number, number])[];
  readonly start: (rng: Rng) => readonly PlanarPose[];
  readonly practice: ((rng: Rng) => readonly PlanarPose[]) | undefined;
  readonly target: (ground: Ground, stage: number) => PlanarPose | undefined;
  readonly reading: () => unknown;
  readonly measure: (
    ground: Ground,
    stage: number,
    action: readonly [forward: number, turn: number],
    out: unknown,
  ) => void;
  readonly failure: (ground: Ground, stage: number) => string | undefined;
  readonly failurePenalty: number;
}

export interface Scene {
  readonly name: string;
  readonly summary: string;
  readonly config: z.ZodObject;
  readonly assemble: (config: unknown) => AssembledScene;
}

export function defineScene<Config extends z.ZodObject, Reading>(
  spec: SceneSpec<Config, Reading>,
): Scene {
  return {
    name: spec.name,
    summary: spec.summary,
    config: spec.config,
    assemble(input) {
      const config = input as z.output<Config>;
      const { practice } = spec;
      return {
        name: spec.name,
        timing: spec.timing,
        cast: spec.cast(config),
        roles: spec.roles(config),
        stages: spec.stages(config) as unknown as readonly Stage<unknown>[],
        watch: spec.watch?.(config) ?? [],
        start: (rng) => spec.start(config, rng),
        practice: practice && ((rng) => practice(config, rng)),
        target: (ground, stage) => spec.target(config, ground, stage),
        reading: spec.reading,
        measure: (ground, stage, action, out) =>
          spec.measure(config, ground, stage, action, out as Reading),
        failure: (ground, stage) => spec.failure(config, ground, stage),
        failurePenalty: spec.failurePenalty?.(config) ?? 0,
      };
    },
  };
}
