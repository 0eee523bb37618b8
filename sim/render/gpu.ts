/**
 * A second, independent renderer of the same primitives and views, through gpu.js: WebGPU where a
 * hardware adapter answers `navigator.gpu`, otherwise gpu.js' own WebAssembly or plain JavaScript.
 * On a CPU it is ten times slower than the wasm backend; it is for GPUs, and to be compared with.
 */

import { DeviceError } from "../../core/errors.ts";
import { DEPTH_STEPS, kernelConstants, traceKernel } from "./gpu-kernel.ts";
import { record } from "./record.ts";
import { checkSizes, crowded } from "./renderer.ts";
import { ViewSetup } from "./setup.ts";
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

/** Compiles the kernel: some 50 ms. `close` gives the device back. */
export async function createGpuRenderer(options: GpuRendererOptions): Promise<GpuRenderer> {
  const { width, height, maxViews, maxPrimitives } = checkSizes(options);
  const mode = await chooseMode(options.mode ?? "auto", options.allowSoftware ?? false);
  const arrays = {
    primitives: new Float32Array(maxViews * maxPrimitives * primitiveColumns.size),
    counts: new Int32Array(maxViews),
    views: new Float32Array(maxViews * viewColumns.size),
    depth_m: new Float32Array(maxViews * width * height),
    ids: new Uint8Array(maxViews * width * height),
  };
  const setup = new ViewSetup(width, height, maxPrimitives);
  const inputs = new KernelInputs(setup, maxViews, maxPrimitives);
  const { GPU, input } = (await import("gpu.js")) as unknown as GpuJs;
  const gpu = new GPU({ mode });
  const kernel = gpu.createKernel(traceKernel, {
    output: [width, height, maxViews],
    constants: kernelConstants,
    loopMaxIterations: inputs.mostRecords,
    precision: "single",
  });
  return {
    ...arrays,
    mode,
    async render() {
      for (let v = 0; v < maxViews; v++) inputs.setUp(v, arrays);
      const image = await kernel(
        input(inputs.records, [record.size, inputs.mostRecords, maxViews]),
        input(inputs.counts, [maxViews]),
        input(inputs.limits, [2, maxViews]),
      );
      for (let v = 0; v < maxViews; v++) {
        const far_m = arrays.views[v * viewColumns.size + viewColumns.at.far_m];
        for (let y = 0; y < height; y++) {
          const at = (v * height + y) * width;
          unpack(image[v][y], far_m / DEPTH_STEPS, arrays.depth_m, arrays.ids, at);
        }
      }
    },
    close: () => void gpu.destroy(),
  };
}

/** The kernel's arguments: records [V][R], their counts [V], and inverse-depth limits [V][2]. */
class KernelInputs {
  readonly mostRecords: number;
  readonly records: Float32Array;
  readonly counts: Float32Array;
  readonly limits: Float32Array;
  readonly #setup: ViewSetup;
  readonly #maxPrimitives: number;

  constructor(setup: ViewSetup, maxViews: number, maxPrimitives: number) {
    this.#setup = setup;
    this.#maxPrimitives = maxPrimitives;
    this.mostRecords = setup.records.length / record.size;
    this.records = new Float32Array(maxViews * setup.records.length);
    this.counts = new Float32Array(maxViews);
    this.limits = new Float32Array(maxViews * 2);
  }

  setUp(v: number, scene: Pick<GpuRenderer, "primitives" | "counts" | "views">): void {
    const setup = this.#setup;
    const at = v * this.#maxPrimitives * primitiveColumns.size;
    setup.setUp(scene.views, v * viewColumns.size, scene.primitives, at, scene.counts[v]);
    if (setup.overflow) throw crowded(v);
    const used = setup.records.subarray(0, setup.count * record.size);
    this.records.set(used, v * setup.records.length);
    this.counts[v] = setup.count;
    this.limits[2 * v] = 1 / setup.sight.far_m;
    this.limits[2 * v + 1] = 1 / setup.sight.near_m;
  }
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
