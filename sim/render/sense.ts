/**
 * From the depth buffer to the inverse depth a stereo camera would report; 0 is a hole.
 *
 * The noise of a pixel is a function of the frame's seed and the pixel alone. Arithmetic is rounded
 * as in `as/sensor.as.ts`, so that both backends add the same noise.
 */

import type { DepthBuffer } from "./raster.ts";
import type { Sight } from "./sight.ts";
import type { SensorSpec } from "./types.ts";

const { fround, imul } = Math;

// 1 / standard deviation of the sum of four uniform bytes, sqrt(4 (256^2 - 1) / 12)
const PER_SIGMA = fround(0.006765877);
const BYTES_MEAN = 510;

/** A 32-bit hash: lowbias32 (Wellons, 2018). */
export function hash(value: number): number {
  let x = value;
  x = imul(x ^ (x >>> 16), 0x7feb352d);
  x = imul(x ^ (x >>> 15), 0x846ca68b);
  return (x ^ (x >>> 16)) >>> 0;
}

/** Without a sensor: the truth. */
export function copyTruth(buffer: DepthBuffer, out: Float32Array): void {
  const { inverse, slots } = buffer;
  for (let i = 0; i < out.length; i++) out[i] = slots[i] === 0 ? 0 : inverse[i];
}

/** Noise, quantisation, holes, edges and range; then the shadow of the second imager. */
export function sense(
  sensor: SensorSpec,
  sight: Sight,
  buffer: DepthBuffer,
  holeOfSlot: Float32Array,
  seed: number,
  out: Float32Array,
): void {
  const { inverse, slots, width } = buffer;
  const scale = fround(fround(fround(sensor.sigmaInverseDepth) * fround(sight.noise)) * PER_SIGMA);
  const step = fround(sensor.stepInverseDepth);
  const perStep = step > 0 ? fround(1 / step) : 0;
  const lowest = fround(1 / Math.min(sensor.maxDepth_m, sight.far_m));
  const highest = fround(1 / sensor.minDepth_m);
  const edgeLimit = Math.trunc(sensor.edgeDropout * 65536);
  const base = hash(seed);
  for (let i = 0; i < out.length; i++) {
    out[i] = 0;
    const slot = slots[i];
    if (slot === 0) continue;
    const h = hash(base + i);
    const h2 = hash(h ^ 0x9e3779b9);
    let seen = fround(inverse[i] + fround(fround(sumOfBytes(h) - BYTES_MEAN) * scale));
    if (step > 0) seen = fround(roundHalfEven(fround(seen * perStep)) * step);
    if (seen < lowest || seen > highest) continue;
    if (h2 >>> 16 < holeLimit(sensor.holeProbability, holeOfSlot[slot])) continue;
    if ((h2 & 0xffff) < edgeLimit && isEdge(inverse, i, width, sensor.edgeJump)) continue;
    out[i] = seen;
  }
  if (sensor.stereoBaseline_m > 0) {
    castShadow(buffer, sight.focalX * sensor.stereoBaseline_m, out);
  }
}

// a surface's own holes are independent of the sensor's; in 1/65536
function holeLimit(sensor: number, surface: number): number {
  return Math.trunc((sensor + surface - sensor * surface) * 65536);
}

function sumOfBytes(h: number): number {
  return (h & 255) + ((h >>> 8) & 255) + ((h >>> 16) & 255) + (h >>> 24);
}

function roundHalfEven(x: number): number {
  const rounded = Math.round(x);
  return rounded - x === 0.5 && rounded % 2 !== 0 ? rounded - 1 : rounded;
}

// against the neighbours to the right and below; the last column and row are their own
function isEdge(inverse: Float32Array, i: number, width: number, jump: number): boolean {
  const w = inverse[i];
  const right = (i + 1) % width === 0 ? w : inverse[i + 1];
  const below = i + width < inverse.length ? inverse[i + width] : w;
  return Math.max(Math.abs(right - w), Math.abs(below - w)) > jump * w;
}

/*
 * What the right camera of a left-referenced pair does not see is a hole: a point lies in the right
 * image at x - f B w, and is hidden when something to its right in the left image lies there or left
 * of there. A quarter pixel of slack decides ties.
 */
function castShadow(buffer: DepthBuffer, focalTimesBaseline: number, out: Float32Array): void {
  const { inverse, width } = buffer;
  for (let row = 0; row < out.length; row += width) {
    let leftmost = Number.POSITIVE_INFINITY;
    for (let x = width - 1; x >= 0; x--) {
      const there = x - focalTimesBaseline * inverse[row + x];
      if (there > leftmost - 0.25 || there < -0.5) out[row + x] = 0;
      leftmost = Math.min(leftmost, there);
    }
  }
}
