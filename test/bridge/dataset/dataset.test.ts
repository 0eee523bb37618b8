import { spawnSync } from "node:child_process";
import { copyFileSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import path from "node:path";
import { describe, expect, it } from "vitest";
import { checkDataset } from "../../../bridge/dataset/check.ts";
import { depthCodes, depthOf_m } from "../../../bridge/dataset/depth-codes.ts";
import { PixelCounts, vectorStats } from "../../../bridge/dataset/feature-stats.ts";
import { countFrames } from "../../../bridge/dataset/video.ts";
import { type DatasetSpec, DatasetWriter, type Frame } from "../../../bridge/dataset/writer.ts";
import { ConfigError, ShapeError } from "../../../core/errors.ts";
import { createRng } from "../../../core/rng.ts";
import { insistOn } from "../../support/required.ts";
import { temporaryFolder } from "../../support/temporary-folder.ts";
import { pythonWith, runPythonFile } from "../python/support.ts";

const folder = temporaryFolder();

const found = pythonWith(["numpy", "pandas", "pyarrow"]);
const withPython = "python" in found ? it : it.skip;
if ("missing" in found) process.stderr.write(`Skipped: ${found.missing}.\n`);

/** ffmpeg on the PATH, or the one that a Python package brings; or none. */
function findFfmpeg(): string | undefined {
  if (spawnSync("ffmpeg", ["-version"]).status === 0) return "ffmpeg";
  const imageio = pythonWith(["imageio-ffmpeg"]);
  if ("missing" in imageio) return undefined;
  const code = "import imageio_ffmpeg; print(imageio_ffmpeg.get_ffmpeg_exe())";
  return spawnSync(imageio.python, ["-c", code], { encoding: "utf8" }).stdout.trim() || undefined;
}
const ffmpeg = findFfmpeg();
const withFfmpeg = ffmpeg === undefined ? it.skip : it;
if (ffmpeg === undefined) {
  insistOn("ffmpeg", "there is none on the PATH");
  process.stderr.write("Skipped: there is no ffmpeg.\n");
}

const spec: DatasetSpec = {
  fps: 10,
  robotType: "test robot",
  vectors: { "observation.state": ["a", "b", "c"], action: ["forward (m/s)"] },
  scalars: { "next.reward": "float32", "next.done": "bool" },
  videos: {},
  framesPerFile: 8,
};

/** An episode whose state counts up. */
function episode(frames: number, first: number, images: Frame["images"] = {}): Frame[] {
  return Array.from({ length: frames }, (_, f) => ({
    vectors: {
      "observation.state": Float32Array.of(first + f, 0.1, -f),
      action: Float32Array.of(f / 10),
    },
    scalars: { "next.reward": 1, "next.done": f === frames - 1 },
    images,
  }));
}

async function written(name: string, lengths: readonly number[], with_: Partial<DatasetSpec> = {}) {
  const at = path.join(folder, name);
  const writer = new DatasetWriter(at, { ...spec, ...with_ });
  for (const [i, length] of lengths.entries()) {
    await writer.add(i % 2 === 0 ? "push" : "push back", episode(length, 100 * i));
  }
  await writer.finish();
  return at;
}

describe("a LeRobot dataset", () => {
  withPython("is read back by pyarrow and pandas, number by number", async () => {
    const at = await written("tables", [5, 4, 3]);
    const python = "python" in found ? found.python : "";
    const script = path.join(import.meta.dirname, "read_back.py");
    const read = JSON.parse(await runPythonFile(python, script, at));
    expect(read).toMatchObject({
      index: "task",
      tasks: { push: 0, "push back": 1 },
      lengths: [5, 4, 3],
      episodeTasks: [["push"], ["push back"], ["push"]],
      // eight frames and more fill a file
      files: [0, 0, 1],
      rowGroups: [2, 1],
      from: [0, 5, 9],
      done: [4, 8, 11].reduce<boolean[]>((all, i) => all.with(i, true), Array(12).fill(false)),
      index_column: Array.from({ length: 12 }, (_, i) => i),
    });
    expect(read.types).toMatchObject({
      action: "list<element: float>",
      "next.done": "bool",
      timestamp: "float",
      task_index: "int64",
    });
    expect(read.state[6]).toEqual([101, Math.fround(0.1), -1]);
    expect(read.timestamp[11]).toBe(Math.fround(0.2));
    // means of 0..4, of 100..103 and of 200..202
    expect([0, 3, 6].map((i) => read.stateMean[i])).toEqual([2, 101.5, 201]);
    const stats = JSON.parse(readFileSync(path.join(at, "meta/stats.json"), "utf8"));
    for (const c of [0, 1, 2]) {
      expect(stats["observation.state"].std[c]).toBeCloseTo(read.std[c], 4);
      expect(stats["observation.state"].q90[c]).toBeCloseTo(read.quantiles[c], 4);
    }
  });

  it("passes its own check, which finds what is broken", async () => {
    const at = await written("checked", [5, 4, 3]);
    expect(await checkDataset(at)).toEqual({
      episodes: 3,
      frames: 12,
      tasks: ["push", "push back"],
      features: [
        ...["observation.state", "action", "next.reward", "next.done", "timestamp"],
        ...["frame_index", "episode_index", "index", "task_index"],
      ],
      problems: [],
    });
    const info = path.join(at, "meta/info.json");
    const text = readFileSync(info, "utf8");
    const problemsWith = async (from: string, to: string) => {
      writeFileSync(info, text.replace(from, to));
      return (await checkDataset(at)).problems;
    };
    expect(await problemsWith('"fps": 10', '"fps": 20')).toContain(
      `Frame 1 of episode 0 is at ${Math.fround(0.1)} s, expected 0.05 s.`,
    );
    expect(await problemsWith('"total_frames": 12', '"total_frames": 13')).toEqual([
      "The episodes have 12 frames, meta/info.json says 13.",
    ]);
    expect((await problemsWith('"shape": [\n        3', '"shape": [\n        4'))[0]).toBe(
      'Frame 0 of episode 0 has 3 numbers of "observation.state", expected 4.',
    );
    writeFileSync(info, text);
    rmSync(path.join(at, "data/chunk-000/file-001.parquet"));
    expect((await checkDataset(at)).problems).toContain(
      "data/chunk-000/file-001.parquet ends before episode 2 does.",
    );
    await expect(checkDataset(folder)).rejects.toThrow(/^There is no dataset at ".*"\. Expected/);
    writeFileSync(info, text.replace('"v3.0"', '"v2.1"'));
    await expect(checkDataset(at)).rejects.toThrow(/LeRobotDataset v3\.0: at codebase_version/);
  });

  it.each([
    ["only", 100, "file-000", [5, 4, 3]],
    ["first", 4, "file-000", [8, 4]],
    ["last", 4, "file-001", [5, 7]],
  ])(
    "says of the %s file how many rows it has too many",
    async (which, framesPerFile, file, more) => {
      const name = `data/chunk-000/${file}.parquet`;
      const at = await written(`${which} file`, [5, 4], { framesPerFile });
      const longer = await written(`${which} file, longer`, more, { framesPerFile });
      copyFileSync(path.join(longer, name), path.join(at, name));
      expect((await checkDataset(at)).problems).toEqual([`${name} has 3 rows too many.`]);
    },
  );

  it.each([
    ["meta/tasks.parquet", 0.5],
    ["meta/episodes/chunk-000/file-000.parquet", 0.5],
    ["data/chunk-000/file-000.parquet", 0.5],
    ["data/chunk-000/file-000.parquet", 0],
    ["meta/stats.json", 0.5],
  ])("says of %s, cut off at %f, that it cannot be read", async (name, share) => {
    const at = await written(`cut ${name} ${share}`, [5, 4]);
    const bytes = readFileSync(path.join(at, name));
    writeFileSync(path.join(at, name), bytes.subarray(0, Math.floor(share * bytes.length)));
    const [problem] = (await checkDataset(at)).problems;
    expect(problem).toMatch(/^\S+ cannot be read: .*\.$/);
    expect(problem).toContain(name);
  });

  it("says of statistics that are none that they cannot be read", async () => {
    const at = await written("no statistics", [5]);
    writeFileSync(path.join(at, "meta/stats.json"), "null");
    expect((await checkDataset(at)).problems).toEqual([
      "meta/stats.json cannot be read: expected JSON with a map of measures for each feature.",
    ]);
  });

  it("refuses what it cannot hold, in a sentence", async () => {
    expect(() => new DatasetWriter(folder, { ...spec, fps: 12.5 })).toThrow(ConfigError);
    const writer = new DatasetWriter(path.join(folder, "refused"), spec);
    await expect(writer.add("push", [])).rejects.toThrow(ShapeError);
    const [frame] = episode(1, 0);
    const short = { ...frame, vectors: { ...frame.vectors, action: new Float32Array(2) } };
    await expect(writer.add("push", [short])).rejects.toThrow(
      'Expected 1 numbers of "action" in every frame, got 2.',
    );
    await expect(writer.finish()).rejects.toThrow(
      "A dataset needs at least one episode, got none.",
    );
    const videos = { "observation.images.front": { kind: "rgb", width: 16, height: 16 } } as const;
    expect(() => new DatasetWriter(folder, { ...spec, videos, ffmpeg: "no-such-program" })).toThrow(
      /^Videos need ffmpeg with libx264 and libx265 on the PATH, found none\. Install it/,
    );
  });

  withFfmpeg("has a frame of video for each of its own, and its depth to the code", async () => {
    if (ffmpeg === undefined) return;
    const size = { width: 32, height: 16 };
    const at = path.join(folder, "videos");
    const videos = {
      "observation.images.front": { kind: "rgb", ...size },
      "observation.images.depth": { kind: "depth", ...size },
    } as const;
    const writer = new DatasetWriter(at, { ...spec, videos, ffmpeg, framesPerFile: 4 });
    const rng = createRng(4);
    const depth = Float32Array.from({ length: 512 }, () => rng.uniform(0.05, 6));
    const rgb = Uint8Array.from({ length: 1536 }, (_, i) => [80, 160, 40][i % 3]);
    const images = { "observation.images.front": rgb, "observation.images.depth": depth };
    for (const frames of [5, 3]) await writer.add("push", episode(frames, 0, images));
    await writer.finish();
    expect((await checkDataset(at)).problems).toEqual([]);
    const video = (key: string, file: number) =>
      path.join(at, `videos/observation.images.${key}/chunk-000/file-00${file}.mp4`);
    expect([0, 1].map((file) => countFrames(video("depth", file)))).toEqual([5, 3]);
    const decode = (file: string, format: string) => {
      const words = ["-v", "error", "-i", file, "-f", "rawvideo", "-pix_fmt", format, "-"];
      return spawnSync(ffmpeg, words, { maxBuffer: 2 ** 24 }).stdout;
    };
    const codes = decode(video("depth", 1), "gray12le");
    expect(codes.length).toBe(3 * 512 * 2);
    for (let i = 0; i < 512; i++) {
      // one code is at most (ln 13.5 - ln 3.51) / 4095 of the shifted depth: 3.3e-4 of z + 3.5
      const seen_m = depthOf_m(codes.readUInt16LE(2 * i));
      expect(Math.abs(seen_m - depth[i])).toBeLessThan(1.7e-4 * (depth[i] + 3.5));
    }
    const colours = decode(video("front", 0), "rgb24");
    for (const c of [0, 1, 2]) expect(Math.abs(colours[c] - rgb[c])).toBeLessThan(6);
    // ffmpeg gives up half-way: a whole dataset or none
    rmSync(video("depth", 1));
    expect((await checkDataset(at)).problems).toHaveLength(1);
  });
});

describe("depth codes", () => {
  it("are LeRobot's", () => {
    // round(4095 (ln(z + 3.5) - ln 3.51) / (ln 13.5 - ln 3.51)), worked out by hand
    const out = new Uint16Array(6);
    depthCodes(Float32Array.of(0, 0.01, 1, 10, 100, Number.NaN), out);
    expect([...out]).toEqual([0, 0, 755, 4095, 4095, 0]);
    expect(depthOf_m(4095)).toBeCloseTo(10, 12);
    expect(depthOf_m(0)).toBeCloseTo(0.01, 12);
  });
});

describe("statistics", () => {
  it("of columns are the population's", () => {
    const stats = vectorStats([[1], [2], [3], [6]]);
    // mean 3, squares of 2, 1, 0, 3
    expect(stats).toMatchObject({ min: [1], max: [6], mean: [3], count: [4], q50: [2.5] });
    expect(stats.std[0]).toBeCloseTo(Math.sqrt(14 / 4), 12);
  });

  it("of pixels come from their counts", () => {
    const pixels = new PixelCounts(2, 256, (level) => level / 100);
    pixels.add(Uint8Array.of(100, 0, 200, 0));
    pixels.add(Uint8Array.of(100, 50, 200, 0));
    const { min, max, mean, std, count, q50 } = pixels.stats();
    expect({ min, max, mean, count, q50 }).toEqual({
      min: [1, 0],
      max: [2, 0.5],
      mean: [1.5, 0.125],
      count: [2],
      q50: [1, 0],
    });
    expect(std[0]).toBeCloseTo(0.5, 12);
  });
});
