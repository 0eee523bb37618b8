import { beforeAll, describe, expect, it } from "vitest";
import { createRng } from "../../core/rng.ts";
import { createRenderer } from "../../sim/render/renderer.ts";
import { d435, ideal } from "../../sim/render/sensor.ts";
import type { CameraSpec, Renderer } from "../../sim/render/types.ts";
import { compare, countingSeeds, furnished, tumbled } from "./scenes.ts";

const camera: CameraSpec = { width: 48, height: 32, horizontalFov_rad: 1.4 };
const everything = { depth: true, id: true, rgba: true, layers: true };
const PPM = 1e-6;

async function pair(views: number, fill: (renderer: Renderer, v: number) => void) {
  const make = async (backend: "wasm" | "ts") => {
    const renderer = await createRenderer({
      camera,
      maxViews: views,
      maxPrimitives: 13,
      roles: 3,
      backend,
    });
    for (let v = 0; v < views; v++) {
      fill(renderer, v);
      for (let id = 1; id < 255; id++) renderer.roleOfId[v * 256 + id] = id % 4;
    }
    return renderer;
  };
  return { wasm: await make("wasm"), ts: await make("ts") };
}

describe("the TypeScript backend", () => {
  let wasm: Renderer;
  let ts: Renderer;
  beforeAll(async () => {
    ({ wasm, ts } = await pair(96, (renderer, v) => {
      const rng = createRng(v);
      if (v % 2) tumbled(renderer, v, 12, rng);
      else furnished(renderer, v, 12, rng);
    }));
  });

  it("draws the same depth and ids as wasm", () => {
    wasm.render(everything);
    ts.render(everything);
    const found = compare(ts.depth_m, ts.ids, wasm.depth_m, wasm.ids);
    expect(found.differentIds).toBeLessThanOrEqual(50 * PPM * found.pixels);
    expect(found.worstDepth).toBeLessThan(2e-4);
  });

  it("shades as wasm does", () => {
    wasm.render(everything);
    ts.render(everything);
    let different = 0;
    for (let i = 0; i < ts.rgba.length; i++) {
      if (Math.abs(ts.rgba[i] - wasm.rgba[i]) > 1) different++;
    }
    expect(different).toBeLessThan(ts.rgba.length * 1e-3);
    expect(new Set(wasm.rgba).size).toBeGreaterThan(100);
    expect(wasm.rgba.filter((_, i) => i % 4 === 3).every((alpha) => alpha === 255)).toBe(true);
  });

  it("adds the same noise and tears the same holes", () => {
    for (const sensor of [
      { ...d435, stepInverseDepth: 0 },
      { ...d435, sigmaInverseDepth: 0.05 },
    ]) {
      for (const renderer of [wasm, ts]) {
        renderer.setSensor(sensor);
        renderer.render(everything, 0, renderer.maxViews, countingSeeds(renderer));
        renderer.setSensor(ideal);
      }
      let holesApart = 0;
      let apart = 0;
      for (let i = 0; i < wasm.depth_m.length; i++) {
        if ((wasm.depth_m[i] === 0) !== (ts.depth_m[i] === 0)) holesApart++;
        else if (Math.abs(1 / wasm.depth_m[i] - 1 / ts.depth_m[i]) > 5e-4) apart++;
      }
      expect(holesApart).toBeLessThan(wasm.depth_m.length * 1e-3);
      // a rounding difference now and then falls into the next quantum
      expect(apart).toBeLessThan(wasm.depth_m.length * (sensor.stepInverseDepth > 0 ? 0.02 : 1e-4));
    }
  });
});

describe("role layers", () => {
  it.each(["wasm", "ts"] as const)("hold each pixel's inverse depth once (%s)", async (backend) => {
    const renderer = (await pair(4, (r, v) => furnished(r, v, 12, createRng(v))))[backend];
    for (const sensor of [ideal, d435]) {
      renderer.setSensor(sensor);
      renderer.render(everything, 0, 4, countingSeeds(renderer));
      const pixels = camera.width * camera.height;
      let seen = 0;
      for (let v = 0; v < 4; v++) {
        for (let i = 0; i < pixels; i++) {
          const depth = renderer.depth_m[v * pixels + i];
          const role = renderer.roleOfId[v * 256 + renderer.ids[v * pixels + i]];
          for (let layer = 0; layer < 3; layer++) {
            const found = renderer.layers[(v * 3 + layer) * pixels + i];
            const expected = layer === role && depth > 0 ? 1 / depth : 0;
            expect(Math.abs(found - expected)).toBeLessThanOrEqual(1e-6 * expected);
            if (found > 0) seen++;
          }
        }
      }
      expect(seen).toBeGreaterThan(pixels);
    }
  });
});

describe("a frame", () => {
  it.each(["wasm", "ts"] as const)(
    "does not depend on which views are rendered with it (%s)",
    async (backend) => {
      const renderer = (await pair(6, (r, v) => tumbled(r, v, 12, createRng(v))))[backend];
      renderer.setSensor(d435);
      const seeds = countingSeeds(renderer);
      const images = () =>
        [renderer.depth_m, renderer.ids, renderer.rgba, renderer.layers].map((a) => a.slice());
      renderer.render(everything, 0, 6, seeds);
      const together = images();
      for (const image of [renderer.depth_m, renderer.ids, renderer.rgba, renderer.layers]) {
        image.fill(7);
      }
      for (const v of [4, 1, 5, 0, 3, 2]) renderer.render(everything, v, 1, seeds);
      expect(images()).toEqual(together);
    },
  );

  it("is the same in any view, given its seed", async () => {
    const { wasm } = await pair(3, (r, v) => furnished(r, v, 12, createRng(5)));
    wasm.setSensor(d435);
    wasm.render({ depth: true }, 0, 3, Uint32Array.of(8, 9, 8));
    const pixels = camera.width * camera.height;
    const [a, b, c] = [0, 1, 2].map((v) => wasm.depth_m.slice(v * pixels, (v + 1) * pixels));
    expect(c).toEqual(a);
    expect(b).not.toEqual(a);
    wasm.render({ depth: true });
    const unseeded = wasm.depth_m.slice(0, pixels);
    wasm.render({ depth: true }, 0, 3, new Uint32Array(3));
    expect(wasm.depth_m.slice(0, pixels)).toEqual(unseeded);
    expect(unseeded).not.toEqual(a);
  });

  it("leaves the images that were not asked for alone", async () => {
    const { wasm } = await pair(1, (r, v) => furnished(r, v, 12, createRng(5)));
    wasm.ids.fill(9);
    wasm.rgba.fill(9);
    wasm.layers.fill(9);
    wasm.render({ depth: true });
    for (const image of [wasm.ids, wasm.rgba, wasm.layers]) {
      expect(image.every((value) => value === 9)).toBe(true);
    }
  });
});
