/** Starts run one after another, as fast as they go: the same code in the page and in Node. */

import type { LiveOpening, SurveyedStart } from "../messages.ts";
import type { Driver } from "./drivers.ts";
import { LiveEpisode } from "./live-episode.ts";

/** Runs one start to its end. */
export async function surveyStart(
  { scene, seed, start, disturbance }: Omit<LiveOpening, "driver">,
  driver: Driver,
): Promise<SurveyedStart> {
  const { groups } = driver;
  driver.begin();
  const episode = await LiveEpisode.open({ scene, seed, start, disturbance, groups });
  try {
    while (!episode.end) await episode.step(driver);
    const { outcome, steps } = episode.end;
    return {
      start,
      outcome,
      steps,
      return: episode.end.return,
      hash: hashOf(episode.newest.poses),
    };
  } finally {
    episode.free();
  }
}

/** FNV-1a, 32 bits, of the bytes (Fowler, Noll and Vo). */
export function hashOf(values: Float32Array): string {
  let hash = 0x811c9dc5;
  for (const byte of new Uint8Array(values.buffer, values.byteOffset, values.byteLength)) {
    hash = Math.imul(hash ^ byte, 0x01000193) >>> 0;
  }
  return hash.toString(16).padStart(8, "0");
}
