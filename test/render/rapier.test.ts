/** The camera against another engine's ray casts. */

import { expect, it } from "vitest";
import { multiply, type Quat, rotate } from "../../core/frames.ts";
import { createRng, type Rng } from "../../core/rng.ts";
import { type ColliderDesc, rapier } from "../../sim/rapier.ts";
import { createRenderer } from "../../sim/render/renderer.ts";
import { kindNumber, primitive, type Renderer, view } from "../../sim/render/types.ts";
import { furnished, tumbled } from "./scenes.ts";

const VIEWS = 16;
const RAYS = 200;

it("measures what Rapier's ray casts measure", async () => {
  const renderer = await createRenderer({
    camera: { width: 64, height: 48, horizontalFov_rad: 1.4 },
    maxViews: VIEWS,
    maxPrimitives: 13,
  });
  const rng = createRng(77);
  for (let v = 0; v < VIEWS; v++) {
    if (v % 2) tumbled(renderer, v, 12, rng);
    else furnished(renderer, v, 12, rng);
  }
  renderer.render({ depth: true, id: true });
  let outOfLine = 0;
  let compared = 0;
  for (let v = 0; v < VIEWS; v++) {
    for (const [ours, theirs] of sampleRays(renderer, v, rng)) {
      compared++;
      if (Math.abs(ours - theirs) > 1e-3 * theirs) outOfLine++;
    }
  }
  expect(compared).toBeGreaterThan(VIEWS * RAYS * 0.8);
  // single-precision rays at silhouettes
  expect(outOfLine).toBeLessThanOrEqual(compared * 2e-3);
});

/** Pairs of our depth and Rapier's at random pixels that show a solid. */
function sampleRays(renderer: Renderer, v: number, rng: Rng): [number, number][] {
  const { width, height } = renderer.camera;
  const world = new rapier.World({ x: 0, y: 0, z: 0 });
  for (let i = 0; i < renderer.counts[v]; i++) addCollider(world, renderer, v, i);
  world.step();
  const row = Array.from(renderer.views.subarray(v * view.size, (v + 1) * view.size));
  const [x, y, z] = row;
  const rotation = row.slice(3, 7) as unknown as Quat;
  const pairs: [number, number][] = [];
  for (let ray = 0; ray < RAYS; ray++) {
    const px = Math.floor(rng.uniform(0, width));
    const py = Math.floor(rng.uniform(0, height));
    const at = v * width * height + py * width + px;
    const u =
      ((px + 0.5 - width / 2 - row[view.at.offsetX_px]) / (width / 2)) * row[view.at.tanHalfX];
    const w =
      ((py + 0.5 - height / 2 - row[view.at.offsetY_px]) / (height / 2)) * row[view.at.tanHalfY];
    const [dx, dy, dz] = rotate(rotation, [u, w, 1]);
    const hit = world.castRay(new rapier.Ray({ x, y, z }, { x: dx, y: dy, z: dz }), 20, true);
    // a camera inside a solid sees through it; Rapier's ray stops at once
    if (hit && hit.timeOfImpact > 0.02) pairs.push([renderer.depth_m[at], hit.timeOfImpact]);
  }
  world.free();
  return pairs;
}

type World = InstanceType<typeof rapier.World>;

function addCollider(world: World, { primitives, maxPrimitives }: Renderer, v: number, i: number) {
  const at = (v * maxPrimitives + i) * primitive.size;
  const row = Array.from(primitives.subarray(at, at + primitive.size));
  const [x, y, z] = row;
  const q = row.slice(3, 7) as unknown as Quat;
  const [a, b, c] = row.slice(primitive.at.size);
  const kind = row[primitive.at.kind];
  // Rapier's cylinders stand along y
  const standUp: Quat = [Math.SQRT1_2, 0, 0, Math.SQRT1_2];
  const put = (shape: ColliderDesc, turn: Quat = [0, 0, 0, 1], offset = [0, 0, 0]) => {
    const [ox, oy, oz] = rotate(q, [offset[0], offset[1], offset[2]]);
    const [rx, ry, rz, rw] = multiply(q, turn);
    shape.setTranslation(x + ox, y + oy, z + oz).setRotation({ x: rx, y: ry, z: rz, w: rw });
    world.createCollider(shape);
  };
  if (kind === kindNumber.box) put(rapier.ColliderDesc.cuboid(a, b, c));
  else if (kind === kindNumber.sphere) put(rapier.ColliderDesc.ball(a));
  else if (kind === kindNumber.cylinder) put(rapier.ColliderDesc.cylinder(b, a), standUp);
  else if (kind === kindNumber.capsule) {
    // in parts: Rapier's iterative cast against a whole capsule stops up to 5 mm late
    put(rapier.ColliderDesc.cylinder(b, a), standUp);
    for (const end of [-b, b]) put(rapier.ColliderDesc.ball(a), undefined, [0, 0, end]);
  } else if (kind === kindNumber.prism) put(prismHull(a, b));
  else {
    for (const sign of [-1, 1]) {
      put(rapier.ColliderDesc.cuboid(0.1, b, c), undefined, [sign * (a + 0.1), 0, 0]);
      put(rapier.ColliderDesc.cuboid(a, 0.1, c), undefined, [0, sign * (b + 0.1), 0]);
      put(rapier.ColliderDesc.cuboid(a, b, 0.1), undefined, [0, 0, sign * (c + 0.1)]);
    }
  }
}

function prismHull(radius: number, halfHeight: number): ColliderDesc {
  const points: number[] = [];
  for (const angle of [0, (2 * Math.PI) / 3, (4 * Math.PI) / 3]) {
    for (const z of [-halfHeight, halfHeight]) {
      points.push(radius * Math.cos(angle), radius * Math.sin(angle), z);
    }
  }
  const hull = rapier.ColliderDesc.convexHull(Float32Array.from(points));
  if (!hull) throw new Error("internal: a prism has a hull.");
  return hull;
}
