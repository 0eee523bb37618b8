/**
 * What the robot's camera could see of a point: the observation masks of a privileged teacher.
 *
 * `global` hides nothing. `fov` is EgoPush's frustum and range test (section III-A). `occlusion` adds
 * what the paper leaves out: the line of sight must not pass through another object. `+gate` shows
 * the reference only while the anchor is near the centre of the image (centre-gated visibility),
 * which makes the teacher look at the anchor while it places. `objects` shows an object whole while
 * its centre is in view: a camera that sees a part of an object knows where the rest is, and a teacher
 * that cannot count corners at the edge of the image is easier to imitate.
 */

import type { CameraMount } from "./camera.ts";
import type { Shape } from "./shape.ts";

export const observabilities = [
  "global",
  "fov",
  "fov+gate",
  "occlusion",
  "occlusion+gate",
  "objects",
  "objects+gate",
] as const;
export type Observability = (typeof observabilities)[number];

export interface Masks {
  readonly fieldOfView: boolean;
  readonly occlusion: boolean;
  readonly centreGate: boolean;
  /** Objects are shown or hidden whole, by their centre. */
  readonly whole: boolean;
}

export function masksOf(observability: Observability): Masks {
  return {
    fieldOfView: observability !== "global",
    occlusion: observability.startsWith("occlusion"),
    centreGate: observability.endsWith("+gate"),
    whole: observability.startsWith("objects"),
  };
}

/** The frustum of a camera mount, with its trigonometry done once. Points are in the base frame. */
export class Frustum {
  readonly #mount: CameraMount;
  readonly #cos: number;
  readonly #sin: number;
  readonly #tanX: number;
  readonly #tanY: number;

  constructor(mount: CameraMount) {
    this.#mount = mount;
    this.#cos = Math.cos(mount.pitch_rad);
    this.#sin = Math.sin(mount.pitch_rad);
    this.#tanX = Math.tan(mount.horizontalFov_rad / 2);
    this.#tanY = Math.tan(mount.verticalFov_rad / 2);
  }

  /** Base frame with z above the floor. Inside the frustum and within the depth range. */
  contains(x_m: number, y_m: number, z_m: number): boolean {
    return this.#within(x_m, y_m, z_m, 1);
  }

  /** Whether the point lies in the middle of the image: |u|, |v| <= gate. */
  centres(x_m: number, y_m: number, z_m: number, gate: number): boolean {
    return this.#within(x_m, y_m, z_m, gate);
  }

  #within(x_m: number, y_m: number, z_m: number, share: number): boolean {
    const { x_m: cameraX_m, z_m: cameraZ_m, minDepth_m, maxDepth_m } = this.#mount;
    const forward = x_m - cameraX_m;
    const up = z_m - cameraZ_m;
    // camera axes, x forward, y left, z up, pitched down
    const depth = this.#cos * forward - this.#sin * up;
    const rise = this.#sin * forward + this.#cos * up;
    return (
      depth >= minDepth_m &&
      depth <= maxDepth_m &&
      Math.abs(y_m) <= share * depth * this.#tanX &&
      Math.abs(rise) <= share * depth * this.#tanY
    );
  }
}

/**
 * Whether the segment from `from` to `to` passes through a shape. Both points are [x, y, z] in the
 * frame of the body, whose origin is its centroid; the end point itself may lie on the surface.
 */
export function blocks(
  shape: Shape,
  fromX: number,
  fromY: number,
  fromZ: number,
  toX: number,
  toY: number,
  toZ: number,
): boolean {
  switch (shape.kind) {
    case "box": {
      const [x, y, z] = shape.size_m;
      const slab = clipSlab(0, 1, fromX, toX, x / 2);
      const slab2 = clipSlab(slab[0], slab[1], fromY, toY, y / 2);
      const slab3 = clipSlab(slab2[0], slab2[1], fromZ, toZ, z / 2);
      return slab3[0] < slab3[1] && slab3[0] < TOUCH;
    }
    case "cylinder": {
      const side = clipDisc(fromX, fromY, toX, toY, shape.diameter_m / 2);
      const slab = clipSlab(side[0], side[1], fromZ, toZ, shape.height_m / 2);
      return slab[0] < slab[1] && slab[0] < TOUCH;
    }
    case "prism": {
      const inner = shape.side_m / (2 * Math.sqrt(3));
      let span = clipSlab(0, 1, fromZ, toZ, shape.height_m / 2);
      for (const angle of PRISM_FACES) {
        const c = Math.cos(angle);
        const s = Math.sin(angle);
        span = clipHalfSpace(span, c * fromX + s * fromY - inner, c * toX + s * toY - inner);
      }
      return span[0] < span[1] && span[0] < TOUCH;
    }
  }
}

/** A segment that enters a body only at its very end does not count as blocked by it. */
const TOUCH = 1 - 1e-3;
/** Outward normals of the prism's sides; its vertices lie at 0, 120 and 240 degrees. */
const PRISM_FACES = [Math.PI / 3, Math.PI, (5 * Math.PI) / 3];

type Span = readonly [enter: number, leave: number];
const EMPTY: Span = [1, 0];

function clipSlab(enter: number, leave: number, from: number, to: number, half: number): Span {
  const span = clipHalfSpace([enter, leave], from - half, to - half);
  return clipHalfSpace(span, -from - half, -to - half);
}

/** Keeps the part of the segment where a linear function, given at both ends, is negative. */
function clipHalfSpace(span: Span, atFrom: number, atTo: number): Span {
  if (atFrom >= 0 && atTo >= 0) return EMPTY;
  if (atFrom < 0 && atTo < 0) return span;
  const crossing = atFrom / (atFrom - atTo);
  return atFrom < 0
    ? [span[0], Math.min(span[1], crossing)]
    : [Math.max(span[0], crossing), span[1]];
}

function clipDisc(fromX: number, fromY: number, toX: number, toY: number, radius: number): Span {
  const dx = toX - fromX;
  const dy = toY - fromY;
  const a = dx * dx + dy * dy;
  const b = fromX * dx + fromY * dy;
  const c = fromX * fromX + fromY * fromY - radius * radius;
  if (a === 0) return c < 0 ? [0, 1] : EMPTY;
  const discriminant = b * b - a * c;
  if (discriminant <= 0) return EMPTY;
  const root = Math.sqrt(discriminant);
  return [Math.max(0, (-b - root) / a), Math.min(1, (-b + root) / a)];
}
