/** What robot and policy compare before anything moves. */

import { createHash } from "node:crypto";
import type { CameraSpec, PolicyInterface, PolicyOutput } from "./manifest.ts";

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
 * The same, and on a line of its own each thing beside names and shapes that has to agree, as far as there is room: what a
 * robot says at hello.
 */
export function interfaceText(agreed: PolicyInterface): string {
  const { inputs, output } = agreed;
  const lines = [describeInterface(agreed), ...[...inputs, output].flatMap(linesOf)];
  return lines.join("\n").slice(0, 2000);
}

/** What is first found to differ between two of these texts, a policy's own and a robot's, as words that follow "Policy". */
export function differenceBetween(own: string, theirs: string): string {
  const [summary, ...details] = own.split("\n");
  const [otherSummary, ...otherDetails] = theirs.split("\n");
  if (summary !== otherSummary) return `it has ${summary}, the robot ${otherSummary}`;
  const keyOf = (line: string) => line.slice(0, line.indexOf(": ") + 2);
  const lacking = (lines: readonly string[], line: string) =>
    lines.find((one) => keyOf(one) === keyOf(line)) ?? `no ${keyOf(line).slice(0, -2)}`;
  const mine = details.find((line) => !otherDetails.includes(line));
  const other = otherDetails.find((line) => !details.includes(line));
  const both = `both have ${summary}`;
  // a robot that gives no details is of an earlier version
  if (otherDetails.length === 0 || (mine ?? other) === undefined) {
    return `${both}, but units, scales, the order of columns or the camera differ`;
  }
  if (mine !== undefined) {
    return `${both}, but it has ${mine}, the robot ${lacking(otherDetails, mine)}`;
  }
  return `${both}, but it has ${lacking(details, String(other))}, the robot ${other}`;
}

function linesOf({ name, shape: _, ...rest }: PolicyInterface["inputs"][number] | PolicyOutput) {
  return membersOf(rest).flatMap(([key, value]) => {
    if (key === "columns") {
      return (value as PolicyOutput["columns"]).map(
        ({ name: column, ...about }) => `${name}.${column}: ${canonicalJson(about)}`,
      );
    }
    if (key !== "camera") return [`${name}.${key}: ${canonicalJson(value)}`];
    return membersOf(value as CameraSpec).map(
      ([part, member]) => `${name}.camera.${part}: ${canonicalJson(member)}`,
    );
  });
}

/**
 * JSON with sorted keys, no white space, no `meaning`, and numbers as JavaScript prints them after
 * rounding to 9 digits: what one machine's sine gives in the last bit must not part it from another.
 */
function canonicalJson(value: unknown): string {
  if (typeof value === "number") return JSON.stringify(Number(value.toPrecision(9)));
  if (Array.isArray(value)) return `[${value.map(canonicalJson).join(",")}]`;
  if (typeof value !== "object" || value === null) return JSON.stringify(value);
  const entries = membersOf(value).map(
    ([key, member]) => `${JSON.stringify(key)}:${canonicalJson(member)}`,
  );
  return `{${entries.join(",")}}`;
}

/** What counts of an object, by name. */
function membersOf(value: object): [string, unknown][] {
  return Object.entries(value)
    .filter(([key, member]) => member !== undefined && key !== "meaning")
    .sort(([a], [b]) => (a < b ? -1 : 1));
}
