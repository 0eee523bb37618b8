/**
 * A policy that somebody else serves. It is asked in its own protocol and answers in SI units; what it
 * answers is checked here, and goes through a command gate before anything moves.
 */

import { type PolicyInput, type PolicyInterface, rowSize } from "../../policies/manifest.ts";
import type { Rows } from "../../policies/runtime/runtime.ts";
import { type NdArray, ndarray, toFloat32 } from "./numpy.ts";
import { Refusal } from "./refusal.ts";
import { encodeRoles, rolesPerImage } from "./role-image.ts";

export interface RemotePolicy {
  /**
   * The actions that follow from one row of observations, SI units, the first one first (a chunk of T:
   * [T][A]). @throws WireError when no answer came in time, Refusal when it is none; the next request
   * starts on a fresh connection, so that a late answer is never taken for the next.
   */
  act(observation: Rows): Promise<readonly Float32Array[]>;
  /** An episode begins. @throws WireError when there is no server. */
  reset(): Promise<void>;
  close(): void;
}

/** One row of an input as other protocols carry it: images as uint8 codes [H, W, C], the rest float32. */
export function wireArray(input: PolicyInput, row: Float32Array): NdArray {
  const { camera, shape } = input;
  if (!camera) return ndarray(row, shape);
  const channels = Math.max(rolesPerImage, camera.layers.length);
  return ndarray(encodeRoles(row, camera, 0, channels), [camera.height, camera.width, channels]);
}

/** The same array with axes of length 1 in front. */
export function withLeadingAxes(array: NdArray, axes: number): NdArray {
  return { ...array, shape: [...Array<number>(axes).fill(1), ...array.shape] };
}

/** A chunk [T, A], perhaps with axes of length 1 in front. @throws Refusal. */
export function chunkOf(
  { output }: PolicyInterface,
  array: NdArray | undefined,
): readonly Float32Array[] {
  const size = rowSize(output.shape);
  const shape = array?.shape ?? [];
  const sound = shape[shape.length - 1] === size && shape.slice(0, -2).every((n) => n === 1);
  if (!array || !sound || array.data.length === 0) {
    throw new Refusal(
      "wrong shape",
      `Expected actions of shape [T, ${size}], got ${array ? `[${shape.join(", ")}]` : "none"}.`,
    );
  }
  const values = toFloat32(array);
  if (!values.every(Number.isFinite)) {
    throw new Refusal("not finite", "An action holds a number that is not finite.");
  }
  return Array.from({ length: values.length / size }, (_, t) =>
    values.slice(t * size, (t + 1) * size),
  );
}
