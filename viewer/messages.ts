/** What the page and its simulation worker say to each other. */

import type { Setting } from "../core/settings.ts";
import type { Seconds } from "../core/units.ts";
import type { DiffDriveSpec } from "../sim/robots/diff-drive.ts";
import type { PlanarPose, Roles } from "../sim/scene.ts";
import type { Shape } from "../sim/shape.ts";
import type { Belief, Frame } from "./tape.ts";

export type Rgb = readonly [r: number, g: number, b: number];

/** All that is needed to draw a scene. */
export interface SceneSketch {
  readonly name: string;
  readonly summary: string;
  readonly arenaSide_m: number;
  readonly controlStep_s: Seconds;
  readonly robot: DiffDriveSpec;
  /** Rows 1 and up of the world; row 0 is the robot. */
  readonly bodies: readonly { readonly name: string; readonly shape: Shape; readonly rgb: Rgb }[];
  readonly stages: readonly {
    readonly name: string;
    readonly budgetSteps: number;
    readonly roles: Roles;
  }[];
  /** Channels of the student's image. */
  readonly layers: readonly string[];
  /** Columns of `Frame.paid`: `stage/term`, and what failing cost. */
  readonly terms: readonly string[];
  /** What the scene lets be set, and how it is set. */
  readonly settings: readonly Setting[];
  readonly config: Readonly<Record<string, unknown>>;
}

/** Row of the body that plays a role in a stage; of obstacles, which are not told apart, the first. */
export function bodyOfRole(
  sketch: SceneSketch | undefined,
  stage: number,
  role: string,
): number | undefined {
  const { active, anchor, obstacles } = sketch?.stages[stage]?.roles ?? {};
  // the reference is where the active object belongs
  const bodies = { active, anchor, obstacle: obstacles?.[0], reference: active };
  return bodies[role.replace(/ \d+$/, "") as keyof typeof bodies];
}

export interface SceneName {
  readonly name: string;
  readonly summary: string;
}

/** Who drives. A policy is the address of a folder with policy.json and policy.onnx, or those two files. */
export type DriverChoice =
  | { readonly kind: "keyboard" }
  | { readonly kind: "demo" }
  | { readonly kind: "policy"; readonly name: string; readonly url: string }
  | { readonly kind: "bundle"; readonly name: string; readonly bundle: BundleFiles };

/** The two files of a bundle as they were read. */
export interface BundleFiles {
  readonly manifest: string;
  readonly onnx: Uint8Array;
}

/** How a live episode differs from the one that evaluation runs. */
export interface Disturbance {
  /** Factor on the scene's friction; undefined leaves what the episode's start drew. */
  readonly friction: number | undefined;
  /** Factor on the scene's masses; undefined as above. */
  readonly mass: number | undefined;
  /** Factor on the noise of the student's camera. */
  readonly noise: number;
  /** Bodies added to the scene. */
  readonly obstacles: number;
}

export const undisturbed: Disturbance = {
  friction: undefined,
  mass: undefined,
  noise: 1,
  obstacles: 0,
};

export const MOST_OBSTACLES = 3;

/** What a recorded episode says about itself. */
export interface ReplayFacts {
  readonly policy: string;
  readonly seed: number;
  readonly start: number;
  readonly outcome: string;
  readonly return: number;
  /** Running its actions again gave its poses: rewards and images are known too. */
  readonly reproduced: boolean;
  /** What the episodes of the file are called, and which of them is open. */
  readonly titles: readonly string[];
  readonly number: number;
}

/** What a teacher may know of a keypoint, in the order of the legend. */
export const keypointStates = ["visible", "occluded", "out of view", "gated"] as const;

/** Numbers of one keypoint: position in the world (m), and an index into `keypointStates`. */
export const KEYPOINT = 4;

/** The robot's camera at one frame; images are [H, W], row by row from the top. */
export interface Sight {
  readonly frame: number;
  readonly width: number;
  readonly height: number;
  /** [R, H, W] inverse depth in 1/m, 0 where that role is not seen. */
  readonly layers: Float32Array;
  /** Depth of everything in metres, 0 where the sensor has a hole. */
  readonly depth_m: Float32Array;
  /** [H, W, 4] shaded colour. */
  readonly rgba: Uint8Array;
  /** The layers are the very numbers that the student was given. */
  readonly asGiven: boolean;
  /** [K, 4] */
  readonly keypoints: Float32Array;
}

/** How one start ended, run as fast as it goes. */
export interface SurveyedStart {
  readonly seed: number;
  readonly start: number;
  readonly outcome: string;
  readonly steps: number;
  readonly return: number;
  /** Of the bodies' last poses, bit by bit. */
  readonly hash: string;
}

/** What differs from one episode of a survey to the next. */
export const surveyOvers = ["starts", "seeds"] as const;
export type SurveyOver = (typeof surveyOvers)[number];

export interface LiveOpening {
  readonly scene: string;
  /** Assignments such as `shape=cylinder`; the scene's defaults otherwise. */
  readonly settings: readonly string[];
  readonly seed: number;
  /** Number of the start, as `understudy evaluate` counts them. */
  readonly start: number;
  readonly driver: DriverChoice;
  readonly disturbance: Disturbance;
}

/** `run` numbers what was opened last: answers about an earlier one are out of date. */
export type ToWorker =
  | ({ readonly type: "open live"; readonly run: number } & LiveOpening)
  | {
      readonly type: "open replay";
      readonly run: number;
      readonly file: Uint8Array;
      readonly source: string;
      /** Which episode of the file, from 0. */
      readonly number: number;
    }
  | {
      readonly type: "survey";
      readonly run: number;
      readonly opening: LiveOpening;
      readonly count: number;
      readonly over: SurveyOver;
    }
  | { readonly type: "driver"; readonly driver: DriverChoice }
  | { readonly type: "disturb"; readonly disturbance: Disturbance }
  | { readonly type: "place"; readonly body: number; readonly pose: PlanarPose }
  | { readonly type: "pace"; readonly playing: boolean; readonly speed: number }
  | { readonly type: "step" }
  | { readonly type: "drive"; readonly forward: number; readonly turn: number }
  | { readonly type: "look"; readonly frame: number; readonly noise: boolean };

export type FromWorker =
  | { readonly type: "ready"; readonly scenes: readonly SceneName[] }
  | {
      readonly type: "opened";
      readonly run: number;
      readonly sketch: SceneSketch;
      /** One frame of a live episode, all frames of a recorded one. */
      readonly frames: readonly Frame[];
      readonly replay: ReplayFacts | undefined;
      /** The same episode goes on, in a world that has changed or since another could not be opened. */
      readonly resumed: boolean;
    }
  | {
      readonly type: "frame";
      readonly run: number;
      readonly frame: Frame;
      /** What was believed in the frame before, known since the driver has acted on it. */
      readonly before: readonly Belief[];
    }
  /** The newest frame, once more: a body was moved by hand. */
  | { readonly type: "moved"; readonly run: number; readonly frame: Frame }
  /** A driver has taken over; `misfit` says how it was made for another robot, as "… should be …, found …". */
  | { readonly type: "driver"; readonly run: number; readonly misfit: string | undefined }
  | {
      readonly type: "ended";
      readonly run: number;
      readonly outcome: string;
      readonly return: number;
    }
  | { readonly type: "sight"; readonly run: number; readonly sight: Sight }
  | { readonly type: "surveyed"; readonly run: number; readonly result: SurveyedStart }
  | { readonly type: "failed"; readonly run: number; readonly message: string };
