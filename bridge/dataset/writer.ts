/** Writes a LeRobotDataset v3.0, episode by episode. */

import path from "node:path";
import { ConfigError, ShapeError } from "../../core/errors.ts";
import { writeFileWhole } from "../../core/files.ts";
import { depthCodes, depthCoding, depthOf_m } from "./depth-codes.ts";
import { type FeatureStats, PixelCounts, vectorStats } from "./feature-stats.ts";
import {
  chunkSize,
  codebaseVersion,
  dataPath,
  episodesPath,
  infoPath,
  ownColumns,
  pathTemplates,
  placeOf,
  statsPath,
  tasksPath,
  videoPath,
} from "./format.ts";
import { type Column, pandasIndex, writeTable } from "./tables.ts";
import { requireFfmpeg, type VideoFormat, VideoWriter, videoInfo } from "./video.ts";

export interface DatasetSpec {
  /** Frames a second; a whole number, as LeRobot wants it. */
  readonly fps: number;
  readonly robotType: string;
  /** Features of several float32 columns, such as observation.state: names of the columns. */
  readonly vectors: Readonly<Record<string, readonly string[]>>;
  /** Features of one number or one truth value. */
  readonly scalars: Readonly<Record<string, "float32" | "bool">>;
  /** Videos by feature; empty for none. */
  readonly videos: Readonly<Record<string, Omit<VideoFormat, "fps">>>;
  /** The program; "ffmpeg" on the PATH unless given. */
  readonly ffmpeg?: string;
  /** Episodes go to a new file once the last one has this many frames. */
  readonly framesPerFile?: number;
}

/** All features of one moment. */
export interface Frame {
  readonly vectors: Readonly<Record<string, Float32Array>>;
  readonly scalars: Readonly<Record<string, number | boolean>>;
  /** [H, W, 3] bytes of a colour video, [H, W] metres of a depth video. */
  readonly images: Readonly<Record<string, Uint8Array | Float32Array>>;
}

interface EpisodeRow {
  readonly length: number;
  readonly task: string;
  readonly from: number;
  /** Index of the data file, and of the video files, that it lies in. */
  readonly file: number;
  /** Frames before it in that file. */
  readonly framesBefore: number;
  readonly stats: Readonly<Record<string, FeatureStats>>;
}

/** Call `add` for each episode, then `finish`; on an error, `abandon`. */
export class DatasetWriter {
  readonly #folder: string;
  readonly #spec: DatasetSpec;
  readonly #episodes: EpisodeRow[] = [];
  readonly #tasks: string[] = [];
  readonly #pixels: ReadonlyMap<string, PixelCounts>;
  /** Rows of every feature so far, for the statistics. */
  readonly #rows: Record<string, ArrayLike<number>[]> = {};
  /** Columns of the data file that is being filled. */
  #columns: Record<string, unknown[]> = {};
  #fileEpisodes: number[] = [];
  #file = 0;
  #videos = new Map<string, VideoWriter>();
  #frames = 0;

