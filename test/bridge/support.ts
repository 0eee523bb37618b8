/** Starts policies, in this process or another, talks to sockets by hand, and ends all that with the test. */

import { type ChildProcess, fork } from "node:child_process";
import { connect } from "node:net";
import path from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { afterEach } from "vitest";
import { Dealer } from "zeromq";
import { decode, encode } from "../../bridge/codec.ts";
import type { Message } from "../../bridge/messages.ts";
import { servePolicy } from "../../bridge/policy-server.ts";
import { completeManifest } from "../../policies/bundle.ts";
import type { ManifestDraft, PolicyManifest } from "../../policies/manifest.ts";
import { loadPolicyBytes } from "../../policies/runtime/node.ts";

export type Tiny = { onnx: Uint8Array; manifest: ManifestDraft };

export function manifestOf({ onnx, manifest }: Tiny): PolicyManifest {
  return completeManifest(manifest, onnx);
}

/** A server in this process, on a free port. */
export async function serveHere(tiny: Tiny, ttl_ms = 250) {
  const policy = await loadPolicyBytes(manifestOf(tiny), tiny.onnx);
  const log: string[] = [];
  const server = await servePolicy({
    policy,
    ttl_ms,
    endpoint: "tcp://127.0.0.1:*",
    log: (line) => log.push(line),
  });
  return { server, log, close: () => server.close().then(() => policy.close()) };
}

/** A server in a process of its own, once it listens. */
export async function serveThere(
  which: "linear" | "summing" | "cnn",
  endpoint = "tcp://127.0.0.1:*",
): Promise<{ child: ChildProcess; endpoint: string }> {
  const script = path.join(import.meta.dirname, "serve-tiny.ts");
  const child = fork(script, [endpoint, which], { execArgv: ["--import", "tsx"] });
  const listening = await new Promise<{ endpoint: string }>((resolve, reject) => {
    child.once("message", (message) => resolve(message as { endpoint: string }));
    child.once("exit", (code) => reject(new Error(`the server ended with code ${code}`)));
  });
  return { child, endpoint: listening.endpoint };
}

/** Waits until `condition` holds, and says how long that took. */
export async function until(condition: () => boolean, atMost_ms: number): Promise<number> {
  const start = process.hrtime.bigint();
  const elapsed_ms = () => Number(process.hrtime.bigint() - start) / 1e6;
  while (!condition()) {
    if (elapsed_ms() > atMost_ms) throw new Error(`nothing happened within ${atMost_ms} ms`);
    await sleep(2);
  }
  return elapsed_ms();
}

/** Waits until `moving` no longer holds, and says when it was last seen to, whatever else was slow. */
export async function lastMotion_ms(moving: () => boolean, atMost_ms: number): Promise<number> {
  const start = process.hrtime.bigint();
  const elapsed_ms = () => Number(process.hrtime.bigint() - start) / 1e6;
  let last_ms = 0;
  while (moving()) {
    last_ms = elapsed_ms();
    if (last_ms > atMost_ms) throw new Error(`still moving after ${atMost_ms} ms`);
    await sleep(2);
  }
  return last_ms;
}

/**
 * Asks `address` for a WebSocket, as a page of another site would, and resets the connection at the answer, which is given back.
 * Where the server does not hear of that, the whole run fails by an error that nobody caught.
 */
export function breakOff(address: string): Promise<string> {
  const [host, port] = address.split(":");
  const socket = connect(Number(port), host);
  const key = Buffer.alloc(16).toString("base64");
  const upgrade = `Connection: Upgrade\r\nUpgrade: websocket\r\nSec-WebSocket-Version: 13\r\nSec-WebSocket-Key: ${key}`;
  socket.write(`GET /live HTTP/1.1\r\nHost: example.org\r\n${upgrade}\r\n\r\n`);
  return new Promise((resolve, reject) => {
    socket.once("error", reject);
    socket.once("data", (data) => {
      socket.resetAndDestroy();
      resolve(String(data));
    });
  });
}

/** What a test hands over is closed after it, the latest first: `const closing = closeAfterEach()` at the top of a file. */
export function closeAfterEach(): ({ close(): unknown } | (() => unknown))[] {
  const closing: ReturnType<typeof closeAfterEach> = [];
  afterEach(async () => {
    for (const one of closing.splice(0).reverse()) {
      await (typeof one === "function" ? one() : one.close());
    }
  });
  return closing;
}

/** How messages of a protocol become frames, and what frames say, or why they say nothing. */
interface Wire<M> {
  encode(message: M, blobs: readonly Float32Array[]): Uint8Array[];
  decode(frames: readonly Uint8Array[]): { readonly message: M } | { readonly refusal: string };
}

/** A peer that sends whatever it is told. */
export function rawPeer<M extends { readonly type: string }>(endpoint: string, wire: Wire<M>) {
  const socket = new Dealer({ linger: 0, receiveTimeout: 2000 });
  socket.connect(endpoint);
  const send = (message: M, ...blobs: Float32Array[]) => socket.send(wire.encode(message, blobs));
  /** The next message of that type, or of any; throws after two seconds, and at what cannot be read. */
  const next = async (type?: M["type"]): Promise<M> => {
    for (;;) {
      const decoded = wire.decode(await socket.receive());
      if ("refusal" in decoded) throw new Error(`heard what is no message: ${decoded.refusal}`);
      if (decoded.message.type === (type ?? decoded.message.type)) return decoded.message;
    }
  };
  const ask = async (message: M, type: M["type"]) => {
    await send(message);
    return next(type);
  };
  return { send, next, ask, close: () => socket.close() };
}

/** One that speaks to a policy, as robots do. */
export function rawRobot(endpoint: string) {
  return rawPeer<Message>(endpoint, { encode, decode: (frames) => decode(frames, "policy") });
}
