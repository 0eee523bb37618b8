/**
 * Role layers as the colour images that other protocols carry: one colour channel a role, 8 bits of
 * inverse depth. Code c stands for c * 0.03 / m, so 255 is 13 cm; 0 is "this role is not seen".
 * Three roles fit into an image; JPEG smears edges a little, so the faintest codes read as nothing.
 */

import type { CameraSpec } from "../../policies/manifest.ts";

/** Inverse depth of one step, in 1/m. */
export const inverseDepthPerCode = 0.03;
/** Fainter codes, 4 m away and more, are taken for nothing. */
const faintestCode = 8;
/** Channels of a colour image. */
export const rolesPerImage = 3;

type Size = Pick<CameraSpec, "width" | "height" | "layers" | "inverseDepthScale_m">;

/** Codes [H, W, C] of one row of layers [R, H, W], from role `first` on; a new array. */
export function encodeRoles(
  layers: Float32Array,
  camera: Size,
  first = 0,
  channels = rolesPerImage,
): Uint8Array {
  const pixels = camera.width * camera.height;
  const scale = 1 / (inverseDepthPerCode * camera.inverseDepthScale_m);
  const image = new Uint8Array(pixels * channels);
  const roles = Math.min(channels, camera.layers.length - first);
  for (let role = 0; role < roles; role++) {
    const from = (first + role) * pixels;
    for (let p = 0; p < pixels; p++) {
      const code = Math.round(layers[from + p] * scale);
      image[p * channels + role] = Math.min(255, Math.max(0, code));
    }
  }
  return image;
}

/**
 * Reads codes [H, W, C] into layers [R, H, W] from role `first` on, at `start` of `out`. Roles beyond
 * the image's channels, and channels beyond the roles, are left alone.
 */
export function decodeRoles(
  image: Uint8Array,
  channels: number,
  camera: Size,
  out: Float32Array,
  start = 0,
  first = 0,
): void {
  const pixels = camera.width * camera.height;
  const scale = inverseDepthPerCode * camera.inverseDepthScale_m;
  const roles = Math.min(channels, camera.layers.length - first);
  for (let role = 0; role < roles; role++) {
    const to = start + (first + role) * pixels;
    for (let p = 0; p < pixels; p++) {
      const code = image[p * channels + role];
      out[to + p] = code < faintestCode ? 0 : code * scale;
    }
  }
}
