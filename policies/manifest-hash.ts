/** What robot and policy compare before anything moves. */

import { createHash } from "node:crypto";
import type { PolicyManifest } from "./manifest.ts";

/**
 * SHA-256 (hex) of what both sides of a wire must agree on: inputs, output, recurrent state and
 * control step. Name, provenance and weights do not count: a better policy of the same shape fits.
 */
export function manifestHash(
  manifest: Pick<PolicyManifest, "inputs" | "output" | "recurrent" | "controlStep_s">,
): string {
  const { inputs, output, recurrent, controlStep_s } = manifest;
  const text = canonicalJson({ inputs, output, recurrent, controlStep_s });
  return createHash("sha256").update(text).digest("hex");
}

/** JSON with sorted keys and no white space. */
function canonicalJson(value: unknown): string {
  if (Array.isArray(value)) return `[${value.map(canonicalJson).join(",")}]`;
  if (typeof value !== "object" || value === null) return JSON.stringify(value);
  const entries = Object.entries(value)
    .filter(([, member]) => member !== undefined)
    .sort(([a], [b]) => (a < b ? -1 : 1))
    .map(([key, member]) => `${JSON.stringify(key)}:${canonicalJson(member)}`);
  return `{${entries.join(",")}}`;
}
