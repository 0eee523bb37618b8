/** A recording of sessions becomes a LeRobot dataset. */

import { existsSync } from "node:fs";
import { readEpisodes, unfinished } from "../../bridge/recorder/episodes.ts";
import { ConfigError, FileError } from "../../core/errors.ts";
import { writeFolderWhole } from "../../core/files.ts";
import { listedScenes } from "../../sim/scenes/index.ts";
import { type Pictures, RecordedDataset } from "./recorded-dataset.ts";

export interface ConvertOptions {
  readonly pictures: Pictures;
  readonly onlySuccess: boolean;
  /** What the robot does, in a sentence; what its scene says of itself unless given. */
  readonly task: string | undefined;
  readonly ffmpeg?: string;
}

export interface Converted {
  readonly episodes: number;
  readonly frames: number;
  /** How often each outcome occurred, those included that were left out. */
  readonly outcomes: Readonly<Record<string, number>>;
  /** Observations left out because they were not whole. */
  readonly spoilt: number;
  /** False for a recording that breaks off. */
  readonly whole: boolean;
}

/** @throws ConfigError when something is at `out` already; FileError when `file` is no recording of robots. */
export async function convertRecording(
  file: string,
  out: string,
  { task, ...options }: ConvertOptions,
): Promise<Converted> {
  refuseTaken(out);
  const outcomes: Record<string, number> = {};
  let kept = { episodes: 0, frames: 0 };
  let read = { whole: false, spoilt: 0 };
  await writeFolderWhole(out, [], async (beside) => {
    let dataset: RecordedDataset | undefined;
    try {
      read = await readEpisodes(
        file,
        (manifest) => {
          const known = listedScenes().find(({ name }) => name === manifest.scene)?.summary;
          const words = task ?? known ?? manifest.scene;
          dataset ??= new RecordedDataset(beside, manifest, {
            source: "robot",
            task: words,
            ...options,
          });
        },
        async (step) => {
          if (step.end) outcomes[step.end.outcome] = (outcomes[step.end.outcome] ?? 0) + 1;
          await dataset?.record(step);
        },
      );
      if (!dataset) throw new FileError(`"${file}" does not say for which policy it was recorded.`);
      await dataset.finish();
    } catch (error) {
      dataset?.abandon();
      throw error;
    }
    kept = { episodes: dataset.episodes, frames: dataset.frames };
  });
  return { ...kept, ...read, outcomes };
}

/** A dataset never replaces what is there. */
export function refuseTaken(out: string): void {
  if (!existsSync(out)) return;
  throw new ConfigError(`There is something at "${out}" already. Choose a new folder.`);
}

/** What a person should know of the outcomes. */
export function remarkOn({ outcomes, spoilt, whole }: Converted): string {
  const unknown = outcomes[unfinished] ?? 0;
  const remarks = [
    ...(unknown > 0 ? [`${unknown} episodes did not say how they ended`] : []),
    ...(spoilt > 0 ? [`${spoilt} observations were not whole and are left out`] : []),
    ...(whole ? [] : ["the recording breaks off"]),
  ];
  return remarks.length === 0 ? "none" : remarks.join("; ");
}
