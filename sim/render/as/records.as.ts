// @ts-nocheck: AssemblyScript.
/**
 * One primitive before one camera, as a record: up to six functions of the pixel that are affine,
 * and from which its inverse depth w = 1/t follows without a division.
 *
 * A face plane n.p = c is hit at w = (n.d) / (c - n.o), affine in the pixel because d is. Planes the
 * camera is outside of are entered (a solid is hit at the least of them), the others are left (at
 * the greatest): a ray hits where least entered >= greatest left.
 */

import { boundBox, boundSphere, wholeImage, x0, x1, y0, y1 } from "./bounds.as.ts";
import {
  d0x,
  d0y,
  d0z,
  dxx,
  dxy,
  dxz,
  dyx,
  dyy,
  dyz,
  lightX,
  lightY,
  lightZ,
  ox,
  oy,
  oz,
} from "./geometry.as.ts";

// record kinds; a convex solid is its number of entered planes, 1 to 3
export const SPHERE: i32 = 4;
export const CYLINDER_SIDE: i32 = 5;
export const CYLINDER_CAP: i32 = 6;
export const CYLINDER_ABOVE: i32 = 7;
export const ROOM: i32 = 8;

/** The record: kind, slot, x0, x1, y0, y1 (i32), then from byte 32 six triples of f32, then L/r. */
export const record: usize = memory.data(128, 16);
export const FUNCTIONS: usize = 32;
export const SPHERE_SCALE: usize = 104;

// a camera nearer than this to the plane of a face counts as behind it; in metres
const ON_PLANE: f32 = 1e-6;
const SQRT3_2: f32 = 0.8660254;

/** Surfaces of this view so far; slot 0 is "nothing hit". */
export const SLOTS: i32 = 256;
export let slots: i32 = 1;
/** Set when a view needed more than 255 surfaces. */
export let overflow: bool = false;

export const idOfSlot: usize = memory.data(256, 16);
export const holeOfSlot: usize = memory.data(256 * 4, 16);
/** Per slot n.l = a + t (b0 + bx x + by y), then red, green, blue, alpha. */
export const shadeOfSlot: usize = memory.data(256 * 32, 16);

let painting: bool = false;
let red: f32 = 0;
let green: f32 = 0;
let blue: f32 = 0;
let entered: i32 = 0;
let left: i32 = 0;

export function startView(): void {
  slots = 1;
  overflow = false;
  store<u8>(idOfSlot, 0);
  store<f32>(holeOfSlot, 0);
}

/** Whether shading is wanted, and the colour (0 to 1) of the primitives that follow. */
export function setPaint(wanted: bool, r: f32, g: f32, b: f32): void {
  painting = wanted;
  red = r;
  green = g;
  blue = b;
}

/** Gives the `count` slots of the current record to instance `id`. */
export function claimSlots(count: i32, id: i32, hole: f32): void {
  for (let i = 0; i < count; i++) {
    store<u8>(idOfSlot + <usize>(slots + i), <u8>id);
    store<f32>(holeOfSlot + ((<usize>(slots + i)) << 2), hole);
  }
  slots += count;
}

// true when `count` more surfaces fit
function fits(count: i32): bool {
  if (slots + count <= SLOTS) return true;
  overflow = true;
  return false;
}

function head(kind: i32): void {
  store<i32>(record, kind);
  store<i32>(record, slots, 4);
  store<i32>(record, x0, 8);
  store<i32>(record, x1, 12);
  store<i32>(record, y0, 16);
  store<i32>(record, y1, 20);
}

function put(at: usize, a: f32, b: f32, c: f32): void {
  store<f32>(at, a);
  store<f32>(at, b, 4);
  store<f32>(at, c, 8);
}

// the affine function v.d(pixel)
function putDot(at: usize, vx: f32, vy: f32, vz: f32): void {
  const a = vx * d0x + vy * d0y + vz * d0z;
  const b = vx * dxx + vy * dxy + vz * dxz;
  const c = vx * dyx + vy * dyy + vz * dyz;
  put(at, a, b, c);
}

function functionAt(k: i32): usize {
  return record + FUNCTIONS + <usize>k * 12;
}

