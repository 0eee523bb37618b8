/**
 * Where things are, from a depth image in which each pixel is known to belong to one of them.
 *
 * What a camera sees of a thing is the side that faces it. The mean of those points lies before the thing's middle by
 * about as much for each of the shapes here, whichever way it is turned: by `depth_m`, 1 cm more or less.
 */

import type { Meters, Radians } from "./units.ts";

/** A camera that looks ahead of a base, pitched down about the base's y axis. */
export interface SightingCamera {
  readonly width: number;
  readonly height: number;
  readonly tanHalfX: number;
  readonly tanHalfY: number;
  /** Ahead of the base's middle, and above the floor. */
  readonly x_m: Meters;
  readonly z_m: Meters;
  readonly pitch_rad: Radians;
}

/** What is known of the things to be found. */
export interface SightingRules {
  /** Points higher than this belong to the top of a thing, whose share of the image depends on the distance; they are left out. */
  readonly top_m: Meters;
  /** From the mean of the points that are seen to the middle. */
  readonly depth_m: Meters;
  /** Fewer pixels than this are no sighting. */
  readonly leastPixels: number;
}

export const sightingRules: SightingRules = { top_m: 0.14, depth_m: 0.06, leastPixels: 12 };

/** Finds up to `things` instances in images of one camera. Holds scratch space only. */
export class Sightings {
  readonly #camera: SightingCamera;
  readonly #rules: SightingRules;
  /** [things, 4]: pixels, those at the image's left and right border, sums of x and y in the base frame. */
  readonly #sums: Float64Array;
  readonly #things: number;

  constructor(camera: SightingCamera, things: number, rules = sightingRules) {
    this.#camera = camera;
    this.#rules = rules;
    this.#things = things;
    this.#sums = new Float64Array(things * COLUMNS);
  }

  /**
   * Takes in an image.
   * @param ids [H, W] from `at` on, 0 where nothing is; thing i has id `firstId + i`
   * @param layers [layers, H, W] from `layersAt` on: inverse depth in 1/m, in one layer at most, 0 where it is unknown
   */
  look(
    ids: Uint8Array,
    at: number,
    firstId: number,
    layers: Float32Array,
    layersAt: number,
    layerCount: number,
  ): void {
    const { width, height, tanHalfX, tanHalfY, x_m, z_m, pitch_rad } = this.#camera;
    const cos = Math.cos(pitch_rad);
    const sin = Math.sin(pitch_rad);
    const pixels = width * height;
    const fours = inFours(ids, at, pixels);
    const sums = this.#sums;
    sums.fill(0);
    for (let row = 0, i = 0; row < height; row++) {
      const down = ((2 * row + 1) / height - 1) * tanHalfY;
      // a point at depth d along the optical axis is d * ahead before the camera and d * up above it
      const ahead = cos - down * sin;
      const up = -sin - down * cos;
      for (let column = 0; column < width; column++, i++) {
        // most of an image is floor and walls: past four pixels of nothing at once
        if (i % 4 === 0 && fours[i / 4] === 0 && column + 3 < width) {
          column += 3;
          i += 3;
          continue;
        }
        const thing = ids[at + i] - firstId;
        if (thing < 0 || thing >= this.#things) continue;
        let inverse = 0;
        for (let layer = 0; layer < layerCount && inverse === 0; layer++) {
          inverse = layers[layersAt + layer * pixels + i];
        }
        if (inverse === 0) continue;
        const depth_m = 1 / inverse;
        const to = thing * COLUMNS;
        if (column === 0 || column === width - 1) sums[to + 1]++;
        if (z_m + depth_m * up > this.#rules.top_m) continue;
        sums[to]++;
        sums[to + 2] += x_m + depth_m * ahead;
        sums[to + 3] -= depth_m * ((2 * column + 1) / width - 1) * tanHalfX;
      }
    }
  }

  /**
   * Writes where a thing's middle is, [x, y] in the base frame. A thing that the image's left or right border cuts is "cut": its
   * middle is further out than it seems, by up to a quarter of its width.
   */
  find(thing: number, out: Float32Array | number[]): "whole" | "cut" | undefined {
    const { depth_m, leastPixels } = this.#rules;
    const from = thing * COLUMNS;
    const pixels = this.#sums[from];
    if (pixels < leastPixels) return undefined;
    const x_m = this.#sums[from + 2] / pixels;
    const y_m = this.#sums[from + 3] / pixels;
    const dx_m = x_m - this.#camera.x_m;
    const further = 1 + depth_m / Math.max(1e-6, Math.hypot(dx_m, y_m));
    out[0] = this.#camera.x_m + dx_m * further;
    out[1] = y_m * further;
    return this.#sums[from + 1] > 0 ? "cut" : "whole";
  }
}

const COLUMNS = 4;

/** The ids of an image, four to a number; what does not fill one is left out. */
function inFours(ids: Uint8Array, at: number, pixels: number): Uint32Array {
  const first = ids.byteOffset + at;
  const length = Math.floor(pixels / 4);
  return first % 4 === 0
    ? new Uint32Array(ids.buffer, first, length)
    : new Uint32Array(ids.slice(at, at + 4 * length).buffer);
}
