import { describe, expect, it } from "vitest";
import { createRng } from "../../core/rng.ts";
import { renderReference } from "../../sim/render/reference.ts";
import { createRenderer } from "../../sim/render/renderer.ts";
import { primitive, type Renderer, view } from "../../sim/render/types.ts";
import { compare, furnished, tumbled } from "./scenes.ts";

const PPM = 1e-6;

function byReference(renderer: Renderer) {
  const { camera, maxViews, maxPrimitives } = renderer;
  const pixels = camera.width * camera.height;
  const depth_m = new Float64Array(maxViews * pixels);
  const ids = new Uint8Array(maxViews * pixels);
  for (let v = 0; v < maxViews; v++) {
    renderReference(
      camera,
      renderer.views.subarray(v * view.size, (v + 1) * view.size),
      renderer.primitives.subarray(v * maxPrimitives * primitive.size),
      renderer.counts[v],
      depth_m.subarray(v * pixels, (v + 1) * pixels),
      ids.subarray(v * pixels, (v + 1) * pixels),
    );
  }
  return { depth_m, ids };
}

describe("the wasm camera against the float64 ray caster", () => {
  it("sees the same in rooms with things on the floor", async () => {
    const camera = { width: 64, height: 64, horizontalFov_rad: 1.22 };
    const renderer = await createRenderer({ camera, maxViews: 64, maxPrimitives: 21 });
    const rng = createRng(3);
    for (let v = 0; v < renderer.maxViews; v++) furnished(renderer, v, 20, rng.split(`view ${v}`));
    renderer.render({ depth: true, id: true });
    const truth = byReference(renderer);
    const found = compare(renderer.depth_m, renderer.ids, truth.depth_m, truth.ids);
    expect(found.differentIds).toBeLessThanOrEqual(50 * PPM * found.pixels);
    expect(found.worstDepth).toBeLessThan(2e-4);
    expect(found.notFinite).toBe(0);
  });

  it("sees the same among tumbled, overlapping solids, also from inside one", async () => {
    const camera = { width: 32, height: 24, horizontalFov_rad: 1.5 };
    const renderer = await createRenderer({ camera, maxViews: 512, maxPrimitives: 10 });
    const rng = createRng(1000);
    for (let v = 0; v < renderer.maxViews; v++) tumbled(renderer, v, 9, rng.split(`view ${v}`));
    renderer.render({ depth: true, id: true });
    const truth = byReference(renderer);
    const found = compare(renderer.depth_m, renderer.ids, truth.depth_m, truth.ids);
    expect(found.differentIds).toBeLessThanOrEqual(50 * PPM * found.pixels);
    expect(found.worstDepth).toBeLessThan(2e-4);
    expect(found.notFinite).toBe(0);
  });
});
