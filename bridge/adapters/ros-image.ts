/**
 * Role layers from what a ROS camera publishes: a depth image (sensor_msgs/Image, 32FC1 in metres or 16UC1
 * in millimetres) and an image of the same view with the number of the role in each pixel (8UC1 or mono8:
 * 0 nothing, 1 the policy's first role, and so on), which a segmentation node makes.
 */

import type { CameraSpec } from "../../policies/manifest.ts";
import { Refusal } from "./refusal.ts";

/** Pixels of one channel, [H, W]. */
export interface RosImage {
  readonly width: number;
  readonly height: number;
  readonly pixels: Float32Array | Uint16Array | Uint8Array;
  /** Seconds, of the camera's clock. */
  readonly stamp_s: number;
}

const maxSide = 8192;

/** A sensor_msgs/Image as rosbridge writes it: bytes in base64. @throws Refusal. */
export function decodeRosImage(message: Readonly<Record<string, unknown>>): RosImage {
  const { width, height, step, encoding, is_bigendian, data, header } = message;
  const side = (n: unknown): n is number => Number.isInteger(n) && (n as number) >= 1;
  if (!side(width) || !side(height) || width > maxSide || height > maxSide) {
    throw new Refusal("wrong shape", `Expected an image of 1 to ${maxSide} pixels a side.`);
  }
  const bytesPerPixel = bytesOf(encoding);
  if (is_bigendian !== 0 && is_bigendian !== false && bytesPerPixel > 1) {
    throw new Refusal("wrong dtype", "Expected a little-endian image.");
  }
  const bytes = typeof data === "string" ? Buffer.from(data, "base64") : Buffer.alloc(0);
  if (step !== width * bytesPerPixel || bytes.length !== step * height) {
    throw new Refusal("wrong shape", `Expected ${width * height} pixels without padding.`);
  }
  const { buffer } = new Uint8Array(bytes);
  const kind = { 1: Uint8Array, 2: Uint16Array, 4: Float32Array }[bytesPerPixel];
  return { width, height, pixels: new kind(buffer), stamp_s: stampOf(header) };
}

/**
 * One row [R, H, W] of the policy's images, by the nearest pixel. The whole view is squeezed to W x H, and no intrinsics are looked at:
 * it has to be the camera's that the policy was trained with, its fields of view those of `camera`, rectified. What is out of its range is left out.
 * @throws Refusal.
 */
export function layersOf(depth: RosImage, roles: RosImage, camera: CameraSpec): Float32Array {
  if (!(roles.pixels instanceof Uint8Array) || depth.pixels instanceof Uint8Array) {
    throw new Refusal("wrong dtype", "Expected depth as 32FC1 or 16UC1 and roles as 8UC1.");
  }
  const { width, height, layers, inverseDepthScale_m, minDepth_m, maxDepth_m } = camera;
  const metres = depth.pixels instanceof Uint16Array ? 0.001 : 1;
  const out = new Float32Array(layers.length * width * height);
  for (let v = 0; v < height; v++) {
    for (let u = 0; u < width; u++) {
      const role = pixelAt(roles, (u + 0.5) / width, (v + 0.5) / height);
      const depth_m = metres * pixelAt(depth, (u + 0.5) / width, (v + 0.5) / height);
      // a hole is 0 or NaN
      const sensed = depth_m > 0 && depth_m >= minDepth_m && depth_m <= maxDepth_m;
      if (role < 1 || role > layers.length || !sensed) continue;
      out[(role - 1) * width * height + v * width + u] = inverseDepthScale_m / depth_m;
    }
  }
  return out;
}

/** The pixel under a place, 0 to 1 from the left and from the top. */
function pixelAt({ width, height, pixels }: RosImage, x: number, y: number): number {
  return pixels[Math.floor(y * height) * width + Math.floor(x * width)];
}

function bytesOf(encoding: unknown): 1 | 2 | 4 {
  if (encoding === "32FC1") return 4;
  if (encoding === "16UC1" || encoding === "mono16") return 2;
  if (encoding === "8UC1" || encoding === "mono8") return 1;
  throw new Refusal("wrong dtype", "Expected an image of encoding 32FC1, 16UC1, 8UC1 or mono8.");
}

function stampOf(header: unknown): number {
  const { stamp } = (header ?? {}) as { stamp?: { sec?: unknown; nanosec?: unknown } };
  const { sec, nanosec } = stamp ?? {};
  return typeof sec === "number" && typeof nanosec === "number" ? sec + nanosec / 1e9 : 0;
}
