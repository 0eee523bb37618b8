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
  const { steps = 1, output } = manifest;
  const rows = check.expected.length / (steps * rowSize(output.shape));
  if (rows < 1)
    throw new FileError(`Policy "${manifest.name}" was not exported: no rows to check.`);
  const { actions, poses } = await answerOf(manifest, onnx, check.inputs, rows);
  const maxDifference = Math.max(
    largestDifference(actions, check.expected),
    largestDifference(poses ?? none, check.poses ?? none),
  );
  if (!(maxDifference <= exportTolerance)) {
    throw new FileError(
      `Policy "${manifest.name}" was not exported: onnxruntime differs from the trainer by ${maxDifference}, at most ${exportTolerance} is allowed.`,
    );
  }
  const { low, high } = output;
  const outside = actions.find((action) => action < low || action > high);
  if (outside !== undefined) {
    throw new FileError(
      `Policy "${manifest.name}" was not exported: action ${outside} is outside [${low}, ${high}]. Clip it inside the graph.`,
    );
  }
  return { manifest: await writeBundle(folder, { onnx, manifest: draft }), rows, maxDifference };
}

const none = new Float32Array(0);

async function answerOf(manifest: PolicyManifest, onnx: Uint8Array, inputs: Rows, rows: number) {
  const policy = await loadPolicyBytes(manifest, onnx);
  try {
    return await policy.step(inputs, undefined, rows, { poses: true });
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
