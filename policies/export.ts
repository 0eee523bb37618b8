/** Export: a bundle is written only once onnxruntime gives the trainer's own actions. */

import { FileError } from "../core/errors.ts";
import { completeManifest, writeBundle } from "./bundle.ts";
import { type ManifestDraft, type PolicyManifest, rowSize } from "./manifest.ts";
import { loadPolicyBytes } from "./runtime/node.ts";
import type { Rows } from "./runtime/runtime.ts";

/** Largest difference to the trainer's actions that an export may have. */
export const exportTolerance = 1e-5;

export interface ExportCheck {
  /** Rows of every input, such as a few hundred real observations. */
  readonly inputs: Rows;
  /** The trainer's actions [rows, A] (or chunks [rows, steps, A]) for those rows, with recurrent states at zero. */
  readonly expected: Float32Array;
  /** What it does on the same rows a step later, with the states that the first step left; of a policy with recurrent states. */
  readonly expectedNext?: Float32Array;
  /** Likewise what its pose head says, for a policy that has one. */
  readonly poses?: Float32Array;
}

export interface ExportReport {
  readonly manifest: PolicyManifest;
  readonly rows: number;
  /** Over all rows and columns, poses included, in the output's units. */
  readonly maxDifference: number;
}

/**
 * Writes the bundle to `folder` and says how far its actions are from the trainer's.
 * @throws FileError, leaving `folder` as it was, when an action differs by more than 1e-5 or lies
 * outside the output's limits.
 */
export async function exportBundle(request: {
  readonly folder: string;
  readonly onnx: Uint8Array;
  readonly manifest: ManifestDraft;
  readonly check: ExportCheck;
}): Promise<ExportReport> {
  const { folder, onnx, manifest: draft, check } = request;
  const manifest = completeManifest(draft, onnx);
  const missing = missingOf(manifest, check);
  if (missing) {
    throw new FileError(`Policy "${manifest.name}" was not exported: ${missing}.`);
  }
  const [first, next] = await answersOf(manifest, onnx, check);
  const maxDifference = Math.max(
    largestDifference(first.actions, check.expected),
    largestDifference(first.poses ?? none, check.poses ?? none),
    largestDifference(next?.actions ?? none, check.expectedNext ?? none),
  );
  if (!(maxDifference <= exportTolerance)) {
    throw new FileError(
      `Policy "${manifest.name}" was not exported: onnxruntime differs from the trainer by ${maxDifference}, at most ${exportTolerance} is allowed.`,
    );
  }
  const { low, high } = manifest.output;
  // as the actions have them
  const [least, most] = [Math.fround(low), Math.fround(high)];
  const outside = [first, next]
    .flatMap((answer) => [...(answer?.actions ?? none)])
    .find((action) => action < least || action > most);
  if (outside !== undefined) {
    throw new FileError(
      `Policy "${manifest.name}" was not exported: action ${outside} is outside [${low}, ${high}]. Clip it inside the graph.`,
    );
  }
  const rows = rowsOf(manifest, check);
  return { manifest: await writeBundle(folder, { onnx, manifest: draft }), rows, maxDifference };
}

function rowsOf({ steps = 1, output }: PolicyManifest, { expected }: ExportCheck): number {
  return expected.length / (steps * rowSize(output.shape));
}

/** What a check lacks, in words. */
function missingOf(manifest: PolicyManifest, check: ExportCheck): string | undefined {
  if (rowsOf(manifest, check) < 1) return "no rows to check";
  if (manifest.poses && !check.poses) return 'its manifest has poses, its check no "poses"';
  if (manifest.recurrent.length > 0 && !check.expectedNext) {
    return 'its manifest has recurrent states, its check no "expectedNext"';
  }
  return undefined;
}

const none = new Float32Array(0);

/** Of a step, and of the next where a policy remembers. */
async function answersOf(manifest: PolicyManifest, onnx: Uint8Array, check: ExportCheck) {
  const rows = rowsOf(manifest, check);
  const policy = await loadPolicyBytes(manifest, onnx);
  try {
    const first = await policy.step(check.inputs, undefined, rows, { poses: true });
    if (manifest.recurrent.length === 0) return [first];
    return [first, await policy.step(check.inputs, first.state, rows)];
  } finally {
    await policy.close();
  }
}

/** NaN when either side is not finite, or says less than the other. */
function largestDifference(a: Float32Array, b: Float32Array): number {
  let largest = a.length === b.length ? 0 : Number.NaN;
  for (let i = 0; i < a.length; i++) largest = Math.max(largest, Math.abs(a[i] - b[i]));
  return largest;
}
