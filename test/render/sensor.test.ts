import { describe, expect, it } from "vitest";
import { ConfigError } from "../../core/errors.ts";
import { createRenderer } from "../../sim/render/renderer.ts";
import { d435, ideal } from "../../sim/render/sensor.ts";
import type { Renderer, SensorSpec } from "../../sim/render/types.ts";
import { aim, cameraPose, countingSeeds, place } from "./scenes.ts";

const WIDTH = 64;
const HEIGHT = 48;
const VIEWS = 32;

/** Cameras 1 m before a wall that fills the image; the wall's own hole probability is `hole`. */
async function beforeWall(backend: "wasm" | "ts" = "wasm", hole = 0): Promise<Renderer> {
  const renderer = await createRenderer({
    camera: { width: WIDTH, height: HEIGHT, horizontalFov_rad: Math.PI / 2 },
    maxViews: VIEWS,
    maxPrimitives: 2,
    backend,
  });
  for (let v = 0; v < VIEWS; v++) {
    aim(renderer, v, cameraPose(0, 0, 1, 0, 0));
    const wall = { kind: "box", id: 1, size: [0.1, 5, 5], position: [1.1, 0, 1], hole } as const;
    place(renderer, v, [wall]);
  }
  return renderer;
}

function sense(renderer: Renderer, sensor: Partial<SensorSpec>): Float32Array {
  renderer.setSensor({ ...ideal, ...sensor });
  renderer.render({ depth: true }, 0, VIEWS, countingSeeds(renderer));
  return renderer.depth_m;
}

const mean = (values: ArrayLike<number>) =>
  Array.from(values).reduce((a, b) => a + b, 0) / values.length;
const holes = (depth_m: Float32Array) => mean(Array.from(depth_m, (d) => (d === 0 ? 1 : 0)));

