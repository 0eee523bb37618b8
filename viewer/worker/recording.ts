/** A recorded episode of whichever format. */

import { ReplayedEpisode } from "./replayed-episode.ts";

/** @throws FileError or ConfigError that names `source` for a file that holds no episode. */
export function openRecording(file: Uint8Array, source: string): Promise<ReplayedEpisode> {
  return ReplayedEpisode.open(new TextDecoder().decode(file), source);
}
