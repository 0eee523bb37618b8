/** The curriculum: episodes that start close to the goal, fewer and fewer of them. */

import type { TeacherConfig } from "./config.ts";

/** Share of new episodes that start close to the goal; falls linearly to zero. */
export function practiceAt(
  iteration: number,
  {
    iterations,
    practiceShare,
    practiceUntil,
  }: Pick<TeacherConfig, "iterations" | "practiceShare" | "practiceUntil">,
): number {
  if (practiceUntil === 0) return 0;
  return practiceShare * Math.max(0, 1 - iteration / (iterations * practiceUntil));
}
