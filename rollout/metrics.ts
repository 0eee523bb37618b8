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

/** Of full episodes, not those that started close to the goal; success is NaN where there was none. */
export function episodeMetrics(ends: readonly EpisodeEnd[]): Record<string, number> {
  const full = ends.filter((end) => !end.practice);
  const successes = full.filter((end) => end.outcome === "success").length;
  return { episodes: full.length, success: full.length > 0 ? successes / full.length : Number.NaN };
}
