/**
 * Frames per second of the egocentric camera on one core: `npx tsx bench/render.ts`.
 * Scenes: a walled room, a camera on a robot of two plates, and 8 or 20 objects (plates included).
 */

import { createRng } from "../core/rng.ts";
import { createRenderer } from "../sim/render/renderer.ts";
import { d435, ideal } from "../sim/render/sensor.ts";
import type { CameraSpec, FrameRequest, Renderer, SensorSpec } from "../sim/render/types.ts";
import { countingSeeds, furnished } from "../test/render/scenes.ts";
import { type Contender, interleavedMedians, writeResults } from "./harness.ts";

const VIEWS = 64;
const square: CameraSpec = { width: 64, height: 64, horizontalFov_rad: 1.22 };
const wide: CameraSpec = { width: 128, height: 96, horizontalFov_rad: 1.5 };

interface Case {
  readonly name: string;
  readonly camera: CameraSpec;
  readonly objects: number;
  readonly what: FrameRequest;
  readonly sensor?: SensorSpec;
}

const depthId: FrameRequest = { depth: true, id: true };
const cases: readonly Case[] = [
  { name: "depth + id, 8 objects", camera: square, objects: 8, what: depthId },
  { name: "depth + id, 20 objects", camera: square, objects: 20, what: depthId },
  {
    name: "depth + id + rgba, 20 objects",
    camera: square,
    objects: 20,
    what: { ...depthId, rgba: true },
  },
  {
    name: "4 layers, D435 noise, 20 objects",
    camera: square,
    objects: 20,
    what: { layers: true },
    sensor: d435,
  },
  { name: "128x96 depth + id, 20 objects", camera: wide, objects: 20, what: depthId },
];

const contenders: Contender[] = [];
for (const backend of ["wasm", "ts"] as const) {
  for (const item of cases) contenders.push(await contender(item, backend));
}
const timings = await interleavedMedians(contenders);
for (const { name, unitsPerSecond, microsecondsPerUnit } of timings) {
  console.log(`${name.padEnd(48)} ${unitsPerSecond} frames/s, ${microsecondsPerUnit} us`);
}
console.log(writeResults("render", { unit: "frame", views: VIEWS, timings }));

async function contender(item: Case, backend: Renderer["backend"]): Promise<Contender> {
  const { camera, objects, what, sensor = ideal } = item;
  const renderer = await createRenderer({
    camera,
    maxViews: VIEWS,
    maxPrimitives: objects + 1,
    backend,
  });
  const rng = createRng(3);
  for (let v = 0; v < VIEWS; v++) {
    furnished(renderer, v, objects, rng.split(`view ${v}`));
    for (let id = 2; id < 256; id++) renderer.roleOfId[v * 256 + id] = id % 4;
  }
  renderer.setSensor(sensor);
  const seeds = countingSeeds(renderer);
  return {
    name: `${backend} ${item.name}`,
    units: VIEWS,
    work: () => renderer.render(what, 0, VIEWS, seeds),
  };
}
