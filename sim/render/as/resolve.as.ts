// @ts-nocheck: AssemblyScript.
/** From the depth buffer, or the sensed inverse depth, to the images that leave. */

import { INVERSE_DEPTH_BITS } from "./depth-buffer.as.ts";
import { height, width } from "./geometry.as.ts";
import { idOfSlot, shadeOfSlot, slots } from "./records.as.ts";
import { trueInverseDepth } from "./sensor.as.ts";

const AMBIENT: f32 = 0.35;
const DIFFUSE: f32 = 0.65;

const NO_LAYER: u8 = 255;
const roleOfSlot: usize = memory.data(256, 16);

// 1/w, and 0 for a hole
function depthOf(w: v128): v128 {
  return v128.and(f32x4.div(f32x4.splat(1), w), f32x4.gt(w, f32x4.splat(0)));
}

export function writeTrueDepth(z: usize, out: usize): void {
  const bytes = (<usize>(width * height)) << 2;
  for (let i: usize = 0; i < bytes; i += 16) {
    v128.store(out + i, depthOf(trueInverseDepth(v128.load(z + i))));
  }
}

export function writeDepth(inverse: usize, out: usize): void {
  const bytes = (<usize>(width * height)) << 2;
  for (let i: usize = 0; i < bytes; i += 16) v128.store(out + i, depthOf(v128.load(inverse + i)));
}

function idAt(p: usize): u32 {
  return <u32>load<u8>(idOfSlot + <usize>load<u8>(p));
}

export function writeIds(z: usize, out: usize): void {
  const end = z + ((<usize>(width * height)) << 2);
  for (; z < end; z += 16, out += 4) {
    const low = idAt(z) | (idAt(z + 4) << 8);
    store<u32>(out, low | (idAt(z + 8) << 16) | (idAt(z + 12) << 24));
  }
}

function roleAt(p: usize): i32 {
  return <i32>load<u8>(roleOfSlot + <usize>load<u8>(p));
}

/** One plane of inverse depth per role. */
export function writeLayers(
  z: usize,
  inverse: usize,
  roleOfId: usize,
  roles: i32,
  out: usize,
): void {
  store<u8>(roleOfSlot, NO_LAYER);
  for (let i = 1; i < slots; i++) {
    const id = <usize>load<u8>(idOfSlot + <usize>i);
    store<u8>(roleOfSlot + <usize>i, load<u8>(roleOfId + id));
  }
  const plane = (<usize>(width * height)) << 2;
  for (let i: usize = 0; i < plane; i += 16) {
    const p = z + i;
    const w = v128.load(inverse + i);
    const ab = i32x4.replace_lane(i32x4.splat(roleAt(p)), 1, roleAt(p + 4));
    const role = i32x4.replace_lane(i32x4.replace_lane(ab, 2, roleAt(p + 8)), 3, roleAt(p + 12));
    for (let r = 0, at = out + i; r < roles; r++, at += plane) {
      v128.store(at, v128.and(w, i32x4.eq(role, i32x4.splat(r))));
    }
  }
}

function shadeAt(p: usize): usize {
  return shadeOfSlot + ((<usize>load<u8>(p)) << 5);
}

// colour times light of one pixel, as four whole numbers
function colour(entry: usize, light: v128): v128 {
  return i32x4.trunc_sat_f32x4_s(f32x4.mul(v128.load(entry, 16), light));
}

/** RGBA: colour (0.35 + 0.65 max(0, n.l)), flat background, alpha 255. */
export function writeRgba(z: usize, out: usize): void {
  for (let y = 0; y < height; y++) {
    const row = f32x4.splat(<f32>y);
    let column = f32x4(0, 1, 2, 3);
    for (let x = 0; x < width; x += 4, z += 16, out += 16) {
      const a = shadeAt(z);
      const b = shadeAt(z + 4);
      const c = shadeAt(z + 8);
      const d = shadeAt(z + 12);
      const light = lightOf(v128.load(z), row, column, a, b, c, d);
      const l0 = v128.shuffle<i32>(light, light, 0, 0, 0, 0);
      const l1 = v128.shuffle<i32>(light, light, 1, 1, 1, 1);
      const l2 = v128.shuffle<i32>(light, light, 2, 2, 2, 2);
      const l3 = v128.shuffle<i32>(light, light, 3, 3, 3, 3);
      const ab = i16x8.narrow_i32x4_s(colour(a, l0), colour(b, l1));
      const cd = i16x8.narrow_i32x4_s(colour(c, l2), colour(d, l3));
      v128.store(out, i8x16.narrow_i16x8_u(ab, cd));
      column = f32x4.add(column, f32x4.splat(4));
    }
  }
}

// light on four pixels, 0 to 255: n.l = k0 + t (k1 + k2 x + k3 y), transposed from the entries
function lightOf(key: v128, row: v128, column: v128, a: usize, b: usize, c: usize, d: usize): v128 {
  const va = v128.load(a);
  const vb = v128.load(b);
  const vc = v128.load(c);
  const vd = v128.load(d);
  const ab0 = v128.shuffle<i32>(va, vb, 0, 4, 1, 5);
  const ab1 = v128.shuffle<i32>(va, vb, 2, 6, 3, 7);
  const cd0 = v128.shuffle<i32>(vc, vd, 0, 4, 1, 5);
  const cd1 = v128.shuffle<i32>(vc, vd, 2, 6, 3, 7);
  const k0 = v128.shuffle<i64>(ab0, cd0, 0, 2);
  const k1 = v128.shuffle<i64>(ab0, cd0, 1, 3);
  const k2 = v128.shuffle<i64>(ab1, cd1, 0, 2);
  const k3 = v128.shuffle<i64>(ab1, cd1, 1, 3);
  const w = v128.or(v128.and(key, i32x4.splat(INVERSE_DEPTH_BITS)), i32x4.splat(128));
  const depth = f32x4.div(f32x4.splat(1), w);
  const slope = f32x4.add(k1, f32x4.add(f32x4.mul(k2, column), f32x4.mul(k3, row)));
  const cosine = f32x4.pmax(f32x4.splat(0), f32x4.add(k0, f32x4.mul(depth, slope)));
  return f32x4.add(f32x4.splat(AMBIENT * 255), f32x4.mul(f32x4.splat(DIFFUSE * 255), cosine));
}
