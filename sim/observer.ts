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
import { type CameraMount, egoPushCamera } from "./camera.ts";
import type { Ground } from "./ground.ts";
import { HIDDEN, KEYPOINTS, keypointsOf } from "./keypoints.ts";
import { castOf, nearestObstacles } from "./roles.ts";
import type { AssembledScene, PlanarPose, Roles } from "./scene.ts";
import { height, type Shape } from "./shape.ts";
import { blocks, Frustum, masksOf, type Observability } from "./visibility.ts";

/** Columns of a keypoint row: K points [x, y, z] a role; obstacles nearest first. */
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
 * Shifts the shown keypoints of every role by one random offset each, as a tracker would: [x, y] noise of
 * `sigma_m` in the base frame. The reference moves with the anchor that it is known by.
 */
export function jitterKeypoints(
  columns: Layout,
  sigma_m: number,
  rng: Rng,
  out: Float32Array,
  start: number,
): void {
  let dx = 0;
  let dy = 0;
  for (const [role, width] of Object.entries(columns.width)) {
    const at = start + (columns.at as Readonly<Record<string, number>>)[role];
    for (let k = 0; k < width; k += 3) {
      if (k % (KEYPOINTS * 3) === 0 && role !== "reference") {
        dx = sigma_m * rng.normal();
        dy = sigma_m * rng.normal();
      }
      if (out[at + k] === HIDDEN) continue;
      out[at + k] += dx;
      out[at + k + 1] += dy;
    }
  }
}

/** u_gate = v_gate of centre-gated visibility; not printed in the paper. */
const GATE = 0.6;

/** Writes keypoint rows of one environment at a time. Holds scratch space only. */
export class Observer {
  readonly keypoints: Layout;
  readonly #shapes: readonly (Shape | undefined)[];
  readonly #canonical: readonly Float32Array[];
  readonly #frustum: Frustum;
  readonly #camera: CameraMount;
  readonly #points: Float32Array;
  readonly #target = new Float32Array(KEYPOINTS * 3);
  readonly #middle = new Float64Array(3);

  constructor(scene: AssembledScene, camera: CameraMount = egoPushCamera) {
    this.keypoints = keypointLayout(scene);
    this.#shapes = [undefined, ...scene.cast.bodies.map((body) => body.shape)];
    this.#canonical = this.#shapes.map((shape) =>
      shape ? keypointsOf(shape) : new Float32Array(KEYPOINTS * 3),
    );
    this.#frustum = new Frustum(camera);
    this.#camera = camera;
    this.#points = new Float32Array(this.#shapes.length * KEYPOINTS * 3);
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
    this.#writeBody(roles.active, ground, masks, out, start + at.active);
    if (roles.anchor !== undefined) {
      this.#writeBody(roles.anchor, ground, masks, out, start + at.anchor);
    }
    if (at.obstacles !== undefined) this.#writeObstacles(ground, roles, masks, out, start);
    if (target && roles.anchor !== undefined) {
      this.#placeTarget(ground, roles.active, target);
      const gated = masks.centreGate && !this.#anchorCentred(ground, roles.anchor);
      const from = start + at.reference;
      const anchored = masks.whole && this.#centreInView(roles.anchor);
      for (let k = 0; k < KEYPOINTS * 3; k += 3) {
        const seen = masks.whole ? anchored : this.#inView(this.#target, k, masks.fieldOfView);
        const shown = !gated && seen;
        copyPoint(this.#target, k, shown, out, from + k);
      }
    }
  }

  /** Whether a camera would find a body: its middle is in view and nothing stands before it. `look` first. */
  sees(ground: Ground, body: number): boolean {
    return this.#centreInView(body) && !this.#occluded(ground, body, this.#middle, 0);
  }

