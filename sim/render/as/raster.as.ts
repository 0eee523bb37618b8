// @ts-nocheck: AssemblyScript.
/**
 * Records into the depth buffer, four pixels at a time.
 *
 * A pixel is one i32: the bits of the inverse depth with the low 8 replaced by the slot. Positive
 * floats order as integers, so one signed maximum is depth test, identity and blend at once; negative
 * ones lose against the empty pixel. 15 bits of mantissa remain: 3e-5 relative.
 */

import { near, width } from "./geometry.as.ts";
import {
  CYLINDER_ABOVE,
  CYLINDER_CAP,
  CYLINDER_SIDE,
  FUNCTIONS,
  record,
  SPHERE,
  SPHERE_SCALE,
} from "./records.as.ts";

export const INVERSE_DEPTH_BITS: i32 = ~0xff;

let x0: i32 = 0;
let x1: i32 = 0;
let y0: i32 = 0;
let y1: i32 = 0;
let slot: i32 = 0;
// hits nearer than the near plane are not drawn
let nearest: i32 = 0;

/** Every pixel at the far plane, slot 0. */
export function clear(z: usize, pixels: i32, far: f32): void {
  const empty = i32x4.splat(reinterpret<i32>(<f32>1 / far) & INVERSE_DEPTH_BITS);
  for (let p = z, end = z + ((<usize>pixels) << 2); p < end; p += 16) v128.store(p, empty);
}

/** Draws the current record. */
export function draw(z: usize): void {
  slot = load<i32>(record, 4);
  x0 = load<i32>(record, 8) & ~3;
  x1 = load<i32>(record, 12);
  y0 = load<i32>(record, 16);
  y1 = load<i32>(record, 20);
  nearest = reinterpret<i32>(<f32>1 / near) | 255;
  const kind = load<i32>(record);
  if (kind === 1) drawSolid1(z);
  else if (kind === 2) drawSolid2(z);
  else if (kind === 3) drawSolid3(z);
  else if (kind === SPHERE) drawSphere(z);
  else if (kind === CYLINDER_SIDE) drawCylinderSide(z);
  else if (kind === CYLINDER_CAP) drawCylinderCap(z);
  else if (kind === CYLINDER_ABOVE) drawCylinderAbove(z);
  else drawRoom(z);
}

// function k at the four leftmost pixels of row 0, and its change per four pixels and per row
function start(k: usize): v128 {
  const a = load<f32>(record + FUNCTIONS + k * 12);
  const b = load<f32>(record + FUNCTIONS + k * 12, 4);
  return f32x4.add(f32x4.splat(a + b * <f32>x0), f32x4.mul(f32x4.splat(b), f32x4(0, 1, 2, 3)));
}

function right(k: usize): v128 {
  return f32x4.splat(4 * load<f32>(record + FUNCTIONS + k * 12, 4));
}

function down(k: usize): v128 {
  return f32x4.splat(load<f32>(record + FUNCTIONS + k * 12, 8));
}

function atRow(start: v128, down: v128, y: v128): v128 {
  return f32x4.add(start, f32x4.mul(down, y));
}

function tag(w: v128, slot: v128): v128 {
  return v128.or(v128.and(w, i32x4.splat(INVERSE_DEPTH_BITS)), slot);
}

function least(a: v128, b: v128): v128 {
  return i32x4.min_s(a, b);
}

function most(a: v128, b: v128): v128 {
  return i32x4.max_s(a, b);
}

// keeps `key` where it is nearer than what is there, behind no exit, and beyond the near plane
function commit(p: usize, key: v128, exit: v128, nearest: v128): void {
  const hit = v128.and(i32x4.gt_s(key, exit), i32x4.le_s(key, nearest));
  v128.store(p, i32x4.max_s(v128.load(p), v128.and(key, hit)));
}

// the same, where `inside` says whether the ray meets the quadric at all
function commitInside(p: usize, key: v128, exit: v128, nearest: v128, inside: v128): void {
  commit(p, v128.and(key, inside), exit, nearest);
}

