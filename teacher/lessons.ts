/** Lessons: a training may begin with an easier form of its scene, such as one that is content with less precision. */

import { withScene } from "../rollout/curriculum.ts";
import type { SimulationSpec } from "../rollout/shard.ts";
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
  { scene, lessons }: Pick<TeacherConfig, "scene" | "lessons">,
): SimulationSpec {
  const learnt = withScene(simulation, scene, "teacher.scene");
  if (lesson >= lessons.length) return learnt;
  return withScene(learnt, lessons[lesson].scene, `lesson ${lesson + 1}`);
}
