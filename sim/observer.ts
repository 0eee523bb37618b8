/**
 * Rows of keypoints: what a teacher is told about the objects, less what the robot's camera could not see.
 *
 * | observability | shows |
 * |---|---|
 * | `global` | everything |
 * | `fov`, `occlusion`, `objects`, `+gate` | see visibility.ts |
 */

import { type Layout, layout } from "../core/layout.ts";
import type { Rng } from "../core/rng.ts";
import type { CameraMount } from "./camera.ts";
import type { Ground } from "./ground.ts";
import { HIDDEN, KEYPOINTS, keypointsOf } from "./keypoints.ts";
import { castOf, nearestObstacles } from "./roles.ts";
import type { AssembledScene, PlanarPose, Roles } from "./scene.ts";
import { height, type Shape } from "./shape.ts";
import { blocks, Frustum, masksOf, type Observability } from "./visibility.ts";

/** Columns of a keypoint row: K points [x, y, z] a role; obstacles nearest first. Without an anchor there is no reference. */
export function keypointLayout(scene: AssembledScene): Layout {
  const { anchored, obstacles } = castOf(scene);
  return layout({
    active: KEYPOINTS * 3,
    ...(anchored ? { anchor: KEYPOINTS * 3 } : {}),
    ...(obstacles > 0 ? { obstacles: obstacles * KEYPOINTS * 3 } : {}),
    ...(anchored ? { reference: KEYPOINTS * 3 } : {}),
  });
}

/**
 * Shifts the shown keypoints of every object by one random offset each, as a tracker would: [x, y] noise of
 * `sigma_m` in the base frame. The reference moves with the anchor, which it is known by.
 */
export function jitterKeypoints(
  columns: Layout,
  sigma_m: number,
  rng: Rng,
  out: Float32Array,
  start: number,
): void {
  const { anchor, reference } = columns.at as Readonly<Record<string, number | undefined>>;
  let anchorX_m = 0;
  let anchorY_m = 0;
  for (let from = 0; from < (reference ?? columns.size); from += KEYPOINTS * 3) {
    const dx_m = sigma_m * rng.normal();
    const dy_m = sigma_m * rng.normal();
    shiftPoints(out, start + from, dx_m, dy_m);
    if (from !== anchor) continue;
    anchorX_m = dx_m;
    anchorY_m = dy_m;
  }
  if (reference !== undefined) shiftPoints(out, start + reference, anchorX_m, anchorY_m);
}

/** Shifts the points of one object, but for those that are hidden. */
function shiftPoints(points: Float32Array, from: number, dx_m: number, dy_m: number): void {
  for (let k = from; k < from + KEYPOINTS * 3; k += 3) {
    if (points[k] === HIDDEN) continue;
    points[k] += dx_m;
    points[k + 1] += dy_m;
  }
}

/** u_gate = v_gate of centre-gated visibility; not printed in the paper. */
const GATE = 0.6;

/** A body in the base frame: its middle, z above the floor, and its yaw. */
export interface BasePlace {
  x_m: number;
  y_m: number;
  z_m: number;
  cos: number;
  sin: number;
}

/** Writes keypoint rows of one environment at a time. Holds scratch space only. */
export class Observer {
  readonly keypoints: Layout;
  readonly #shapes: readonly (Shape | undefined)[];
  readonly #canonical: readonly Float32Array[];
  readonly #frustum: Frustum;
  readonly #camera: CameraMount;
  readonly #points: Float32Array;
  readonly #target = new Float32Array(KEYPOINTS * 3);
  /** The robot in the world frame, by `#placePoints`. */
  readonly #robot = { x_m: 0, y_m: 0, yaw_rad: 0, cos: 1, sin: 0 };
  readonly #targetPlace: BasePlace = { x_m: 0, y_m: 0, z_m: 0, cos: 1, sin: 0 };
  readonly #middle = new Float64Array(3);
  /** Where every body is, by `#placePoints`. */
  readonly #places: readonly BasePlace[];

