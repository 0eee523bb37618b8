// @ts-nocheck: AssemblyScript.
/**
 * From the depth buffer to the inverse depth a stereo camera would report; 0 is a hole.
 *
 * The noise of a pixel is a function of the frame's seed and the pixel alone, so that it does not
 * depend on which views are rendered together, or in which order.
 */

import { INVERSE_DEPTH_BITS } from "./depth-buffer.as.ts";
import { far, focalX, height, noise, width } from "./geometry.as.ts";
import { holeOfSlot, slots } from "./records.as.ts";

// 1 / standard deviation of the sum of four uniform bytes, sqrt(4 (256^2 - 1) / 12)
const PER_SIGMA: f32 = 0.006765877;
const BYTES_MEAN: f32 = 510;

let active: bool = false;
let sigma: f32 = 0;
let step: f32 = 0;
let minDepth: f32 = 0;
let maxDepth: f32 = 0;
let edgeDropout: f32 = 0;
let edgeJump: f32 = 0;
let holeProbability: f32 = 0;
let baseline: f32 = 0;

// probability of a hole per slot, in 1/65536
const holeLimitOfSlot: usize = memory.data(256 * 4, 16);

export function setSensor(
  on: bool,
  sigmaInverseDepth: f32,
  stepInverseDepth: f32,
  minDepth_m: f32,
  maxDepth_m: f32,
  edgeDropoutProbability: f32,
  relativeEdgeJump: f32,
  probabilityOfHole: f32,
  stereoBaseline_m: f32,
): void {
  active = on;
  sigma = sigmaInverseDepth;
  step = stepInverseDepth;
  minDepth = minDepth_m;
  maxDepth = maxDepth_m;
  edgeDropout = edgeDropoutProbability;
  edgeJump = relativeEdgeJump;
  holeProbability = probabilityOfHole;
  baseline = stereoBaseline_m;
}

export function sensorIsOn(): bool {
  return active;
}

/** The true inverse depth at four pixels; 0 where nothing is hit. */
export function trueInverseDepth(key: v128): v128 {
  const slot = v128.and(key, i32x4.splat(255));
  return v128.and(middle(key), i32x4.ne(slot, i32x4.splat(0)));
}

// the slot bits give way to the middle of what they may have hidden
function middle(key: v128): v128 {
  return v128.or(v128.and(key, i32x4.splat(INVERSE_DEPTH_BITS)), i32x4.splat(128));
}

/** Without a sensor: the truth. */
export function copyTruth(z: usize, out: usize): void {
  const bytes = (<usize>(width * height)) << 2;
  for (let i: usize = 0; i < bytes; i += 16) {
    v128.store(out + i, trueInverseDepth(v128.load(z + i)));
  }
}

/** Noise, quantisation, holes, edges and range; then the shadow. */
export function sense(z: usize, out: usize, seed: u32): void {
  prepareHoles();
  senseRows(z, out, <i32>hash1(seed));
  if (baseline > 0) castShadow(z, out, focalX * baseline);
}

// lowbias32 (Wellons, 2018)
function hash1(x: u32): u32 {
  x ^= x >>> 16;
  x *= 0x7feb352d;
  x ^= x >>> 15;
  x *= 0x846ca68b;
  return x ^ (x >>> 16);
}

function hash4(x: v128): v128 {
  x = v128.xor(x, i32x4.shr_u(x, 16));
  x = i32x4.mul(x, i32x4.splat(0x7feb352d));
  x = v128.xor(x, i32x4.shr_u(x, 15));
  x = i32x4.mul(x, i32x4.splat(<i32>0x846ca68b));
  return v128.xor(x, i32x4.shr_u(x, 16));
}

// a surface's own holes are independent of the sensor's
function prepareHoles(): void {
  for (let i = 0; i < slots; i++) {
    const own = load<f32>(holeOfSlot + ((<usize>i) << 2));
    const either: f32 = holeProbability + own - holeProbability * own;
    store<i32>(holeLimitOfSlot + ((<usize>i) << 2), <i32>(either * 65536));
  }
}

