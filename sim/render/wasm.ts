/** The default backend: the AssemblyScript renderer, one instance and one memory per renderer. */

import { ConfigError } from "../../core/errors.ts";
import { rendererWasm } from "./as/renderer.wasm.ts";
import type { Backend, RendererArrays, RendererSizes } from "./backend.ts";
import type { SensorSpec } from "./types.ts";

// the part of the WebAssembly interface used here (neither Node's nor TypeScript's base types have it)
interface WebAssemblyInterface {
  validate(bytes: Uint8Array): boolean;
  instantiate(
    bytes: Uint8Array,
    imports: Record<string, never>,
  ): Promise<{ readonly instance: { readonly exports: unknown } }>;
}

interface RendererExports {
  readonly memory: { readonly buffer: ArrayBuffer };
  configure(
    width: number,
    height: number,
    maxViews: number,
    maxPrimitives: number,
    roles: number,
  ): number;
  address(array: number): number;
  setSensor(
    on: number,
    sigma: number,
    step: number,
    min: number,
    max: number,
    edge: number,
    jump: number,
    hole: number,
    baseline: number,
  ): void;
  render(what: number, first: number, count: number): number;
}

const webAssembly = (globalThis as { WebAssembly?: unknown }).WebAssembly as
  | WebAssemblyInterface
  | undefined;

/** True where this machine runs WebAssembly with SIMD. */
export function wasmIsHere(): boolean {
  return webAssembly?.validate(decodeBase64(rendererWasm)) ?? false;
}

export async function createWasmBackend(sizes: RendererSizes): Promise<Backend> {
  if (!webAssembly) throw new Error("internal: no WebAssembly here.");
  const { instance } = await webAssembly.instantiate(decodeBase64(rendererWasm), {});
  const wasm = instance.exports as RendererExports;
  const { width, height, maxViews, maxPrimitives, roles } = sizes;
  if (!wasm.configure(width, height, maxViews, maxPrimitives, roles)) {
    throw new ConfigError(
      `This machine has too little memory for ${maxViews} views of ${width} x ${height} pixels. Use fewer views.`,
    );
  }
  return {
    kind: "wasm",
    arrays: viewsOf(wasm, sizes),
    setSensor: (sensor, on) => setSensor(wasm, sensor, on),
    render: (bits, first, count) => wasm.render(bits, first, count),
  };
}

function viewsOf(wasm: RendererExports, sizes: RendererSizes): RendererArrays {
  const { buffer } = wasm.memory;
  const { width, height, maxViews, maxPrimitives, roles } = sizes;
  const pixels = maxViews * width * height;
  return {
    primitives: new Float32Array(buffer, wasm.address(0), maxViews * maxPrimitives * 16),
    counts: new Int32Array(buffer, wasm.address(1), maxViews),
    views: new Float32Array(buffer, wasm.address(2), maxViews * 16),
    roleOfId: new Uint8Array(buffer, wasm.address(3), maxViews * 256),
    seeds: new Uint32Array(buffer, wasm.address(4), maxViews),
    depth_m: new Float32Array(buffer, wasm.address(5), pixels),
    ids: new Uint8Array(buffer, wasm.address(6), pixels),
    rgba: new Uint8Array(buffer, wasm.address(7), pixels * 4),
    layers: new Float32Array(buffer, wasm.address(8), pixels * roles),
  };
}

function setSensor(wasm: RendererExports, sensor: SensorSpec, on: boolean): void {
  wasm.setSensor(
    on ? 1 : 0,
    sensor.sigmaInverseDepth,
    sensor.stepInverseDepth,
    sensor.minDepth_m,
    sensor.maxDepth_m,
    sensor.edgeDropout,
    sensor.edgeJump,
    sensor.holeProbability,
    sensor.stereoBaseline_m,
  );
}

function decodeBase64(text: string): Uint8Array {
  return Uint8Array.from(atob(text), (c) => c.charCodeAt(0));
}
