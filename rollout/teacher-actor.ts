/** How a teacher's network is fed: whoever trains, imitates or evaluates one needs it. */

import type { TeacherSpec } from "../policies/networks/teacher.ts";
import type { Observability } from "../sim/visibility.ts";
import type { NetworkActor } from "./actor.ts";
import type { Rollout } from "./rollout.ts";

export function teacherActor(network: TeacherSpec, observability: Observability): NetworkActor {
  return {
    kind: "network",
    network,
    inputs: {
      ...(network.pose
        ? { poses: `poses:${observability}` as const }
        : { keypoints: `keypoints:${observability}` as const }),
      proprioception: "proprioception",
      ...(network.lastSeen ? { lastSeen: "lastSeen" } : {}),
      ...(network.goal ? { goal: "goal" } : {}),
    },
  };
}

/** What an actor read in a roll-out, by its inputs' names: [T, N, row] each. */
export function readBy(
  { inputs }: NetworkActor,
  { groups }: Rollout,
): Record<string, Float32Array> {
  return Object.fromEntries(Object.entries(inputs).map(([input, group]) => [input, groups[group]]));
}
