/**
 * Observation groups: who sees what is data.
 *
 * A scene names roles; from them come the same groups for every scene. A trainer's config says which
 * group the actor, the critic and the student read.
 */

import { ConfigError } from "../core/errors.ts";
import { layout } from "../core/layout.ts";
import { didYouMean } from "../core/nearest.ts";
import { type Observability, observabilities } from "./visibility.ts";

export { goalLayout } from "./goal.ts";
export { jitterKeypoints, keypointLayout, Observer } from "./observer.ts";
export { type Progress, privilegedLayout, privilegedLayoutOf } from "./privileged.ts";
export { roleNames } from "./roles.ts";

/**
 * A group of observations. Each environment has a row of it; a batch is [N, row], row-major. Lengths are in metres; the base frame
 * is the robot's, x forward, y left, but z is above the floor.
 *
 * | group | row | columns | frame | what there is not |
 * |---|---|---|---|---|
 * | `keypoints:<observability>` | [objects, 4, 3] | four points [x, y, z] of `active`, `anchor`, `obstacles`, nearest first, and `reference`, the active object where it belongs: `keypointLayout` | base | -10 where hidden |
 * | `poses:<observability>` | [objects, 10] | what the points of each of these come to: `objectPoseLayout` | base | 0 where hidden |
 * | `proprioception` | [2] | the previous action, forward and turn, in [-1, 1]: `proprioceptionLayout` | | 0 at the start |
 * | `goal` | [4] | the target less the anchor, and sine and cosine of its yaw: `goalLayout` | base, as the robot believes | 0 without anchor or target |
 * | `lastSeen` | [things, 4] | known, x, y, staleness of `active`, `anchor` and the three nearest known obstacles: `lastSeenLayout` | base | [0, 0, 0, 1] where never seen |
 * | `privileged` | [columns] | poses, velocities (m/s, rad/s), progress: `privilegedLayoutOf` | base and world | 0 |
 * | `layers` | [roles, 64, 64] | inverse depth in 1/m along the optical axis, `roleNames` in order: active, anchor, obstacle; rows from the top, pixels from the left | camera | 0 where the role is not seen |
 *
 * Roles that no stage of a scene has are left out. Keypoints and poses are exact with `global`; with the others each object is off by
 * `randomization.keypointNoise_m`. `lastSeen` comes from the images where `layers` is asked for, too.
 */
export type GroupName =
  | `keypoints:${Observability}`
  | `poses:${Observability}`
  | "proprioception"
  | "goal"
  | "lastSeen"
  | "privileged"
  | "layers";

/** Everything that can be observed of a scene. */
export const groupNames: readonly GroupName[] = [
  ...observabilities.map((observability) => `keypoints:${observability}` as const),
  ...observabilities.map((observability) => `poses:${observability}` as const),
  "proprioception",
  "goal",
  "lastSeen",
  "privileged",
  "layers",
];

/** @throws ConfigError for a group that there is not: names may come from elsewhere, such as a policy's inputs */
export function refuseUnknownGroups(groups: readonly string[]): void {
  const names: readonly string[] = groupNames;
  const unknown = groups.find((group) => !names.includes(group));
  if (unknown === undefined) return;
  throw new ConfigError(
    `Unknown observation group "${unknown}".${didYouMean(unknown, names)} Groups: ${names.join(", ")}.`,
  );
}

/** The groups that a policy reads: its inputs are named like them. */
export function groupsOf(inputs: readonly { readonly name: string }[]): GroupName[] {
  return inputs.map(({ name }) => name as GroupName);
}

/** The previous action, in [-1, 1]. */
export const proprioceptionLayout = layout({ previousAction: 2 });
