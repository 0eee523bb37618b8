// @ts-nocheck: AssemblyScript.
/**
 * The analytic depth camera: entry points and memory.
 *
 * Everything is allocated once by `configure`, so that the host's views of this memory stay valid.
 */

import { clear, startSweep } from "./depth-buffer.as.ts";
import { enterFrame, far, ox, oy, oz, setSize, setView, shiftAlongAxis } from "./geometry.as.ts";
import {
  sweepCylinderAbove,
  sweepCylinderCap,
  sweepCylinderSide,
  sweepSphere,
} from "./quadrics.as.ts";
import {
  CYLINDER_ABOVE,
  CYLINDER_CAP,
  CYLINDER_SIDE,
  claimSlots,
  overflow,
  paintNothing,
  recordBox,
  recordCylinder,
  recordPrism,
  recordRoom,
  recordSphere,
  SPHERE as SPHERE_RECORD,
  setPaint,
  startView,
} from "./records.as.ts";
import { writeDepth, writeIds, writeLayers, writeRgba, writeTrueDepth } from "./resolve.as.ts";
import { copyTruth, sense, sensorIsOn, setSensor as setSensorModel } from "./sensor.as.ts";
import { sweepOneFace, sweepRoom, sweepThreeFaces, sweepTwoFaces } from "./solids.as.ts";

// what to render, as bits; the same as in ../wasm.ts
const DEPTH: i32 = 1;
const IDS: i32 = 2;
const RGBA: i32 = 4;
const LAYERS: i32 = 8;

// primitive kinds; the same as in ../types.ts
const BOX: i32 = 1;
const CYLINDER: i32 = 2;
const SPHERE: i32 = 3;
const CAPSULE: i32 = 4;
const PRISM: i32 = 5;
const ROOM: i32 = 6;

const ROW: i32 = 64;

let pixels: i32 = 0;
let maxPrimitives: i32 = 0;
let roles: i32 = 0;

let primitives: usize = 0;
let counts: usize = 0;
let views: usize = 0;
let roleOfId: usize = 0;
let seeds: usize = 0;
let depth: usize = 0;
let ids: usize = 0;
let rgba: usize = 0;
let layers: usize = 0;
let z: usize = 0;
let inverse: usize = 0;

let top: usize = 0;

function take(bytes: usize): usize {
  const at = top;
  top = (top + bytes + 63) & ~63;
  return at;
}

/** Lays the memory out. False: there is not enough of it. */
export function configure(w: i32, h: i32, maxViews: i32, maxPrims: i32, roleCount: i32): bool {
  setSize(w, h);
  pixels = w * h;
  maxPrimitives = maxPrims;
  roles = roleCount;
  const n = <usize>pixels;
  const v = <usize>maxViews;
  top = (__heap_base + 63) & ~63;
  primitives = take(v * <usize>(maxPrims * ROW));
  counts = take(v * 4);
  views = take(v * ROW);
  roleOfId = take(v * 256);
  seeds = take(v * 4);
  depth = take(v * n * 4);
  ids = take(v * n);
  rgba = take(v * n * 4);
  layers = take(v * n * 4 * <usize>roleCount);
  z = take(n * 4);
  inverse = take(n * 4);
  const pages = <i32>((top + 0xffff) >> 16) - memory.size();
  return pages <= 0 || memory.grow(pages) >= 0;
}

/** Byte address of an array, in the order below. */
export function address(array: i32): usize {
  if (array === 0) return primitives;
  if (array === 1) return counts;
  if (array === 2) return views;
  if (array === 3) return roleOfId;
  if (array === 4) return seeds;
  if (array === 5) return depth;
  if (array === 6) return ids;
  if (array === 7) return rgba;
  return layers;
}

export function setSensor(
  on: bool,
  sigmaInverseDepth: f32,
  stepInverseDepth: f32,
  minDepth_m: f32,
  maxDepth_m: f32,
  edgeDropout: f32,
  edgeJump: f32,
  holeProbability: f32,
  stereoBaseline_m: f32,
): void {
  setSensorModel(
    on,
    sigmaInverseDepth,
    stepInverseDepth,
    minDepth_m,
    maxDepth_m,
    edgeDropout,
    edgeJump,
    holeProbability,
    stereoBaseline_m,
  );
}