// one entered plane
function drawSolid1(z: usize): void {
  const a0 = start(0);
  const r0 = right(0);
  const d0 = down(0);
  const a1 = start(1);
  const r1 = right(1);
  const d1 = down(1);
  const a2 = start(2);
  const r2 = right(2);
  const d2 = down(2);
  const a3 = start(3);
  const r3 = right(3);
  const d3 = down(3);
  const a4 = start(4);
  const r4 = right(4);
  const d4 = down(4);
  const a5 = start(5);
  const r5 = right(5);
  const d5 = down(5);
  const s0 = i32x4.splat(slot);
  const limit = i32x4.splat(nearest);
  for (let y = y0; y < y1; y++) {
    const row = f32x4.splat(<f32>y);
    let f0 = atRow(a0, d0, row);
    let f1 = atRow(a1, d1, row);
    let f2 = atRow(a2, d2, row);
    let f3 = atRow(a3, d3, row);
    let f4 = atRow(a4, d4, row);
    let f5 = atRow(a5, d5, row);
    const end = z + ((<usize>(y * width + x1)) << 2);
    for (let p = z + ((<usize>(y * width + x0)) << 2); p < end; p += 16) {
      const exit = most(most(most(f1, f2), f3), most(f4, f5));
      commit(p, tag(f0, s0), exit, limit);
      f0 = f32x4.add(f0, r0);
      f1 = f32x4.add(f1, r1);
      f2 = f32x4.add(f2, r2);
      f3 = f32x4.add(f3, r3);
      f4 = f32x4.add(f4, r4);
      f5 = f32x4.add(f5, r5);
    }
  }
}

function drawSolid2(z: usize): void {
  const a0 = start(0);
  const r0 = right(0);
  const d0 = down(0);
  const a1 = start(1);
  const r1 = right(1);
  const d1 = down(1);
  const a2 = start(2);
  const r2 = right(2);
  const d2 = down(2);
  const a3 = start(3);
  const r3 = right(3);
  const d3 = down(3);
  const a4 = start(4);
  const r4 = right(4);
  const d4 = down(4);
  const a5 = start(5);
  const r5 = right(5);
  const d5 = down(5);
  const s0 = i32x4.splat(slot);
  const s1 = i32x4.splat(slot + 1);
  const limit = i32x4.splat(nearest);
  for (let y = y0; y < y1; y++) {
    const row = f32x4.splat(<f32>y);
    let f0 = atRow(a0, d0, row);
    let f1 = atRow(a1, d1, row);
    let f2 = atRow(a2, d2, row);
    let f3 = atRow(a3, d3, row);
    let f4 = atRow(a4, d4, row);
    let f5 = atRow(a5, d5, row);
    const end = z + ((<usize>(y * width + x1)) << 2);
    for (let p = z + ((<usize>(y * width + x0)) << 2); p < end; p += 16) {
      const exit = most(most(f2, f3), most(f4, f5));
      commit(p, least(tag(f0, s0), tag(f1, s1)), exit, limit);
      f0 = f32x4.add(f0, r0);
      f1 = f32x4.add(f1, r1);
      f2 = f32x4.add(f2, r2);
      f3 = f32x4.add(f3, r3);
      f4 = f32x4.add(f4, r4);
      f5 = f32x4.add(f5, r5);
    }
  }
}

function drawSolid3(z: usize): void {
  const a0 = start(0);
  const r0 = right(0);
  const d0 = down(0);
  const a1 = start(1);
  const r1 = right(1);
  const d1 = down(1);
  const a2 = start(2);
  const r2 = right(2);
  const d2 = down(2);
  const a3 = start(3);
  const r3 = right(3);
  const d3 = down(3);
  const a4 = start(4);
  const r4 = right(4);
  const d4 = down(4);
  const a5 = start(5);
  const r5 = right(5);
  const d5 = down(5);
  const s0 = i32x4.splat(slot);
  const s1 = i32x4.splat(slot + 1);
  const s2 = i32x4.splat(slot + 2);
  const limit = i32x4.splat(nearest);
  for (let y = y0; y < y1; y++) {
    const row = f32x4.splat(<f32>y);
    let f0 = atRow(a0, d0, row);
    let f1 = atRow(a1, d1, row);
    let f2 = atRow(a2, d2, row);
    let f3 = atRow(a3, d3, row);
    let f4 = atRow(a4, d4, row);
    let f5 = atRow(a5, d5, row);
    const end = z + ((<usize>(y * width + x1)) << 2);
    for (let p = z + ((<usize>(y * width + x0)) << 2); p < end; p += 16) {
      const key = least(least(tag(f0, s0), tag(f1, s1)), tag(f2, s2));
      commit(p, key, most(most(f3, f4), f5), limit);
      f0 = f32x4.add(f0, r0);
      f1 = f32x4.add(f1, r1);
      f2 = f32x4.add(f2, r2);
      f3 = f32x4.add(f3, r3);
      f4 = f32x4.add(f4, r4);
      f5 = f32x4.add(f5, r5);
    }
  }
}

