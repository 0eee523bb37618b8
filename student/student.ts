/** The student's network for a scene, and how its inputs are fed. */

import { parseConfig } from "../core/config.ts";
import { nearColumns } from "../policies/networks/near.ts";
import type { StudentSpec } from "../policies/networks/student.ts";
import type { NetworkActor } from "../rollout/actor.ts";
import type { SimulationSpec } from "../rollout/shard.ts";
import { IMAGE } from "../sim/eyes.ts";
import { type GroupName, goalLayout, privilegedLayoutOf, roleNames } from "../sim/observations.ts";
import { lastSeenLayout } from "../sim/recollection.ts";
import { findScene } from "../sim/scenes/index.ts";
import type { StudentConfig } from "./config.ts";

export function studentSpec(
  simulation: SimulationSpec,
  {
    latent,
    hidden,
    memory,
    channels,
    joint,
    goal,
    lastSeen,
    near,
  }: Pick<
    StudentConfig,
    "latent" | "hidden" | "memory" | "channels" | "joint" | "goal" | "lastSeen" | "near"
  >,
): StudentSpec {
  const scene = findScene(simulation.scene);
  const assembled = scene.assemble(
    parseConfig(scene.config, simulation.config, `scene "${scene.name}"`),
  );
  const { size } = lastSeenLayout(assembled);
  return {
    kind: "student",
    roles: roleNames(assembled),
    ...IMAGE,
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

/** Columns of a critic's row. */
export function privilegedColumns({ scene: name, config }: SimulationSpec): number {
  const scene = findScene(name);
  return privilegedLayoutOf(scene.assemble(parseConfig(scene.config, config, `scene "${name}"`)))
    .size;
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
