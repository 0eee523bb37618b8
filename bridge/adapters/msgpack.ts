/**
 * MessagePack from strangers. A strict reader of the whole frame: it allocates nothing that the bytes
 * do not hold, has a limit for depth and number of items, wants UTF-8 to be UTF-8, and knows no extension
 * types. (msgpackr replaces bad UTF-8, takes the later of two equal keys, makes objects of extensions, and
 * ends at the depth of the stack.) Format: msgpack.org, spec.md.
 */

import { Packr } from "msgpackr";
import { Refusal } from "./refusal.ts";

/** Maps have text keys; binary keys (openpi's) become text too. */
export type Unpacked =
  | null
  | boolean
  | number
  | string
  | Uint8Array
  | readonly Unpacked[]
  | UnpackedMap;
export type UnpackedMap = ReadonlyMap<string, Unpacked>;

const maxDepth = 16;
const maxItems = 65_536;
const utf8 = new TextDecoder("utf-8", { fatal: true });

// `variableMapSize`: the short map header that Python writes
const packr = new Packr({ useRecords: false, moreTypes: false, variableMapSize: true });

/** Plain objects, Maps (keys may be Buffers), arrays, numbers, text, Buffers; a copy. */
export function pack(value: unknown): Uint8Array {
  return new Uint8Array(packr.pack(value));
}

/** The one value in `bytes`; byte strings are views. @throws Refusal. */
export function unpack(bytes: Uint8Array): Unpacked {
  const reader = new Reader(bytes);
  const value = reader.value(0);
  if (!reader.done) throw malformed("bytes after the end");
  return value;
}

/** The same where a map is expected. */
export function unpackMap(bytes: Uint8Array): UnpackedMap {
  const value = unpack(bytes);
  if (isMap(value)) return value;
  throw new Refusal("not a map", "Expected a MessagePack map, got another value.");
}

export function isMap(value: Unpacked | undefined): value is UnpackedMap {
  return value instanceof Map;
}

class Reader {
  readonly #bytes: Uint8Array;
  readonly #view: DataView;
  #at = 0;
  #items = 0;

  constructor(bytes: Uint8Array) {
    this.#bytes = bytes;
    this.#view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  }

  get done(): boolean {
    return this.#at === this.#bytes.length;
  }

  value(depth: number): Unpacked {
    if (depth > maxDepth) throw malformed(`nested deeper than ${maxDepth}`);
    if (++this.#items > maxItems) throw malformed(`more than ${maxItems} items`);
    const byte = this.#unsigned(1);
    if (byte < 0x80) return byte;
    if (byte < 0x90) return this.#map(byte & 0x0f, depth);
    if (byte < 0xa0) return this.#list(byte & 0x0f, depth);
    if (byte < 0xc0) return this.#text(byte & 0x1f);
    if (byte >= 0xe0) return byte - 0x100;
    return this.#tagged(byte, depth);
  }

  #tagged(byte: number, depth: number): Unpacked {
    if (byte === 0xc0) return null;
    if (byte === 0xc2 || byte === 0xc3) return byte === 0xc3;
    if (byte >= 0xc4 && byte <= 0xc6) return this.#take(this.#unsigned(1 << (byte - 0xc4)));
    if (byte === 0xca) return this.#view.getFloat32(this.#skip(4));
    if (byte === 0xcb) return this.#view.getFloat64(this.#skip(8));
    if (byte >= 0xcc && byte <= 0xcf) return this.#unsigned(1 << (byte - 0xcc));
    if (byte >= 0xd0 && byte <= 0xd3) return this.#signed(1 << (byte - 0xd0));
    if (byte >= 0xd9 && byte <= 0xdb) return this.#text(this.#unsigned(1 << (byte - 0xd9)));
    if (byte === 0xdc || byte === 0xdd)
      return this.#list(this.#unsigned(2 << (byte - 0xdc)), depth);
    if (byte === 0xde || byte === 0xdf) return this.#map(this.#unsigned(2 << (byte - 0xde)), depth);
    throw malformed("an extension type");
  }

  #list(length: number, depth: number): Unpacked[] {
    const list: Unpacked[] = [];
    for (let i = 0; i < length; i++) list.push(this.value(depth + 1));
    return list;
  }

  #map(length: number, depth: number): UnpackedMap {
    const map = new Map<string, Unpacked>();
    for (let i = 0; i < length; i++) {
      const key = this.value(depth + 1);
      const name = key instanceof Uint8Array ? decodeUtf8(key) : key;
      if (typeof name !== "string") throw malformed("a key that is no text");
      if (map.has(name)) throw malformed("a key twice");
      map.set(name, this.value(depth + 1));
    }
    return map;
  }

  #text(length: number): string {
    return decodeUtf8(this.#take(length));
  }

  #take(length: number): Uint8Array {
    const from = this.#skip(length);
    return this.#bytes.subarray(from, from + length);
  }

  #unsigned(width: number): number {
    const at = this.#skip(width);
    if (width === 1) return this.#view.getUint8(at);
    if (width === 2) return this.#view.getUint16(at);
    if (width === 4) return this.#view.getUint32(at);
    return Number(this.#view.getBigUint64(at));
  }

  #signed(width: number): number {
    const at = this.#skip(width);
    if (width === 1) return this.#view.getInt8(at);
    if (width === 2) return this.#view.getInt16(at);
    if (width === 4) return this.#view.getInt32(at);
    return Number(this.#view.getBigInt64(at));
  }

  /** Where the next `length` bytes begin. */
  #skip(length: number): number {
    const at = this.#at;
    if (at + length > this.#bytes.length) throw malformed("cut short");
    this.#at += length;
    return at;
  }
}

/** @throws Refusal where the bytes are not UTF-8. */
export function decodeUtf8(bytes: Uint8Array): string {
  try {
    return utf8.decode(bytes);
  } catch {
    throw new Refusal("not UTF-8", "Expected text in UTF-8, got bytes that are not.");
  }
}

function malformed(what: string): Refusal {
  return new Refusal("not MessagePack", `Expected one MessagePack value, got ${what}.`);
}
