// @ts-nocheck: AssemblyScript.
/**
 * The depth buffer, and the four pixels at a time in which records are swept over it.
 *
 * A pixel is one i32: the bits of the inverse depth with the low 8 replaced by the slot. Positive
 * floats order as integers, so one signed maximum is depth test, identity and blend at once; negative
 * ones lose against the empty pixel. 15 bits of mantissa remain: 3e-5 relative.
 */

import { near, width } from "./geometry.as.ts";
import { FUNCTIONS, record } from "./records.as.ts";

export const INVERSE_DEPTH_BITS: i32 = ~0xff;

/** The rows of the record being swept. */
export let y0: i32 = 0;
export let y1: i32 = 0;

let slot: i32 = 0;
let x0: i32 = 0;
let x1: i32 = 0;
// hits nearer than the near plane are not drawn
let nearest: i32 = 0;

// per function: its values at the four leftmost pixels of row 0, and its change per row
const starts: usize = memory.data(6 * 16, 16);
const downs: usize = memory.data(6 * 16, 16);

/** Every pixel at the far plane, slot 0. */
export function clear(z: usize, pixels: i32, far: f32): void {
  const empty = i32x4.splat(reinterpret<i32>(<f32>1 / far) & INVERSE_DEPTH_BITS);
  for (let p = z, end = z + ((<usize>pixels) << 2); p < end; p += 16) v128.store(p, empty);
}

/** Readies the current record and its six functions; returns its kind. */
export function startSweep(): i32 {
  slot = load<i32>(record, 4);
  x0 = load<i32>(record, 8) & ~3;
  x1 = load<i32>(record, 12);
  y0 = load<i32>(record, 16);
  y1 = load<i32>(record, 20);
  nearest = reinterpret<i32>(<f32>1 / near) | 255;
  let at = record + FUNCTIONS;
  for (let k: usize = 0; k < 96; k += 16, at += 12) {
    const a = f32x4.splat(load<f32>(at) + load<f32>(at, 4) * <f32>x0);
    const b = f32x4.mul(f32x4.splat(load<f32>(at, 4)), f32x4(0, 1, 2, 3));
    v128.store(starts + k, f32x4.add(a, b));
    v128.store(downs + k, f32x4.splat(load<f32>(at, 8)));
  }
  return load<i32>(record);
}

/** Function k at the leftmost four pixels of row y. */
export function atRow(k: usize, y: v128): v128 {
  return f32x4.add(v128.load(starts + (k << 4)), f32x4.mul(v128.load(downs + (k << 4)), y));
}

/** Its change from four pixels to the next four. */
export function perQuad(k: usize): v128 {
  return f32x4.splat(4 * load<f32>(record + FUNCTIONS + k * 12, 4));
}

export function rowStart(z: usize, y: i32): usize {
  return z + ((<usize>(y * width + x0)) << 2);
}

export function rowEnd(z: usize, y: i32): usize {
  return z + ((<usize>(y * width + x1)) << 2);
}

/** The largest key that is not nearer than the near plane. */
export function nearestKey(): v128 {
  return i32x4.splat(nearest);
}

/** The slot of the record's k-th surface. */
export function slotKey(k: i32): v128 {
  return i32x4.splat(slot + k);
}

export function tag(w: v128, slot: v128): v128 {
  return v128.or(v128.and(w, i32x4.splat(INVERSE_DEPTH_BITS)), slot);
}

export function least(a: v128, b: v128): v128 {
  return i32x4.min_s(a, b);
}

export function most(a: v128, b: v128): v128 {
  return i32x4.max_s(a, b);
}

/** Keeps `key` where it is nearer than what is there, behind no exit, and beyond the near plane. */
export function commit(p: usize, key: v128, exit: v128, nearest: v128): void {
  const hit = v128.and(i32x4.gt_s(key, exit), i32x4.le_s(key, nearest));
  v128.store(p, i32x4.max_s(v128.load(p), v128.and(key, hit)));
}
