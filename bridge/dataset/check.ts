/** Checks a LeRobotDataset v3.0 as its readers would stumble over it, and says what is wrong where. */

import { existsSync, readFileSync } from "node:fs";
import path from "node:path";
import { asyncBufferFromFile, parquetMetadataAsync, parquetReadObjects } from "hyparquet";
import { z } from "zod";
import { FileError } from "../../core/errors.ts";
import {
  type DatasetInfo,
  episodesPath,
  filledPath,
  infoPath,
  infoSchema,
  placeOf,
  statsPath,
  tasksPath,
} from "./format.ts";
import { countFrames } from "./video.ts";

export interface DatasetReport {
  readonly episodes: number;
  readonly frames: number;
  readonly tasks: readonly string[];
  readonly features: readonly string[];
  /** What is wrong, in sentences; at most `maxProblems`. */
  readonly problems: readonly string[];
}

const maxProblems = 50;
/** How far a frame may be from its time before LeRobot refuses it. */
const timeTolerance_s = 1e-4;

type Row = Record<string, unknown>;

/** @throws FileError when there is no dataset at all. */
export async function checkDataset(folder: string): Promise<DatasetReport> {
  const info = readInfo(folder);
  const problems: string[] = [];
  const say = (sentence: string) => {
    if (problems.length < maxProblems) problems.push(sentence);
  };
  const tasks = await checkTasks(folder, info, say);
  const episodes = await readEpisodes(folder, say);
  checkEpisodes(info, episodes, say);
  await checkData(folder, info, episodes, tasks?.length ?? info.total_tasks, say);
  checkVideos(folder, info, episodes, say);
  checkStats(folder, info, say);
  const { total_frames: frames } = info;
  const features = Object.keys(info.features);
  return { episodes: episodes.length, frames, tasks: tasks ?? [], features, problems };
}

const statsSchema = z.record(z.string(), z.record(z.string(), z.unknown()));

type Say = (sentence: string) => void;

function readInfo(folder: string): DatasetInfo {
  const file = path.join(folder, infoPath);
  if (!existsSync(file)) {
    throw new FileError(
      `There is no dataset at "${folder}". Expected a folder with ${infoPath}, such as "understudy record --format lerobot" writes.`,
    );
  }
  let found: unknown;
  try {
    found = JSON.parse(readFileSync(file, "utf8"));
  } catch {
    throw new FileError(`"${file}" is not JSON. Write the dataset again.`);
  }
  const parsed = infoSchema.safeParse(found);
  if (parsed.success) return parsed.data;
  const [issue] = parsed.error.issues;
  throw new FileError(
    `"${file}" is not that of a LeRobotDataset v3.0: at ${issue.path.join(".")}: ${issue.message}.`,
  );
}

/** The rows of a table; undefined, and said, where it cannot be read. */
async function readTable(folder: string, name: string, say: Say): Promise<Row[] | undefined> {
  try {
    const file = await asyncBufferFromFile(path.join(folder, name));
    return (await parquetReadObjects({ file })) as Row[];
  } catch (error) {
    say(`${name} cannot be read: ${(error as Error).message}.`);
    return undefined;
  }
}

/** The tasks; undefined where they cannot be read. */
async function checkTasks(
  folder: string,
  info: DatasetInfo,
  say: Say,
): Promise<string[] | undefined> {
  if (!existsSync(path.join(folder, tasksPath))) {
    say(`${tasksPath} is missing.`);
    return undefined;
  }
  const rows = await readTable(folder, tasksPath, say);
  if (!rows) return undefined;
  const file = await asyncBufferFromFile(path.join(folder, tasksPath));
  const { key_value_metadata: metadata = [] } = await parquetMetadataAsync(file);
  const pandas = metadata.find(({ key }) => key === "pandas")?.value;
  if (!pandas?.includes('"index_columns":') || !pandas.includes('"task"')) {
    say(`${tasksPath} has no pandas metadata that makes "task" its index.`);
  }
  if (rows.length !== info.total_tasks) {
    say(`${tasksPath} has ${rows.length} tasks, ${infoPath} says ${info.total_tasks}.`);
  }
  return rows.map(({ task }) => String(task ?? ""));
}

async function readEpisodes(folder: string, say: Say): Promise<Row[]> {
  const episodes: Row[] = [];
  for (let index = 0; ; index++) {
    const name = episodesPath(placeOf(index));
    if (!existsSync(path.join(folder, name))) {
      if (index === 0) say(`${name} is missing.`);
      return episodes;
    }
    episodes.push(...((await readTable(folder, name, say)) ?? []));
  }
}

function checkEpisodes(info: DatasetInfo, episodes: readonly Row[], say: Say): void {
  if (episodes.length !== info.total_episodes) {
    say(`There are ${episodes.length} episodes, ${infoPath} says ${info.total_episodes}.`);
  }
  let next = 0;
  for (const [i, episode] of episodes.entries()) {
    const length = Number(episode.length);
    if (Number(episode.episode_index) !== i) {
      say(`Episode ${i} has episode_index ${episode.episode_index}.`);
    }
    const [from, to] = [Number(episode.dataset_from_index), Number(episode.dataset_to_index)];
    if (from !== next || to !== from + length) {
      say(
        `Episode ${i} is ${length} frames from ${next} on, but its indices are ${from} to ${to}.`,
      );
    }
    next = to;
  }
  if (next !== info.total_frames) {
    say(`The episodes have ${next} frames, ${infoPath} says ${info.total_frames}.`);
  }
}

