/** Where recorded messages go: a file, a live view, or both. All messages are JSON with a JSON schema. */

/** Nanoseconds since 1970, or of a simulation's own time. */
export type Stamp_ns = bigint;

export interface Channel {
  readonly topic: string;
  /** Such as "foxglove.RawImage". */
  readonly schemaName: string;
  readonly schema: object;
  /** The last message stays true until the next, so that who comes later gets it too. */
  readonly lasting?: boolean;
}

export interface Sink {
  /** Does not wait. `message` is not written to afterwards. */
  write(channel: Channel, stamp_ns: Stamp_ns, message: object): void;
  /** Writes what is still on its way. @throws FileError when not everything could be written. */
  close(): Promise<void>;
  /** Closes without keeping what was written: of a recording that failed before it was worth anything. */
  discard(): Promise<void>;
}

/** A stamp as Foxglove's schemas want it. */
export function timeOf(stamp_ns: Stamp_ns): { sec: number; nsec: number } {
  return { sec: Number(stamp_ns / 1_000_000_000n), nsec: Number(stamp_ns % 1_000_000_000n) };
}

/** JSON as bytes; byte arrays become base64, as Foxglove's JSON schemas say. */
export function jsonBytes(message: object): Uint8Array {
  const text = JSON.stringify(message, (_key, value: unknown) =>
    value instanceof Uint8Array ? base64(value) : value,
  );
  return new TextEncoder().encode(text);
}

function base64(bytes: Uint8Array): string {
  return Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength).toString("base64");
}
