/** An episode as a row of frames, one a control step: what is played, scrubbed and plotted. */

import type { Seconds } from "../core/units.ts";
import type { PlanarPose } from "../sim/scene.ts";

/** Numbers of one body in a frame: position (m) and orientation [x, y, z, w], world frame. */
export const POSE = 7;

/** Who says where something is: the student's pose head, its memory of what was last seen, or else its own image. */
export type BelievedBy = "head" | "memory" | "image";

/** Where something is believed to be. */
export interface Belief {
  /** A role, such as "anchor"; obstacles that are remembered one by one are numbered, the reference is the target. */
  readonly role: string;
  readonly by: BelievedBy;
  /** In the world frame. */
  readonly x_m: number;
  readonly y_m: number;
  /** Since it was seen; 0 is now. */
  readonly age_s: Seconds;
  /** How sure the head is to see it, 0 to 1; 1 where there is no doubt. */
  readonly seen: number;
}

/** The world after one control step, and what led there. */
export interface Frame {
  /** [B, 7] */
  readonly poses: Float32Array;
  /** In [-1, 1]; undefined for the first frame, which no action led to. */
  readonly action: readonly [forward: number, turn: number] | undefined;
  /** Undefined where a recording does not say. */
  readonly reward: number | undefined;
  /** What each term paid in this step, in the order of `SceneSketch.terms`; empty where unknown. */
  readonly paid: Float32Array;
  readonly stage: number;
  /** A stage was completed in this step. */
  readonly completed: boolean;
  /** Where the active object belongs. */
  readonly target: PlanarPose | undefined;
  readonly beliefs: readonly Belief[];
}

/** A frame of which nothing is known but the poses, which are to be filled in. */
export const blankFrame: Frame = {
  poses: new Float32Array(0),
  action: undefined,
  reward: undefined,
  paid: new Float32Array(0),
  stage: 0,
  completed: false,
  target: undefined,
  beliefs: [],
};

export class Tape {
  readonly controlStep_s: Seconds;
  readonly frames: Frame[] = [];

  constructor(controlStep_s: Seconds) {
    this.controlStep_s = controlStep_s;
  }

  /** Time of the last frame; the first is at 0. */
  get end_s(): Seconds {
    return Math.max(0, this.frames.length - 1) * this.controlStep_s;
  }

  /** Index of the last frame at or before `time_s`. */
  indexAt(time_s: Seconds): number {
    const index = Math.floor(time_s / this.controlStep_s + 1e-6);
    return Math.min(Math.max(index, 0), this.frames.length - 1);
  }

  /** Poses between two frames, [B, 7] into `out`: straight lines and the shorter turn. */
  poseAt(time_s: Seconds, out: Float32Array): void {
    const index = this.indexAt(time_s);
    const before = this.frames[index].poses;
    const after = (this.frames[index + 1] ?? this.frames[index]).poses;
    const share = Math.min(1, Math.max(0, time_s / this.controlStep_s - index));
    for (let at = 0; at < out.length; at += POSE) between(before, after, at, share, out);
  }
}

/** One body's pose, `share` of the way; quaternions by normalised linear interpolation. */
function between(
  before: Float32Array,
  after: Float32Array,
  at: number,
  share: number,
  out: Float32Array,
): void {
  for (let i = at; i < at + 3; i++) out[i] = before[i] + share * (after[i] - before[i]);
  let dot = 0;
  for (let i = at + 3; i < at + POSE; i++) dot += before[i] * after[i];
  const side = dot < 0 ? -1 : 1;
  let square = 0;
  for (let i = at + 3; i < at + POSE; i++) {
    out[i] = (1 - share) * before[i] + share * side * after[i];
    square += out[i] * out[i];
  }
  const length = Math.sqrt(square);
  for (let i = at + 3; i < at + POSE; i++) out[i] /= length;
}
