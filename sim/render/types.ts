/** Words of the egocentric camera: what it is told, and what it shows. */

import { layout } from "../../core/layout.ts";
import type { Meters, Radians } from "../../core/units.ts";

export type PrimitiveKind = "box" | "cylinder" | "sphere" | "capsule" | "prism" | "room";

/**
 * Value of the `kind` column; 0 draws nothing. A room is a box seen from inside: floor, walls and
 * ceiling; a camera outside of it does not see it. A solid is not seen from within.
 */
export const kindNumber: Readonly<Record<PrimitiveKind, number>> = {
  box: 1,
  cylinder: 2,
  sphere: 3,
  capsule: 4,
  prism: 5,
  room: 6,
};

/**
 * One primitive. `position` (m) and `orientation` place it in the world. `size` (m) is the
 * half-extents of a box or room; radius, half-height of a cylinder or of the straight part of a capsule
 * (axis z); radius of a sphere; radius of the circumscribed circle, half-height of a triangular
 * prism (axis z, one vertex on +x). `id` is 1 to 254. `rgb` is 0 to 1. `hole` is the probability
 * that a depth sensor misses its surface, pixel by pixel.
 */
export const primitive = layout({
  position: 3,
  orientation: 4,
  size: 3,
  kind: 1,
  id: 1,
  rgb: 3,
  hole: 1,
});

/**
 * One camera. The pose is worldFromCamera (x right, y down, z into the image); `tanHalf` is half
 * the image's width and height over the focal length; `offset_px` moves the principal point right
 * and down from the image's centre; `noise` multiplies the sensor's noise.
 */
export const view = layout({
  position: 3,
  orientation: 4,
  tanHalfX: 1,
  tanHalfY: 1,
  near_m: 1,
  far_m: 1,
  offsetX_px: 1,
  offsetY_px: 1,
  noise: 1,
  spare: 2,
});

/** `roleOfId` of what belongs to no role layer. */
export const NO_ROLE = 255;

export interface CameraSpec {
  /** In pixels; the width is a multiple of 4. */
  readonly width: number;
  readonly height: number;
  readonly horizontalFov_rad: Radians;
  /**
   * Surfaces nearer than this are not drawn, and what lies behind shows; 0.02 m unless said. The three
   * parts of a capsule (a cylinder and two spheres) are cut one by one.
   */
  readonly near_m?: Meters;
  /** Surfaces farther than this are not drawn; 20 m unless said. */
  readonly far_m?: Meters;
}

/**
 * A stereo depth camera. Its noise is even in disparity, and so in inverse depth (1/m): with focal
 * length f in pixels and baseline B, one pixel of disparity is 1 / (f B).
 */
export interface SensorSpec {
  /** Standard deviation of the noise, in 1/m. */
  readonly sigmaInverseDepth: number;
  /** Quantum of the inverse depth, in 1/m; 0: none. */
  readonly stepInverseDepth: number;
  /** What is nearer or farther is a hole. */
  readonly minDepth_m: Meters;
  readonly maxDepth_m: Meters;
  /** Probability of a hole at a depth edge. */
  readonly edgeDropout: number;
  /** Relative change of inverse depth to the right or lower neighbour that counts as an edge. */
  readonly edgeJump: number;
  /** Probability of a hole anywhere. */
  readonly holeProbability: number;
  /** Holes where the second imager, this far to the right, sees nothing; 0: none. */
  readonly stereoBaseline_m: Meters;
}

/** Which images to make; the others keep what they held. */
export interface FrameRequest {
  readonly depth?: boolean;
  readonly id?: boolean;
  readonly rgba?: boolean;
  readonly layers?: boolean;
}

/**
 * Renders V views, each with its own primitives. All arrays are made once and reused: write inputs
 * in place, read outputs before the next `render` of the same view.
 */
export interface Renderer {
  readonly backend: "wasm" | "ts";
  readonly camera: CameraSpec;
  readonly maxViews: number;
  readonly maxPrimitives: number;
  readonly roles: number;
  /** [V][P] rows of `primitive`; the first `counts[v]` of view v are drawn. */
  readonly primitives: Float32Array;
  readonly counts: Int32Array;
  /** [V] rows of `view`. */
  readonly views: Float32Array;
  /** [V][256]: the role layer of an instance, 0 to roles - 1, or `NO_ROLE`. */
  readonly roleOfId: Uint8Array;
  /** [V][H][W] depth along the optical axis in metres; 0 where nothing is hit, or a hole. */
  readonly depth_m: Float32Array;
  /** [V][H][W] instance ids, never touched by the sensor; 0 where nothing is hit. */
  readonly ids: Uint8Array;
  /** [V][H][W][4]. */
  readonly rgba: Uint8Array;
  /** [V][roles][H][W] inverse depth (1/m); 0 where that role is not seen. */
  readonly layers: Float32Array;
  /** The sensor that depth and layers pass through, from now on. `ideal` is none. */
  setSensor(sensor: SensorSpec): void;
  /**
   * Renders `count` views from `first` on; all of them unless said. `frameSeeds` [V] decides the
   * noise: the same seed gives the same noise in any view; a new frame wants a new seed. Without
   * seeds, all views have the noise of seed 0. Throws `ShapeError` if a view shows more than 255 surfaces.
   */
  render(what: FrameRequest, first?: number, count?: number, frameSeeds?: Uint32Array): void;
}

export interface RendererOptions {
  readonly camera: CameraSpec;
  readonly maxViews: number;
  readonly maxPrimitives: number;
  /** Number of role layers; 4 unless said. */
  readonly roles?: number;
  /** "auto" (default): wasm where it has SIMD, else TypeScript. */
  readonly backend?: "wasm" | "ts" | "auto";
}
