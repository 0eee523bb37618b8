/** What the page and its simulation worker say to each other. */

import type { Seconds } from "../core/units.ts";
import type { CameraMount } from "../sim/camera.ts";
import type { DiffDriveSpec } from "../sim/robots/diff-drive.ts";
import type { Roles } from "../sim/scene.ts";
import type { Shape } from "../sim/shape.ts";
import type { Frame } from "./tape.ts";

export type Rgb = readonly [r: number, g: number, b: number];

/** All that is needed to draw a scene. */
export interface SceneSketch {
  readonly name: string;
  readonly summary: string;
  readonly arenaSide_m: number;
  readonly controlStep_s: Seconds;
  readonly robot: DiffDriveSpec;
  readonly camera: CameraMount;
  /** Rows 1 and up of the world; row 0 is the robot. */
  readonly bodies: readonly { readonly name: string; readonly shape: Shape; readonly rgb: Rgb }[];
  readonly stages: readonly {
    readonly name: string;
    readonly budgetSteps: number;
    readonly roles: Roles;
  }[];
  /** Channels of the student's image. */
  readonly layers: readonly string[];
}

export interface SceneName {
  readonly name: string;
  readonly summary: string;
}

/** Who drives. A policy is the address of a folder with policy.json and policy.onnx. */
export type DriverChoice =
  | { readonly kind: "keyboard" }
  | { readonly kind: "demo" }
  | { readonly kind: "policy"; readonly name: string; readonly url: string };

/** What a recorded episode says about itself. */
export interface ReplayFacts {
  readonly policy: string;
  readonly seed: number;
  readonly start: number;
  readonly outcome: string;
  readonly return: number;
}

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
}

/** `run` numbers what was opened last: answers about an earlier one are out of date. */
export type ToWorker =
  | {
      readonly type: "open live";
      readonly run: number;
      readonly scene: string;
      readonly seed: number;
      readonly start: number;
      readonly driver: DriverChoice;
    }
  | {
      readonly type: "open replay";
      readonly run: number;
      readonly text: string;
      readonly source: string;
    }
  | { readonly type: "driver"; readonly driver: DriverChoice }
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
    }
  | { readonly type: "frame"; readonly run: number; readonly frame: Frame }
  | {
      readonly type: "ended";
      readonly run: number;
      readonly outcome: string;
      readonly return: number;
    }
  | { readonly type: "sight"; readonly run: number; readonly sight: Sight }
  | { readonly type: "failed"; readonly run: number; readonly message: string };
