/** What goes wrong in depth cameras, each with a scene small enough to know the answer. */

import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { ConfigError, ShapeError } from "../../core/errors.ts";
import { createRng } from "../../core/rng.ts";
import { type PrimitiveSpec, writePose } from "../../sim/render/pack.ts";
import { createRenderer } from "../../sim/render/renderer.ts";
import { d435 } from "../../sim/render/sensor.ts";
import { kindNumber, primitive, type Renderer, view } from "../../sim/render/types.ts";
import { aim, cameraPose, countingSeeds, furnished, place } from "./scenes.ts";

const backends = ["wasm", "ts"] as const;
const SIZE = 16;

async function camera(backend: "wasm" | "ts", maxPrimitives = 8): Promise<Renderer> {
  const renderer = await createRenderer({
    camera: { width: SIZE, height: SIZE, horizontalFov_rad: Math.PI / 2 },
    maxViews: 1,
    maxPrimitives,
    backend,
  });
  aim(renderer, 0, cameraPose(0, 0, 0, 0, 0));
  return renderer;
}

function show(renderer: Renderer, specs: readonly PrimitiveSpec[]): void {
  place(renderer, 0, specs);
  renderer.render({ depth: true, id: true, rgba: true });
}

const at = (x: number, y: number) => y * SIZE + x;
const middle = at(SIZE / 2, SIZE / 2);

