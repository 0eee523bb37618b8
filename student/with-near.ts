/** A student that learns to read more than it did. */

import { nearColumns } from "../policies/networks/near.ts";
import { type StudentSpec, studentNetwork } from "../policies/networks/student.ts";
import type { Student } from "./distill.ts";

/**
 * The same student with how close what it remembers is as an input more. That has no weight yet, so it acts as before. A student
 * that reads it already, that remembers nothing, or that has a GRU is returned as it is.
 */
export function withNear<S extends Student>(student: S): S {
  const { spec, theta, config } = student;
  if (!spec.lastSeen || spec.near || spec.memory > 0) return student;
  const wider: StudentSpec = { ...spec, near: nearColumns(spec.lastSeen) };
  const { params } = studentNetwork(wider);
  const weights = new Float32Array(params.size);
  // the new columns come last among what the head reads: its rows are followed by zeros
  for (const { name, at, size } of studentNetwork(spec).params.specs) {
    weights.set(theta.subarray(at, at + size), params.offsetOf(name).at);
  }
  return { ...student, spec: wider, theta: weights, config: { ...config, near: true } };
}
