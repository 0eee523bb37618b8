/** The observation groups that a scene has, as `scenes` lists them and `env-server` takes them. */

import { KEYPOINTS } from "../sim/keypoints.ts";
import { objectPoseLayout } from "../sim/object-poses.ts";
import {
  type GroupName,
  goalLayout,
  keypointLayout,
  privilegedLayoutOf,
  proprioceptionLayout,
  roleNames,
} from "../sim/observations.ts";
import { lastSeenLayout } from "../sim/recollection.ts";
import type { AssembledScene } from "../sim/scene.ts";
import { observabilities } from "../sim/visibility.ts";

export interface ObservationGroup {
  readonly name: GroupName;
  /** Numbers in a row; images are [H, W] with H and W left open. */
  readonly row: readonly (number | string)[];
}

export function observationGroupsOf(scene: AssembledScene): ObservationGroup[] {
  const keypoints = keypointLayout(scene).size;
  const poses = (keypoints / (KEYPOINTS * 3)) * objectPoseLayout.size;
  return [
    ...observabilities.map((how) => ({ name: `keypoints:${how}` as const, row: [keypoints] })),
    ...observabilities.map((how) => ({ name: `poses:${how}` as const, row: [poses] })),
    { name: "proprioception", row: [proprioceptionLayout.size] },
    ...(scene.tellsGoal ? [{ name: "goal" as const, row: [goalLayout.size] }] : []),
    { name: "lastSeen", row: [lastSeenLayout(scene).size] },
    { name: "privileged", row: [privilegedLayoutOf(scene).size] },
    { name: "layers", row: [roleNames(scene).length, "H", "W"] },
  ];
}
