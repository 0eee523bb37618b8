/** What a scene is. A scene file calls `defineScene` once and exports the result. */

import type { z } from "zod";
import { parseConfig } from "../core/config.ts";
import type { Rng } from "../core/rng.ts";
import type { Meters, Radians, Seconds } from "../core/units.ts";
import type { Stage } from "../credit/stage.ts";
import type { Ground } from "./ground.ts";
import type { DiffDriveSpec } from "./robots/diff-drive.ts";
import { checkEpisode, checkScene } from "./scene-checks.ts";
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

/** The beat of a scene. `controlStep_s` is a whole number of physics steps. */
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

/** What a new episode should be like. */
export interface EpisodeWish {
  /** How much of the task is already done, in [0, 1): 0 is a start from the beginning. */
  readonly progress: number;
  /** Whether the active object begins close to its target. */
  readonly close: boolean;
}

/** What is drawn when an episode begins, and stays for the whole of it. */
export interface Episode<Plan> {
  /** One pose for every row of the world, the robot's first. */
  readonly poses: readonly PlanarPose[];
  /** The stage it begins with; those before count as done. */
  readonly firstStage: number;
  /** How many of the scene's stages it has. */
  readonly stages: number;
  /** What differs from episode to episode besides the poses, such as where things belong. */
  readonly plan: Plan;
}

/** Where the i-th body waits that an episode does without: far beyond the walls and out of sight. */
export function parked(i: number): PlanarPose {
  return { x_m: PARKED_m, y_m: PARKED_m + i, yaw_rad: 0 };
}

/** Whether a body sits this episode out; see `parked`. */
export function isParked(ground: Ground, body: number): boolean {
  return ground.x_m(body) > PARKED_m / 2;
}

const PARKED_m = 30;

export interface SceneSpec<Config extends z.ZodObject, Reading, Plan = undefined> {
  readonly name: string;
  /** One sentence: what the robot has to do. */
  readonly summary: string;
  /** Every setting has a default. Parsing must not change what was parsed: no transforms. */
  readonly config: Config;
  readonly timing: Timing;
  readonly cast: (config: z.output<Config>) => Cast;
  /** Where an episode starts: one pose for every row of the world, the robot's first. */
  readonly start: (config: z.output<Config>, rng: Rng) => readonly PlanarPose[];
  /** Starts closer to the goal, that a curriculum may mix in while training. */
  readonly practice?: (config: z.output<Config>, rng: Rng) => readonly PlanarPose[];
  /**
   * Takes the place of `start` and `practice` in scenes whose episodes may begin in the middle or differ in what is to be
   * done. With `progress` 0 and not `close` it must be a full start.
   */
  readonly episode?: (config: z.output<Config>, rng: Rng, wish: EpisodeWish) => Episode<Plan>;
  /** One entry per stage. */
  readonly roles: (config: z.output<Config>) => readonly Roles[];
  /** Obstacles that observations leave room for; the most of any stage unless given. */
  readonly obstacleSlots?: (config: z.output<Config>) => number;
  /** Whether students are told where the target lies from the anchor (observation group `goal`). */
  readonly tellsGoal?: boolean;
  /**
   * Where the active object of a stage belongs, in the world frame; undefined if nowhere. Keypoints show it as the reference in
   * stages with an anchor only, which it is known by. `plan` is undefined where only poses are known, as in a replay.
   */
  readonly target: (
    config: z.output<Config>,
    ground: Ground,
    stage: number,
    plan: Plan | undefined,
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
    plan: Plan,
  ) => void;
  /**
   * Names what went wrong for good, such as "out of the arena"; undefined while all is well. Asked after every control step, for
   * the stage that it was made in; a step that fails completes nothing.
   */
  readonly failure: (
    config: z.output<Config>,
    ground: Ground,
    stage: number,
    plan: Plan,
  ) => string | undefined;
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
  readonly obstacleSlots: number;
  readonly tellsGoal: boolean;
  readonly start: (rng: Rng) => readonly PlanarPose[];
  readonly practice: ((rng: Rng) => readonly PlanarPose[]) | undefined;
  readonly episode: ((rng: Rng, wish: EpisodeWish) => Episode<unknown>) | undefined;
  readonly target: (ground: Ground, stage: number, plan?: unknown) => PlanarPose | undefined;
  readonly reading: () => unknown;
  readonly measure: (
    ground: Ground,
    stage: number,
    action: readonly [forward: number, turn: number],
    out: unknown,
    plan?: unknown,
  ) => void;
  readonly failure: (ground: Ground, stage: number, plan?: unknown) => string | undefined;
  readonly failurePenalty: number;
}

/**
 * Draws an episode as wished, as far as the scene can: one without `episode` always begins with its first stage.
 *
 * @throws ConfigError for an episode that the scene cannot have; see `checkEpisode`
 */
export function drawEpisode(scene: AssembledScene, rng: Rng, wish: EpisodeWish): Episode<unknown> {
  const drawn = scene.episode ? scene.episode(rng, wish) : wholeEpisode(scene, rng, wish);
  checkEpisode(scene, drawn);
  return drawn;
}

function wholeEpisode(scene: AssembledScene, rng: Rng, { close }: EpisodeWish): Episode<unknown> {
  const { practice, start, stages } = scene;
  const poses = close && practice ? practice(rng) : start(rng);
  return { poses, firstStage: 0, stages: stages.length, plan: undefined };
}

export interface Scene {
  readonly name: string;
  readonly summary: string;
  readonly config: z.ZodObject;
  /** Takes settings as `config.parse` gives them and checks nothing; use `assembleScene`. */
  readonly assemble: (config: unknown) => AssembledScene;
}

/**
 * A scene with its settings filled in.
 *
 * @param config what is not as the scene has it by itself
 * @param source where that comes from, for messages
 * @throws ConfigError where the scene has no such setting, or not such a value, or where what it makes of them cannot be; see `checkScene`
 */
export function assembleScene(
  scene: Scene,
  config: unknown = {},
  source = `scene "${scene.name}"`,
): AssembledScene {
  const assembled = scene.assemble(parseConfig(scene.config, config, source));
  checkScene(assembled);
  return assembled;
}

export function defineScene<Config extends z.ZodObject, Reading, Plan = undefined>(
  spec: SceneSpec<Config, Reading, Plan>,
): Scene {
  return {
    name: spec.name,
    summary: spec.summary,
    config: spec.config,
    assemble(input) {
      const config = input as z.output<Config>;
      const { practice, episode } = spec;
      const roles = spec.roles(config);
      const stages = spec.stages(config) as unknown as readonly Stage<unknown>[];
      return {
        name: spec.name,
        timing: spec.timing,
        cast: spec.cast(config),
        roles,
        stages,
        watch: spec.watch?.(config) ?? [],
        obstacleSlots:
          spec.obstacleSlots?.(config) ??
          Math.max(...roles.map(({ obstacles }) => obstacles.length)),
        tellsGoal: spec.tellsGoal ?? false,
        start: (rng) => spec.start(config, rng),
        practice: practice && ((rng) => practice(config, rng)),
        episode: episode && ((rng, wish) => episode(config, rng, wish)),
        target: (ground, stage, plan) =>
          spec.target(config, ground, stage, plan as Plan | undefined),
        reading: spec.reading,
        measure: (ground, stage, action, out, plan) =>
          spec.measure(config, ground, stage, action, out as Reading, plan as Plan),
        failure: (ground, stage, plan) => spec.failure(config, ground, stage, plan as Plan),
        failurePenalty: spec.failurePenalty?.(config) ?? 0,
      };
    },
  };
}
