// @ts-nocheck: AssemblyScript.
/** Which pixels a primitive can touch: a rectangle that is never too small. */

import {
  centreX,
  centreY,
  focalX,
  focalY,
  height,
  m00,
  m01,
  m02,
  m10,
  m11,
  m12,
  m20,
  m21,
  m22,
  near,
  ox,
  oy,
  oz,
  width,
} from "./geometry.as.ts";

/** Pixels x0 <= x < x1, y0 <= y < y1. */
export let x0: i32 = 0;
export let x1: i32 = 0;
export let y0: i32 = 0;
export let y1: i32 = 0;

// rounding of a projected corner, in pixels
const SLACK: f32 = 0.001;

// projected extent, as tangents
let left: f32 = 0;
let right: f32 = 0;
let upper: f32 = 0;
let lower: f32 = 0;

// eight corners: x, y, depth in the camera frame
const corners: usize = memory.data(96, 16);

export function wholeImage(): void {
  x0 = 0;
  x1 = width;
  y0 = 0;
  y1 = height;
}

/** A box of half-extents (hx, hy, hz), its centre `shift` along the local x axis. False: unseen. */
export function boundBox(hx: f32, hy: f32, hz: f32, shift: f32): bool {
  const ex = shift - ox;
  const cx = m00 * ex - m10 * oy - m20 * oz;
  const cy = m01 * ex - m11 * oy - m21 * oz;
  const cz = m02 * ex - m12 * oy - m22 * oz;
  const reach: f32 = abs<f32>(m02 * hx) + abs<f32>(m12 * hy) + abs<f32>(m22 * hz);
  if (cz + reach < near) return false;
  if (cz - reach >= near) projectCorners(cx, cy, cz, hx, hy, hz);
  else projectClippedCorners(cx, cy, cz, hx, hy, hz);
  return cover();
}

// all corners before the near plane: four lanes are the four signs of the first two axes
function projectCorners(cx: f32, cy: f32, cz: f32, hx: f32, hy: f32, hz: f32): void {
  const s = f32x4(-1, 1, -1, 1);
  const t = f32x4(-1, -1, 1, 1);
  const x = corner4(cx, m00 * hx, m10 * hy, s, t);
  const y = corner4(cy, m01 * hx, m11 * hy, s, t);
  const z = corner4(cz, m02 * hx, m12 * hy, s, t);
  const ax = f32x4.splat(m20 * hz);
  const ay = f32x4.splat(m21 * hz);
  const az = f32x4.splat(m22 * hz);
  const front = f32x4.div(f32x4.splat(1), f32x4.add(z, az));
  const back = f32x4.div(f32x4.splat(1), f32x4.sub(z, az));
  const u0 = f32x4.mul(f32x4.add(x, ax), front);
  const u1 = f32x4.mul(f32x4.sub(x, ax), back);
  const v0 = f32x4.mul(f32x4.add(y, ay), front);
  const v1 = f32x4.mul(f32x4.sub(y, ay), back);
  left = least(f32x4.pmin(u0, u1));
  right = most(f32x4.pmax(u0, u1));
  upper = least(f32x4.pmin(v0, v1));
  lower = most(f32x4.pmax(v0, v1));
}

function corner4(centre: f32, a: f32, b: f32, s: v128, t: v128): v128 {
  return f32x4.add(
    f32x4.add(f32x4.splat(centre), f32x4.mul(s, f32x4.splat(a))),
    f32x4.mul(t, f32x4.splat(b)),
  );
}

function least(v: v128): f32 {
  return min<f32>(
    min<f32>(f32x4.extract_lane(v, 0), f32x4.extract_lane(v, 1)),
    min<f32>(f32x4.extract_lane(v, 2), f32x4.extract_lane(v, 3)),
  );
}

function most(v: v128): f32 {
  return max<f32>(
    max<f32>(f32x4.extract_lane(v, 0), f32x4.extract_lane(v, 1)),
    max<f32>(f32x4.extract_lane(v, 2), f32x4.extract_lane(v, 3)),
  );
}

// corners before the near plane, and the points where edges cross it
function projectClippedCorners(cx: f32, cy: f32, cz: f32, hx: f32, hy: f32, hz: f32): void {
  left = f32.MAX_VALUE;
  right = -f32.MAX_VALUE;
  upper = f32.MAX_VALUE;
  lower = -f32.MAX_VALUE;
  for (let i = 0; i < 8; i++) {
    const a: f32 = i & 1 ? hx : -hx;
    const b: f32 = i & 2 ? hy : -hy;
    const c: f32 = i & 4 ? hz : -hz;
    const at = corners + <usize>i * 12;
    store<f32>(at, cx + m00 * a + m10 * b + m20 * c);
    store<f32>(at, cy + m01 * a + m11 * b + m21 * c, 4);
    store<f32>(at, cz + m02 * a + m12 * b + m22 * c, 8);
    if (load<f32>(at, 8) >= near) extend(load<f32>(at), load<f32>(at, 4), load<f32>(at, 8));
  }
  for (let i = 0; i < 8; i++) {
    for (let bit = 1; bit < 8; bit <<= 1) if (!(i & bit)) extendByEdge(i, i | bit);
  }
}

function extendByEdge(i: i32, j: i32): void {
  const a = corners + <usize>i * 12;
  const b = corners + <usize>j * 12;
  const za = load<f32>(a, 8);
  const zb = load<f32>(b, 8);
  if (za < near === zb < near) return;
  const f = (near - za) / (zb - za);
  const x = load<f32>(a) + (load<f32>(b) - load<f32>(a)) * f;
  const y = load<f32>(a, 4) + (load<f32>(b, 4) - load<f32>(a, 4)) * f;
  extend(x, y, near);
}

function extend(x: f32, y: f32, depth: f32): void {
  const u = x / depth;
  const v = y / depth;
  left = min<f32>(left, u);
  right = max<f32>(right, u);
  upper = min<f32>(upper, v);
  lower = max<f32>(lower, v);
}

/** A sphere at the origin of the current frame. False: unseen. */
export function boundSphere(radius: f32): bool {
  const cx = -(m00 * ox + m10 * oy + m20 * oz);
  const cy = -(m01 * ox + m11 * oy + m21 * oz);
  const cz = -(m02 * ox + m12 * oy + m22 * oz);
  if (cz + radius < near) return false;
  if (cz - radius < near) {
    wholeImage();
    return true;
  }
  // tangents from the camera to the circle in the planes y = 0 and x = 0
  const square = cz * cz - radius * radius;
  const scale: f32 = 1 / square;
  const sx = radius * sqrt<f32>(cx * cx + square);
  const sy = radius * sqrt<f32>(cy * cy + square);
  left = (cx * cz - sx) * scale;
  right = (cx * cz + sx) * scale;
  upper = (cy * cz - sy) * scale;
  lower = (cy * cz + sy) * scale;
  return cover();
}

function cover(): bool {
  const w = <f32>width;
  const h = <f32>height;
  x0 = <i32>min<f32>(w, max<f32>(0, ceil<f32>(left * focalX + centreX - SLACK)));
  x1 = <i32>max<f32>(0, min<f32>(w, floor<f32>(right * focalX + centreX + SLACK) + 1));
  y0 = <i32>min<f32>(h, max<f32>(0, ceil<f32>(upper * focalY + centreY - SLACK)));
  y1 = <i32>max<f32>(0, min<f32>(h, floor<f32>(lower * focalY + centreY + SLACK) + 1));
  return x0 < x1 && y0 < y1;
}
