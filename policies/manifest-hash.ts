/** What robot and policy compare before anything moves. */

import { createHash } from "node:crypto";
import type { PolicyInterface } from "./manifest.ts";

/**
 * SHA-256 (hex) of what both sides of a wire must agree on: inputs, output and control step, without
 * the prose in `meaning`. Weights, provenance, recurrent state and the length of a chunk do not count: a
 * better policy of the same shape fits, and robots count the actions of a chunk, however many there are.
 */
export function manifestHash({ inputs, output, controlStep_s }: PolicyInterface): string {
  const text = canonicalJson({ inputs, output, controlStep_s });
  return createHash("sha256").update(text).digest("hex");
}

/** The same in words, for a message about two that differ. */
export function describeInterface({ inputs, output, controlStep_s }: PolicyInterface): string {
  const rows = [...inputs, output].map(({ name, shape }) => `${name} [${shape.join(", ")}]`);
  return `${rows.slice(0, -1).join(", ")} -> ${rows[rows.length - 1]} every ${controlStep_s} s`;
}

/**
 * JSON with sorted keys, no white space, no `meaning`, and numbers as JavaScript prints them after
 * rounding to 9 digits: what one machine's sine gives in the last bit must not part it from another.
 */
function canonicalJson(value: unknown): string {
  if (typeof value === "number") return JSON.stringify(Number(value.toPrecision(9)));
  if (Array.isArray(value)) return `[${value.map(canonicalJson).join(",")}]`;
  if (typeof value !== "object" || value === null) return JSON.stringify(value);
  const entries = Object.entries(value)
    .filter(([key, member]) => member !== undefined && key !== "meaning")
    .sort(([a], [b]) => (a < b ? -1 : 1))
    .map(([key, member]) => `${JSON.stringify(key)}:${canonicalJson(member)}`);
  return `{${entries.join(",")}}`;
}