function startPlanes(): void {
  entered = 0;
  left = 5;
}

// one face: `gap` = c - n.o, then the coefficients of n.d and the face's n.l
function plane(gap: f32, a: f32, b: f32, c: f32, shade: f32): void {
  if (gap < -ON_PLANE) {
    const w: f32 = 1 / gap;
    shadeFlat(slots + entered, shade);
    put(functionAt(entered++), a * w, b * w, c * w);
  } else {
    const w: f32 = 1 / max<f32>(gap, ON_PLANE);
    put(functionAt(left--), a * w, b * w, c * w);
  }
}

function shadeFlat(slot: i32, shade: f32): void {
  if (!painting) return;
  const at = shadeOfSlot + ((<usize>slot) << 5);
  store<f32>(at, shade);
  put(at + 4, 0, 0, 0);
  paint(at);
}

// n.l = a + t (v.d)
function shadeCurved(slot: i32, a: f32, vx: f32, vy: f32, vz: f32): void {
  if (!painting) return;
  const at = shadeOfSlot + ((<usize>slot) << 5);
  store<f32>(at, a);
  putDot(at + 4, vx, vy, vz);
  paint(at);
}

// alpha is anything that saturates at 255 under the dimmest light
function paint(at: usize): void {
  put(at + 16, red, green, blue);
  store<f32>(at, 4, 28);
}

/** The background: black. */
export function paintNothing(): void {
  const at = shadeOfSlot;
  put(at, 0, 0, 0);
  store<f32>(at, 0, 12);
  put(at + 16, 0, 0, 0);
  store<f32>(at, 4, 28);
}

/** Each returns the number of slots it uses; 0 when the primitive is not seen. */
export function recordBox(hx: f32, hy: f32, hz: f32): i32 {
  if (!boundBox(hx, hy, hz, 0) || !fits(3)) return 0;
  startPlanes();
  plane(hx - ox, d0x, dxx, dyx, lightX);
  plane(hx + ox, -d0x, -dxx, -dyx, -lightX);
  plane(hy - oy, d0y, dxy, dyy, lightY);
  plane(hy + oy, -d0y, -dxy, -dyy, -lightY);
  plane(hz - oz, d0z, dxz, dyz, lightZ);
  plane(hz + oz, -d0z, -dxz, -dyz, -lightZ);
  head(entered);
  return entered;
}

/** A triangular prism: a vertex on +x, axis z; `radius` is that of the circumscribed circle. */
export function recordPrism(radius: f32, halfHeight: f32): i32 {
  const shift: f32 = 0.25 * radius;
  if (!boundBox(0.75 * radius, SQRT3_2 * radius, halfHeight, shift) || !fits(3)) return 0;
  startPlanes();
  plane(halfHeight - oz, d0z, dxz, dyz, lightZ);
  plane(halfHeight + oz, -d0z, -dxz, -dyz, -lightZ);
  const inner: f32 = 0.5 * radius;
  plane(inner + ox, -d0x, -dxx, -dyx, -lightX);
  prismSide(inner, SQRT3_2);
  prismSide(inner, -SQRT3_2);
  // a sixth plane that is never met
  put(functionAt(left), -1, 0, 0);
  head(entered);
  return entered;
}

// the face whose outward normal is (1/2, s, 0)
function prismSide(inner: f32, s: f32): void {
  const gap: f32 = inner - 0.5 * ox - s * oy;
  const shade: f32 = 0.5 * lightX + s * lightY;
  plane(gap, 0.5 * d0x + s * d0y, 0.5 * dxx + s * dxy, 0.5 * dyx + s * dyy, shade);
}

/**
 * C w^2 - 2 (c.d) w + d.d = 0 with C = |c|^2 - r^2, in an orthonormal basis whose third axis points
 * at the centre: w = g3 L/r + sqrt(g3^2 - g1^2 - g2^2), well conditioned in f32.
 */
