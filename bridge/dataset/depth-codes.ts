/**
 * Depth as 12-bit codes, even in the logarithm of the shifted depth: LeRobot's `quantize_depth`, with its
 * default numbers. A code is a pixel of a gray12le video, compressed without loss.
 */

/** `video.*` entries of a depth feature; depths in metres. */
export const depthCoding = { min_m: 0.01, max_m: 10, shift_m: 3.5, codes: 4096 } as const;

const { min_m, max_m, shift_m, codes } = depthCoding;
const low = Math.log(min_m + shift_m);
const span = Math.log(max_m + shift_m) - low;

/** Codes of depths in metres; what is nearer than 1 cm, not seen or not finite gets code 0. */
export function depthCodes(depth_m: Float32Array, out: Uint16Array): void {
  for (let i = 0; i < depth_m.length; i++) {
    const share = (Math.log(depth_m[i] + shift_m) - low) / span;
    const code = Math.round(share * (codes - 1));
    out[i] = code > 0 ? Math.min(codes - 1, code) : 0;
  }
}

/** The depth that a code stands for, in metres. */
export function depthOf_m(code: number): number {
  return Math.exp((code / (codes - 1)) * span + low) - shift_m;
}
