/**
 * A second, independent renderer of the same primitives and views, through gpu.js: WebGPU where a
 * hardware adapter answers `navigator.gpu`, otherwise gpu.js' own WebAssembly or plain JavaScript.
 * On a CPU it is ten times slower than the wasm backend; it is for GPUs, and to be compared with.
 */

import { DeviceError, ShapeError } from "../../core/errors.ts";
import { DEPTH_STEPS, kernelConstants, traceKernel } from "./gpu-kernel.ts";
import { checkSizes } from "./renderer.ts";
import { record, ViewSetup } from "./setup.ts";
import { type CameraSpec, primitive as primitiveColumns, view as viewColumns } from "./types.ts";

export type GpuMode = "webgpu" | "webasm" | "cpu";

export interface GpuRendererOptions {
  readonly camera: CameraSpec;
  readonly maxViews: number;
  readonly maxPrimitives: number;
  /** "auto" (default): webgpu on a hardware adapter, else webasm. */
  readonly mode?: GpuMode | "auto";
  /** Accept a GPU adapter that is emulated on the CPU (llvmpipe, SwiftShader); false unless said. */
  readonly allowSoftware?: boolean;
}

/** As `Renderer`, for depth and ids without a sensor; depth is a multiple of far_m / 65535. */
export interface GpuRenderer {
  readonly mode: GpuMode;
  readonly primitives: Float32Array;
  readonly counts: Int32Array;
  readonly views: Float32Array;
  readonly depth_m: Float32Array;
  readonly ids: Uint8Array;
  render(): Promise<void>;
  close(): void;
}

type Image = readonly (readonly Float32Array[])[];

// the part of gpu.js used here; its own types lack `input` and the loop bound
interface GpuJs {
  readonly GPU: new (settings: {
    mode: GpuMode;
  }) => {
    createKernel(
      kernel: typeof traceKernel,
      settings: object,
    ): (...inputs: unknown[]) => Image | Promise<Image>;
    destroy(): Promise<void>;
  };
  input(values: Float32Array, sizes: readonly number[]): unknown;
}

export async function createGpuRenderer(options: GpuRendererOptions): Promise<GpuRenderer> {
  const { width, height, maxViews, maxPrimitives } = checkSizes(options);
  const mode = await chooseMode(options.mode ?? "auto", options.allowSoftware ?? false);
  const { GPU, input } = (await import("gpu.js")) as unknown as GpuJs;
  const gpu = new GPU({ mode });
  const setup = new ViewSetup(width, height, maxPrimitives);
  const stride = setup.records.length;
  const mostRecords = stride / record.size;
  const records = new Float32Array(maxViews * stride);
  const recordCounts = new Float32Array(maxViews);
  const limits = new Float32Array(maxViews * 2);
  const kernel = gpu.createKernel(traceKernel, {
    output: [width, height, maxViews],
    constants: kernelConstants,
    loopMaxIterations: mostRecords,
    precision: "single",
  });

  const primitives = new Float32Array(maxViews * maxPrimitives * primitiveColumns.size);
  const counts = new Int32Array(maxViews);
  const views = new Float32Array(maxViews * viewColumns.size);
  const depth_m = new Float32Array(maxViews * width * height);
  const ids = new Uint8Array(maxViews * width * height);

  const setUp = (v: number) => {
    const primitivesAt = v * maxPrimitives * primitiveColumns.size;
    setup.setUp(views, v * viewColumns.size, primitives, primitivesAt, counts[v]);
    if (setup.overflow) throw new ShapeError(`View ${v} shows more than 255 surfaces.`);
    records.set(setup.records.subarray(0, setup.count * record.size), v * stride);
    recordCounts[v] = setup.count;
    limits[2 * v] = 1 / setup.sight.far_m;
    limits[2 * v + 1] = 1 / setup.sight.near_m;
  };

  return {
    mode,
    primitives,
    counts,
    views,
    depth_m,
    ids,
    async render() {
      for (let v = 0; v < maxViews; v++) setUp(v);
      const image = await kernel(
        input(records, [record.size, mostRecords, maxViews]),
        input(recordCounts, [maxViews]),
        input(limits, [2, maxViews]),
      );
      for (let v = 0; v < maxViews; v++) {
        const step_m = views[v * viewColumns.size + viewColumns.at.far_m] / DEPTH_STEPS;
        const at = v * width * height;
        for (let y = 0; y < height; y++) unpack(image[v][y], step_m, depth_m, ids, at + y * width);
      }
    },
    close: () => void gpu.destroy(),
  };
}

function unpack(
  row: Float32Array,
  step_m: number,
  depth_m: Float32Array,
  ids: Uint8Array,
  at: number,
): void {
  for (let x = 0; x < row.length; x++) {
    const id = row[x] % 256;
    ids[at + x] = id;
    depth_m[at + x] = id === 0 ? 0 : ((row[x] - id) / 256) * step_m;
  }
}

async function chooseMode(wanted: GpuMode | "auto", allowSoftware: boolean): Promise<GpuMode> {
  if (wanted === "webasm" || wanted === "cpu") return wanted;
  const adapter = await findAdapter();
  if (adapter && (allowSoftware || !isSoftware(adapter))) return "webgpu";
  if (wanted === "auto") return "webasm";
  throw new DeviceError(
    adapter
      ? `The only WebGPU adapter is emulated on the CPU (${nameOf(adapter)}), which is slower than mode "webasm". Use that, or allowSoftware.`
      : 'No WebGPU adapter answers here. Use mode "webasm", or provide navigator.gpu.',
  );
}

/** The part of a WebGPU adapter that tells what it is. */
export interface AdapterLike {
  readonly isFallbackAdapter?: boolean;
  readonly info?: {
    readonly vendor?: string;
    readonly architecture?: string;
    readonly device?: string;
    readonly description?: string;
    readonly isFallbackAdapter?: boolean;
  };
}

/** True for adapters that run on the CPU: llvmpipe (Mesa), SwiftShader (Chromium), WARP (Windows). */
export function isSoftware(adapter: AdapterLike): boolean {
  const { info } = adapter;
  if (adapter.isFallbackAdapter || info?.isFallbackAdapter) return true;
  const names = [info?.vendor, info?.architecture, info?.device, info?.description];
  return /llvmpipe|lavapipe|softpipe|swiftshader|basic render|\bwarp\b/i.test(names.join(" "));
}

function nameOf({ info }: AdapterLike): string {
  return info?.description || info?.device || info?.architecture || "unnamed";
}

async function findAdapter(): Promise<AdapterLike | undefined> {
  const { navigator } = globalThis as {
    navigator?: { gpu?: { requestAdapter(): Promise<AdapterLike | null> } };
  };
  return (await navigator?.gpu?.requestAdapter()) ?? undefined;
}
