/** Every bit of some arrays in one word, to compare runs by. */

import { createHash } from "node:crypto";

export function hashOf(arrays: Iterable<Float32Array | Float64Array>): string {
  const hash = createHash("sha256");
  for (const { buffer, byteOffset, byteLength } of arrays) {
    hash.update(new Uint8Array(buffer, byteOffset, byteLength));
  }
  return hash.digest("hex").slice(0, 16);
}
