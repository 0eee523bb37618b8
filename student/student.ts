/** The student's network for a scene, and how its inputs are fed. */

import { nearColumns } from "../policies/networks/near.ts";
import { EYE_STRIDE, type StudentSpec } from "../policies/networks/student.ts";
import type { NetworkActor } from "../rollout/actor.ts";
import type { SimulationSpec } from "../rollout/shard.ts";
import { egoPushCamera, skyRows } from "../sim/camera.ts";
import { IMAGE } from "../sim/eyes.ts";
import {
  type GroupName,
  goalLayout,
  keypointLayout,
  privilegedLayoutOf,
  roleNames,
} from "../sim/observations.ts";
import { lastSeenLayout } from "../sim/recollection.ts";
import { type AssembledScene, assembleScene } from "../sim/scene.ts";
import { findScene } from "../sim/scenes/index.ts";
import { height } from "../sim/shape.ts";
import type { NetworkSettings } from "./config.ts";

export function studentSpec(
  simulation: SimulationSpec,
  { latent, hidden, memory, channels, joint, belowHorizon, goal, lastSeen, near }: NetworkSettings,
): StudentSpec {
  const assembled = assembleScene(findScene(simulation.scene), simulation.config);
  const { size } = lastSeenLayout(assembled);
  const sky = belowHorizon ? skyOf(assembled) : 0;
  return {
    kind: "student",
    roles: roleNames(assembled),
    ...IMAGE,
    ...(sky > 0 ? { skyRows: sky } : {}),
    actions: 2,
    latent,
    hidden,
    channels,
    joint,
    memory,
    ...(goal && assembled.tellsGoal ? { goal: goalLayout.size } : {}),
    ...(lastSeen ? { lastSeen: size } : {}),
    ...(lastSeen && near ? { near: nearColumns(size) } : {}),
  };
}

/** Rows of the sky in the images of a scene, as many as the first convolution steps over. */
function skyOf({ cast }: AssembledScene): number {
  const tallest = Math.max(...cast.bodies.map(({ shape }) => height(shape)));
  return skyRows(egoPushCamera, tallest, IMAGE.height, EYE_STRIDE);
}

/** Columns of a critic's row. */
export function privilegedColumns({ scene: name, config }: SimulationSpec): number {
  return privilegedLayoutOf(assembleScene(findScene(name), config)).size;
}

/** Points of all roles that a teacher is shown. */
export function keypointsOf({ scene: name, config }: SimulationSpec): number {
  return keypointLayout(assembleScene(findScene(name), config)).size / 3;
}

/** Observation groups that a student reads; its inputs are named like them. */
export function observedGroups(spec: StudentSpec): readonly GroupName[] {
  return [
    "layers",
    "proprioception",
    ...(spec.goal ? (["goal"] as const) : []),
    ...(spec.lastSeen ? (["lastSeen"] as const) : []),
  ];
}

export function studentActor(network: StudentSpec): NetworkActor {
  return {
    kind: "network",
    network,
    inputs: Object.fromEntries(observedGroups(network).map((group) => [group, group])),
  };
}
