/** Writes primitives and views into the renderer's arrays. */

import type { Transform } from "../../core/frames.ts";
import {
  type CameraSpec,
  kindNumber,
  type PrimitiveKind,
  primitive as primitiveColumns,
  view as viewColumns,
} from "./types.ts";

export const DEFAULT_NEAR_m = 0.02;
export const DEFAULT_FAR_m = 20;

export type Position = readonly [x: number, y: number, z: number];
export type Orientation = readonly [x: number, y: number, z: number, w: number];

/** One primitive; see `primitive` in types.ts for what `size` means. */
export interface PrimitiveSpec {
  readonly kind: PrimitiveKind;
  readonly id: number;
  readonly size: readonly [number, number?, number?];
  readonly position?: Position;
  readonly orientation?: Orientation;
  readonly rgb?: readonly [number, number, number];
  readonly hole?: number;
}

/** Writes the row that starts at `out[at]`. */
export function writePrimitive(out: Float32Array, at: number, spec: PrimitiveSpec): void {
  const columns = primitiveColumns.at;
  const { position = [0, 0, 0], orientation = [0, 0, 0, 1], rgb = [0.7, 0.7, 0.7] } = spec;
  const [a, b = 0, c = 0] = spec.size;
  out.set(position, at + columns.position);
  out.set(orientation, at + columns.orientation);
  out.set([a, b, c], at + columns.size);
  out[at + columns.kind] = kindNumber[spec.kind];
  out[at + columns.id] = spec.id;
  out.set(rgb, at + columns.rgb);
  out[at + columns.hole] = spec.hole ?? 0;
}

/** Moves the primitive (or camera) whose row starts at `out[at]`: what changes each step. */
export function writePose(
  out: Float32Array,
  at: number,
  x: number,
  y: number,
  z: number,
  qx: number,
  qy: number,
  qz: number,
  qw: number,
): void {
  out[at] = x;
  out[at + 1] = y;
  out[at + 2] = z;
  out[at + 3] = qx;
  out[at + 4] = qy;
  out[at + 5] = qz;
  out[at + 6] = qw;
}

/** Writes the view that starts at `out[at]`: a camera without offset, at noise 1. */
export function writeView(
  out: Float32Array,
  at: number,
  camera: CameraSpec,
  worldFromCamera: Transform<"world", "camera">,
): void {
  const columns = viewColumns.at;
  const tanHalfX = Math.tan(camera.horizontalFov_rad / 2);
  out.fill(0, at, at + viewColumns.size);
  out.set(worldFromCamera.position, at + columns.position);
  out.set(worldFromCamera.rotation, at + columns.orientation);
  out[at + columns.tanHalfX] = tanHalfX;
  out[at + columns.tanHalfY] = (tanHalfX * camera.height) / camera.width;
  out[at + columns.near_m] = camera.near_m ?? DEFAULT_NEAR_m;
  out[at + columns.far_m] = camera.far_m ?? DEFAULT_FAR_m;
  out[at + columns.noise] = 1;
}

/** The rotation of a camera that looks along the base's +x: optical axes in a REP-103 body. */
export const baseFromOptical: Orientation = [-0.5, 0.5, -0.5, 0.5];
