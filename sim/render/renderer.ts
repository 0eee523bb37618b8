/** The camera of many environments: depth, identity, colour and role layers of analytic shapes. */

import { ConfigError, DeviceError, ShapeError } from "../../core/errors.ts";
import { type Backend, FRAME_BITS, MAX_SURFACES, type RendererSizes } from "./backend.ts";
import { writeView } from "./pack.ts";
import { checkSensor, isIdeal } from "./sensor.ts";
import {
  type FrameRequest,
  NO_ROLE,
  type Renderer,
  type RendererOptions,
  view as viewColumns,
} from "./types.ts";
import { createTsBackend } from "./typescript.ts";
import { createWasmBackend, wasmIsHere } from "./wasm.ts";

/** What fits into the 32-bit addresses of WebAssembly, with room to spare. */
const MAX_GIGABYTES = 4;

/**
 * Allocates everything a renderer will ever need. Views start as cameras at the world's origin that
 * look up along z, without primitives; every instance starts in no role layer.
 */
export async function createRenderer(options: RendererOptions): Promise<Renderer> {
  const sizes = checkSizes(options);
  const backend = await createBackend(options.backend ?? "auto", sizes);
  const { arrays } = backend;
  arrays.roleOfId.fill(NO_ROLE);
  for (let v = 0; v < sizes.maxViews; v++) {
    const at = v * viewColumns.size;
    writeView(arrays.views, at, options.camera, { position: [0, 0, 0], rotation: [0, 0, 0, 1] });
  }
  const { seeds, ...shared } = arrays;
  return {
    ...shared,
    backend: backend.kind,
    camera: options.camera,
    maxViews: sizes.maxViews,
    maxPrimitives: sizes.maxPrimitives,
    roles: sizes.roles,
    setSensor(sensor) {
      checkSensor(sensor);
      backend.setSensor(sensor, !isIdeal(sensor));
    },
    render(what, first = 0, count = sizes.maxViews - first, frameSeeds) {
      checkRange(first, count, sizes, frameSeeds);
      checkCounts(arrays.counts, first, count, sizes.maxPrimitives);
      if (frameSeeds) seeds.set(frameSeeds);
      else seeds.fill(0);
      const v = backend.render(bitsOf(what), first, count);
      if (v >= 0) throw crowded(v);
    },
  };
}

/** The error of a view with too much in it. */
export function crowded(v: number): ShapeError {
  return new ShapeError(
    `View ${v} shows more than ${MAX_SURFACES} surfaces. Draw fewer primitives (a box shows up to 3, a capsule 4, a room 6).`,
  );
}

async function createBackend(
  wanted: "wasm" | "ts" | "auto",
  sizes: RendererSizes,
): Promise<Backend> {
  const wasm = wanted !== "ts" && wasmIsHere();
  if (wanted === "wasm" && !wasm) {
    throw new DeviceError(
      'The camera\'s backend "wasm" needs WebAssembly with SIMD, which is not here. Use "auto" or "ts".',
    );
  }
  return wasm ? createWasmBackend(sizes) : createTsBackend(sizes);
}

export function checkSizes({
  camera,
  maxViews,
  maxPrimitives,
  roles = 4,
}: RendererOptions): RendererSizes {
  const { width, height } = camera;
  checkCount("camera width", width, 4, 4096);
  checkCount("camera height", height, 1, 4096);
  if (width % 4 !== 0) {
    throw new ConfigError(`The camera width must be a multiple of 4, got ${width}.`);
  }
  if (!(camera.horizontalFov_rad > 0 && camera.horizontalFov_rad < Math.PI)) {
    throw new ConfigError(
      `The camera's "horizontalFov_rad" must lie in 0 to pi, got ${camera.horizontalFov_rad}.`,
    );
  }
  checkCount("maxViews", maxViews, 1, 65_536);
  checkCount("maxPrimitives", maxPrimitives, 1, 65_536);
  checkCount("roles", roles, 0, NO_ROLE);
  const gigabytes = (maxViews * bytesPerView(width * height, maxPrimitives, roles)) / 1e9;
  if (gigabytes > MAX_GIGABYTES) {
    throw new ConfigError(
      `These views need ${gigabytes.toFixed(1)} GB; one renderer holds at most ${MAX_GIGABYTES}. Use several, or fewer views.`,
    );
  }
  return { width, height, maxViews, maxPrimitives, roles };
}

function bytesPerView(pixels: number, maxPrimitives: number, roles: number): number {
  // depth, ids, rgba, layers; then primitives, roles, and the rest of a view
  return pixels * (4 + 1 + 4 + 4 * roles) + 64 * maxPrimitives + 256 + 128;
}

function checkCount(name: string, value: number, low: number, high: number): void {
  if (Number.isInteger(value) && value >= low && value <= high) return;
  throw new ConfigError(`The ${name} must be a whole number in ${low} to ${high}, got ${value}.`);
}

function checkRange(
  first: number,
  count: number,
  { maxViews }: RendererSizes,
  seeds: Uint32Array | undefined,
): void {
  if (first < 0 || count < 0 || first + count > maxViews) {
    throw new ShapeError(
      `Expected views within 0 to ${maxViews}, got ${first} to ${first + count}.`,
    );
  }
  if (seeds && seeds.length !== maxViews) {
    throw new ShapeError(`Expected ${maxViews} frame seeds, one per view, got ${seeds.length}.`);
  }
}

function checkCounts(counts: Int32Array, first: number, count: number, most: number): void {
  for (let v = first; v < first + count; v++) {
    if (counts[v] < 0 || counts[v] > most) {
      throw new ShapeError(
        `View ${v} has ${counts[v]} primitives; this renderer was made for at most ${most}.`,
      );
    }
  }
}

function bitsOf(what: FrameRequest): number {
  return (
    (what.depth ? FRAME_BITS.depth : 0) |
    (what.id ? FRAME_BITS.id : 0) |
    (what.rgba ? FRAME_BITS.rgba : 0) |
    (what.layers ? FRAME_BITS.layers : 0)
  );
}