function holeLimit(p: usize): v128 {
  const a = load<i32>(holeLimitOfSlot + ((<usize>load<u8>(p)) << 2));
  const b = load<i32>(holeLimitOfSlot + ((<usize>load<u8>(p, 4)) << 2));
  const c = load<i32>(holeLimitOfSlot + ((<usize>load<u8>(p, 8)) << 2));
  const d = load<i32>(holeLimitOfSlot + ((<usize>load<u8>(p, 12)) << 2));
  const ab = i32x4.replace_lane(i32x4.splat(a), 1, b);
  return i32x4.replace_lane(i32x4.replace_lane(ab, 2, c), 3, d);
}

// the sum of four bytes, made standard normal (Irwin-Hall)
function normal(h: v128): v128 {
  const even = i32x4.splat(0x00ff00ff);
  const pairs = i32x4.add(v128.and(h, even), v128.and(i32x4.shr_u(h, 8), even));
  const low = v128.and(pairs, i32x4.splat(0xffff));
  const sum = f32x4.convert_i32x4_s(i32x4.add(low, i32x4.shr_u(pairs, 16)));
  return f32x4.sub(sum, f32x4.splat(BYTES_MEAN));
}

function senseRows(z: usize, out: usize, base: i32): void {
  const bytes = (<usize>width) << 2;
  const scale = f32x4.splat(sigma * noise * PER_SIGMA);
  const quantum = f32x4.splat(step);
  const perQuantum = f32x4.splat(step > 0 ? <f32>1 / step : 0);
  const lowest = f32x4.splat(<f32>1 / min<f32>(maxDepth, far));
  const highest = f32x4.splat(<f32>1 / minDepth);
  const jump = f32x4.splat(edgeJump);
  const edgeLimit = i32x4.splat(<i32>(edgeDropout * 65536));
  let counter = i32x4.add(i32x4.splat(base), i32x4(0, 1, 2, 3));
  for (let y = 0; y < height; y++) {
    const below: usize = y + 1 < height ? bytes : 0;
    const last = z + bytes - 16;
    for (; z <= last; z += 16, out += 16) {
      const key = v128.load(z);
      const w = trueInverseDepth(key);
      const h = hash4(counter);
      const h2 = hash4(v128.xor(h, i32x4.splat(<i32>0x9e3779b9)));
      counter = i32x4.add(counter, i32x4.splat(4));
      let seen = f32x4.add(w, f32x4.mul(normal(h), scale));
      if (step > 0) seen = f32x4.mul(f32x4.nearest(f32x4.mul(seen, perQuantum)), quantum);
      // neighbours to the right and below; the last column and row are their own
      const right = z < last ? v128.load(z, 4) : v128.shuffle<i32>(key, key, 1, 2, 3, 3);
      const under = v128.load(z + below);
      const dx = f32x4.abs(f32x4.sub(right, key));
      const dy = f32x4.abs(f32x4.sub(under, key));
      const edge = f32x4.gt(f32x4.pmax(dx, dy), f32x4.mul(jump, key));
      const dropped = v128.and(edge, i32x4.lt_s(v128.and(h2, i32x4.splat(0xffff)), edgeLimit));
      const hole = i32x4.lt_s(i32x4.shr_u(h2, 16), holeLimit(z));
      const inRange = v128.and(f32x4.ge(seen, lowest), f32x4.le(seen, highest));
      const hit = f32x4.gt(w, f32x4.splat(0));
      const kept = v128.andnot(v128.and(inRange, hit), v128.or(dropped, hole));
      v128.store(out, v128.and(seen, kept));
    }
  }
}

/**
 * What the right camera of a left-referenced pair does not see is a hole: a point lies in the right
 * image at x - f B w, and is hidden when something to its right in the left image lies there or left
 * of there. A quarter pixel of slack decides ties.
 */
function castShadow(z: usize, out: usize, focalTimesBaseline: f32): void {
  for (let y = 0; y < height; y++) {
    let leftmost: f32 = f32.MAX_VALUE;
    const row = (<usize>(y * width)) << 2;
    for (let x = width - 1; x >= 0; x--) {
      const at = row + ((<usize>x) << 2);
      const there: f32 = <f32>x - focalTimesBaseline * load<f32>(z + at);
      if (there > leftmost - 0.25 || there < -0.5) store<f32>(out + at, 0);
      leftmost = min<f32>(leftmost, there);
    }
  }
}