  constructor(scene: AssembledScene) {
    const { camera } = scene.cast.robot;
    this.keypoints = keypointLayout(scene);
    this.#shapes = [undefined, ...scene.cast.bodies.map((body) => body.shape)];
    this.#canonical = this.#shapes.map((shape) =>
      shape ? keypointsOf(shape) : new Float32Array(KEYPOINTS * 3),
    );
    this.#frustum = new Frustum(camera);
    this.#camera = camera;
    this.#points = new Float32Array(this.#shapes.length * KEYPOINTS * 3);
    this.#places = this.#shapes.map(() => ({ x_m: 0, y_m: 0, z_m: 0, cos: 1, sin: 0 }));
  }

  /** One row of `keypoints:<observability>`, written at `start`. Hidden points are [-10, -10, -10]. */
  writeKeypoints(
    ground: Ground,
    roles: Roles,
    target: PlanarPose | undefined,
    observability: Observability,
    out: Float32Array,
    start: number,
  ): void {
    const at = this.keypoints.at as Readonly<Record<string, number>>;
    const masks = masksOf(observability);
    // a stage may lack roles that another one has
    out.fill(HIDDEN, start, start + this.keypoints.size);
    this.#placePoints(ground);
    this.#writeBody(roles.active, masks, out, start + at.active);
    if (roles.anchor !== undefined) {
      this.#writeBody(roles.anchor, masks, out, start + at.anchor);
    }
    if (at.obstacles !== undefined) this.#writeObstacles(ground, roles, masks, out, start);
    if (target && roles.anchor !== undefined) {
      this.#placeTarget(roles.active, target);
      const gated = masks.centreGate && !this.#anchorCentred(roles.anchor);
      const from = start + at.reference;
      const anchored = masks.whole && this.#centreInView(roles.anchor);
      for (let k = 0; k < KEYPOINTS * 3; k += 3) {
        const seen = masks.whole ? anchored : this.#inView(this.#target, k, masks.fieldOfView);
        const shown = !gated && seen;
        copyPoint(this.#target, k, shown, out, from + k);
      }
    }
  }

  /** Takes in where everything is, for `sees` and `placeOf`. */
  look(ground: Ground): void {
    this.#placePoints(ground);
  }

  /** Whether a camera would find a body: its middle is in view and nothing stands before it. */
  sees(body: number): boolean {
    return this.#centreInView(body) && !this.#occluded(body, this.#middle, 0);
  }

  /** Where a body is from the robot; changed by the next look. */
  placeOf(body: number): Readonly<BasePlace> {
    return this.#places[body];
  }

  #writeObstacles(
    ground: Ground,
    roles: Roles,
    masks: ReturnType<typeof masksOf>,
    out: Float32Array,
    start: number,
  ): void {
    const at = this.keypoints.at as Readonly<Record<string, number>>;
    const slots = this.keypoints.width as Readonly<Record<string, number>>;
    const nearest = nearestObstacles(ground, roles);
    for (let slot = 0; slot * KEYPOINTS * 3 < slots.obstacles; slot++) {
      const to = start + at.obstacles + slot * KEYPOINTS * 3;
      if (slot < nearest.length) this.#writeBody(nearest[slot], masks, out, to);
    }
  }

  #writeBody(body: number, masks: ReturnType<typeof masksOf>, out: Float32Array, to: number): void {
    const from = body * KEYPOINTS * 3;
    const centred = masks.whole && this.#centreInView(body);
    for (let k = 0; k < KEYPOINTS * 3; k += 3) {
      const shown = masks.whole
        ? centred
        : this.#inView(this.#points, from + k, masks.fieldOfView) &&
          !(masks.occlusion && this.#occluded(body, this.#points, from + k));
      copyPoint(this.#points, from + k, shown, out, to + k);
    }
  }

  #inView(points: Float32Array, at: number, masked: boolean): boolean {
    return !masked || this.#frustum.contains(points[at], points[at + 1], points[at + 2]);
  }

  /** Whether the middle of a body's keypoints is in view. */
  #centreInView(body: number): boolean {
    this.#middleOf(body);
    const middle = this.#middle;
    return this.#frustum.contains(middle[0], middle[1], middle[2]);
  }

  /** The middle of a body's keypoints, into `#middle`. */
  #middleOf(body: number): void {
    let x = 0;
    let y = 0;
    let z = 0;
    for (let k = body * KEYPOINTS * 3; k < (body + 1) * KEYPOINTS * 3; k += 3) {
      x += this.#points[k] / KEYPOINTS;
      y += this.#points[k + 1] / KEYPOINTS;
      z += this.#points[k + 2] / KEYPOINTS;
    }
    this.#middle[0] = x;
    this.#middle[1] = y;
    this.#middle[2] = z;
  }

  #anchorCentred(anchor: number): boolean {
    const { x_m, y_m, z_m } = this.#places[anchor];
    return this.#frustum.centres(x_m, y_m, z_m, GATE);
  }

  /** Whether another body stands between the camera and a keypoint of `body`. */
  #occluded(body: number, points: Float32Array | Float64Array, point: number): boolean {
    for (let other = 1; other < this.#shapes.length; other++) {
      const shape = this.#shapes[other];
      if (other === body || !shape) continue;
      // base frame to the frame of the other body
      const { x_m, y_m, z_m: z, cos: c, sin: s } = this.#places[other];
      const fx = this.#camera.x_m - x_m;
      const fy = -y_m;
      const tx = points[point] - x_m;
      const ty = points[point + 1] - y_m;
      if (
        blocks(
          shape,
          c * fx + s * fy,
          -s * fx + c * fy,
          this.#camera.z_m - z,
          c * tx + s * ty,
          -s * tx + c * ty,
          points[point + 2] - z,
        )
      ) {
        return true;
      }
    }
    return false;
  }

  /** Canonical points of every body into the base frame, z above the floor. */
  #placePoints(ground: Ground): void {
    const robot = this.#robot;
    robot.x_m = ground.x_m(0);
    robot.y_m = ground.y_m(0);
    robot.yaw_rad = ground.yaw_rad(0);
    robot.cos = Math.cos(robot.yaw_rad);
    robot.sin = Math.sin(robot.yaw_rad);
    for (let body = 1; body < this.#shapes.length; body++) {
      const place = this.#places[body];
      this.#toBase(ground.x_m(body), ground.y_m(body), ground.yaw_rad(body), place);
      place.z_m = ground.z_m(body);
      movePoints(this.#canonical[body], place, this.#points, body * KEYPOINTS * 3);
    }
  }

  #placeTarget(active: number, { x_m, y_m, yaw_rad }: PlanarPose): void {
    const shape = this.#shapes[active];
    const place = this.#targetPlace;
    this.#toBase(x_m, y_m, yaw_rad, place);
    place.z_m = shape ? height(shape) / 2 : 0;
    movePoints(this.#canonical[active], place, this.#target, 0);
  }

  /** A pose of the world frame in the base frame, into `out`. */
  #toBase(x_m: number, y_m: number, yaw_rad: number, out: BasePlace): void {
    const robot = this.#robot;
    const dx = x_m - robot.x_m;
    const dy = y_m - robot.y_m;
    out.x_m = robot.cos * dx + robot.sin * dy;
    out.y_m = -robot.sin * dx + robot.cos * dy;
    out.cos = Math.cos(yaw_rad - robot.yaw_rad);
    out.sin = Math.sin(yaw_rad - robot.yaw_rad);
  }
}

/** Canonical points of a body to where it is. */
function movePoints(
  canonical: Float32Array,
  place: BasePlace,
  out: Float32Array,
  to: number,
): void {
  const { x_m, y_m, z_m, cos, sin } = place;
  for (let k = 0; k < KEYPOINTS * 3; k += 3) {
    out[to + k] = x_m + cos * canonical[k] - sin * canonical[k + 1];
    out[to + k + 1] = y_m + sin * canonical[k] + cos * canonical[k + 1];
    out[to + k + 2] = z_m + canonical[k + 2];
  }
}

function copyPoint(
  from: Float32Array,
  at: number,
  shown: boolean,
  out: Float32Array,
  to: number,
): void {
  out[to] = shown ? from[at] : HIDDEN;
  out[to + 1] = shown ? from[at + 1] : HIDDEN;
  out[to + 2] = shown ? from[at + 2] : HIDDEN;
}
