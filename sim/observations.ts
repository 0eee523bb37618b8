/**
 * Observation groups: who sees what is data.
 *
 * A scene names roles; from them come the same groups for every scene. A trainer's config says which
 * group the actor, the critic and the student read.
 *
 * | group | row | for |
 * |---|---|---|
 * | `keypoints:<observability>` | canonical points of each role in the base frame | the teacher |
 * | `poses:<observability>` | the pose that each object's points come to: see object-poses.ts | the same, faster |
 * | `proprioception` | the previous action | everybody |
 * | `goal` | where the target lies from the anchor, in the robot's axes | students of several targets |
 * | `lastSeen` | where each role was last seen, by the cameras where there are any, and how long ago | whoever has a memory |
 * | `privileged` | poses, velocities, stage progress | critics |
 * | `layers` | inverse depth, one image per role | the student |
 */

import { layout } from "../core/layout.ts";
import type { Observability } from "./visibility.ts";

export { goalLayout } from "./goal.ts";
export { jitterKeypoints, keypointLayout, Observer } from "./observer.ts";
export { type Progress, privilegedLayout, privilegedLayoutOf } from "./privileged.ts";
export { roleNames } from "./roles.ts";

export type GroupName =
  | `keypoints:${Observability}`
  | `poses:${Observability}`
  | "proprioception"
  | "goal"
  | "lastSeen"
  | "privileged"
  | "layers";

/** The groups that a policy reads: its inputs are named like them. */
export function groupsOf(inputs: readonly { readonly name: string }[]): GroupName[] {
  return inputs.map(({ name }) => name as GroupName);
}

/** The previous action, in [-1, 1]. */
export const proprioceptionLayout = layout({ previousAction: 2 });
