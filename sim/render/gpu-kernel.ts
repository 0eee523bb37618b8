/**
 * One pixel of one view, as a gpu.js kernel: the least-entered, greatest-left test of setup.ts over
 * all records of the view. gpu.js reads this function's source and compiles it for a GPU or for
 * WebAssembly, so it may use nothing but its arguments, `this.constants`, arithmetic and `Math`. It is
 * one long function because gpu.js vectorises no other.
 */

import type { IKernelFunctionThis } from "gpu.js";
import { record, recordKind } from "./record.ts";

/** Depth is returned in this many steps up to the far plane, times 256, plus the id: exact in 32 bits. */
export const DEPTH_STEPS = 65_535;

/** Columns of a record, and its kinds, by name. */
export const kernelConstants = {
  kind: record.at.kind,
  id: record.at.id,
  f: record.at.functions,
  scale: record.at.sphereScale,
  sphere: recordKind.sphere,
  cylinderSide: recordKind.cylinderSide,
  cylinderCap: recordKind.cylinderCap,
  room: recordKind.room,
  steps: DEPTH_STEPS,
};

type KernelThis = IKernelFunctionThis<typeof kernelConstants>;

/**
 * `records` [V][R][columns], `counts` [V], `limits` [V][2]: least and greatest inverse depth drawn.
 */
export function traceKernel(
  this: KernelThis,
  records: number[][][],
  counts: number[],
  limits: number[][],
): number {
  const x = this.thread.x;
  const y = this.thread.y;
  const v = this.thread.z;
  const f = this.constants.f;
  const nearest = limits[v][1];
  let best = limits[v][0];
  let id = 0;
  const n = counts[v];
  for (let k = 0; k < n; k++) {
    const kind = records[v][k][this.constants.kind];
    const f0 = records[v][k][f] + records[v][k][f + 1] * x + records[v][k][f + 2] * y;
    const f1 = records[v][k][f + 3] + records[v][k][f + 4] * x + records[v][k][f + 5] * y;
    const f2 = records[v][k][f + 6] + records[v][k][f + 7] * x + records[v][k][f + 8] * y;
    let w = f0;
    let exit = 0;
    if (kind === this.constants.sphere) {
      const square = f2 * f2 - f0 * f0 - f1 * f1;
      w = -1;
      if (square >= 0) {
        w = f2 * records[v][k][this.constants.scale] + Math.sqrt(square);
      }
    } else {
      const f3 = records[v][k][f + 9] + records[v][k][f + 10] * x + records[v][k][f + 11] * y;
      const f4 = records[v][k][f + 12] + records[v][k][f + 13] * x + records[v][k][f + 14] * y;
      const f5 = records[v][k][f + 15] + records[v][k][f + 16] * x + records[v][k][f + 17] * y;
      if (kind === 3) {
        w = Math.min(Math.min(f0, f1), f2);
        exit = Math.max(Math.max(f3, f4), f5);
      } else if (kind === 2) {
        w = Math.min(f0, f1);
        exit = Math.max(Math.max(f2, f3), Math.max(f4, f5));
      } else if (kind === 1) {
        exit = Math.max(Math.max(f1, f2), Math.max(f3, Math.max(f4, f5)));
      } else if (kind === this.constants.room) {
        w = Math.max(Math.max(Math.max(f0, f1), Math.max(f2, f3)), Math.max(f4, f5));
      } else {
        const square = f0 * f0 + f1 * f1 - f2 * f2;
        if (square < 0) {
          w = -1;
        } else {
          const root = Math.sqrt(square);
          if (kind === this.constants.cylinderSide) {
            w = f3 + root;
            exit = Math.max(Math.max(f3 - root, f4), f5);
          } else if (kind === this.constants.cylinderCap) {
            w = Math.min(f3 + root, f4);
            exit = Math.max(f3 - root, f5);
          } else {
            w = f4;
            exit = Math.max(f3 + root, f5);
          }
        }
      }
    }
    if (w >= exit && w > best && w <= nearest) {
      best = w;
      id = records[v][k][this.constants.id];
    }
  }
  // a share of the far plane, in steps
  const steps = Math.floor((limits[v][0] / best) * this.constants.steps + 0.5);
  return steps * 256 + id;
}
