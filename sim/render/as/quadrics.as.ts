// @ts-nocheck: AssemblyScript.
/** Sweeps of spheres and cylinders: roots of a square whose sign says whether the ray meets them. */

import {
  atRow,
  commit,
  least,
  most,
  nearestKey,
  perQuad,
  rowEnd,
  rowStart,
  slotKey,
  tag,
  y0,
  y1,
} from "./depth-buffer.as.ts";
import { record, SPHERE_SCALE } from "./records.as.ts";

// commit, where `square` is not negative
function commitInside(p: usize, key: v128, exit: v128, limit: v128, square: v128): void {
  commit(p, v128.and(key, f32x4.ge(square, f32x4.splat(0))), exit, limit);
}

export function sweepSphere(z: usize): void {
  const r0 = perQuad(0);
  const r1 = perQuad(1);
  const r2 = perQuad(2);
  const s0 = slotKey(0);
  const limit = nearestKey();
  const scale = f32x4.splat(load<f32>(record + SPHERE_SCALE));
  for (let y = y0; y < y1; y++) {
    const row = f32x4.splat(<f32>y);
    let f0 = atRow(0, row);
    let f1 = atRow(1, row);
    let f2 = atRow(2, row);
    const end = rowEnd(z, y);
    for (let p = rowStart(z, y); p < end; p += 16) {
      const across = f32x4.add(f32x4.mul(f0, f0), f32x4.mul(f1, f1));
      const square = f32x4.sub(f32x4.mul(f2, f2), across);
      const w = f32x4.add(f32x4.mul(f2, scale), f32x4.sqrt(square));
      commitInside(p, tag(w, s0), i32x4.splat(0), limit, square);
      f0 = f32x4.add(f0, r0);
      f1 = f32x4.add(f1, r1);
      f2 = f32x4.add(f2, r2);
    }
  }
}

/** Camera beside it: only the side is seen. */
export function sweepCylinderSide(z: usize): void {
  const r0 = perQuad(0);
  const r1 = perQuad(1);
  const r2 = perQuad(2);
  const r3 = perQuad(3);
  const r4 = perQuad(4);
  const r5 = perQuad(5);
  const s0 = slotKey(0);
  const limit = nearestKey();
  for (let y = y0; y < y1; y++) {
    const row = f32x4.splat(<f32>y);
    let f0 = atRow(0, row);
    let f1 = atRow(1, row);
    let f2 = atRow(2, row);
    let f3 = atRow(3, row);
    let f4 = atRow(4, row);
    let f5 = atRow(5, row);
    const end = rowEnd(z, y);
    for (let p = rowStart(z, y); p < end; p += 16) {
      const around = f32x4.add(f32x4.mul(f0, f0), f32x4.mul(f1, f1));
      const square = f32x4.sub(around, f32x4.mul(f2, f2));
      const root = f32x4.sqrt(square);
      const exit = most(most(f32x4.sub(f3, root), f4), f5);
      commitInside(p, tag(f32x4.add(f3, root), s0), exit, limit, square);
      f0 = f32x4.add(f0, r0);
      f1 = f32x4.add(f1, r1);
      f2 = f32x4.add(f2, r2);
      f3 = f32x4.add(f3, r3);
      f4 = f32x4.add(f4, r4);
      f5 = f32x4.add(f5, r5);
    }
  }
}

/** Camera beside it and beyond a cap. */
export function sweepCylinderCap(z: usize): void {
  const r0 = perQuad(0);
  const r1 = perQuad(1);
  const r2 = perQuad(2);
  const r3 = perQuad(3);
  const r4 = perQuad(4);
  const r5 = perQuad(5);
  const s0 = slotKey(0);
  const s1 = slotKey(1);
  const limit = nearestKey();
  for (let y = y0; y < y1; y++) {
    const row = f32x4.splat(<f32>y);
    let f0 = atRow(0, row);
    let f1 = atRow(1, row);
    let f2 = atRow(2, row);
    let f3 = atRow(3, row);
    let f4 = atRow(4, row);
    let f5 = atRow(5, row);
    const end = rowEnd(z, y);
    for (let p = rowStart(z, y); p < end; p += 16) {
      const around = f32x4.add(f32x4.mul(f0, f0), f32x4.mul(f1, f1));
      const square = f32x4.sub(around, f32x4.mul(f2, f2));
      const root = f32x4.sqrt(square);
      const key = least(tag(f32x4.add(f3, root), s0), tag(f4, s1));
      commitInside(p, key, most(f32x4.sub(f3, root), f5), limit, square);
      f0 = f32x4.add(f0, r0);
      f1 = f32x4.add(f1, r1);
      f2 = f32x4.add(f2, r2);
      f3 = f32x4.add(f3, r3);
      f4 = f32x4.add(f4, r4);
      f5 = f32x4.add(f5, r5);
    }
  }
}

/** Camera within its radius, beyond a cap. */
export function sweepCylinderAbove(z: usize): void {
  const r0 = perQuad(0);
  const r1 = perQuad(1);
  const r2 = perQuad(2);
  const r3 = perQuad(3);
  const r4 = perQuad(4);
  const r5 = perQuad(5);
  const s1 = slotKey(1);
  const limit = nearestKey();
  for (let y = y0; y < y1; y++) {
    const row = f32x4.splat(<f32>y);
    let f0 = atRow(0, row);
    let f1 = atRow(1, row);
    let f2 = atRow(2, row);
    let f3 = atRow(3, row);
    let f4 = atRow(4, row);
    let f5 = atRow(5, row);
    const end = rowEnd(z, y);
    for (let p = rowStart(z, y); p < end; p += 16) {
      const around = f32x4.add(f32x4.mul(f0, f0), f32x4.mul(f1, f1));
      const square = f32x4.sub(around, f32x4.mul(f2, f2));
      const root = f32x4.sqrt(square);
      const exit = most(f32x4.add(f3, root), f5);
      commitInside(p, tag(f4, s1), exit, limit, square);
      f0 = f32x4.add(f0, r0);
      f1 = f32x4.add(f1, r1);
      f2 = f32x4.add(f2, r2);
      f3 = f32x4.add(f3, r3);
      f4 = f32x4.add(f4, r4);
      f5 = f32x4.add(f5, r5);
    }
  }
}
