// @ts-nocheck: AssemblyScript.
/**
 * Sweeps of what has flat faces. The entered planes of a convex solid come first: it is seen at the
 * least of them, where that is behind none of the planes left.
 */

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

/** A solid that shows one face. */
export function sweepOneFace(z: usize): void {
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

/** A solid that shows two. */
export function sweepTwoFaces(z: usize): void {
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

/** A solid that shows three. */
export function sweepThreeFaces(z: usize): void {
  const r0 = perQuad(0);
  const r1 = perQuad(1);
  const r2 = perQuad(2);
  const r3 = perQuad(3);
  const r4 = perQuad(4);
  const r5 = perQuad(5);
  const s0 = slotKey(0);
  const s1 = slotKey(1);
  const s2 = slotKey(2);
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

/** Seen from inside: the nearest plane ahead. */
export function sweepRoom(z: usize): void {
  const r0 = perQuad(0);
  const r1 = perQuad(1);
  const r2 = perQuad(2);
  const r3 = perQuad(3);
  const r4 = perQuad(4);
  const r5 = perQuad(5);
  const s0 = slotKey(0);
  const s1 = slotKey(1);
  const s2 = slotKey(2);
  const s3 = slotKey(3);
  const s4 = slotKey(4);
  const s5 = slotKey(5);
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
      const x = most(tag(f0, s0), tag(f1, s1));
      const across = most(tag(f2, s2), tag(f3, s3));
      const upright = most(tag(f4, s4), tag(f5, s5));
      commit(p, most(most(x, across), upright), i32x4.splat(0), limit);
      f0 = f32x4.add(f0, r0);
      f1 = f32x4.add(f1, r1);
      f2 = f32x4.add(f2, r2);
      f3 = f32x4.add(f3, r3);
      f4 = f32x4.add(f4, r4);
      f5 = f32x4.add(f5, r5);
    }
  }
}