function drawSphere(z: usize): void {
  const a0 = start(0);
  const r0 = right(0);
  const d0 = down(0);
  const a1 = start(1);
  const r1 = right(1);
  const d1 = down(1);
  const a2 = start(2);
  const r2 = right(2);
  const d2 = down(2);
  const s0 = i32x4.splat(slot);
  const limit = i32x4.splat(nearest);
  const scale = f32x4.splat(load<f32>(record + SPHERE_SCALE));
  const zero = f32x4.splat(0);
  for (let y = y0; y < y1; y++) {
    const row = f32x4.splat(<f32>y);
    let f0 = atRow(a0, d0, row);
    let f1 = atRow(a1, d1, row);
    let f2 = atRow(a2, d2, row);
    const end = z + ((<usize>(y * width + x1)) << 2);
    for (let p = z + ((<usize>(y * width + x0)) << 2); p < end; p += 16) {
      const across = f32x4.add(f32x4.mul(f0, f0), f32x4.mul(f1, f1));
      const square = f32x4.sub(f32x4.mul(f2, f2), across);
      const key = tag(f32x4.add(f32x4.mul(f2, scale), f32x4.sqrt(square)), s0);
      commitInside(p, key, zero, limit, f32x4.ge(square, zero));
      f0 = f32x4.add(f0, r0);
      f1 = f32x4.add(f1, r1);
      f2 = f32x4.add(f2, r2);
    }
  }
}

// camera beside it: only the side is seen
function drawCylinderSide(z: usize): void {
  const a0 = start(0);
  const r0 = right(0);
  const d0 = down(0);
  const a1 = start(1);
  const r1 = right(1);
  const d1 = down(1);
  const a2 = start(2);
  const r2 = right(2);
  const d2 = down(2);
  const a3 = start(3);
  const r3 = right(3);
  const d3 = down(3);
  const a4 = start(4);
  const r4 = right(4);
  const d4 = down(4);
  const a5 = start(5);
  const r5 = right(5);
  const d5 = down(5);
  const s0 = i32x4.splat(slot);
  const limit = i32x4.splat(nearest);
  const zero = f32x4.splat(0);
  for (let y = y0; y < y1; y++) {
    const row = f32x4.splat(<f32>y);
    let f0 = atRow(a0, d0, row);
    let f1 = atRow(a1, d1, row);
    let f2 = atRow(a2, d2, row);
    let f3 = atRow(a3, d3, row);
    let f4 = atRow(a4, d4, row);
    let f5 = atRow(a5, d5, row);
    const end = z + ((<usize>(y * width + x1)) << 2);
    for (let p = z + ((<usize>(y * width + x0)) << 2); p < end; p += 16) {
      const along = f32x4.add(f32x4.mul(f0, f0), f32x4.mul(f1, f1));
      const square = f32x4.sub(along, f32x4.mul(f2, f2));
      const root = f32x4.sqrt(square);
      const exit = most(most(f32x4.sub(f3, root), f4), f5);
      const inside = f32x4.ge(square, zero);
      commitInside(p, tag(f32x4.add(f3, root), s0), exit, limit, inside);
      f0 = f32x4.add(f0, r0);
      f1 = f32x4.add(f1, r1);
      f2 = f32x4.add(f2, r2);
      f3 = f32x4.add(f3, r3);
      f4 = f32x4.add(f4, r4);
      f5 = f32x4.add(f5, r5);
    }
  }
}

// camera beside it and beyond a cap
function drawCylinderCap(z: usize): void {
  const a0 = start(0);
  const r0 = right(0);
  const d0 = down(0);
  const a1 = start(1);
  const r1 = right(1);
  const d1 = down(1);
  const a2 = start(2);
  const r2 = right(2);
  const d2 = down(2);
  const a3 = start(3);
  const r3 = right(3);
  const d3 = down(3);
  const a4 = start(4);
  const r4 = right(4);
  const d4 = down(4);
  const a5 = start(5);
  const r5 = right(5);
  const d5 = down(5);
  const s0 = i32x4.splat(slot);
  const s1 = i32x4.splat(slot + 1);
  const limit = i32x4.splat(nearest);
  const zero = f32x4.splat(0);
  for (let y = y0; y < y1; y++) {
    const row = f32x4.splat(<f32>y);
    let f0 = atRow(a0, d0, row);
    let f1 = atRow(a1, d1, row);
    let f2 = atRow(a2, d2, row);
    let f3 = atRow(a3, d3, row);
    let f4 = atRow(a4, d4, row);
    let f5 = atRow(a5, d5, row);
    const end = z + ((<usize>(y * width + x1)) << 2);
    for (let p = z + ((<usize>(y * width + x0)) << 2); p < end; p += 16) {
      const along = f32x4.add(f32x4.mul(f0, f0), f32x4.mul(f1, f1));
      const square = f32x4.sub(along, f32x4.mul(f2, f2));
      const root = f32x4.sqrt(square);
      const key = least(tag(f32x4.add(f3, root), s0), tag(f4, s1));
      const inside = f32x4.ge(square, zero);
      commitInside(p, key, most(f32x4.sub(f3, root), f5), limit, inside);
      f0 = f32x4.add(f0, r0);
      f1 = f32x4.add(f1, r1);
      f2 = f32x4.add(f2, r2);
      f3 = f32x4.add(f3, r3);
      f4 = f32x4.add(f4, r4);
      f5 = f32x4.add(f5, r5);
    }
  }
}

