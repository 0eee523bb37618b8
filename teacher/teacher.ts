/** The teacher's network for a scene. */

import { nearColumns } from "../policies/networks/near.ts";
import type { TeacherSpec } from "../policies/networks/teacher.ts";
import type { SimulationSpec } from "../rollout/shard.ts";
import { objectPoseLayout } from "../sim/object-poses.ts";
import { goalLayout, keypointLayout, privilegedLayoutOf } from "../sim/observations.ts";
import { lastSeenLayout } from "../sim/recollection.ts";
import { assembleScene } from "../sim/scene.ts";
import { findScene } from "../sim/scenes/index.ts";
import type { TeacherConfig } from "./config.ts";

export function teacherSpec(
  simulation: SimulationSpec,
  {
    latent,
    hidden,
    encoder = "points",
    lastSeen = false,
    near = true,
    goal = false,
  }: Pick<TeacherConfig, "latent" | "hidden"> &
    Partial<Pick<TeacherConfig, "encoder" | "lastSeen" | "near" | "goal">>,
): TeacherSpec {
  const assembled = assembleScene(findScene(simulation.scene), simulation.config);
  const columns = keypointLayout(assembled);
  const privileged = privilegedLayoutOf(assembled).size;
  const points = Object.fromEntries(
    Object.entries(columns.width).map(([role, width]) => [role, width / 3]),
  );
  const { size } = lastSeenLayout(assembled);
  const remembered = lastSeen ? { lastSeen: size } : {};
  const told = goal && assembled.tellsGoal ? { goal: goalLayout.size } : {};
  const widths = { privileged, actions: 2, latent, hidden };
  return {
    kind: "teacher",
    points,
    ...widths,
    ...(encoder === "poses" ? { pose: objectPoseLayout.size } : {}),
    ...remembered,
    ...told,
    ...(lastSeen && near ? { near: nearColumns(size) } : {}),
  };
}
