/** Networks and runs small enough for a test: seconds, not minutes. */

import { createRng } from "../../core/rng.ts";
import { studentNetwork } from "../../policies/networks/student.ts";
import { type TeacherSpec, teacherNetwork } from "../../policies/networks/teacher.ts";
import type { SimulationSpec } from "../../rollout/shard.ts";
import { teacherActor } from "../../rollout/teacher-actor.ts";
import { fineTuneConfig, type StudentConfig, studentConfig } from "../../student/config.ts";
import { exportStudent } from "../../student/export.ts";
import { studentSpec } from "../../student/student.ts";
import { type TeacherConfig, teacherConfig } from "../../teacher/config.ts";
import { teacherSpec } from "../../teacher/teacher.ts";

/** `scene` as it is, in planar contact. */
export function simulationOf(scene: string, changes: Partial<SimulationSpec> = {}): SimulationSpec {
  return { scene, config: {}, contact: "planar", seed: 5, ...changes };
}

/** Two updates on next to nothing. */
export const tinyTeacher = teacherConfig.parse({
  iterations: 2,
  envs: 16,
  shardEnvs: 4,
  rolloutSteps: 8,
  epochs: 2,
  batch: 32,
  latent: 8,
  hidden: 16,
  observability: "fov",
});

export const tinyStudent = studentConfig.parse({
  iterations: 2,
  envs: 8,
  shardEnvs: 2,
  rolloutSteps: 4,
  batch: 8,
  latent: 8,
  hidden: 16,
});

export const tinyFineTune = fineTuneConfig.parse({
  iterations: 2,
  envs: 8,
  shardEnvs: 2,
  rolloutSteps: 4,
  batch: 8,
  criticIterations: 0,
});

/** A student that has learnt nothing, as a bundle in `folder`. */
export async function saveFreshStudent(
  folder: string,
  simulation: SimulationSpec,
  changes: Partial<StudentConfig> = {},
): Promise<void> {
  const config = { ...tinyStudent, channels: [], joint: 8, ...changes };
  const spec = studentSpec(simulation, config);
  const theta = studentNetwork(spec).params.init(createRng(3));
  const source = { command: "", environmentSteps: 0 };
  await exportStudent({ folder, spec, theta, config, simulation, source });
}

/** A teacher that has learnt nothing: its spec, its first weights, and how it acts. */
export function freshTeacher(simulation: SimulationSpec, changes: Partial<TeacherConfig> = {}) {
  const spec: TeacherSpec = teacherSpec(simulation, { ...tinyTeacher, ...changes });
  const theta = teacherNetwork(spec).params.init(createRng(3));
  return { spec, theta, observability: "fov", actor: teacherActor(spec, "fov") } as const;
}