describe.each(backends)("the camera (%s)", (backend) => {
  let renderer: Renderer;
  beforeEach(async () => {
    renderer = await camera(backend);
  });
  afterEach(() => {
    expect(renderer.depth_m.every((d) => Number.isFinite(d) && d >= 0)).toBe(true);
    for (const [i, id] of renderer.ids.entries()) expect(renderer.depth_m[i] > 0).toBe(id > 0);
  });

  it("has x to the right, y down and z into the image", () => {
    // world: x forward, y left, z up; one ball in each direction
    const ball = { kind: "sphere", size: [0.2] } as const;
    show(renderer, [
      { ...ball, id: 1, position: [2, 0, 0] },
      { ...ball, id: 2, position: [2, 1, 0] },
      { ...ball, id: 3, position: [2, -1, 0] },
      { ...ball, id: 4, position: [2, 0, 1] },
      { ...ball, id: 5, position: [2, 0, -1] },
      { ...ball, id: 6, position: [-2, 0, 0] },
    ]);
    // 1 m aside at 2 m is half of half the image
    const near = SIZE / 4;
    const far = (3 * SIZE) / 4;
    expect(renderer.ids[middle]).toBe(1);
    expect(renderer.ids[at(near, SIZE / 2)]).toBe(2);
    expect(renderer.ids[at(far, SIZE / 2)]).toBe(3);
    expect(renderer.ids[at(SIZE / 2, near)]).toBe(4);
    expect(renderer.ids[at(SIZE / 2, far)]).toBe(5);
    expect(renderer.ids).not.toContain(6);
  });

  it("measures depth along its axis, not along the ray", () => {
    show(renderer, [{ kind: "box", id: 1, size: [0.5, 9, 9], position: [2.5, 0, 0] }]);
    for (const d of renderer.depth_m) expect(d).toBeCloseTo(2, 3);
  });

  it("points a prism's vertex along +x", () => {
    // its edge 1 m ahead; half a pixel (1/16) aside, the side falls back by tan 60 degrees of that:
    // d = 1 + sqrt(3) d / 16
    const spec = { kind: "prism", id: 1, size: [1, 5], position: [2, 0, 0] } as const;
    show(renderer, [{ ...spec, orientation: [0, 0, 1, 0] }]);
    expect(renderer.depth_m[middle]).toBeCloseTo(1 / (1 - Math.sqrt(3) / 16), 3);
    // from the other side: the flat face, half a radius before the centre
    show(renderer, [spec]);
    expect(renderer.depth_m[middle]).toBeCloseTo(1.5, 3);
  });

  it("has nothing to report beyond the far plane", () => {
    renderer.views[view.at.far_m] = 3;
    show(renderer, [{ kind: "box", id: 1, size: [0.5, 9, 9], position: [4.5, 0, 0] }]);
    expect(renderer.depth_m.every((d) => d === 0)).toBe(true);
    expect(renderer.ids.every((id) => id === 0)).toBe(true);
    expect(Array.from(renderer.rgba.slice(0, 4))).toEqual([0, 0, 0, 255]);
  });

  it("looks through what is nearer than the near plane", () => {
    renderer.views[view.at.near_m] = 0.3;
    show(renderer, [
      { kind: "box", id: 1, size: [0.1, 9, 9], position: [0.35, 0, 0] },
      { kind: "box", id: 2, size: [0.1, 9, 9], position: [2, 0, 0] },
    ]);
    expect(renderer.ids.every((id) => id === 2)).toBe(true);
  });

  it.each([
    ["box", [0.5, 0.5, 0.5]],
    ["cylinder", [0.5, 0.5]],
    ["sphere", [0.5]],
    ["capsule", [0.5, 0.2]],
    ["prism", [0.9, 0.5]],
  ] as const)("sees nothing of a %s from within", (kind, size) => {
    const wall = { kind: "box", id: 2, size: [0.1, 9, 9], position: [3, 0, 0] } as const;
    show(renderer, [{ kind, id: 1, size }, wall]);
    expect(renderer.ids.every((id) => id === 2)).toBe(true);
  });

  // the solid may cover the rays (1, left, up) that lead into it; where none does, the wall has to be seen
  const ahead = () => true;
  const above = (_left: number, up: number) => up > 0;
  it.each([
    ["box", [0.5, 0.5, 0.5], [0.5, 0, 0], ahead],
    ["box", [0.5, 0.5, 0.5], [1, 0.5, 0.5], (left: number, up: number) => left > 0 && up > 0],
    // the wall, at 2.9 m, stands before the far side at 4 m, but not where another side at 2 m comes first
    ["room", [2, 2, 2], [2, 0, 0], (left: number, up: number) => Math.hypot(left, up) > 0.65],
    ["cylinder", [0.5, 0.5], [0.5, 0, 0], ahead],
    ["cylinder", [0.5, 0.5], [1, 0, 0.5], above],
    ["cylinder", [0.5, 0.5], [0, 0, -0.5], (_left: number, up: number) => up < 0],
    ["sphere", [0.5], [0.5, 0, 0], ahead],
    ["capsule", [0.5, 0.5], [0.5, 0, 0.2], ahead],
    ["prism", [1, 0.5], [0.5, 0, 0], ahead],
    ["prism", [1, 0.5], [1, 0, 0.5], above],
    ["prism", [1, 0.5], [-1, 0, 0], () => false],
  ] as const)(
    "stands on a surface of a %s at %s %s without a wrong number",
    (kind, size, position, covers) => {
      const wall = { kind: "box", id: 2, size: [0.1, 9, 9], position: [3, 0, 0] } as const;
      for (const nudge of [0, 1e-9, -1e-9, 1e-7, -1e-7, 1e-5, -1e-5]) {
        const [x, y, z] = position;
        show(renderer, [{ kind, id: 1, size, position: [x + nudge, y, z + nudge] }, wall]);
        for (const [i, id] of renderer.ids.entries()) {
          const left = 1 - ((i % SIZE) + 0.5) / (SIZE / 2);
          const up = 1 - (Math.floor(i / SIZE) + 0.5) / (SIZE / 2);
          expect(covers(left, up) ? [1, 2] : [2], `pixel ${i}, nudge ${nudge}`).toContain(id);
          if (id === 2) expect(renderer.depth_m[i]).toBeCloseTo(2.9, 4);
        }
      }
    },
  );

  it("does not see a room from outside", () => {
    show(renderer, [{ kind: "room", id: 1, size: [1, 1, 1], position: [3, 0, 0] }]);
    expect(renderer.ids.every((id) => id === 0)).toBe(true);
  });

  it("shifts the image with the principal point", () => {
    const post = { kind: "box", id: 1, size: [0.05, 0.4, 9], position: [2, 0, 0] } as const;
    show(renderer, [post]);
    const before = renderer.ids.slice(0, SIZE);
    renderer.views[view.at.offsetX_px] = 3;
    show(renderer, [post]);
    expect(Array.from(renderer.ids.slice(3, SIZE))).toEqual(Array.from(before.slice(0, SIZE - 3)));
    expect(before).toContain(1);
  });

  it("draws only the counted rows, and none of kind 0", () => {
    const box = { kind: "box", size: [0.5, 9, 9] } as const;
    show(renderer, [
      { ...box, id: 1, position: [2, 0, 0] },
      { ...box, id: 2, position: [4, 0, 0] },
    ]);
    expect(renderer.ids[middle]).toBe(1);
    renderer.primitives[primitive.at.kind] = 0;
    renderer.render({ depth: true, id: true });
    expect(renderer.ids[middle]).toBe(2);
    renderer.counts[0] = 0;
    renderer.render({ depth: true, id: true });
    expect(renderer.ids[middle]).toBe(0);
  });

  it("takes a new pose from the seven numbers alone", () => {
    show(renderer, [{ kind: "box", id: 7, size: [0.5, 9, 9], position: [2, 0, 0] }]);
    writePose(renderer.primitives, 0, 4, 0, 0, 0, 0, 0, 1);
    renderer.render({ depth: true, id: true });
    expect(renderer.depth_m[middle]).toBeCloseTo(3.5, 3);
    expect(renderer.ids[middle]).toBe(7);
  });

  it("lights faces by their angle to the light", () => {
    // towards the light: (0.36, -0.48, 0.8); a camera at the origin sees a box's -x face
    const rgb = [1, 1, 1] as const;
    show(renderer, [{ kind: "box", id: 1, size: [0.5, 9, 9], position: [2.5, 0, 0], rgb }]);
    expect(renderer.rgba[4 * middle]).toBe(Math.trunc(0.35 * 255));
    // from above, its top: 0.35 + 0.65 * 0.8
    aim(renderer, 0, cameraPose(0, 0, 3, 0, Math.PI / 2));
    show(renderer, [{ kind: "box", id: 1, size: [9, 9, 0.5], rgb }]);
    expect(renderer.rgba[4 * middle]).toBe(Math.trunc((0.35 + 0.65 * 0.8) * 255));
  });
});

