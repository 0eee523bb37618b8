/** A recorded episode of whichever format: the project's own replay, or one out of an MCAP file. */

import { decodeReplay } from "../../sim/replay.ts";
import { ReplayedEpisode } from "./replayed-episode.ts";

/** How an MCAP file begins (https://mcap.dev/spec). */
const MCAP = [0x89, 0x4d, 0x43, 0x41, 0x50];

/** An episode, and what else the file holds. */
export interface Recording {
  readonly episode: ReplayedEpisode;
  /** What the file's episodes are called; one of a replay. */
  readonly titles: readonly string[];
}

/** @throws FileError or ConfigError that names `source` for a file that holds no episode. */
export async function openRecording(
  file: Uint8Array,
  source: string,
  number: number,
): Promise<Recording> {
  if (!MCAP.every((byte, i) => file[i] === byte)) {
    const replay = decodeReplay(new TextDecoder().decode(file), source);
    return { episode: await ReplayedEpisode.open(replay), titles: [titleOf(replay)] };
  }
  const { episodesOf } = await import("./mcap-episodes.ts");
  const replays = episodesOf(file, source);
  const replay = replays[Math.min(number, replays.length - 1)];
  return { episode: await ReplayedEpisode.open(replay), titles: replays.map(titleOf) };
}

function titleOf({ start, outcome }: { readonly start: number; readonly outcome: string }): string {
  return `start ${start}: ${outcome}`;
}
