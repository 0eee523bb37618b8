/** Lessons: a training may begin with an easier form of its scene, such as one that is content with less precision. */

import { parseConfig, withChanges } from "../core/config.ts";
import type { SimulationSpec } from "../rollout/shard.ts";
import { findScene } from "../sim/scenes/index.ts";
import type { TeacherConfig } from "./config.ts";

/** Number of the lesson that an iteration belongs to; that of the lessons, once all are over. */
export function lessonAt(iteration: number, { lessons }: Pick<TeacherConfig, "lessons">): number {
  let last = 0;
  const index = lessons.findIndex(({ iterations }) => {
    last += iterations;
    return iteration < last;
  });
  return index < 0 ? lessons.length : index;
}

/** What is simulated in a lesson. @throws ConfigError where the scene has no such settings */
export function simulationIn(
  lesson: number,
  simulation: SimulationSpec,
  { lessons }: Pick<TeacherConfig, "lessons">,
): SimulationSpec {
  if (lesson >= lessons.length) return simulation;
  const { config } = findScene(simulation.scene);
  const changed = withChanges(simulation.config as Record<string, unknown>, lessons[lesson].scene);
  return { ...simulation, config: parseConfig(config, changed, `lesson ${lesson + 1}`) };
}
