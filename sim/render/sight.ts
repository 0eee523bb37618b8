/** One camera, and one primitive's place before it. */

import { primitive as primitiveColumns, view as viewColumns } from "./types.ts";

/** Unit vector towards the light, world frame. */
const LIGHT = [0.36, -0.48, 0.8] as const;

/** Rays, camera and light in the frame of the primitive entered last. */
export class Sight {
  readonly width: number;
  readonly height: number;
  near_m = 0;
  far_m = 0;
  /** Multiplies the sensor's noise. */
  noise = 1;
  /** Focal lengths and principal point in pixels; pixel centres lie on whole numbers. */
  focalX = 1;
  focalY = 1;
  centreX = 0;
  centreY = 0;
  /** Camera position in the primitive's frame. */
  readonly eye = new Float64Array(3);
  /** Rotation primitiveFromCamera, row by row. */
  readonly rotation = new Float64Array(9);
  /** Ray through pixel (0, 0), and its change per pixel to the right and down. */
  readonly start = new Float64Array(3);
  readonly right = new Float64Array(3);
  readonly down = new Float64Array(3);
  /** Towards the light. */
  readonly light = new Float64Array(3);

  readonly #position = new Float64Array(3);
  readonly #worldFromCamera = new Float64Array(9);
  readonly #worldFromPrimitive = new Float64Array(9);

  constructor(width: number, height: number) {
    this.width = width;
    this.height = height;
  }

  setView(views: Float32Array, row: number): void {
    const { at } = viewColumns;
    for (let i = 0; i < 3; i++) this.#position[i] = views[row + at.position + i];
    writeRotation(views, row + at.orientation, this.#worldFromCamera);
    this.near_m = views[row + at.near_m];
    this.far_m = views[row + at.far_m];
    this.noise = views[row + at.noise];
    this.focalX = this.width / 2 / views[row + at.tanHalfX];
    this.focalY = this.height / 2 / views[row + at.tanHalfY];
    this.centreX = this.width / 2 - 0.5 + views[row + at.offsetX_px];
    this.centreY = this.height / 2 - 0.5 + views[row + at.offsetY_px];
  }

  enterFrame(primitives: Float32Array, row: number): void {
    const { at } = primitiveColumns;
    const r = this.#worldFromPrimitive;
    const c = this.#worldFromCamera;
    writeRotation(primitives, row + at.orientation, r);
    const x = this.#position[0] - primitives[row + at.position];
    const y = this.#position[1] - primitives[row + at.position + 1];
    const z = this.#position[2] - primitives[row + at.position + 2];
    for (let i = 0; i < 3; i++) {
      const [rx, ry, rz] = [r[i], r[3 + i], r[6 + i]];
      this.eye[i] = rx * x + ry * y + rz * z;
      this.light[i] = rx * LIGHT[0] + ry * LIGHT[1] + rz * LIGHT[2];
      const mx = rx * c[0] + ry * c[3] + rz * c[6];
      const my = rx * c[1] + ry * c[4] + rz * c[7];
      const mz = rx * c[2] + ry * c[5] + rz * c[8];
      this.rotation[3 * i] = mx;
      this.rotation[3 * i + 1] = my;
      this.rotation[3 * i + 2] = mz;
      this.right[i] = mx / this.focalX;
      this.down[i] = my / this.focalY;
      this.start[i] = mz - this.centreX * this.right[i] - this.centreY * this.down[i];
    }
  }
}

// the matrix of a quaternion, row by row
function writeRotation(data: Float32Array, at: number, out: Float64Array): void {
  const [x, y, z, w] = [data[at], data[at + 1], data[at + 2], data[at + 3]];
  out[0] = 1 - 2 * (y * y + z * z);
  out[1] = 2 * (x * y - z * w);
  out[2] = 2 * (x * z + y * w);
  out[3] = 2 * (x * y + z * w);
  out[4] = 1 - 2 * (x * x + z * z);
  out[5] = 2 * (y * z - x * w);
  out[6] = 2 * (x * z - y * w);
  out[7] = 2 * (y * z + x * w);
  out[8] = 1 - 2 * (x * x + y * y);
}
