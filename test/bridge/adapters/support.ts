/** Golden bytes, and policies worked out by hand, for the adapters' tests. */

import { readFileSync } from "node:fs";
import path from "node:path";
import { PolicySession } from "../../../bridge/adapters/policy-session.ts";
import { completeManifest } from "../../../policies/bundle.ts";
import { loadPolicyBytes } from "../../../policies/runtime/node.ts";
import { linearPolicy, summingPolicy } from "../../policies/tiny-policies.ts";

const golden: Record<string, string> = JSON.parse(
  readFileSync(path.join(import.meta.dirname, "golden.json"), "utf8"),
);

/** What Python wrote; see test/python/make_fixtures.py. */
export function bytes(name: string): Buffer {
  if (golden[name] === undefined) throw new Error(`no golden bytes "${name}"`);
  return Buffer.from(golden[name], "base64");
}

/** action = clip([x + 2y, 0.5 - z], -1, 1); scales 0.4 m/s and 2.84 rad/s. */
export async function linear() {
  const { onnx, manifest } = linearPolicy();
  return loadPolicyBytes(completeManifest(manifest, onnx), onnx);
}

/** Remembers the sum of its inputs, and acts by it. */
export async function summing() {
  const { onnx, manifest } = summingPolicy();
  const policy = await loadPolicyBytes(completeManifest(manifest, onnx), onnx);
  return { policy, session: new PolicySession(policy) };
}

/** The reason of the refusal that `run` throws. */
export function reasonOf(run: () => unknown): string | undefined {
  try {
    run();
    return undefined;
  } catch (error) {
    return (error as { reason?: string }).reason ?? `threw ${error}`;
  }
}
