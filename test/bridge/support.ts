/** Starts policies, in this process or another, and ends them with the test. */

import { type ChildProcess, fork } from "node:child_process";
import path from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
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
