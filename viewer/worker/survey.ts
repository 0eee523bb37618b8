/** Episodes run one after another, as fast as they go: the same code in the page and in Node. */

import { applySettings } from "../../core/settings.ts";
import { findScene } from "../../sim/scenes/index.ts";
import type { LiveOpening, SurveyedStart, SurveyOver } from "../messages.ts";
import type { Driver } from "./drivers.ts";
import { LiveEpisode } from "./live-episode.ts";

/** What a scene is assembled from. @throws ConfigError for a setting that is not there, or a value that is not allowed. */
export function configOf({ scene, settings }: Pick<LiveOpening, "scene" | "settings">) {
  return applySettings(findScene(scene).config, settings, {}, "the scene's settings");
}

/** The episode that is so many later: the next starts of a seed, or the same start of the next seeds. */
export function laterBy<O extends Pick<LiveOpening, "seed" | "start">>(
  opening: O,
  over: SurveyOver,
  count: number,
): O {
  const { seed, start } = opening;
  return over === "seeds"
    ? { ...opening, seed: seed + count }
    : { ...opening, start: start + count };
}

/** Runs one start to its end. */
export async function surveyStart(
  opening: Omit<LiveOpening, "driver">,
  driver: Driver,
): Promise<SurveyedStart> {
  const { seed, start } = opening;
  const { groups } = driver;
  driver.begin();
  const episode = await LiveEpisode.open({ ...opening, config: configOf(opening), groups });
  try {
    while (!episode.end) await episode.step(driver);
    const { outcome, steps } = episode.end;
    return {
      seed,
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
