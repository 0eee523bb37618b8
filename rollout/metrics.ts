/** What a learner says of one roll-out and of the updates on it. */

import type { EpisodeEnd } from "../sim/scene-batch.ts";

/** Each statistic of the learner, averaged over its minibatches. */
export function averages(stats: Readonly<Record<string, Float32Array>>): Record<string, number> {
  return Object.fromEntries(
    Object.entries(stats).map(([name, values]) => [
      name,
      values.reduce((sum, value) => sum + value, 0) / values.length,
    ]),
  );
}

/** Of full episodes, not those that started close to the goal; no more than their number, 0, where there was none. */
export function episodeMetrics(ends: readonly EpisodeEnd[]): Record<string, number> {
  const full = ends.filter((end) => !end.practice);
  if (full.length === 0) return { episodes: 0 };
  const mean = (value: (end: EpisodeEnd) => number) =>
    full.reduce((sum, end) => sum + value(end), 0) / full.length;
  return {
    episodes: full.length,
    success: mean(({ outcome }) => (outcome === "success" ? 1 : 0)),
    return: mean((end) => end.return),
    length: mean((end) => end.steps),
    stages: mean((end) => end.stagesDone),
  };
}
