import { describe, expect, it } from "vitest";
import { createRng } from "../../core/rng.ts";
import { createGpuRenderer, isSoftware } from "../../sim/render/gpu.ts";
import { createRenderer } from "../../sim/render/renderer.ts";
import type { CameraSpec } from "../../sim/render/types.ts";
import { compare, furnished, tumbled } from "./scenes.ts";

const camera: CameraSpec = { width: 32, height: 32, horizontalFov_rad: 1.3 };

describe("the gpu.js renderer", () => {
  it.each(["webasm", "cpu"] as const)("sees what the wasm camera sees (%s)", async (mode) => {
    const size = { camera, maxViews: 24, maxPrimitives: 13 };
    const wasm = await createRenderer(size);
    const rng = createRng(12);
    for (let v = 0; v < size.maxViews; v++) {
      if (v % 2) tumbled(wasm, v, 12, rng);
      else furnished(wasm, v, 12, rng);
    }
    wasm.render({ depth: true, id: true });
    const gpu = await createGpuRenderer({ ...size, mode });
    gpu.primitives.set(wasm.primitives);
    gpu.counts.set(wasm.counts);
    gpu.views.set(wasm.views);
    await gpu.render();
    gpu.close();
    expect(gpu.mode).toBe(mode);
    const found = compare(gpu.depth_m, gpu.ids, wasm.depth_m, wasm.ids);
    expect(found.differentIds).toBeLessThanOrEqual(2);
    // its depth is a multiple of 20 m / 65535
    for (let i = 0; i < wasm.ids.length; i++) {
      if (gpu.ids[i] !== wasm.ids[i]) continue;
      const error = Math.abs(gpu.depth_m[i] - wasm.depth_m[i]);
      expect(error).toBeLessThan(0.5 * (20 / 65_535) + 2e-4 * wasm.depth_m[i]);
    }
  });

  it("says so when no GPU is here", async () => {
    const wanted = createGpuRenderer({ camera, maxViews: 1, maxPrimitives: 1, mode: "webgpu" });
    await expect(wanted).rejects.toThrow("No WebGPU adapter answers here.");
  });

  it("does not take an emulated GPU for one", () => {
    expect(isSoftware({ info: { description: "llvmpipe (LLVM 19.1.7, 256 bits)" } })).toBe(true);
    expect(isSoftware({ info: { architecture: "swiftshader" } })).toBe(true);
    expect(isSoftware({ isFallbackAdapter: true })).toBe(true);
    expect(isSoftware({ info: { vendor: "nvidia", description: "NVIDIA L4" } })).toBe(false);
  });
});
