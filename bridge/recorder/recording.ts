/** Reads recordings, whole ones and those of a process that died. */

import { createReadStream } from "node:fs";
import { McapStreamReader } from "@mcap/core";
import { FileError } from "../../core/errors.ts";
import { fromFormat1 } from "../../policies/manifest.ts";
import { metadataName } from "./mcap-file.ts";
import type { Stamp_ns } from "./sink.ts";

export interface RecordedMessage {
  readonly topic: string;
  readonly schemaName: string;
  readonly stamp_ns: Stamp_ns;
  readonly message: unknown;
}

export interface RecordingEnd {
  /** False for a recording that breaks off: it ends with its last whole chunk. */
  readonly whole: boolean;
  readonly messages: number;
  readonly metadata: Readonly<Record<string, string>>;
}

/**
 * Hands over the messages of a file in the order in which they were written. What the callbacks throw is theirs.
 * @throws FileError when there is no such file, or it is no MCAP file of JSON messages.
 */
export async function readRecording(
  file: string,
  onMessage: (message: RecordedMessage) => void | Promise<void>,
  onMetadata: (metadata: Readonly<Record<string, string>>) => void = () => {},
): Promise<RecordingEnd> {
  const reader = new McapStreamReader();
  const contents = new Contents();
  for await (const found of contentsOf(file, reader, contents)) {
    if (found === "metadata") onMetadata(contents.metadata);
    else await onMessage(found);
  }
  if (!reader.done() && contents.records === 0) {
    throw new FileError(`"${file}" is not a readable MCAP file: it is too short. Record it again.`);
  }
  const { messages, metadata } = contents;
  return { whole: reader.done(), messages, metadata };
}

/** What lies in a file, one thing at a time. @throws FileError as above. */
async function* contentsOf(
  file: string,
  reader: McapStreamReader,
  contents: Contents,
): AsyncGenerator<RecordedMessage | "metadata"> {
  try {
    for await (const bytes of createReadStream(file, { highWaterMark: 2 ** 20 })) {
      reader.append(bytes as Uint8Array);
      for (let record = reader.nextRecord(); record; record = reader.nextRecord()) {
        const found = contents.take(record);
        if (found) yield found;
      }
    }
  } catch (error) {
    if (error instanceof FileError) throw error;
    const { message, code } = error as NodeJS.ErrnoException;
    if (code === "ENOENT") throw new FileError(`There is no recording "${file}".`);
    throw new FileError(`"${file}" is not a readable MCAP file: ${message}. Record it again.`);
  }
}

/** The policy's manifest in a recording's metadata, in today's format and not checked. @throws FileError when it is no JSON. */
export function manifestIn(text: string, file: string): unknown {
  try {
    return fromFormat1(JSON.parse(text));
  } catch {
    throw new FileError(`The policy's manifest in "${file}" is not JSON. Record it again.`);
  }
}

type Record_ = NonNullable<ReturnType<McapStreamReader["nextRecord"]>>;

/** What has been read so far. */
class Contents {
  records = 0;
  messages = 0;
  metadata: Readonly<Record<string, string>> = {};
  readonly #schemas = new Map<number, string>();
  readonly #channels = new Map<number, { topic: string; schemaName: string }>();

  take(record: Record_): RecordedMessage | "metadata" | undefined {
    this.records++;
    if (record.type === "Schema") this.#schemas.set(record.id, record.name);
    if (record.type === "Channel") {
      const schemaName = this.#schemas.get(record.schemaId) ?? "";
      this.#channels.set(record.id, { topic: record.topic, schemaName });
      if (record.messageEncoding !== "json") {
        throw new FileError(
          `Topic "${record.topic}" is encoded as "${record.messageEncoding}", expected "json": this recording is not one of understudy's.`,
        );
      }
    }
    if (record.type === "Metadata" && record.name === metadataName) {
      this.metadata = Object.fromEntries(record.metadata);
      return "metadata";
    }
    if (record.type !== "Message") return undefined;
    const channel = this.#channels.get(record.channelId);
    if (!channel) throw new Error("a message before its channel");
    this.messages++;
    const message: unknown = JSON.parse(new TextDecoder().decode(record.data));
    return { ...channel, stamp_ns: record.logTime, message };
  }
}
