/** Random scenes for the camera's tests and bench. */

import { multiply, type Quat, type Transform, yaw } from "../../core/frames.ts";
import type { Rng } from "../../core/rng.ts";
import {
  baseFromOptical,
  type PrimitiveSpec,
  writePrimitive,
  writeView,
} from "../../sim/render/pack.ts";
import {
  type CameraSpec,
  primitive as primitiveColumns,
  type Renderer,
  view as viewColumns,
} from "../../sim/render/types.ts";

/** A uniformly random rotation. */
export function randomRotation(rng: Rng): Quat {
  const q = [rng.normal(), rng.normal(), rng.normal(), rng.normal()];
  const length = Math.hypot(...q);
  return [q[0] / length, q[1] / length, q[2] / length, q[3] / length];
}

const room: PrimitiveSpec = {
  kind: "room",
  id: 1,
  size: [2, 2, 1.25],
  position: [0, 0, 1.25],
  rgb: [0.6, 0.55, 0.5],
};

/** A camera looking along `heading_rad`, tilted down by `pitch_rad`. */
export function cameraPose(
  x: number,
  y: number,
  z: number,
  heading_rad: number,
  pitch_rad: number,
): Transform<"world", "camera"> {
  const tilt: Quat = [0, Math.sin(pitch_rad / 2), 0, Math.cos(pitch_rad / 2)];
  const rotation = multiply(multiply(yaw(heading_rad), tilt), baseFromOptical);
  return { position: [x, y, z], rotation };
}

/** Fills view `v` with `specs`. */
export function place(renderer: Renderer, v: number, specs: readonly PrimitiveSpec[]): void {
  const row = v * renderer.maxPrimitives;
  for (const [i, spec] of specs.entries()) {
    writePrimitive(renderer.primitives, (row + i) * primitiveColumns.size, spec);
  }
  renderer.counts[v] = specs.length;
}

export function aim(
  renderer: Renderer,
  v: number,
  pose: Transform<"world", "camera">,
  camera: CameraSpec = renderer.camera,
): void {
  writeView(renderer.views, v * viewColumns.size, camera, pose);
}

const kinds = ["box", "cylinder", "sphere", "capsule", "prism"] as const;

function randomSize(rng: Rng, kind: PrimitiveSpec["kind"], low: number, high: number) {
  const a = rng.uniform(low, high);
  const b = rng.uniform(low, high);
  return kind === "sphere" ? ([a] as const) : ([a, b, rng.uniform(low, high)] as const);
}

/**
 * A room with tumbled, overlapping solids of 2 cm to 60 cm and a camera anywhere in it, at any
 * attitude, often inside a solid.
 */
export function tumbled(renderer: Renderer, v: number, solids: number, rng: Rng): void {
  const camera = { ...renderer.camera, horizontalFov_rad: rng.uniform(1, 1.95) };
  const position = [rng.uniform(-1, 1), rng.uniform(-1, 1), rng.uniform(0.3, 2)] as const;
  aim(renderer, v, { position, rotation: randomRotation(rng) }, camera);
  renderer.views[v * viewColumns.size + viewColumns.at.offsetX_px] = rng.uniform(-3, 3);
  renderer.views[v * viewColumns.size + viewColumns.at.offsetY_px] = rng.uniform(-3, 3);
  const specs: PrimitiveSpec[] = [room];
  for (let i = 0; i < solids; i++) {
    const kind = kinds[Math.floor(rng.uniform(0, kinds.length))];
    specs.push({
      kind,
      id: i + 2,
      size: randomSize(rng, kind, 0.02, 0.6),
      position: [rng.uniform(-1.9, 1.9), rng.uniform(-1.9, 1.9), rng.uniform(0, 2.4)],
      orientation: randomRotation(rng),
      rgb: [rng.next(), rng.next(), rng.next()],
    });
  }
  place(renderer, v, specs);
}

/**
 * A room with `objects` things on its floor, two of them plates of the robot that carries the
 * camera: what training looks like.
 */
export function furnished(renderer: Renderer, v: number, objects: number, rng: Rng): void {
  const x = rng.uniform(-1.4, 1.4);
  const y = rng.uniform(-1.4, 1.4);
  const heading_rad = Math.atan2(-y, -x) + rng.uniform(-0.6, 0.6);
  aim(renderer, v, cameraPose(x, y, rng.uniform(0.35, 0.6), heading_rad, rng.uniform(0.15, 0.6)));
  const specs: PrimitiveSpec[] = [room];
  for (const side of [-1, 1]) specs.push(plate(x, y, heading_rad, side));
  while (specs.length <= objects) {
    const px = rng.uniform(-1.7, 1.7);
    const py = rng.uniform(-1.7, 1.7);
    if (Math.hypot(px - x, py - y) > 0.5) specs.push(onFloor(px, py, specs.length + 2, rng));
  }
  place(renderer, v, specs);
}

function plate(x: number, y: number, heading_rad: number, side: number): PrimitiveSpec {
  const c = Math.cos(heading_rad);
  const s = Math.sin(heading_rad);
  return {
    kind: "box",
    id: 2,
    size: [0.01, 0.1, 0.05],
    position: [x + 0.28 * c - side * 0.13 * s, y + 0.28 * s + side * 0.13 * c, 0.06],
    orientation: yaw(heading_rad + side * 0.3),
  };
}

function onFloor(x: number, y: number, id: number, rng: Rng): PrimitiveSpec {
  const kind = kinds[Math.floor(rng.uniform(0, kinds.length))];
  const size = randomSize(rng, kind, 0.05, 0.2);
  const [a, b = a, c = b] = size;
  const height = { box: c, cylinder: b, sphere: a, capsule: a + b, prism: b };
  const tumbled = rng.next() < 0.15;
  return {
    kind,
    id,
    size,
    position: [x, y, height[kind] + (tumbled ? 0.15 : 0)],
    orientation: tumbled ? randomRotation(rng) : yaw(rng.uniform(0, 2 * Math.PI)),
    rgb: [rng.uniform(0.2, 1), rng.uniform(0.2, 1), rng.uniform(0.2, 1)],
  };
}

/** How well two cameras agree. */
export interface Agreement {
  readonly pixels: number;
  readonly differentIds: number;
  /** Greatest relative depth error where the ids agree. */
  readonly worstDepth: number;
  readonly notFinite: number;
}

/** Compares two pairs of images pixel by pixel. */
export function compare(
  depth_m: ArrayLike<number>,
  ids: ArrayLike<number>,
  expectedDepth_m: ArrayLike<number>,
  expectedIds: ArrayLike<number>,
): Agreement {
  let differentIds = 0;
  let worstDepth = 0;
  let notFinite = 0;
  for (let i = 0; i < ids.length; i++) {
    if (!Number.isFinite(depth_m[i])) notFinite++;
    if (ids[i] !== expectedIds[i]) differentIds++;
    else if (ids[i] !== 0) {
      worstDepth = Math.max(worstDepth, Math.abs(depth_m[i] / expectedDepth_m[i] - 1));
    }
  }
  return { pixels: ids.length, differentIds, worstDepth, notFinite };
}

/** The seeds 1, 2, 3, … one per view. */
export function countingSeeds(renderer: Renderer): Uint32Array {
  return Uint32Array.from({ length: renderer.maxViews }, (_, v) => v + 1);
}