/** Returns -1, or the first view that shows more than 255 surfaces. */
export function render(what: i32, first: i32, count: i32): i32 {
  for (let v = first; v < first + count; v++) {
    drawView(v, (what & RGBA) !== 0);
    if (overflow) return v;
    writeImages(v, what);
  }
  return -1;
}

function drawView(v: i32, paint: bool): void {
  startView();
  if (paint) paintNothing();
  setView(views + <usize>(v * ROW));
  clear(z, pixels, far);
  const count = load<i32>(counts + ((<usize>v) << 2));
  let primitive = primitives + <usize>(v * maxPrimitives) * ROW;
  for (let i = 0; i < count; i++, primitive += ROW) {
    const kind = <i32>load<f32>(primitive, 40);
    if (kind === 0) continue;
    enterFrame(primitive);
    setPaint(paint, load<f32>(primitive, 48), load<f32>(primitive, 52), load<f32>(primitive, 56));
    drawPrimitive(primitive, kind);
  }
}

function drawPrimitive(primitive: usize, kind: i32): void {
  const a = load<f32>(primitive, 28);
  const b = load<f32>(primitive, 32);
  const c = load<f32>(primitive, 36);
  if (kind === BOX) drawRecord(primitive, recordBox(a, b, c));
  else if (kind === CYLINDER) drawRecord(primitive, recordCylinder(a, b));
  else if (kind === SPHERE) drawRecord(primitive, recordSphere(a));
  else if (kind === PRISM) drawRecord(primitive, recordPrism(a, b));
  else if (kind === CAPSULE) drawCapsule(primitive, a, b);
  else if (kind === ROOM) drawRecord(primitive, recordRoom(a, b, c));
}

// a cylinder and two spheres; from within nothing of it is seen
function drawCapsule(primitive: usize, radius: f32, halfHeight: f32): void {
  const beyond = max<f32>(0, abs<f32>(oz) - halfHeight);
  if (ox * ox + oy * oy + beyond * beyond <= radius * radius) return;
  drawRecord(primitive, recordCylinder(radius, halfHeight));
  shiftAlongAxis(-halfHeight);
  drawRecord(primitive, recordSphere(radius));
  shiftAlongAxis(2 * halfHeight);
  drawRecord(primitive, recordSphere(radius));
}

function drawRecord(primitive: usize, slots: i32): void {
  if (slots === 0) return;
  sweep(startSweep());
  claimSlots(slots, <i32>load<f32>(primitive, 44), load<f32>(primitive, 60));
}

function sweep(kind: i32): void {
  if (kind === 1) sweepOneFace(z);
  else if (kind === 2) sweepTwoFaces(z);
  else if (kind === 3) sweepThreeFaces(z);
  else if (kind === SPHERE_RECORD) sweepSphere(z);
  else if (kind === CYLINDER_SIDE) sweepCylinderSide(z);
  else if (kind === CYLINDER_CAP) sweepCylinderCap(z);
  else if (kind === CYLINDER_ABOVE) sweepCylinderAbove(z);
  else sweepRoom(z);
}

function writeImages(v: i32, what: i32): void {
  const n = <usize>(v * pixels);
  const sensed = sensorIsOn();
  if (sensed && what & (DEPTH | LAYERS)) {
    sense(z, inverse, load<u32>(seeds + ((<usize>v) << 2)));
  } else if (what & LAYERS) {
    copyTruth(z, inverse);
  }
  if (what & DEPTH) {
    if (sensed) writeDepth(inverse, depth + (n << 2));
    else writeTrueDepth(z, depth + (n << 2));
  }
  if (what & IDS) writeIds(z, ids + n);
  if (what & RGBA) writeRgba(z, rgba + (n << 2));
  if (what & LAYERS) {
    const role = roleOfId + ((<usize>v) << 8);
    writeLayers(z, inverse, role, roles, layers + (n << 2) * <usize>roles);
  }
}