describe.each(["wasm", "ts"] as const)("the depth sensor (%s)", (backend) => {
  it("adds white noise of the given size to the inverse depth", async () => {
    const depth_m = sense(await beforeWall(backend), { sigmaInverseDepth: 0.02 });
    const errors = Array.from(depth_m, (d) => 1 / d - 1);
    const n = errors.length;
    const sd = Math.sqrt(mean(errors.map((e) => e * e)));
    // 5 standard errors
    expect(Math.abs(mean(errors))).toBeLessThan((5 * 0.02) / Math.sqrt(n));
    expect(Math.abs(sd / 0.02 - 1)).toBeLessThan(5 / Math.sqrt(2 * n));
    for (const lag of [1, WIDTH, WIDTH * HEIGHT]) {
      const product = errors.slice(lag).map((e, i) => e * errors[i]);
      expect(Math.abs(mean(product)) / sd ** 2).toBeLessThan(5 / Math.sqrt(n));
    }
  });

  it("rounds the inverse depth to its quantum", async () => {
    const depth_m = sense(await beforeWall(backend), {
      sigmaInverseDepth: 0.1,
      stepInverseDepth: 0.05,
    });
    const steps = Array.from(depth_m, (d) => 1 / d / 0.05);
    expect(Math.max(...steps.map((s) => Math.abs(s - Math.round(s))))).toBeLessThan(1e-4);
    expect(new Set(steps.map(Math.round)).size).toBeGreaterThan(5);
  });

  it("tears holes as often as it should, wherever the noise falls", async () => {
    const renderer = await beforeWall(backend);
    const n = VIEWS * WIDTH * HEIGHT;
    const depth_m = sense(renderer, { holeProbability: 0.1, sigmaInverseDepth: 0.02 });
    expect(Math.abs(holes(depth_m) - 0.1)).toBeLessThan(5 * Math.sqrt(0.09 / n));
    const left = Array.from(depth_m).filter((d) => d > 0);
    const error = mean(left.map((d) => 1 / d - 1));
    expect(Math.abs(error)).toBeLessThan((5 * 0.02) / Math.sqrt(left.length));
  });

  it("adds a surface's own holes to them", async () => {
    const depth_m = sense(await beforeWall(backend, 0.5), { holeProbability: 0.1 });
    // 1 - 0.9 * 0.5
    expect(holes(depth_m)).toBeCloseTo(0.55, 2);
    expect(holes(sense(await beforeWall(backend, 0.5), {}))).toBe(0);
  });

  it("sees nothing outside of its range", async () => {
    const renderer = await beforeWall(backend);
    expect(holes(sense(renderer, { minDepth_m: 1.01 }))).toBe(1);
    expect(holes(sense(renderer, { maxDepth_m: 0.99 }))).toBe(1);
    expect(holes(sense(renderer, { minDepth_m: 0.99, maxDepth_m: 1.01 }))).toBe(0);
  });

  it("drops depth at edges only, and not in the last column or row", async () => {
    const renderer = await beforeWall(backend);
    // a post before the wall: columns 32 to 39 (x from 0 to 0.125 m, at 0.5 m, f = 32 px)
    const post = { kind: "box", size: [0.05, 0.0625, 5], id: 2 } as const;
    for (let v = 0; v < VIEWS; v++) {
      place(renderer, v, [
        { ...post, position: [0.55, -0.0625, 1] },
        { kind: "box", id: 1, size: [0.1, 5, 5], position: [1.1, 0, 1] },
      ]);
    }
    const depth_m = sense(renderer, { edgeDropout: 1, edgeJump: 0.05 });
    const columns = new Set<number>();
    for (const [i, d] of depth_m.entries()) if (d === 0) columns.add(i % WIDTH);
    // the right neighbour of these is on the other surface
    expect([...columns]).toEqual([31, 39]);
    expect(holes(depth_m)).toBe(2 / WIDTH);
  });

  it("leaves a shadow beside what is near, as wide as the disparity says", async () => {
    const renderer = await beforeWall(backend);
    for (let v = 0; v < VIEWS; v++) {
      place(renderer, v, [
        { kind: "box", id: 2, size: [0.05, 0.0625, 5], position: [0.55, -0.0625, 1] },
        { kind: "box", id: 1, size: [0.1, 5, 5], position: [1.1, 0, 1] },
      ]);
    }
    // f B = 32 px * 0.125 m = 4 px m: disparity 4 px on the wall at 1 m, 8 px on the post at 0.5 m
    const depth_m = sense(renderer, { stereoBaseline_m: 0.125 });
    for (let x = 0; x < WIDTH; x++) {
      // the left 4 columns fall off the right image; 4 columns of wall hide behind the post
      const hidden = x < 4 || (x >= 28 && x < 32);
      expect(depth_m[x] === 0, `column ${x}`).toBe(hidden);
    }
  });

  it("is louder where a view says so", async () => {
    const renderer = await beforeWall(backend);
    renderer.views.fill(0, 13, 14); // view 0: silent
    const depth_m = sense(renderer, { sigmaInverseDepth: 0.02 });
    const pixels = WIDTH * HEIGHT;
    expect(new Set(depth_m.slice(0, pixels)).size).toBe(1);
    expect(new Set(depth_m.slice(pixels, 2 * pixels)).size).toBeGreaterThan(100);
  });
});

describe("a sensor's numbers", () => {
  it("are refused when no sensor can have them", async () => {
    const renderer = await beforeWall();
    const set = (spec: Partial<SensorSpec>) => () => renderer.setSensor({ ...d435, ...spec });
    expect(set({ holeProbability: 2 })).toThrow(ConfigError);
    expect(set({ edgeDropout: -0.1 })).toThrow(
      'Sensor "edgeDropout" must lie in 0 to 1, got -0.1.',
    );
    expect(set({ sigmaInverseDepth: Number.NaN })).toThrow(ConfigError);
    expect(set({ minDepth_m: 3, maxDepth_m: 2 })).toThrow('to a larger "maxDepth_m"');
  });
});
