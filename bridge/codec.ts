/** Messages to frames and back. Decoding never throws: whatever is no message is a counted refusal. */

import { Packr, Unpackr } from "msgpackr";
import type { z } from "zod";
import { blobBytes, type Message, messageSchemas, protocol, senders } from "./messages.ts";

/** Why bytes were not taken for a message. */
export const decodeRefusals = [
  "empty",
  "header too long",
  "not MessagePack",
  "not a map",
  "unknown type",
  "wrong sender",
  "other protocol",
  "not of the schema",
  "repeated robot",
  "frame count",
  "frame size",
] as const;
export type DecodeRefusal = (typeof decodeRefusals)[number];

export interface Refused {
  readonly refusal: DecodeRefusal;
  readonly detail: string;
  readonly header?: unknown;
}

export type Decoded =
  | { readonly message: Message; readonly blobs: readonly Uint8Array[] }
  | Refused;

const maxHeaderBytes = 65_536;
const packr = new Packr({ useRecords: false, moreTypes: false, variableMapSize: true });

/**
 * Frames of a message. Blobs are sent without a copy: do not write to them afterwards.
 * Arrays are little-endian, as on every machine that Node runs on.
 */
export function encode(message: Message, blobs: readonly Float32Array[] = []): Uint8Array[] {
  const expected = blobBytes(message);
  const found = blobs.map((blob) => blob.byteLength);
  if (String(expected) !== String(found)) {
    throw new Error(`internal: "${message.type}" needs frames of ${expected} bytes, got ${found}.`);
  }
  const bytes = blobs.map((blob) => new Uint8Array(blob.buffer, blob.byteOffset, blob.byteLength));
  return [packHeader(message), ...bytes];
}

/** A message from `sender`, or why these frames are none. Blobs are views of the frames. */
export function decode(frames: readonly Uint8Array[], sender: "robot" | "policy"): Decoded {
  const read = readHeader(frames[0], dialect, sender);
  return "refusal" in read ? read : checkBlobs(read.header as Message, frames.slice(1));
}

/** What a header is checked against. */
export interface Dialect {
  readonly protocol: string;
  readonly schemas: Readonly<Record<string, z.ZodType>>;
  /** Who may send what; "both" sides or one. */
  readonly senders: Readonly<Record<string, string>>;
}

const dialect: Dialect = { protocol, schemas: messageSchemas, senders };

/** The header in frame 0, checked against the schema that its `type` names, or why it is none. */
export function readHeader(
  first: Uint8Array | undefined,
  { schemas, senders, protocol }: Dialect,
  sender: string,
): { readonly header: unknown } | Refused {
  if (first === undefined) return refuse("empty", "no frames");
  if (first.length > maxHeaderBytes) return refuse("header too long", `${first.length} bytes`);
  const header = unpack(first);
  if (header === undefined) return refuse("not MessagePack", `${first.length} bytes`);
  if (!isPlainMap(header)) return refuse("not a map", typeof header);
  const { type } = header;
  const known = typeof type === "string" && Object.hasOwn(schemas, type);
  if (!known) return refuse("unknown type", String(type).slice(0, 40));
  if (senders[type] !== "both" && senders[type] !== sender) return refuse("wrong sender", type);
  // before the schema: another version may have other fields
  if (type === "hello" && header.protocol !== protocol) {
    return refuse("other protocol", String(header.protocol).slice(0, 40), header);
  }
  const parsed = schemas[type].safeParse(header);
  if (parsed.success) return { header: parsed.data };
  const [issue] = parsed.error.issues;
  return refuse("not of the schema", `${type}.${issue.path.join(".")}: ${issue.message}`, header);
}

/** Frame 0 of a message. */
export function packHeader(header: object): Uint8Array {
  return Uint8Array.from(packr.pack(header));
}

/** The numbers of a blob, in an array of its own: frames are not aligned. */
export function toFloats(blob: Uint8Array): Float32Array {
  const floats = new Float32Array(blob.length / 4);
  new Uint8Array(floats.buffer).set(blob);
  return floats;
}

function checkBlobs(message: Message, blobs: readonly Uint8Array[]): Decoded {
  if ("robots" in message && typeof message.robots === "object") {
    const { robots } = message;
    if (new Set(robots).size < robots.length) return refuse("repeated robot", message.type);
  }
  const expected = blobBytes(message);
  if (blobs.length !== expected.length) {
    return refuse("frame count", `expected ${expected.length}, got ${blobs.length}`);
  }
  for (const [i, bytes] of expected.entries()) {
    if (blobs[i].length !== bytes) {
      return refuse("frame size", `frame ${i + 1}: expected ${bytes}, got ${blobs[i].length}`);
    }
  }
  return { message, blobs };
}

function unpack(bytes: Uint8Array): unknown {
  try {
    // a fresh decoder: nothing that a peer sends may change how the next frame is read
    const unpackr = new Unpackr({ useRecords: false, moreTypes: false, int64AsType: "number" });
    return unpackr.unpack(bytes);
  } catch {
    return undefined;
  }
}

function isPlainMap(value: unknown): value is Record<string, unknown> {
  if (typeof value !== "object" || value === null || Array.isArray(value)) return false;
  return Object.getPrototypeOf(value) === Object.prototype;
}

function refuse(refusal: DecodeRefusal, detail: string, header?: unknown): Refused {
  return header === undefined ? { refusal, detail } : { refusal, detail, header };
}