// camera within its radius, beyond a cap
function drawCylinderAbove(z: usize): void {
  const a0 = start(0);
  const r0 = right(0);
  const d0 = down(0);
  const a1 = start(1);
  const r1 = right(1);
  const d1 = down(1);
  const a2 = start(2);
  const r2 = right(2);
  const d2 = down(2);
  const a3 = start(3);
  const r3 = right(3);
  const d3 = down(3);
  const a4 = start(4);
  const r4 = right(4);
  const d4 = down(4);
  const a5 = start(5);
  const r5 = right(5);
  const d5 = down(5);
  const s1 = i32x4.splat(slot + 1);
  const limit = i32x4.splat(nearest);
  const zero = f32x4.splat(0);
  for (let y = y0; y < y1; y++) {
    const row = f32x4.splat(<f32>y);
    let f0 = atRow(a0, d0, row);
    let f1 = atRow(a1, d1, row);
    let f2 = atRow(a2, d2, row);
    let f3 = atRow(a3, d3, row);
    let f4 = atRow(a4, d4, row);
    let f5 = atRow(a5, d5, row);
    const end = z + ((<usize>(y * width + x1)) << 2);
    for (let p = z + ((<usize>(y * width + x0)) << 2); p < end; p += 16) {
      const along = f32x4.add(f32x4.mul(f0, f0), f32x4.mul(f1, f1));
      const square = f32x4.sub(along, f32x4.mul(f2, f2));
      const root = f32x4.sqrt(square);
      const exit = most(f32x4.add(f3, root), f5);
      commitInside(p, tag(f4, s1), exit, limit, f32x4.ge(square, zero));
      f0 = f32x4.add(f0, r0);
      f1 = f32x4.add(f1, r1);
      f2 = f32x4.add(f2, r2);
      f3 = f32x4.add(f3, r3);
      f4 = f32x4.add(f4, r4);
      f5 = f32x4.add(f5, r5);
    }
  }
}

// seen from inside: the nearest plane ahead
function drawRoom(z: usize): void {
  const a0 = start(0);
  const r0 = right(0);
  const d0 = down(0);
  const a1 = start(1);
  const r1 = right(1);
  const d1 = down(1);
  const a2 = start(2);
  const r2 = right(2);
  const d2 = down(2);
  const a3 = start(3);
  const r3 = right(3);
  const d3 = down(3);
  const a4 = start(4);
  const r4 = right(4);
  const d4 = down(4);
  const a5 = start(5);
  const r5 = right(5);
  const d5 = down(5);
  const s0 = i32x4.splat(slot);
  const s1 = i32x4.splat(slot + 1);
  const s2 = i32x4.splat(slot + 2);
  const s3 = i32x4.splat(slot + 3);
  const s4 = i32x4.splat(slot + 4);
  const s5 = i32x4.splat(slot + 5);
  const limit = i32x4.splat(nearest);
  for (let y = y0; y < y1; y++) {
    const row = f32x4.splat(<f32>y);
    let f0 = atRow(a0, d0, row);
    let f1 = atRow(a1, d1, row);
    let f2 = atRow(a2, d2, row);
    let f3 = atRow(a3, d3, row);
    let f4 = atRow(a4, d4, row);
    let f5 = atRow(a5, d5, row);
    const end = z + ((<usize>(y * width + x1)) << 2);
    for (let p = z + ((<usize>(y * width + x0)) << 2); p < end; p += 16) {
      const x = most(tag(f0, s0), tag(f1, s1));
      const across = most(tag(f2, s2), tag(f3, s3));
      const height = most(tag(f4, s4), tag(f5, s5));
      const key = most(most(x, across), height);
      commit(p, key, i32x4.splat(0), limit);
      f0 = f32x4.add(f0, r0);
      f1 = f32x4.add(f1, r1);
      f2 = f32x4.add(f2, r2);
      f3 = f32x4.add(f3, r3);
      f4 = f32x4.add(f4, r4);
      f5 = f32x4.add(f5, r5);
    }
  }
}
