/** The teacher's network for a scene, and how its inputs are fed. */

import { parseConfig } from "../core/config.ts";
import type { TeacherSpec } from "../policies/networks/teacher.ts";
import type { ActorSpec } from "../rollout/actor.ts";
import type { SimulationSpec } from "../rollout/shard.ts";
import { keypointLayout, privilegedLayoutOf } from "../sim/observations.ts";
import { lastSeenLayout } from "../sim/recollection.ts";
import { findScene } from "../sim/scenes/index.ts";
import type { Observability } from "../sim/visibility.ts";
import type { TeacherConfig } from "./config.ts";

export function teacherSpec(
  simulation: SimulationSpec,
  {
    latent,
    hidden,
    lastSeen = false,
  }: Pick<TeacherConfig, "latent" | "hidden"> & {
    readonly lastSeen?: boolean;
  },
): TeacherSpec {
  const scene = findScene(simulation.scene);
  const assembled = scene.assemble(
    parseConfig(scene.config, simulation.config, `scene "${scene.name}"`),
  );
  const columns = keypointLayout(assembled);
  const privileged = privilegedLayoutOf(assembled).size;
  const points = Object.fromEntries(
    Object.entries(columns.width).map(([role, width]) => [role, width / 3]),
  );
  const remembered = lastSeen ? { lastSeen: lastSeenLayout(assembled).size } : {};
  return { kind: "teacher", points, privileged, actions: 2, latent, hidden, ...remembered };
}

export function teacherActor(network: TeacherSpec, observability: Observability): ActorSpec {
  return {
    kind: "network",
    network,
    inputs: {
      keypoints: `keypoints:${observability}`,
      proprioception: "proprioception",
      ...(network.lastSeen ? { lastSeen: "lastSeen" } : {}),
    },
  };
}
