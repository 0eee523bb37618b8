/** How a teacher's network is fed: whoever trains, imitates or evaluates one needs it. */

import type { TeacherSpec } from "../policies/networks/teacher.ts";
import type { Observability } from "../sim/visibility.ts";
import type { NetworkActor } from "./actor.ts";

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
