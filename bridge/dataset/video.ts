/** Videos through ffmpeg: frames go in as raw pixels, an MP4 file comes out. */

import { type ChildProcessByStdio, spawn, spawnSync } from "node:child_process";
import { once } from "node:events";
import { closeSync, mkdirSync, openSync, readSync, statSync } from "node:fs";
import path from "node:path";
import type { Writable } from "node:stream";
import { ConfigError, FileError } from "../../core/errors.ts";
import { depthCoding } from "./depth-codes.ts";

export interface VideoFormat {
  readonly kind: "rgb" | "depth";
  readonly width: number;
  readonly height: number;
  /** Frames a second, whole. */
  readonly fps: number;
}

/** A key frame every other frame: training reads frames in any order. */
const keyFrames = ["-g", "2"];

const codecs = {
  rgb: {
    raw: "rgb24",
    encoder: "libx264",
    args: ["-crf", "18", "-pix_fmt", "yuv420p", ...keyFrames],
  },
  depth: {
    raw: "gray12le",
    encoder: "libx265",
    args: [
      ...["-x265-params", "lossless=1:log-level=error", "-pix_fmt", "gray12le"],
      ...["-tag:v", "hvc1", ...keyFrames],
    ],
  },
} as const;

/** @throws ConfigError unless `ffmpeg` runs here and has the encoders. */
export function requireFfmpeg(ffmpeg: string): void {
  const { status, stdout } = spawnSync(ffmpeg, ["-hide_banner", "-encoders"], { encoding: "utf8" });
  const wanted = Object.values(codecs).map(({ encoder }) => encoder);
  const missing = wanted.filter((encoder) => status !== 0 || !stdout.includes(encoder));
  if (missing.length === 0) return;
  const found = status === 0 ? `one without ${missing.join(" and ")}` : "none";
  throw new ConfigError(
    `Videos need ffmpeg with ${wanted.join(" and ")} on the PATH, found ${found}. Install it (apt install ffmpeg, brew install ffmpeg), or leave the pictures out with --pictures none.`,
  );
}

/** One video file while it is made. */
export class VideoWriter {
  readonly #file: string;
  readonly #process: ChildProcessByStdio<Writable, null, import("node:stream").Readable>;
  readonly #ended: Promise<unknown[]>;
  #said = "";

  constructor(ffmpeg: string, file: string, { kind, width, height, fps }: VideoFormat) {
    mkdirSync(path.dirname(file), { recursive: true });
    this.#file = file;
    const { raw, encoder, args } = codecs[kind];
    const input = ["-f", "rawvideo", "-pix_fmt", raw, "-s", `${width}x${height}`];
    this.#process = spawn(
      ffmpeg,
      [
        ...["-y", "-hide_banner", "-loglevel", "error", ...input, "-r", String(fps), "-i", "-"],
        ...["-c:v", encoder, ...args, "-movflags", "+faststart", file],
      ],
      { stdio: ["pipe", "ignore", "pipe"] },
    );
    this.#process.stderr.on("data", (chunk: Buffer) => {
      this.#said += chunk;
    });
    // its exit code says what went wrong
    this.#process.stdin.on("error", () => {});
    this.#ended = once(this.#process, "close");
    this.#ended.catch(() => {});
  }

  /** One frame: [H, W, 3] bytes, or [H, W] depth codes. Waits while ffmpeg is behind. */
  async write(frame: Uint8Array | Uint16Array): Promise<void> {
    // a copy: the caller's array is reused
    const bytes = Buffer.from(frame.buffer, frame.byteOffset, frame.byteLength);
    if (this.#process.stdin.write(Uint8Array.from(bytes))) return;
    await Promise.race([once(this.#process.stdin, "drain"), this.#ended]);
  }

  /** @throws FileError when ffmpeg could not write the video. */
  async close(): Promise<void> {
    this.#process.stdin.end();
    const [code] = await this.#ended.catch((error: Error) => [error.message]);
    if (code === 0) return;
    const reason = this.#said.trim().split("\n").at(-1) || `it ended with ${code}`;
    throw new FileError(`ffmpeg could not write "${this.#file}": ${reason}.`);
  }

  /** Ends ffmpeg at once; the file is of no use. */
  abandon(): void {
    this.#process.kill("SIGKILL");
  }
}

/** The `info` of a video feature in info.json. */
export function videoInfo({ kind, width, height, fps }: VideoFormat): Record<string, unknown> {
  const common = {
    "video.height": height,
    "video.width": width,
    "video.fps": fps,
    has_audio: false,
    is_depth_map: kind === "depth",
  };
  if (kind === "rgb") {
    return { ...common, "video.codec": "h264", "video.pix_fmt": "yuv420p", "video.channels": 3 };
  }
  return {
    ...common,
    "video.codec": "hevc",
    "video.pix_fmt": "gray12le",
    "video.channels": 1,
    depth_unit: "m",
    "video.depth_min": depthCoding.min_m,
    "video.depth_max": depthCoding.max_m,
    "video.shift": depthCoding.shift_m,
    "video.use_log": true,
  };
}

/** Containers on the way to the table of sample sizes (ISO/IEC 14496-12). */
const containers = new Set(["moov", "trak", "mdia", "minf", "stbl"]);

/** Frames in an MP4 file, from its table of sample sizes. @throws FileError when there is none. */
export function countFrames(file: string): number {
  const handle = openSync(file, "r");
  try {
    const found = samplesIn(handle, 0, statSync(file).size);
    if (found !== undefined) return found;
  } finally {
    closeSync(handle);
  }
  throw new FileError(`"${file}" is not an MP4 video with a table of frames.`);
}

function samplesIn(handle: number, from: number, to: number): number | undefined {
  const head = Buffer.alloc(20);
  for (let at = from; at + 8 <= to; ) {
    head.fill(0);
    readSync(handle, head, 0, 20, at);
    const short = head.readUInt32BE(0);
    const type = head.toString("latin1", 4, 8);
    const header = short === 1 ? 16 : 8;
    const size = short === 1 ? Number(head.readBigUInt64BE(8)) : short === 0 ? to - at : short;
    if (size < header) return undefined;
    // size, type, version and flags, one size for all samples, count
    if (type === "stsz") return head.readUInt32BE(16);
    if (containers.has(type)) {
      const inside = samplesIn(handle, at + header, at + size);
      if (inside !== undefined) return inside;
    }
    at += size;
  }
  return undefined;
}
