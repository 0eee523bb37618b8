/** Which random numbers an episode is drawn from: they follow from its seed, its environment and its number alone. */

import { createRng, type Rng } from "../core/rng.ts";

export const purposes = ["training", "evaluation"] as const;
/** Training and evaluation never share a start. */
export type Purpose = (typeof purposes)[number];

/** The stream of one episode; what is drawn for it has streams of their own, split from this one. */
export function episodeStream(seed: number, purpose: Purpose, env: number, episode: number): Rng {
  return createRng(seed).split(purpose).split(`environment ${env} episode ${episode}`);
}

/** Of an episode's stream, the one that says where everything starts. */
export function startStream(episode: Rng): Rng {
  return episode.split("start");
}