describe.each(backends)("more than a view can hold (%s)", (backend) => {
  it("is one clear error, and 255 surfaces are not", async () => {
    const renderer = await camera(backend, 256);
    // spheres in a grid: one surface each
    const ball = (i: number): PrimitiveSpec => ({
      kind: "sphere",
      id: 1 + (i % 254),
      size: [0.3],
      position: [4, (i % 16) * 0.4 - 3, Math.floor(i / 16) * 0.4 - 3],
    });
    place(
      renderer,
      0,
      Array.from({ length: 255 }, (_, i) => ball(i)),
    );
    renderer.render({ id: true });
    place(
      renderer,
      0,
      Array.from({ length: 256 }, (_, i) => ball(i)),
    );
    expect(() => renderer.render({ id: true })).toThrow(ShapeError);
    expect(() => renderer.render({ id: true })).toThrow("View 0 shows more than 255 surfaces.");
  });

  it("names a view with too many primitives", async () => {
    const renderer = await camera(backend, 2);
    renderer.counts[0] = 3;
    expect(() => renderer.render({ id: true })).toThrow(
      "View 0 has 3 primitives; this renderer was made for at most 2.",
    );
  });
});

describe("a renderer that cannot be", () => {
  const good = { width: 64, height: 64, horizontalFov_rad: 1 };
  const make = (camera: object, rest: object = {}) =>
    createRenderer({ maxViews: 1, maxPrimitives: 1, ...rest, camera: { ...good, ...camera } });

  it("is refused with what is wrong", async () => {
    await expect(make({ width: 62 })).rejects.toThrow("must be a multiple of 4, got 62.");
    await expect(make({ height: 0 })).rejects.toThrow(ConfigError);
    await expect(make({ horizontalFov_rad: 4 })).rejects.toThrow(ConfigError);
    await expect(make({}, { maxViews: 0 })).rejects.toThrow("maxViews must be a whole number");
    await expect(make({}, { roles: 256 })).rejects.toThrow(ConfigError);
    await expect(make({ width: 640, height: 480 }, { maxViews: 1000 })).rejects.toThrow(
      "These views need 7.7 GB; one renderer holds at most 4.",
    );
  });

  it("refuses views and seeds that are not there", async () => {
    const renderer = await make({}, { maxViews: 2 });
    expect(() => renderer.render({ depth: true }, 1, 2)).toThrow(ShapeError);
    expect(() => renderer.render({ depth: true }, 0, 2, new Uint32Array(3))).toThrow(
      "Expected 2 frame seeds, one per view, got 3.",
    );
  });
});

