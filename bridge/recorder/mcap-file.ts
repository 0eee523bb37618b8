/**
 * A recording as an MCAP file (https://mcap.dev/spec). It grows under the name FILE.partial, so that a
 * crash leaves what there was, and gets its own name when it is whole. It never replaces what is there.
 */

import { existsSync } from "node:fs";
import { type FileHandle, mkdir, open, rename, rm } from "node:fs/promises";
import path from "node:path";
import { McapWriter } from "@mcap/core";
import { FileError } from "../../core/errors.ts";
import { type Channel, jsonBytes, type Sink, type Stamp_ns } from "./sink.ts";

/** Name of the metadata record that says where a recording comes from. */
export const metadataName = "understudy";

/** A chunk is lost as a whole when a process dies, so it is small. */
const chunkBytes = 2 ** 18;

export class McapFile implements Sink {
  readonly file: string;
  readonly #handle: FileHandle;
  readonly #writer: McapWriter;
  readonly #channels = new Map<string, number>();
  readonly #schemas = new Map<string, number>();
  /** The writer takes one call at a time. */
  #turn: Promise<void>;
  #failure: Error | undefined;
  #messages = 0;

  private constructor(
    file: string,
    handle: FileHandle,
    metadata: Readonly<Record<string, string>>,
  ) {
    this.file = file;
    this.#handle = handle;
    this.#writer = new McapWriter({ writable: new Appending(handle), chunkSize: chunkBytes });
    this.#turn = this.#writer.start({ profile: "", library: "understudy" }).then(() =>
      this.#writer.addMetadata({
        name: metadataName,
        metadata: new Map(Object.entries(metadata)),
      }),
    );
  }

  /**
   * `metadata` is what `readRecording` gives back.
   * @throws FileError when the file cannot be made, is there already, or is being written.
   */
  static async create(file: string, metadata: Readonly<Record<string, string>>): Promise<McapFile> {
    if (existsSync(file)) {
      throw new FileError(`There is something at "${file}" already. Choose a new file.`);
    }
    try {
      await mkdir(path.dirname(path.resolve(file)), { recursive: true });
      return new McapFile(file, await open(`${file}.partial`, "wx"), metadata);
    } catch (error) {
      const { message, code } = error as NodeJS.ErrnoException;
      if (code === "EEXIST" && existsSync(`${file}.partial`)) {
        throw new FileError(
          `"${file}.partial" is there already: another process is writing it, or one that died left it. Choose a new file, or move that one away.`,
        );
      }
      throw new FileError(
        `Cannot write the recording "${file}": ${message}. Choose another place.`,
      );
    }
  }

  get messages(): number {
    return this.#messages;
  }

  write(channel: Channel, stamp_ns: Stamp_ns, message: object): void {
    const sequence = this.#messages++;
    // now, because rows are views that the next step writes to
    const data = jsonBytes(message);
    this.#then(async () => {
      const channelId = await this.#channelId(channel);
      const logTime = stamp_ns;
      await this.#writer.addMessage({ channelId, sequence, logTime, publishTime: logTime, data });
    });
  }

  async close(): Promise<void> {
    this.#then(async () => {
      await this.#writer.end();
      await this.#handle.sync();
    });
    await this.#turn;
    await this.#handle.close();
    if (this.#failure) {
      throw new FileError(
        `The recording "${this.file}" could not be written to its end: ${this.#failure.message}. "${this.file}.partial" holds what there is.`,
      );
    }
    await rename(`${this.file}.partial`, this.file);
  }

  async discard(): Promise<void> {
    await this.#turn;
    await this.#handle.close();
    await rm(`${this.file}.partial`, { force: true });
  }

  #then(work: () => Promise<void>): void {
    this.#turn = this.#turn.then(async () => {
      if (this.#failure) return;
      try {
        await work();
      } catch (error) {
        // recording must not stop the robot: the end tells
        this.#failure = error as Error;
      }
    });
  }

  async #channelId({ topic, schemaName, schema }: Channel): Promise<number> {
    const known = this.#channels.get(topic);
    if (known !== undefined) return known;
    let schemaId = this.#schemas.get(schemaName);
    if (schemaId === undefined) {
      const encoding = "jsonschema";
      const data = jsonBytes(schema);
      schemaId = await this.#writer.registerSchema({ name: schemaName, encoding, data });
      this.#schemas.set(schemaName, schemaId);
    }
    const metadata = new Map<string, string>();
    const id = await this.#writer.registerChannel({
      topic,
      schemaId,
      messageEncoding: "json",
      metadata,
    });
    this.#channels.set(topic, id);
    return id;
  }
}

/** Appends to an open file. */
class Appending {
  readonly #handle: FileHandle;
  #position = 0n;

  constructor(handle: FileHandle) {
    this.#handle = handle;
  }

  async write(bytes: Uint8Array): Promise<void> {
    let from = 0;
    while (from < bytes.length) {
      const { bytesWritten } = await this.#handle.write(bytes, from);
      from += bytesWritten;
    }
    this.#position += BigInt(bytes.length);
  }

  position(): bigint {
    return this.#position;
  }
}
