/** Which pixels a primitive can touch: a rectangle that is never too small. */

import type { Sight } from "./sight.ts";

// rounding of a projected corner, in pixels
const SLACK = 0.001;

/** Bounds in the frame that `sight` entered last. The methods return false when nothing is seen. */
export class Bounds {
  /** Pixels x0 <= x < x1, y0 <= y < y1. */
  x0 = 0;
  x1 = 0;
  y0 = 0;
  y1 = 0;

  readonly #sight: Sight;
  // eight corners: x, y, depth in the camera frame
  readonly #corners = new Float64Array(24);
  // projected extent, as tangents
  #left = 0;
  #right = 0;
  #upper = 0;
  #lower = 0;

  constructor(sight: Sight) {
    this.#sight = sight;
  }

  wholeImage(): void {
    this.x0 = 0;
    this.x1 = this.#sight.width;
    this.y0 = 0;
    this.y1 = this.#sight.height;
  }

  /** A box of half-extents (hx, hy, hz) whose centre lies at `shift` on the frame's x axis. */
  ofBox(hx: number, hy: number, hz: number, shift = 0): boolean {
    const { eye, rotation: m, near_m: near } = this.#sight;
    this.#left = this.#upper = Number.POSITIVE_INFINITY;
    this.#right = this.#lower = Number.NEGATIVE_INFINITY;
    for (let corner = 0; corner < 8; corner++) {
      const x = shift - eye[0] + (corner & 1 ? hx : -hx);
      const y = (corner & 2 ? hy : -hy) - eye[1];
      const z = (corner & 4 ? hz : -hz) - eye[2];
      for (let axis = 0; axis < 3; axis++) {
        this.#corners[3 * corner + axis] = m[axis] * x + m[3 + axis] * y + m[6 + axis] * z;
      }
      const depth = this.#corners[3 * corner + 2];
      if (depth >= near) {
        this.#extend(this.#corners[3 * corner], this.#corners[3 * corner + 1], depth);
      }
    }
    for (let corner = 0; corner < 8; corner++) {
      for (let bit = 1; bit < 8; bit <<= 1) {
        if (!(corner & bit)) this.#extendByEdge(3 * corner, 3 * (corner | bit));
      }
    }
    return this.#cover();
  }

  // where an edge crosses the near plane
  #extendByEdge(i: number, j: number): void {
    const p = this.#corners;
    const near = this.#sight.near_m;
    if (p[i + 2] < near === p[j + 2] < near) return;
    const f = (near - p[i + 2]) / (p[j + 2] - p[i + 2]);
    this.#extend(p[i] + (p[j] - p[i]) * f, p[i + 1] + (p[j + 1] - p[i + 1]) * f, near);
  }

  #extend(x: number, y: number, depth: number): void {
    this.#left = Math.min(this.#left, x / depth);
    this.#right = Math.max(this.#right, x / depth);
    this.#upper = Math.min(this.#upper, y / depth);
    this.#lower = Math.max(this.#lower, y / depth);
  }

  /** A sphere at the frame's origin. */
  ofSphere(radius: number): boolean {
    const { eye, rotation: m, near_m: near } = this.#sight;
    const x = -(m[0] * eye[0] + m[3] * eye[1] + m[6] * eye[2]);
    const y = -(m[1] * eye[0] + m[4] * eye[1] + m[7] * eye[2]);
    const z = -(m[2] * eye[0] + m[5] * eye[1] + m[8] * eye[2]);
    if (z + radius < near) return false;
    if (z - radius < near) {
      this.wholeImage();
      return true;
    }
    // tangents from the camera to the circle in the planes y = 0 and x = 0
    const square = z * z - radius * radius;
    const sx = radius * Math.sqrt(x * x + square);
    const sy = radius * Math.sqrt(y * y + square);
    this.#left = (x * z - sx) / square;
    this.#right = (x * z + sx) / square;
    this.#upper = (y * z - sy) / square;
    this.#lower = (y * z + sy) / square;
    return this.#cover();
  }

  #cover(): boolean {
    const { width, height, focalX, focalY, centreX, centreY } = this.#sight;
    this.x0 = Math.max(0, Math.ceil(this.#left * focalX + centreX - SLACK));
    this.x1 = Math.min(width, Math.floor(this.#right * focalX + centreX + SLACK) + 1);
    this.y0 = Math.max(0, Math.ceil(this.#upper * focalY + centreY - SLACK));
    this.y1 = Math.min(height, Math.floor(this.#lower * focalY + centreY + SLACK) + 1);
    return this.x0 < this.x1 && this.y0 < this.y1;
  }
}
