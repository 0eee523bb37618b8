/**
 * Frames per second of the egocentric camera on one core: `npx tsx bench/render.ts`.
 *
 * Scenes: a walled room, a camera on a robot of two plates, and 8 or 20 objects (plates included).
 * gpu.js runs in the mode it picks on this machine, which on a CPU is its WebAssembly.
 */

import { createRng } from "../core/rng.ts";
import { createGpuRenderer } from "../sim/render/gpu.ts";
import { createRenderer } from "../sim/render/renderer.ts";
import { d435, ideal } from "../sim/render/sensor.ts";
import type { CameraSpec, FrameRequest, Renderer, SensorSpec } from "../sim/render/types.ts";
import { countingSeeds, furnished } from "../test/render/scenes.ts";
import { type Contender, interleavedMedians, writeResults } from "./harness.ts";

const VIEWS = 64;
const ROLES = 4;
const square: CameraSpec = { width: 64, height: 64, horizontalFov_rad: 1.22 };
const wide: CameraSpec = { width: 128, height: 96, horizontalFov_rad: 1.5 };
const depthAndId: FrameRequest = { depth: true, id: true };

/** What the main issue asks for: 64x64 depth + id with 20 objects, frames a second on one core. */
const REQUIRED = { case: "wasm 64x64 depth + id, 20 objects", framesPerSecond: 70_000 };

interface Case {
  readonly what: string;
  readonly request: FrameRequest;
  readonly camera: CameraSpec;
  readonly objects: number;
  readonly sensor?: SensorSpec;
}

const cases: readonly Case[] = [
  { what: "depth + id", request: depthAndId, camera: square, objects: 8 },
  { what: "depth + id", request: depthAndId, camera: square, objects: 20 },
  {
    what: "depth + id + rgba",
    request: { ...depthAndId, rgba: true },
    camera: square,
    objects: 20,
  },
  { what: "4 layers", request: { layers: true }, camera: square, objects: 20 },
  {
    what: "4 layers with D435 noise",
    request: { layers: true },
    camera: square,
    objects: 20,
    sensor: d435,
  },
  { what: "depth + id", request: depthAndId, camera: wide, objects: 20 },
];

const contenders: Contender[] = [];
for (const backend of ["wasm", "ts"] as const) {
  for (const item of cases) contenders.push(await contender(item, backend));
}
const gpus = cases.filter(({ request }) => request === depthAndId);
for (const item of gpus) contenders.push(await gpuContender(item));

const timings = await interleavedMedians(contenders, { rounds: 5 });
for (const { name, unitsPerSecond, microsecondsPerUnit } of timings) {
  console.log(`${name.padEnd(52)} ${unitsPerSecond} frames/s, ${microsecondsPerUnit} us`);
}
console.log(writeResults("render", { unit: "frame", views: VIEWS, required: REQUIRED, timings }));

async function fill(item: Case, backend: Renderer["backend"]): Promise<Renderer> {
  const { camera, objects, sensor = ideal } = item;
  const renderer = await createRenderer({
    camera,
    maxViews: VIEWS,
    maxPrimitives: objects + 1,
    roles: ROLES,
    backend,
  });
  const rng = createRng(3);
  for (let v = 0; v < VIEWS; v++) {
    furnished(renderer, v, objects, rng.split(`view ${v}`));
    for (let id = 2; id < 256; id++) renderer.roleOfId[v * 256 + id] = id % ROLES;
  }
  renderer.setSensor(sensor);
  return renderer;
}

async function contender(item: Case, backend: Renderer["backend"]): Promise<Contender> {
  const renderer = await fill(item, backend);
  const seeds = countingSeeds(renderer);
  return {
    name: `${backend} ${titleOf(item)}`,
    units: VIEWS,
    work: () => renderer.render(item.request, 0, VIEWS, seeds),
  };
}

async function gpuContender(item: Case): Promise<Contender> {
  const { primitives, counts, views } = await fill(item, "ts");
  const gpu = await createGpuRenderer({
    camera: item.camera,
    maxViews: VIEWS,
    maxPrimitives: item.objects + 1,
  });
  gpu.primitives.set(primitives);
  gpu.counts.set(counts);
  gpu.views.set(views);
  return {
    name: `gpu.js (${gpu.mode}) ${titleOf(item)}`,
    units: VIEWS,
    work: () => gpu.render(),
  };
}

function titleOf({ camera, what, objects }: Case): string {
  return `${camera.width}x${camera.height} ${what}, ${objects} objects`;
}
