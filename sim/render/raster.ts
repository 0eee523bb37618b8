/** Draws records into a depth buffer of inverse depths, and a buffer of slots. Plain TypeScript. */

import { record, recordKind } from "./record.ts";

/** Inverse depth and slot of every pixel. */
export interface DepthBuffer {
  readonly width: number;
  readonly inverse: Float32Array;
  readonly slots: Uint8Array;
}

export function createDepthBuffer(width: number, height: number): DepthBuffer {
  const pixels = width * height;
  return { width, inverse: new Float32Array(pixels), slots: new Uint8Array(pixels) };
}

/** Draws `count` records over a background at `far_m`; hits nearer than `near_m` are not drawn. */
export function rasterize(
  records: Float64Array,
  count: number,
  near_m: number,
  far_m: number,
  buffer: DepthBuffer,
): void {
  buffer.inverse.fill(1 / far_m);
  buffer.slots.fill(0);
  for (let k = 0; k < count; k++) {
    const at = k * record.size;
    const kind = records[at + record.at.kind];
    if (kind <= 3) drawSolid(records, at, 1 / near_m, buffer);
    else if (kind === recordKind.sphere) drawSphere(records, at, 1 / near_m, buffer);
    else if (kind === recordKind.room) drawRoom(records, at, 1 / near_m, buffer);
    else drawCylinder(records, at, 1 / near_m, buffer);
  }
}

const F = record.at.functions;

// entered planes come first: seen at the least of them, where that is behind no plane left
function drawSolid(r: Float64Array, at: number, limit: number, buffer: DepthBuffer): void {
  const { inverse, slots, width } = buffer;
  const f = at + F;
  const entered = r[at + record.at.kind];
  const slot = r[at + record.at.slot];
  const [x0, x1] = [r[at + record.at.x0], r[at + record.at.x1]];
  const [b0, b1, b2] = [r[f + 1], r[f + 4], r[f + 7]];
  const [b3, b4, b5] = [r[f + 10], r[f + 13], r[f + 16]];
  for (let y = r[at + record.at.y0]; y < r[at + record.at.y1]; y++) {
    let f0 = r[f] + b0 * x0 + r[f + 2] * y;
    let f1 = r[f + 3] + b1 * x0 + r[f + 5] * y;
    let f2 = r[f + 6] + b2 * x0 + r[f + 8] * y;
    let f3 = r[f + 9] + b3 * x0 + r[f + 11] * y;
    let f4 = r[f + 12] + b4 * x0 + r[f + 14] * y;
    let f5 = r[f + 15] + b5 * x0 + r[f + 17] * y;
    for (let i = y * width + x0; i < y * width + x1; i++) {
      let w = f0;
      let face = slot;
      let exit = Math.max(f3, f4);
      if (f5 > exit) exit = f5;
      if (entered < 2) {
        if (f1 > exit) exit = f1;
      } else if (f1 < w) {
        w = f1;
        face = slot + 1;
      }
      if (entered < 3) {
        if (f2 > exit) exit = f2;
      } else if (f2 < w) {
        w = f2;
        face = slot + 2;
      }
      if (w >= exit && w > inverse[i] && w <= limit) {
        inverse[i] = w;
        slots[i] = face;
      }
      f0 += b0;
      f1 += b1;
      f2 += b2;
      f3 += b3;
      f4 += b4;
      f5 += b5;
    }
  }
}

function drawSphere(r: Float64Array, at: number, limit: number, buffer: DepthBuffer): void {
  const { inverse, slots, width } = buffer;
  const f = at + F;
  const slot = r[at + record.at.slot];
  const scale = r[at + record.at.sphereScale];
  const [x0, x1] = [r[at + record.at.x0], r[at + record.at.x1]];
  const [b0, b1, b2] = [r[f + 1], r[f + 4], r[f + 7]];
  for (let y = r[at + record.at.y0]; y < r[at + record.at.y1]; y++) {
    let f0 = r[f] + b0 * x0 + r[f + 2] * y;
    let f1 = r[f + 3] + b1 * x0 + r[f + 5] * y;
    let f2 = r[f + 6] + b2 * x0 + r[f + 8] * y;
    for (let i = y * width + x0; i < y * width + x1; i++) {
      const square = f2 * f2 - f0 * f0 - f1 * f1;
      if (square >= 0) {
        const w = f2 * scale + Math.sqrt(square);
        if (w > inverse[i] && w <= limit) {
          inverse[i] = w;
          slots[i] = slot;
        }
      }
      f0 += b0;
      f1 += b1;
      f2 += b2;
    }
  }
}

// the side is entered or left at f3 ± root, f4 is the cap towards the camera, f5 the other
function drawCylinder(r: Float64Array, at: number, limit: number, buffer: DepthBuffer): void {
  const { inverse, slots, width } = buffer;
  const f = at + F;
  const kind = r[at + record.at.kind];
  const slot = r[at + record.at.slot];
  const [x0, x1] = [r[at + record.at.x0], r[at + record.at.x1]];
  for (let y = r[at + record.at.y0]; y < r[at + record.at.y1]; y++) {
    for (let x = x0; x < x1; x++) {
      const f0 = r[f] + r[f + 1] * x + r[f + 2] * y;
      const f1 = r[f + 3] + r[f + 4] * x + r[f + 5] * y;
      const f2 = r[f + 6] + r[f + 7] * x + r[f + 8] * y;
      const square = f0 * f0 + f1 * f1 - f2 * f2;
      if (square < 0) continue;
      const root = Math.sqrt(square);
      const f3 = r[f + 9] + r[f + 10] * x + r[f + 11] * y;
      const f4 = r[f + 12] + r[f + 13] * x + r[f + 14] * y;
      const f5 = r[f + 15] + r[f + 16] * x + r[f + 17] * y;
      const above = kind === recordKind.cylinderAbove;
      const capped = above || (kind === recordKind.cylinderCap && f4 < f3 + root);
      const w = capped ? f4 : f3 + root;
      let exit = above ? f3 + root : f3 - root;
      if (kind === recordKind.cylinderSide && f4 > exit) exit = f4;
      if (f5 > exit) exit = f5;
      const i = y * width + x;
      if (w >= exit && w > inverse[i] && w <= limit) {
        inverse[i] = w;
        slots[i] = capped ? slot + 1 : slot;
      }
    }
  }
}

// seen from inside: the nearest plane ahead; planes behind the camera are ahead of no corner
function drawRoom(r: Float64Array, at: number, limit: number, buffer: DepthBuffer): void {
  const { inverse, slots, width } = buffer;
  const slot = r[at + record.at.slot];
  const height = inverse.length / width;
  for (let k = 0; k < 6; k++) {
    const f = at + F + 3 * k;
    const [a, b, c] = [r[f], r[f + 1], r[f + 2]];
    if (a + Math.max(0, b * (width - 1)) + Math.max(0, c * (height - 1)) <= 0) continue;
    for (let y = 0; y < height; y++) {
      let w = a + c * y;
      for (let i = y * width; i < (y + 1) * width; i++, w += b) {
        if (w > inverse[i] && w <= limit) {
          inverse[i] = w;
          slots[i] = slot + k;
        }
      }
    }
  }
}