  /** Takes in where everything is, for `sees`. */
  look(ground: Ground): void {
    this.#placePoints(ground);
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
      if (slot < nearest.length) this.#writeBody(nearest[slot], ground, masks, out, to);
    }
  }

  #writeBody(
    body: number,
    ground: Ground,
    masks: ReturnType<typeof masksOf>,
    out: Float32Array,
    to: number,
  ): void {
    const from = body * KEYPOINTS * 3;
    const centred = masks.whole && this.#centreInView(body);
    for (let k = 0; k < KEYPOINTS * 3; k += 3) {
      const shown = masks.whole
        ? centred
        : this.#inView(this.#points, from + k, masks.fieldOfView) &&
          !(masks.occlusion && this.#occluded(ground, body, this.#points, from + k));
      copyPoint(this.#points, from + k, shown, out, to + k);
    }
  }

  #inView(points: Float32Array, at: number, masked: boolean): boolean {
    return !masked || this.#frustum.contains(points[at], points[at + 1], points[at + 2]);
  }

  /** Whether the middle of a body's keypoints is in view. */
  #centreInView(body: number): boolean {
    this.#middleOf(body);
    const [x, y, z] = this.#middle;
    return this.#frustum.contains(x, y, z);
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

  #anchorCentred(ground: Ground, anchor: number): boolean {
    const yaw = ground.yaw_rad(0);
    const dx = ground.x_m(anchor) - ground.x_m(0);
    const dy = ground.y_m(anchor) - ground.y_m(0);
    const x = Math.cos(yaw) * dx + Math.sin(yaw) * dy;
    const y = -Math.sin(yaw) * dx + Math.cos(yaw) * dy;
    return this.#frustum.centres(x, y, ground.z_m(anchor), GATE);
  }

  /** Whether another body stands between the camera and a keypoint of `body`. */
  #occluded(
    ground: Ground,
    body: number,
    points: Float32Array | Float64Array,
    point: number,
  ): boolean {
    const yaw = ground.yaw_rad(0);
    const cos = Math.cos(yaw);
    const sin = Math.sin(yaw);
    for (let other = 1; other < this.#shapes.length; other++) {
      const shape = this.#shapes[other];
      if (other === body || !shape) continue;
      const dx = ground.x_m(other) - ground.x_m(0);
      const dy = ground.y_m(other) - ground.y_m(0);
      const turn = ground.yaw_rad(other) - yaw;
      const c = Math.cos(turn);
      const s = Math.sin(turn);
      // base frame to the frame of the other body
      const ox = cos * dx + sin * dy;
      const oy = -sin * dx + cos * dy;
      const fx = this.#camera.x_m - ox;
      const fy = -oy;
      const tx = points[point] - ox;
      const ty = points[point + 1] - oy;
      const z = ground.z_m(other);
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
    const yaw = ground.yaw_rad(0);
    for (let body = 1; body < this.#shapes.length; body++) {
      const dx = ground.x_m(body) - ground.x_m(0);
      const dy = ground.y_m(body) - ground.y_m(0);
      this.#place(
        this.#canonical[body],
        yaw,
        dx,
        dy,
        ground.yaw_rad(body),
        ground.z_m(body),
        this.#points,
        body * KEYPOINTS * 3,
      );
    }
  }

  #placeTarget(ground: Ground, active: number, target: PlanarPose): void {
    const shape = this.#shapes[active];
    const dx = target.x_m - ground.x_m(0);
    const dy = target.y_m - ground.y_m(0);
    const z = shape ? height(shape) / 2 : 0;
    const yaw = ground.yaw_rad(0);
    this.#place(this.#canonical[active], yaw, dx, dy, target.yaw_rad, z, this.#target, 0);
  }

  #place(
    canonical: Float32Array,
    robotYaw: number,
    dx: number,
    dy: number,
    bodyYaw: number,
    z: number,
    out: Float32Array,
    to: number,
  ): void {
    const cos = Math.cos(robotYaw);
    const sin = Math.sin(robotYaw);
    const c = Math.cos(bodyYaw - robotYaw);
    const s = Math.sin(bodyYaw - robotYaw);
    const x = cos * dx + sin * dy;
    const y = -sin * dx + cos * dy;
    for (let k = 0; k < KEYPOINTS * 3; k += 3) {
      out[to + k] = x + c * canonical[k] - s * canonical[k + 1];
      out[to + k + 1] = y + s * canonical[k] + c * canonical[k + 1];
      out[to + k + 2] = z + canonical[k + 2];
    }
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
