/**
 * Observations in a mirror that swaps left and right. Arena, robot, camera and every shape here are their own mirror images,
 * so what happens in one world happens in its mirror image too, when the robot turns the other way.
 */

import { lastSeenColumns } from "../core/last-seen.ts";
import type { Layout } from "../core/layout.ts";
import { goalLayout } from "./goal.ts";
import type { VectorGroup } from "./groups.ts";
import { HIDDEN } from "./keypoints.ts";
import { objectPoseLayout } from "./object-poses.ts";
import { privilegedLayoutOf, proprioceptionLayout } from "./observations.ts";
import type { AssembledScene } from "./scene.ts";

/** What columns are multiplied by; a row is this list, or repeats it. */
export type MirrorSigns = readonly (1 | -1)[];

// lengths forward stay, lengths to the left and turns change sign
const kept: MirrorSigns = [1];
const vector: MirrorSigns = [1, -1];
const polar: MirrorSigns = [1, -1, 1, -1];
const twist: MirrorSigns = [1, -1, -1];
const sineCosine: MirrorSigns = [-1, 1];

/** A point, as keypoint rows hold them. */
const point: MirrorSigns = [1, -1, 1];

/** An action, or a row of `proprioception`. */
export const mirrorOfAction = vector;

const ofFields: Readonly<Record<string, MirrorSigns>> = {
  // proprioception, and the critic's
  previousAction: vector,
  // privileged
  robotTwist: twist,
  robotPose: [...vector, ...sineCosine],
  active: polar,
  activeTwist: twist,
  activePose: vector,
  target: polar,
  push: polar,
  yawError: sineCosine,
  anchor: vector,
  progress: kept,
  obstacles: vector,
  remaining: kept,
  // goal
  offset: vector,
  yaw: sineCosine,
  // poses: a moment is a complex number, and its mirror image the conjugate
  shown: kept,
  place: vector,
  range: kept,
  bearing: vector,
  third: vector,
  fourth: vector,
  // lastSeen
  known: kept,
  staleness: kept,
};

/** The signs of a group's columns. */
export function mirrorOf(scene: AssembledScene, group: VectorGroup): MirrorSigns {
  if (group.startsWith("keypoints:")) return point;
  if (group.startsWith("poses:")) return signsOf(objectPoseLayout);
  if (group === "lastSeen") return signsOf(lastSeenColumns);
  if (group === "goal") return signsOf(goalLayout);
  if (group === "proprioception") return signsOf(proprioceptionLayout);
  return signsOf(privilegedLayoutOf(scene));
}

function signsOf(columns: Layout): MirrorSigns {
  return Object.entries(columns.width).flatMap(([name, width]) => {
    const signs = ofFields[name];
    if (!signs) throw new Error(`internal: how does "${name}" look in a mirror?`);
    return Array.from({ length: width }, (_, i) => signs[i % signs.length]);
  });
}

/** Writes the mirror images of `rows` into `out`, from `start` on. What is hidden stays so. */
export function writeMirrored(
  rows: Float32Array,
  signs: MirrorSigns,
  out: Float32Array,
  start: number,
): void {
  for (let i = 0, column = 0; i < rows.length; i++) {
    out[start + i] = rows[i] === HIDDEN ? HIDDEN : signs[column] * rows[i];
    if (++column === signs.length) column = 0;
  }
}
