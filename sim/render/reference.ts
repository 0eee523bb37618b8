/**
 * A float64 ray caster in the textbook form, ray parameter t per surface: slow, plain, and written
 * independently of the renderer, so that it can judge it.
 */

import { type Quat, rotate, type Vec3 } from "../../core/frames.ts";
import {
  type CameraSpec,
  kindNumber,
  primitive as primitiveColumns,
  view as viewColumns,
} from "./types.ts";

/** Where a ray enters and leaves a convex solid; the ray misses when `enter` > `leave`. */
interface Span {
  readonly enter: number;
  readonly leave: number;
}

interface Solid {
  readonly kind: number;
  readonly id: number;
  readonly size: Vec3;
  readonly solidFromWorld: Quat;
  /** Camera position in the solid's frame. */
  readonly eye: Vec3;
}

const miss: Span = { enter: Number.POSITIVE_INFINITY, leave: Number.NEGATIVE_INFINITY };

/**
 * Depth (m, 0 where nothing is hit) and id of every pixel of one view.
 * `primitives` are `count` rows of `primitive`, `view` is one row of `view`.
 */
export function renderReference(
  camera: Pick<CameraSpec, "width" | "height">,
  view: Float32Array,
  primitives: Float32Array,
  count: number,
  depth_m: Float64Array,
  ids: Uint8Array,
): void {
  const { at } = viewColumns;
  const rotation = quatAt(view, at.orientation);
  const position = vectorAt(view, at.position);
  const near = view[at.near_m];
  const far = view[at.far_m];
  const solids = Array.from({ length: count }, (_, i) => solidAt(primitives, i, position)).filter(
    (solid) => solid.kind !== 0,
  );
  for (let y = 0; y < camera.height; y++) {
    for (let x = 0; x < camera.width; x++) {
      const u = ((2 * (x + 0.5 - view[at.offsetX_px])) / camera.width - 1) * view[at.tanHalfX];
      const v = ((2 * (y + 0.5 - view[at.offsetY_px])) / camera.height - 1) * view[at.tanHalfY];
      const ray = rotate(rotation, [u, v, 1]);
      let depth = far;
      let id = 0;
      for (const solid of solids) {
        const t = hit(solid, rotate(solid.solidFromWorld, ray), near);
        if (t < depth) {
          depth = t;
          id = solid.id;
        }
      }
      depth_m[y * camera.width + x] = id === 0 ? 0 : depth;
      ids[y * camera.width + x] = id;
    }
  }
}

function solidAt(primitives: Float32Array, index: number, camera: Vec3): Solid {
  const { at, size } = primitiveColumns;
  const row = primitives.subarray(index * size, (index + 1) * size);
  const [x, y, z, w] = quatAt(row, at.orientation);
  const solidFromWorld: Quat = [-x, -y, -z, w];
  const [px, py, pz] = vectorAt(row, at.position);
  return {
    kind: row[at.kind],
    id: row[at.id],
    size: vectorAt(row, at.size),
    solidFromWorld,
    eye: rotate(solidFromWorld, [camera[0] - px, camera[1] - py, camera[2] - pz]),
  };
}

// depth of the surface a camera outside the solid sees along `ray`; infinity when there is none
function hit({ kind, size, eye }: Solid, ray: Vec3, near: number): number {
  const [a, b] = size;
  switch (kind) {
    case kindNumber.box:
      return front(near, [slabs(size, eye, ray)]);
    case kindNumber.room: {
      const { enter, leave } = slabs(size, eye, ray);
      return enter < 0 && leave >= near ? leave : Number.POSITIVE_INFINITY;
    }
    case kindNumber.sphere:
      return front(near, [ball(a, eye, ray)]);
    case kindNumber.cylinder:
      return front(near, [cylinder(a, b, eye, ray)]);
    case kindNumber.capsule: {
      const top = ball(a, [eye[0], eye[1], eye[2] - b], ray);
      const bottom = ball(a, [eye[0], eye[1], eye[2] + b], ray);
      return front(near, [cylinder(a, b, eye, ray), top, bottom]);
    }
    case kindNumber.prism:
      return front(near, [prism(a, b, eye, ray)]);
    default:
      throw new Error(`internal: unknown primitive kind ${kind}.`);
  }
}

// nearest entry into a union of convex parts, each cut by the near plane; nothing from within one
function front(near: number, parts: readonly Span[]): number {
  let nearest = Number.POSITIVE_INFINITY;
  for (const { enter, leave } of parts) {
    if (enter > leave || leave <= 0) continue;
    if (enter <= 0) return Number.POSITIVE_INFINITY;
    if (enter >= near) nearest = Math.min(nearest, enter);
  }
  return nearest;
}

function slab(half: number, eye: number, ray: number): Span {
  const a = (-half - eye) / ray;
  const b = (half - eye) / ray;
  return { enter: Math.min(a, b), leave: Math.max(a, b) };
}

function both(a: Span, b: Span): Span {
  return { enter: Math.max(a.enter, b.enter), leave: Math.min(a.leave, b.leave) };
}

function slabs(half: Vec3, eye: Vec3, ray: Vec3): Span {
  const x = slab(half[0], eye[0], ray[0]);
  return both(both(x, slab(half[1], eye[1], ray[1])), slab(half[2], eye[2], ray[2]));
}

// |eye + t ray|^2 = r^2, from the three coefficients of the quadratic in t
function quadratic(a: number, halfB: number, c: number): Span {
  const discriminant = halfB * halfB - a * c;
  if (discriminant < 0) return miss;
  const root = Math.sqrt(discriminant);
  return { enter: (-halfB - root) / a, leave: (-halfB + root) / a };
}

function ball(radius: number, eye: Vec3, ray: Vec3): Span {
  return quadratic(dot(ray, ray), dot(eye, ray), dot(eye, eye) - radius * radius);
}

function cylinder(radius: number, halfHeight: number, eye: Vec3, ray: Vec3): Span {
  const [ex, ey, ez] = eye;
  const [rx, ry, rz] = ray;
  const c = ex * ex + ey * ey - radius * radius;
  return both(quadratic(rx * rx + ry * ry, ex * rx + ey * ry, c), slab(halfHeight, ez, rz));
}

// the three side planes, clipped one by one (Cyrus and Beck, 1978)
function prism(radius: number, halfHeight: number, eye: Vec3, ray: Vec3): Span {
  let span = slab(halfHeight, eye[2], ray[2]);
  for (const angle of [Math.PI / 3, Math.PI, (5 * Math.PI) / 3]) {
    const normal: Vec3 = [Math.cos(angle), Math.sin(angle), 0];
    const speed = dot(normal, ray);
    const t = (radius / 2 - dot(normal, eye)) / speed;
    span = both(span, speed < 0 ? { enter: t, leave: Infinity } : { enter: -Infinity, leave: t });
  }
  return span;
}

function dot(a: Vec3, b: Vec3): number {
  return a[0] * b[0] + a[1] * b[1] + a[2] * b[2];
}

function vectorAt(data: Float32Array, at: number): Vec3 {
  return [data[at], data[at + 1], data[at + 2]];
}

function quatAt(data: Float32Array, at: number): Quat {
  return [data[at], data[at + 1], data[at + 2], data[at + 3]];
}