describe("the wasm memory", () => {
  it("does not move: views made at the start stay valid among many renderers", async () => {
    const make = () =>
      createRenderer({
        camera: { width: 64, height: 64, horizontalFov_rad: 1 },
        maxViews: 64,
        maxPrimitives: 8,
      });
    const first = await make();
    const others = await Promise.all([make(), make()]);
    const all = { depth: true, id: true, rgba: true, layers: true };
    for (const renderer of [first, ...others]) {
      for (let v = 0; v < 64; v++) furnished(renderer, v, 7, createRng(v));
      renderer.render(all);
      expect(renderer.primitives.length).toBe(64 * 8 * primitive.size);
      expect(renderer.depth_m.length).toBe(64 * 64 * 64);
    }
    expect(others[1].ids).toEqual(first.ids);
  });

  it("draws the same bits everywhere", async () => {
    const renderer = await createRenderer({
      camera: { width: 64, height: 64, horizontalFov_rad: 1.22 },
      maxViews: 16,
      maxPrimitives: 21,
    });
    for (let v = 0; v < 16; v++) {
      furnished(renderer, v, 20, createRng(v));
      for (let id = 2; id < 255; id++) renderer.roleOfId[v * 256 + id] = id % 5;
    }
    // sines may differ by a last bit between engines, these do not
    for (const inputs of [renderer.primitives, renderer.views]) {
      for (const [i, value] of inputs.entries()) inputs[i] = Math.round(value * 4096) / 4096;
    }
    renderer.setSensor(d435);
    const all = { depth: true, id: true, rgba: true, layers: true };
    renderer.render(all, 0, 16, countingSeeds(renderer));
    const { depth_m, ids, rgba, layers } = renderer;
    expect([depth_m, ids, rgba, layers].map(fnv1a)).toMatchInlineSnapshot(`
      [
        "8e42aed0",
        "46bdda8b",
        "08487f7a",
        "5d1a5b93",
      ]
    `);
  });
});

it("numbers the kinds as the wasm source does", () => {
  expect(kindNumber).toEqual({ box: 1, cylinder: 2, sphere: 3, capsule: 4, prism: 5, room: 6 });
});

// FNV-1a of an array's bytes
function fnv1a({ buffer, byteOffset, byteLength }: Uint8Array | Float32Array): string {
  let h = 0x811c9dc5;
  for (const byte of new Uint8Array(buffer, byteOffset, byteLength)) {
    h = Math.imul(h ^ byte, 0x01000193);
  }
  return (h >>> 0).toString(16).padStart(8, "0");
}