async function checkData(
  folder: string,
  info: DatasetInfo,
  episodes: readonly Row[],
  tasks: number,
  say: Say,
): Promise<void> {
  let file = "";
  let rows: Row[] | undefined = [];
  let at = 0;
  const sayTooMany = () => {
    if (rows && at < rows.length) say(`${file} has ${rows.length - at} rows too many.`);
  };
  for (const [i, episode] of episodes.entries()) {
    const name = filledPath(
      info.data_path,
      Number(episode["data/chunk_index"]),
      Number(episode["data/file_index"]),
    );
    if (name !== file) {
      sayTooMany();
      file = name;
      at = 0;
      rows = existsSync(path.join(folder, name)) ? await readTable(folder, name, say) : [];
    }
    if (!rows) continue;
    const length = Number(episode.length);
    const own = rows.slice(at, at + length);
    at += length;
    if (own.length < length) say(`${name} ends before episode ${i} does.`);
    const from = Number(episode.dataset_from_index);
    for (const [f, row] of own.entries()) checkRow(info, row, { i, f, from, tasks }, say);
  }
  sayTooMany();
}

function checkRow(
  info: DatasetInfo,
  row: Row,
  { i, f, from, tasks }: { i: number; f: number; from: number; tasks: number },
  say: Say,
): void {
  const where = `Frame ${f} of episode ${i}`;
  const expected = { frame_index: f, episode_index: i, index: from + f };
  for (const [key, value] of Object.entries(expected)) {
    if (Number(row[key]) !== value) say(`${where} has ${key} ${row[key]}, expected ${value}.`);
  }
  const late_s = Math.abs(Number(row.timestamp) - f / info.fps);
  if (!(late_s <= timeTolerance_s)) {
    say(`${where} is at ${row.timestamp} s, expected ${f / info.fps} s.`);
  }
  if (!(Number(row.task_index) < tasks)) say(`${where} is of task ${row.task_index}.`);
  for (const [key, { dtype, shape }] of Object.entries(info.features)) {
    if (dtype === "video") continue;
    const value = row[key];
    const isList = shape.length > 1 || shape[0] > 1 || Array.isArray(value);
    const values = isList ? ((value ?? []) as unknown[]) : [value];
    const size = shape.reduce((a, b) => a * b, 1);
    if (isList && values.length !== size) {
      say(`${where} has ${values.length} numbers of "${key}", expected ${size}.`);
    } else if (!values.every((number) => isOf(dtype, number))) {
      say(`${where} has "${key}" ${String(value)}, expected ${dtype}.`);
    }
  }
}

function isOf(dtype: string, value: unknown): boolean {
  if (dtype === "bool") return typeof value === "boolean";
  if (dtype.startsWith("int")) return typeof value === "bigint" || Number.isInteger(value);
  if (dtype.startsWith("float")) return Number.isFinite(value);
  return value !== null && value !== undefined;
}

function checkVideos(folder: string, info: DatasetInfo, episodes: readonly Row[], say: Say): void {
  const keys = Object.keys(info.features).filter((key) => info.features[key].dtype === "video");
  for (const key of keys) {
    const frames = new Map<string, number>();
    for (const [i, episode] of episodes.entries()) {
      const chunk = Number(episode[`videos/${key}/chunk_index`]);
      const name = filledPath(
        info.video_path ?? "",
        chunk,
        Number(episode[`videos/${key}/file_index`]),
        key,
      );
      const before = frames.get(name) ?? 0;
      frames.set(name, before + Number(episode.length));
      const from_s = Number(episode[`videos/${key}/from_timestamp`]);
      if (!(Math.abs(from_s - before / info.fps) <= timeTolerance_s)) {
        say(`Episode ${i} begins at ${from_s} s of "${name}", expected ${before / info.fps} s.`);
      }
    }
    for (const [name, expected] of frames) checkVideo(path.join(folder, name), name, expected, say);
  }
}

function checkVideo(file: string, name: string, expected: number, say: Say): void {
  if (!existsSync(file)) {
    say(`${name} is missing.`);
    return;
  }
  try {
    const found = countFrames(file);
    if (found !== expected) say(`${name} has ${found} frames, its episodes ${expected}.`);
  } catch (error) {
    say((error as Error).message);
  }
}

function checkStats(folder: string, info: DatasetInfo, say: Say): void {
  const file = path.join(folder, statsPath);
  if (!existsSync(file)) {
    say(`${statsPath} is missing.`);
    return;
  }
  let stats: z.output<typeof statsSchema>;
  try {
    stats = statsSchema.parse(JSON.parse(readFileSync(file, "utf8")));
  } catch {
    say(`${statsPath} cannot be read: expected JSON with a map of measures for each feature.`);
    return;
  }
  for (const [key, { dtype, shape }] of Object.entries(info.features)) {
    if (dtype === "string") continue;
    const flat = (measure: string) => [stats[key]?.[measure] ?? []].flat(3).map(Number);
    const [min, mean, max] = ["min", "mean", "max"].map(flat);
    const size = dtype === "video" ? shape[shape.length - 1] : shape.reduce((a, b) => a * b, 1);
    const inOrder = mean.every((value, c) => {
      const slack = 1e-6 * (1 + Math.abs(value));
      return min[c] <= value + slack && value <= max[c] + slack;
    });
    if (mean.length !== size || !inOrder) {
      say(`${statsPath} has no right min, mean and max of "${key}" for ${size} numbers.`);
    }
  }
}
