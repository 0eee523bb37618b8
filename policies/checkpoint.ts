/**
 * Training checkpoints: everything a run needs to go on, in one file that is whole or absent.
 *
 * Layout: 8 bytes of magic, the header's length (u32, little-endian), the header (JSON, padded with
 * spaces to a multiple of 4), the arrays (float32, little-endian, in the header's order), and the
 * SHA-256 of all that comes before.
 */

import { createHash } from "node:crypto";
import { existsSync, readFileSync } from "node:fs";
import path from "node:path";
import { FileError, ShapeError } from "../core/errors.ts";
import { isFolder, writeFileWhole } from "../core/files.ts";

/** One named parameter inside `theta`; parameters lie one after another, row-major. */
export interface ParamShape {
  readonly name: string;
  readonly shape: readonly number[];
}

export interface Checkpoint {
  /** What wrote it, such as "teacher" or "student"; a reader asks for one kind. */
  readonly kind: string;
  readonly seed: number;
  /** The configuration of the run, as JSON. */
  readonly config: unknown;
  /** Counters and whatever else the loop resumes from, as JSON. */
  readonly progress: unknown;
  readonly params: readonly ParamShape[];
  /** `theta`, `m` and `v` are as long as all `params` together; other names may have any length. */
  readonly arrays: Readonly<Record<string, Float32Array>>;
}

interface Header extends Omit<Checkpoint, "arrays"> {
  readonly format: number;
  readonly arrays: readonly { readonly name: string; readonly length: number }[];
}

const format = 1;
const magic = Buffer.from("undstudy", "latin1");
const digestBytes = 32;
const parallelToParams = ["theta", "m", "v"];

/** Writes `checkpoint` to `file`, whole or not at all. Values of `config` and `progress` must be JSON. */
export function writeCheckpoint(file: string, checkpoint: Checkpoint): void {
  const wrong = lengthProblem(checkpoint);
  if (wrong) throw new ShapeError(`Checkpoint "${file}" was not written: ${wrong}`);
  const { kind, seed, config, progress, params } = checkpoint;
  const entries = Object.entries(checkpoint.arrays);
  const arrays = entries.map(([name, array]) => ({ name, length: array.length }));
  const text = JSON.stringify({ format, kind, seed, config, progress, params, arrays });
  const unpadded = Buffer.from(text, "utf8");
  const header = Buffer.alloc(Math.ceil(unpadded.length / 4) * 4, " ");
  unpadded.copy(header);
  const length = Buffer.alloc(4);
  length.writeUInt32LE(header.length);
  const blobs = entries.map(([, a]) => Buffer.from(a.buffer, a.byteOffset, a.byteLength));
  const content = Buffer.concat([magic, length, header, ...blobs]);
  writeFileWhole(file, Buffer.concat([content, sha256(content)]));
}

/**
 * Reads a checkpoint of the expected kind; with `params`, also refuses other parameters.
 * @throws FileError when the file is missing, damaged, newer, of another kind or of another layout.
 */
export function readCheckpoint(
  file: string,
  expected: { readonly kind: string; readonly params?: Checkpoint["params"] },
): Checkpoint {
  const content = wholeContent(file);
  const { header, at } = readHeader(file, content);
  if (header.kind !== expected.kind) {
    throw new FileError(
      `Checkpoint "${file}" is of a ${header.kind}, expected one of a ${expected.kind}. Give the file of a ${expected.kind}.`,
    );
  }
  const difference = expected.params && firstDifference(header.params, expected.params);
  if (difference) {
    throw new FileError(
      `Checkpoint "${file}" has another layout: ${difference}. Use the configuration it was trained with, or start anew.`,
    );
  }
  const { kind, seed, config, progress, params } = header;
  const arrays = readArrays(file, content, header, at);
  const checkpoint = { kind, seed, config, progress, params, arrays };
  const wrong = lengthProblem(checkpoint);
  if (wrong) throw new FileError(`Checkpoint "${file}" is damaged: ${wrong}`);
  return checkpoint;
}

/** Which kind a checkpoint is of. @throws FileError when the file is missing or damaged. */
export function readCheckpointKind(file: string): string {
  return readHeader(file, wholeContent(file)).header.kind;
}

/** The bytes before the digest, once the digest has been found right. */
function wholeContent(file: string): Buffer {
  if (isFolder(file)) {
    const found = existsSync(path.join(file, "policy.json"))
      ? "the folder of a bundle"
      : "a folder";
    throw new FileError(
      `Expected the file of a checkpoint, but "${file}" is ${found}. Give a file that a training wrote (.ckpt).`,
    );
  }
  let bytes: Buffer;
  try {
    bytes = readFileSync(file);
  } catch (error) {
    const reason =
      (error as NodeJS.ErrnoException).code === "ENOENT" ? "there is no such file" : error;
    throw new FileError(`Cannot read checkpoint "${file}": ${reason}.`);
  }
  if (!bytes.subarray(0, magic.length).equals(magic)) {
    throw new FileError(`"${file}" is not a checkpoint: it does not start with "${magic}".`);
  }
  const content = bytes.subarray(0, Math.max(0, bytes.length - digestBytes));
  if (!sha256(content).equals(bytes.subarray(content.length))) {
    throw new FileError(
      `Checkpoint "${file}" is truncated or altered: its ${bytes.length} bytes do not match their SHA-256. Use an earlier one.`,
    );
  }
  return content;
}

function readHeader(file: string, content: Buffer): { header: Header; at: number } {
  const start = magic.length + 4;
  const at = start + content.readUInt32LE(magic.length);
  const header = JSON.parse(content.toString("utf8", start, at)) as Header;
  if (header.format !== format) {
    throw new FileError(
      `Checkpoint "${file}" has format ${header.format}, this version reads format ${format}. Update understudy.`,
    );
  }
  return { header, at };
}

function readArrays(file: string, content: Buffer, header: Header, start: number) {
  const arrays: Record<string, Float32Array> = {};
  let at = start;
  for (const { name, length } of header.arrays) {
    const array = new Float32Array(length);
    content.copy(new Uint8Array(array.buffer), 0, at, at + array.byteLength);
    arrays[name] = array;
    at += array.byteLength;
  }
  if (at !== content.length) {
    throw new FileError(
      `Checkpoint "${file}" is damaged: expected ${at} bytes, got ${content.length}.`,
    );
  }
  return arrays;
}

/** Says which parameter differs first, or nothing. */
function firstDifference(found: readonly ParamShape[], expected: readonly ParamShape[]) {
  for (let i = 0; i < Math.max(found.length, expected.length); i++) {
    const [has, wants] = [describe(found[i]), describe(expected[i])];
    if (has !== wants) return `parameter ${i + 1} is ${has} in the file, expected ${wants}`;
  }
  return undefined;
}

function describe(param: ParamShape | undefined): string {
  return param ? `"${param.name}" [${param.shape.join(", ")}]` : "absent";
}

function lengthProblem({ params, arrays }: Pick<Checkpoint, "params" | "arrays">) {
  const size = params.reduce((sum, { shape }) => sum + shape.reduce((a, b) => a * b, 1), 0);
  for (const name of parallelToParams) {
    const array = arrays[name];
    if (array && array.length !== size) {
      return `array "${name}" has ${array.length} numbers, its parameters have ${size}.`;
    }
  }
  return undefined;
}

function sha256(bytes: Uint8Array): Buffer {
  return createHash("sha256").update(bytes).digest();
}
