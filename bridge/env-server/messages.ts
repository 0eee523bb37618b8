/**
 * The wire `understudy-env/1` between a trainer in another language and simulated environments.
 * One request, one reply, each a multipart message: frame 0 is a MessagePack map with string keys,
 * further frames are raw little-endian arrays, one for the whole batch. docs/python.md shows it.
 *
 * A request that is sent again, because its reply got lost with the connection, is answered again, not
 * done again.
 */

import { Packr, Unpackr } from "msgpackr";
import { z } from "zod";
import type { VectorSpec } from "./environment.ts";

export const envProtocol = "understudy-env/1";

/** Largest header that is looked at. */
const maxHeaderBytes = 4096;

const id = z.int().min(0).describe("chosen by the client; the reply repeats it");
const session = z.string().min(8).max(64).describe("chosen by the client, anew for each open");

/** Frame 0 of a request. A step has one more frame: actions, [N, A] float32. */
export const requestSchema = z.discriminatedUnion("op", [
  z.strictObject({ op: z.literal("open"), id, session, protocol: z.string().max(64) }),
  z.strictObject({
    op: z.literal("reset"),
    id,
    session,
    seed: z.int().min(0).max(0xffff_ffff).nullable().describe("null: go on with the next episodes"),
  }),
  z.strictObject({ op: z.literal("step"), id, session }),
  z.strictObject({ op: z.literal("close"), id, session }),
]);
export type EnvRequest = z.output<typeof requestSchema>;

/** How an episode ended; environments are in the order of the final observations. */
export interface End {
  readonly env: number;
  readonly outcome: string;
  readonly success: boolean;
  readonly steps: number;
  readonly return: number;
}

/**
 * Frame 0 of a reply. After a reset follow the observations, in the order of the spec. After a step
 * follow the observations, rewards [N] float32, terminated [N] uint8, truncated [N] uint8, and, if
 * `ends` is not empty, one frame an observation with what ended episodes saw last: [ends, ...shape].
 */
export type EnvReply =
  | {
      readonly op: "open";
      readonly id: number;
      readonly spec: VectorSpec;
    }
  | { readonly op: "reset" | "close"; readonly id: number }
  | { readonly op: "step"; readonly id: number; readonly ends: readonly End[] }
  | { readonly op: "error"; readonly id: number; readonly message: string };

const packr = new Packr({ useRecords: false, moreTypes: false, variableMapSize: true });

export function packReply(reply: EnvReply): Uint8Array {
  return Uint8Array.from(packr.pack(reply));
}

/** A request that is none: what is wrong with it, in a sentence, and its number if it had one. */
export interface BadRequest {
  readonly id: number;
  readonly problem: string;
}

/** The request in frame 0. Never throws. */
export function readRequest(frame: Uint8Array | undefined): EnvRequest | BadRequest {
  const wrong = (what: string, id = 0) => {
    return { id, problem: `Expected a request of ${envProtocol}, got ${what}.` };
  };
  if (frame === undefined) return wrong("no frames");
  if (frame.length > maxHeaderBytes) return wrong(`a header of ${frame.length} bytes`);
  let header: unknown;
  try {
    // a fresh decoder: nothing that a peer sends may change how the next frame is read
    const unpackr = new Unpackr({ useRecords: false, moreTypes: false, int64AsType: "number" });
    header = unpackr.unpack(frame);
  } catch {
    return wrong("bytes that are not MessagePack");
  }
  const parsed = requestSchema.safeParse(header);
  if (parsed.success) return parsed.data;
  const [issue] = parsed.error.issues;
  const what = `a header whose "${issue.path.join(".") || "op"}" is wrong: ${issue.message}`;
  return wrong(what, idOf(header));
}

function idOf(header: unknown): number {
  const { id } = (header ?? {}) as { id?: unknown };
  return Number.isSafeInteger(id) && Number(id) >= 0 ? Number(id) : 0;
}
