/** The fallback backend, in plain TypeScript: the same algorithm, to read and to compare with. */

import { type Backend, FRAME_BITS, type RendererArrays, type RendererSizes } from "./backend.ts";
import { createDepthBuffer, type DepthBuffer, rasterize } from "./raster.ts";
import { shade } from "./record.ts";
import { copyTruth, sense } from "./sense.ts";
import { ideal } from "./sensor.ts";
import { ViewSetup } from "./setup.ts";
import { primitive as primitiveColumns, type SensorSpec, view as viewColumns } from "./types.ts";

const AMBIENT = 0.35;
const DIFFUSE = 0.65;

export function createTsBackend(sizes: RendererSizes): Backend {
  const { width, height, maxPrimitives } = sizes;
  const arrays = createArrays(sizes);
  const setup = new ViewSetup(width, height, maxPrimitives);
  const buffer = createDepthBuffer(width, height);
  const inverse = new Float32Array(width * height);
  let sensor: SensorSpec | undefined;

  const renderView = (v: number, bits: number) => {
    const primitivesAt = v * maxPrimitives * primitiveColumns.size;
    const viewAt = v * viewColumns.size;
    setup.setUp(arrays.views, viewAt, arrays.primitives, primitivesAt, arrays.counts[v]);
    if (setup.overflow) return false;
    const { near_m, far_m } = setup.sight;
    rasterize(setup.records, setup.count, near_m, far_m, buffer);
    if (bits & (FRAME_BITS.depth | FRAME_BITS.layers)) {
      if (sensor) {
        sense(sensor, setup.sight, buffer, setup.holeOfSlot, arrays.seeds[v], inverse);
      } else copyTruth(buffer, inverse);
    }
    writeImages(arrays, sizes, v, bits, setup, buffer, inverse);
    return true;
  };

  return {
    kind: "ts",
    arrays,
    setSensor: (spec, on) => {
      sensor = on ? { ...ideal, ...spec } : undefined;
    },
    render: (bits, first, count) => {
      for (let v = first; v < first + count; v++) if (!renderView(v, bits)) return v;
      return -1;
    },
  };
}

function createArrays(sizes: RendererSizes): RendererArrays {
  const { width, height, maxViews, maxPrimitives, roles } = sizes;
  const pixels = maxViews * width * height;
  return {
    primitives: new Float32Array(maxViews * maxPrimitives * primitiveColumns.size),
    counts: new Int32Array(maxViews),
    views: new Float32Array(maxViews * viewColumns.size),
    roleOfId: new Uint8Array(maxViews * 256),
    seeds: new Uint32Array(maxViews),
    depth_m: new Float32Array(pixels),
    ids: new Uint8Array(pixels),
    rgba: new Uint8Array(pixels * 4),
    layers: new Float32Array(pixels * roles),
  };
}

function writeImages(
  arrays: RendererArrays,
  { width, height, roles }: RendererSizes,
  v: number,
  bits: number,
  setup: ViewSetup,
  buffer: DepthBuffer,
  inverse: Float32Array,
): void {
  const n = width * height;
  const { slots } = buffer;
  if (bits & FRAME_BITS.depth) {
    for (let i = 0; i < n; i++) arrays.depth_m[v * n + i] = inverse[i] > 0 ? 1 / inverse[i] : 0;
  }
  if (bits & FRAME_BITS.id) {
    for (let i = 0; i < n; i++) {
      arrays.ids[v * n + i] = slots[i] === 0 ? 0 : setup.idOfSlot[slots[i]];
    }
  }
  if (bits & FRAME_BITS.rgba) {
    writeRgba(setup, buffer, arrays.rgba.subarray(v * n * 4, (v + 1) * n * 4));
  }
  if (bits & FRAME_BITS.layers) {
    const layers = arrays.layers.subarray(v * n * roles, (v + 1) * n * roles);
    layers.fill(0);
    for (let i = 0; i < n; i++) {
      if (slots[i] === 0) continue;
      const role = arrays.roleOfId[v * 256 + setup.idOfSlot[slots[i]]];
      if (role < roles) layers[role * n + i] = inverse[i];
    }
  }
}

// colour (0.35 + 0.65 max(0, n.l)) over black
function writeRgba({ shades }: ViewSetup, buffer: DepthBuffer, out: Uint8Array): void {
  const { inverse, slots, width } = buffer;
  for (let i = 0; i < slots.length; i++) {
    const x = i % width;
    const y = (i - x) / width;
    const at = slots[i] * shade.size;
    const slope = shades[at + 1] + shades[at + 2] * x + shades[at + 3] * y;
    const cosine = Math.max(0, shades[at] + slope / inverse[i]);
    const light = slots[i] === 0 ? 0 : 255 * (AMBIENT + DIFFUSE * cosine);
    for (let c = 0; c < 3; c++) {
      out[4 * i + c] = Math.min(255, light * shades[at + shade.at.rgb + c]);
    }
    out[4 * i + 3] = 255;
  }
}