  /** `folder` is filled; see `writeFolderWhole`. @throws ConfigError without ffmpeg, if videos need it. */
  constructor(folder: string, spec: DatasetSpec) {
    if (!Number.isInteger(spec.fps) || spec.fps < 1) {
      throw new ConfigError(
        `A LeRobot dataset needs a whole number of frames a second, got ${spec.fps}. Choose a control step that divides a second.`,
      );
    }
    if (Object.keys(spec.videos).length > 0) requireFfmpeg(spec.ffmpeg ?? "ffmpeg");
    this.#folder = folder;
    this.#spec = spec;
    this.#pixels = new Map(
      Object.entries(spec.videos).map(([key, { kind }]) => [key, pixelCounts(kind)]),
    );
  }

  get episodes(): number {
    return this.#episodes.length;
  }

  get frames(): number {
    return this.#frames;
  }

  /** Adds an episode of at least one frame. @throws ShapeError for a frame that lacks a feature. */
  async add(task: string, frames: readonly Frame[]): Promise<void> {
    if (frames.length === 0) throw new ShapeError("An episode needs at least one frame, got none.");
    for (const frame of frames) checkFrame(this.#spec, frame);
    const inFile = this.#fileEpisodes.reduce((a, b) => a + b, 0);
    if (inFile >= (this.#spec.framesPerFile ?? 50_000)) await this.#closeFile();
    const framesBefore = this.#fileEpisodes.reduce((a, b) => a + b, 0);
    const from = this.#frames;
    const own: Record<string, ArrayLike<number>[]> = {};
    for (const [f, frame] of frames.entries()) {
      this.#addRow(frame, f, this.#taskIndex(task), own);
      await this.#addImages(frame);
    }
    for (const [key, rows] of Object.entries(own)) {
      const all = this.#rows[key] ?? [];
      this.#rows[key] = all;
      for (const row of rows) all.push(row);
    }
    const stats = Object.fromEntries(
      Object.entries(own).map(([key, rows]) => [key, vectorStats(rows)]),
    );
    const { length } = frames;
    this.#episodes.push({ length, task, from, file: this.#file, framesBefore, stats });
    this.#fileEpisodes.push(length);
  }

  /** Writes what remains. @throws FileError when a video could not be written. */
  async finish(): Promise<void> {
    if (this.#episodes.length === 0) {
      throw new ConfigError("A dataset needs at least one episode, got none.");
    }
    await this.#closeFile();
    this.#writeEpisodes();
    const index = pandasIndex("task", "task_index");
    writeTable(
      this.#at(tasksPath),
      [
        { name: "task_index", type: "int64", values: this.#tasks.map((_, i) => BigInt(i)) },
        { name: "task", type: "string", values: this.#tasks },
      ],
      { metadata: { pandas: index } },
    );
    writeFileWhole(this.#at(statsPath), `${JSON.stringify(this.#stats(), undefined, 2)}\n`);
    writeFileWhole(this.#at(infoPath), `${JSON.stringify(this.#info(), undefined, 2)}\n`);
  }

  /** Ends every ffmpeg; the folder is of no use. */
  abandon(): void {
    for (const video of this.#videos.values()) video.abandon();
  }

  #addRow(
    { vectors, scalars }: Frame,
    frame: number,
    task: number,
    own: Record<string, ArrayLike<number>[]>,
  ): void {
    const put = (key: string, value: unknown, row: ArrayLike<number>) => {
      const column = this.#columns[key] ?? [];
      this.#columns[key] = column;
      column.push(value);
      const rows = own[key] ?? [];
      own[key] = rows;
      rows.push(row);
    };
    for (const key of Object.keys(this.#spec.vectors)) {
      const values = Array.from(vectors[key]);
      put(key, values, values);
    }
    for (const key of Object.keys(this.#spec.scalars)) {
      put(key, scalars[key], [Number(scalars[key])]);
    }
    // exactly frame / fps: readers look for the video frame at that time, within 0.1 ms
    const timestamp = Math.fround(frame / this.#spec.fps);
    put("timestamp", timestamp, [timestamp]);
    const integers = {
      frame_index: frame,
      episode_index: this.#episodes.length,
      index: this.#frames,
      task_index: task,
    };
    for (const [key, value] of Object.entries(integers)) put(key, BigInt(value), [value]);
    this.#frames++;
  }

  async #addImages({ images }: Frame): Promise<void> {
    for (const [key, format] of Object.entries(this.#spec.videos)) {
      const image = images[key];
      let pixels: Uint8Array | Uint16Array;
      if (image instanceof Uint8Array) pixels = image;
      else {
        pixels = new Uint16Array(image.length);
        depthCodes(image, pixels);
      }
      this.#pixels.get(key)?.add(pixels);
      await this.#video(key, format).write(pixels);
    }
  }

  #video(key: string, format: Omit<VideoFormat, "fps">): VideoWriter {
    const open = this.#videos.get(key);
    if (open) return open;
    const { ffmpeg = "ffmpeg", fps } = this.#spec;
    const file = this.#at(videoPath(key, placeOf(this.#file)));
    const video = new VideoWriter(ffmpeg, file, { ...format, fps });
    this.#videos.set(key, video);
    return video;
  }

  async #closeFile(): Promise<void> {
    const columns = Object.entries(this.#features())
      .filter(([, { dtype }]) => dtype !== "video")
      .map(([name, { dtype }]): Column => {
        const values = this.#columns[name];
        if (name in this.#spec.vectors) return { name, type: "floats", values };
        const type = dtype === "bool" ? "bool" : dtype === "float32" ? "float" : "int64";
        return { name, type, values };
      });
    const rowGroups = this.#fileEpisodes;
    writeTable(this.#at(dataPath(placeOf(this.#file))), columns, { rowGroups });
    const videos = [...this.#videos.values()];
    this.#videos = new Map();
    await Promise.all(videos.map((video) => video.close()));
    this.#columns = {};
    this.#fileEpisodes = [];
    this.#file++;
  }

  #writeEpisodes(): void {
    const episodes = this.#episodes;
    const { fps, videos } = this.#spec;
    const integers = (name: string, of: (episode: EpisodeRow, i: number) => number): Column => {
      return { name, type: "int64", values: episodes.map((episode, i) => BigInt(of(episode, i))) };
    };
    const doubles = (name: string, of: (episode: EpisodeRow) => number): Column => {
      return { name, type: "double", values: episodes.map(of) };
    };
    const ofVideo = (key: string) => [
      integers(`videos/${key}/chunk_index`, ({ file }) => placeOf(file).chunk),
      integers(`videos/${key}/file_index`, ({ file }) => placeOf(file).file),
      doubles(`videos/${key}/from_timestamp`, ({ framesBefore }) => framesBefore / fps),
      doubles(
        `videos/${key}/to_timestamp`,
        ({ framesBefore, length }) => (framesBefore + length) / fps,
      ),
    ];
    const ofStats = Object.keys(episodes[0].stats).flatMap((key) =>
      Object.keys(episodes[0].stats[key]).map((measure): Column => {
        const values = episodes.map(({ stats }) => stats[key][measure as keyof FeatureStats]);
        return { name: `stats/${key}/${measure}`, type: "doubles", values };
      }),
    );
    writeTable(this.#at(episodesPath(placeOf(0))), [
      integers("episode_index", (_, i) => i),
      { name: "tasks", type: "strings", values: episodes.map(({ task }) => [task]) },
      integers("length", ({ length }) => length),
      integers("data/chunk_index", ({ file }) => placeOf(file).chunk),
      integers("data/file_index", ({ file }) => placeOf(file).file),
      integers("dataset_from_index", ({ from }) => from),
      integers("dataset_to_index", ({ from, length }) => from + length),
      ...Object.keys(videos).flatMap(ofVideo),
      ...ofStats,
      integers("meta/episodes/chunk_index", () => 0),
      integers("meta/episodes/file_index", () => 0),
    ]);
  }

  #stats(): Record<string, object> {
    const vectors = Object.entries(this.#rows).map(([key, rows]) => [key, vectorStats(rows)]);
    const images = [...this.#pixels].map(([key, pixels]) => {
      const { count, ...measures } = pixels.stats();
      // [channels, 1, 1]: they are broadcast over images
      const nested = Object.entries(measures).map(([name, channels]) => {
        return [name, channels.map((value) => [[value]])];
      });
      return [key, { ...Object.fromEntries(nested), count }];
    });
    return Object.fromEntries([...vectors, ...images]);
  }

  #features(): Record<string, { dtype: string; shape: readonly number[]; names: unknown }> {
    const { vectors, scalars, videos, fps } = this.#spec;
    const ofVectors = Object.entries(vectors).map(([key, names]) => [
      key,
      { dtype: "float32", shape: [names.length], names },
    ]);
    const ofScalars = Object.entries(scalars).map(([key, dtype]) => [
      key,
      { dtype, shape: [1], names: null },
    ]);
    const ofVideos = Object.entries(videos).map(([key, format]) => {
      const shape = [format.height, format.width, format.kind === "rgb" ? 3 : 1];
      const names = ["height", "width", "channels"];
      return [key, { dtype: "video", shape, names, info: videoInfo({ ...format, fps }) }];
    });
    const all = [...ofVectors, ...ofScalars, ...ofVideos, ...Object.entries(ownColumns)];
    return Object.fromEntries(all);
  }

  #info(): object {
    const { fps, robotType, videos } = this.#spec;
    const { data_path, video_path } = pathTemplates;
    return {
      codebase_version: codebaseVersion,
      robot_type: robotType,
      total_episodes: this.#episodes.length,
      total_frames: this.#frames,
      total_tasks: this.#tasks.length,
      chunks_size: chunkSize,
      data_files_size_in_mb: 100,
      video_files_size_in_mb: 200,
      fps,
      splits: { train: `0:${this.#episodes.length}` },
      data_path,
      video_path: Object.keys(videos).length > 0 ? video_path : null,
      features: this.#features(),
    };
  }

  #taskIndex(task: string): number {
    const known = this.#tasks.indexOf(task);
    return known >= 0 ? known : this.#tasks.push(task) - 1;
  }

  #at(file: string): string {
    return path.join(this.#folder, file);
  }
}

function pixelCounts(kind: VideoFormat["kind"]): PixelCounts {
  return kind === "rgb"
    ? new PixelCounts(3, 256, (level) => level / 255)
    : new PixelCounts(1, depthCoding.codes, depthOf_m);
}

function checkFrame({ vectors, scalars, videos }: DatasetSpec, frame: Frame): void {
  const expected = [
    ...Object.entries(vectors).map(([key, names]) => [
      key,
      names.length,
      frame.vectors[key]?.length,
    ]),
    ...Object.keys(scalars).map((key) => [key, 1, key in frame.scalars ? 1 : 0]),
    ...Object.entries(videos).map(([key, { kind, width, height }]) => [
      key,
      width * height * (kind === "rgb" ? 3 : 1),
      frame.images[key]?.length,
    ]),
  ] as const;
  for (const [key, size, found] of expected) {
    if (size === found) continue;
    throw new ShapeError(`Expected ${size} numbers of "${key}" in every frame, got ${found ?? 0}.`);
  }
}