export function recordSphere(radius: f32): i32 {
  const square = ox * ox + oy * oy + oz * oz;
  const outside = square - radius * radius;
  if (outside <= 1e-5 * radius * radius || !boundSphere(radius) || !fits(1)) return 0;
  const distance = sqrt<f32>(square);
  const ax = -ox / distance;
  const ay = -oy / distance;
  const az = -oz / distance;
  // any direction across it: x × a or y × a
  const alongX = abs<f32>(ax) >= 0.6;
  let bx: f32 = alongX ? -az : 0;
  let by: f32 = alongX ? 0 : az;
  let bz: f32 = alongX ? ax : -ay;
  const unit: f32 = 1 / sqrt<f32>(bx * bx + by * by + bz * bz);
  bx *= unit;
  by *= unit;
  bz *= unit;
  const k: f32 = 1 / sqrt<f32>(outside);
  const k3 = radius / outside;
  head(SPHERE);
  putDot(functionAt(0), bx * k, by * k, bz * k);
  putDot(functionAt(1), (ay * bz - az * by) * k, (az * bx - ax * bz) * k, (ax * by - ay * bx) * k);
  putDot(functionAt(2), ax * k3, ay * k3, az * k3);
  store<f32>(record + SPHERE_SCALE, distance / radius);
  const i: f32 = 1 / radius;
  const shade = (ox * lightX + oy * lightY + oz * lightZ) * i;
  shadeCurved(slots, shade, lightX * i, lightY * i, lightZ * i);
  return 1;
}

/** Axis z. w = B ± sqrt(g0^2 + g1^2 - e^2) for the side, two planes for the caps. */
export function recordCylinder(radius: f32, halfHeight: f32): i32 {
  let outside = ox * ox + oy * oy - radius * radius;
  const above = abs<f32>(oz) - halfHeight > ON_PLANE;
  if (abs<f32>(outside) < 1e-5 * radius * radius) outside = 1e-5 * radius * radius;
  if (outside < 0 && !above) return 0;
  if (!boundBox(radius, radius, halfHeight, 0) || !fits(2)) return 0;
  head(outside < 0 ? CYLINDER_ABOVE : above ? CYLINDER_CAP : CYLINDER_SIDE);
  const i: f32 = 1 / outside;
  const k = radius * abs<f32>(i);
  put(functionAt(0), k * d0x, k * dxx, k * dyx);
  put(functionAt(1), k * d0y, k * dxy, k * dyy);
  putDot(functionAt(2), -oy * i, ox * i, 0);
  putDot(functionAt(3), -ox * i, -oy * i, 0);
  // the cap towards the camera, then the other
  const s: f32 = oz < 0 ? -1 : 1;
  let gap = halfHeight - s * oz;
  if (!above) gap = max<f32>(gap, ON_PLANE);
  const w0 = s / gap;
  const w1 = -s / (halfHeight + s * oz);
  put(functionAt(4), w0 * d0z, w0 * dxz, w0 * dyz);
  put(functionAt(5), w1 * d0z, w1 * dxz, w1 * dyz);
  const r: f32 = 1 / radius;
  shadeCurved(slots, (ox * lightX + oy * lightY) * r, lightX * r, lightY * r, 0);
  shadeFlat(slots + 1, s * lightZ);
  return 2;
}

/** The inside of a box: floor, walls and ceiling. A camera outside of it sees nothing of it. */
export function recordRoom(hx: f32, hy: f32, hz: f32): i32 {
  const gap = min<f32>(min<f32>(hx - abs<f32>(ox), hy - abs<f32>(oy)), hz - abs<f32>(oz));
  if (gap < ON_PLANE || !fits(6)) return 0;
  wholeImage();
  head(ROOM);
  wall(0, hx - ox, d0x, dxx, dyx, -lightX);
  wall(1, hx + ox, -d0x, -dxx, -dyx, lightX);
  wall(2, hy - oy, d0y, dxy, dyy, -lightY);
  wall(3, hy + oy, -d0y, -dxy, -dyy, lightY);
  wall(4, hz - oz, d0z, dxz, dyz, -lightZ);
  wall(5, hz + oz, -d0z, -dxz, -dyz, lightZ);
  return 6;
}

function wall(k: i32, gap: f32, a: f32, b: f32, c: f32, shade: f32): void {
  const w: f32 = 1 / gap;
  put(functionAt(k), a * w, b * w, c * w);
  shadeFlat(slots + k, shade);
}
