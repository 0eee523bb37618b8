/**
 * LeRobotDataset v3.0 as files: names, features and `meta/info.json`.
 * https://huggingface.co/docs/lerobot/lerobot-dataset-v3; checked against lerobot 0.6.1.
 */

import { z } from "zod";

export const codebaseVersion = "v3.0";
/** Files in a folder named chunk-NNN. */
export const chunkSize = 1000;

export const infoPath = "meta/info.json";
export const statsPath = "meta/stats.json";
export const tasksPath = "meta/tasks.parquet";

/** Index of a file among those of its kind. */
export interface FilePlace {
  readonly chunk: number;
  readonly file: number;
}

export function placeOf(index: number): FilePlace {
  return { chunk: Math.floor(index / chunkSize), file: index % chunkSize };
}

const named = ({ chunk, file }: FilePlace) =>
  `chunk-${String(chunk).padStart(3, "0")}/file-${String(file).padStart(3, "0")}`;

export const dataPath = (place: FilePlace) => `data/${named(place)}.parquet`;
export const episodesPath = (place: FilePlace) => `meta/episodes/${named(place)}.parquet`;
export const videoPath = (key: string, place: FilePlace) => `videos/${key}/${named(place)}.mp4`;

/** Paths with placeholders, as info.json wants them. */
export const pathTemplates = {
  data_path: "data/chunk-{chunk_index:03d}/file-{file_index:03d}.parquet",
  video_path: "videos/{video_key}/chunk-{chunk_index:03d}/file-{file_index:03d}.mp4",
} as const;

/** Columns that every dataset has, written by the writer. */
export const ownColumns = {
  timestamp: { dtype: "float32", shape: [1], names: null },
  frame_index: { dtype: "int64", shape: [1], names: null },
  episode_index: { dtype: "int64", shape: [1], names: null },
  index: { dtype: "int64", shape: [1], names: null },
  task_index: { dtype: "int64", shape: [1], names: null },
} as const;

const featureSchema = z.object({
  dtype: z.string(),
  shape: z.array(z.int().min(1)).min(1),
  names: z.unknown(),
  info: z.record(z.string(), z.unknown()).nullish(),
});
export type Feature = z.output<typeof featureSchema>;

/** What is read of info.json; writers of other versions may have more. */
export const infoSchema = z.object({
  codebase_version: z.literal(codebaseVersion),
  fps: z.int().min(1),
  total_episodes: z.int().min(0),
  total_frames: z.int().min(0),
  total_tasks: z.int().min(0),
  chunks_size: z.int().min(1),
  data_path: z.string(),
  video_path: z.string().nullable(),
  splits: z.record(z.string(), z.string()),
  features: z.record(z.string(), featureSchema),
});
export type DatasetInfo = z.output<typeof infoSchema>;

/** A template of info.json filled in. */
export function filledPath(
  template: string,
  chunkIndex: number,
  fileIndex: number,
  videoKey = "",
): string {
  const number = (value: number) => (_: string, width: string) =>
    String(value).padStart(Number(width), "0");
  return template
    .replace(/\{chunk_index:0(\d)d\}/, number(chunkIndex))
    .replace(/\{file_index:0(\d)d\}/, number(fileIndex))
    .replace("{video_key}", videoKey);
}
