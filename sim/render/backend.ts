/** What a backend provides; `createRenderer` does the rest once for all of them. */

import type { SensorSpec } from "./types.ts";

/** Bits of a frame request. */
export const FRAME_BITS = { depth: 1, id: 2, rgba: 4, layers: 8 } as const;

/** Surfaces per view; slot 0 is "nothing hit". */
export const MAX_SURFACES = 255;

export interface RendererSizes {
  readonly width: number;
  readonly height: number;
  readonly maxViews: number;
  readonly maxPrimitives: number;
  readonly roles: number;
}

/** As in `Renderer`, and the seed of each view's noise. */
export interface RendererArrays {
  readonly primitives: Float32Array;
  readonly counts: Int32Array;
  readonly views: Float32Array;
  readonly roleOfId: Uint8Array;
  readonly seeds: Uint32Array;
  readonly depth_m: Float32Array;
  readonly ids: Uint8Array;
  readonly rgba: Uint8Array;
  readonly layers: Float32Array;
}

export interface Backend {
  readonly kind: "wasm" | "ts";
  readonly arrays: RendererArrays;
  setSensor(sensor: SensorSpec, on: boolean): void;
  /** Returns -1, or the first view that shows more than `MAX_SURFACES`. */
  render(frameBits: number, first: number, count: number): number;
}
