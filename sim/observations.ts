/**
 * Observation groups: who sees what is data.
 *
 * A scene names roles; from them come the same groups for every scene. A trainer's config says which
 * group the actor, the critic and the student read.
 *
 * | group | row | for |
 * |---|---|---|
 * | `keypoints:<observability>` | canonical points of each role in the base frame | the teacher |
 * | `proprioception` | the previous action | everybody |
 * | `goal` | where the target lies from the anchor, in the robot's axes | students of several targets |
 * | `privileged` | poses, velocities, stage progress | critics |
 * | `layers` | inverse depth, one image per role | the student |
 */

import { type Layout, layout } from "../core/layout.ts";
import type { Rng } from "../core/rng.ts";
import { type CameraMount, egoPushCamera } from "./camera.ts";
import type { Ground } from "./ground.ts";
import { HIDDEN, KEYPOINTS, keypointsOf } from "./keypoints.ts";
import { type AssembledScene, isParked, type PlanarPose, type Roles } from "./scene.ts";
import { height, type Shape, symmetry_rad } from "./shape.ts";
import { blocks, Frustum, masksOf, type Observability } from "./visibility.ts";
import { bodyState } from "./world.ts";

export type GroupName =
  | `keypoints:${Observability}`
  | "proprioception"
  | "goal"
  | "privileged"
  | "layers";

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

/** The previous action, in [-1, 1]. */
export const proprioceptionLayout = layout({ previousAction: 2 });

/**
 * What a robot knows of its target once it was told the arrangement and has followed its own heading since: the target
 * less the anchor, in metres along the robot's axes, and the target's yaw less the robot's, as sine and cosine of as many
 * turns as the shape has faces. Zeros in stages without anchor or target.
 */
export const goalLayout = layout({ offset: 2, yaw: 2 });

/** Everything a critic may know. Lengths in metres, angles as sine and cosine, base frame. */
export const privilegedLayout = layout({
  robotTwist: 3,
  robotPose: 4,
  active: 4,
  activeTwist: 3,
  activePose: 2,
  target: 4,
  push: 4,
  yawError: 2,
  anchor: 2,
  progress: 3,
  previousAction: 2,
});

/** The same for one scene: with the places of its obstacles, nearest first, and the stages left, where it has any. */
export function privilegedLayoutOf(scene: AssembledScene): Layout {
  const { obstacles } = castOf(scene);
  if (obstacles === 0) return privilegedLayout;
  return layout({ ...privilegedLayout.width, obstacles: 2 * obstacles, remaining: 1 });
}

/** Role layers of the student's image that this scene needs, in channel order. */
export function roleNames(scene: AssembledScene): readonly string[] {
  const { anchored, obstacles } = castOf(scene);
  return ["active", ...(anchored ? ["anchor"] : []), ...(obstacles > 0 ? ["obstacle"] : [])];
}

function castOf(scene: AssembledScene): { anchored: boolean; obstacles: number } {
  return {
    anchored: scene.roles.some((roles) => roles.anchor !== undefined),
    obstacles: scene.obstacleSlots,
  };
}

/** Progress of an episode, as the observations need it. */
export interface Progress {
  readonly stage: number;
  /** Stages left, this one counted. */
  readonly remaining: number;
  readonly reached: boolean;
  /** Share of the stage's budget used up, 0 to 1. */
  readonly elapsed: number;
  readonly action: readonly [forward: number, turn: number];
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

/** Writes observation rows of one environment at a time. Holds scratch space only. */
export class Observer {
  readonly keypoints: Layout;
  readonly privileged: Layout;
  readonly #scene: AssembledScene;
  readonly #shapes: readonly (Shape | undefined)[];
  readonly #canonical: readonly Float32Array[];
  readonly #frustum: Frustum;
  readonly #camera: CameraMount;
  readonly #points: Float32Array;
  readonly #target = new Float32Array(KEYPOINTS * 3);

  constructor(scene: AssembledScene, camera: CameraMount = egoPushCamera) {
    this.#scene = scene;
    this.keypoints = keypointLayout(scene);
    this.privileged = privilegedLayoutOf(scene);
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
    this.#write(roles.active, ground, masks, out, start + at.active);
    if (roles.anchor !== undefined) {
      this.#write(roles.anchor, ground, masks, out, start + at.anchor);
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

  /** One row of `privileged`; what this stage has no role or target for is 0. */
  writePrivileged(
    ground: Ground,
    roles: Roles,
    target: PlanarPose | undefined,
    progress: Progress,
    out: Float32Array,
    start: number,
  ): void {
    const { at } = privilegedLayout;
    out.fill(0, start, start + this.privileged.size);
    const yaw = ground.yaw_rad(0);
    const cos = Math.cos(yaw);
    const sin = Math.sin(yaw);
    const x = ground.x_m(0);
    const y = ground.y_m(0);
    const active = roles.active;
    const ax = ground.x_m(active);
    const ay = ground.y_m(active);
    const vector = (to: number, dx: number, dy: number) => {
      out[to] = cos * dx + sin * dy;
      out[to + 1] = -sin * dx + cos * dy;
    };
    const polar = (to: number, dx: number, dy: number) => {
      vector(to, dx, dy);
      const range = Math.hypot(dx, dy);
      out[to + 2] = range;
      out[to + 3] = Math.atan2(out[to + 1], out[to]) / Math.PI;
    };
    writeTwist(ground, 0, cos, sin, out, start + at.robotTwist);
    out[start + at.robotPose] = x;
    out[start + at.robotPose + 1] = y;
    out[start + at.robotPose + 2] = sin;
    out[start + at.robotPose + 3] = cos;
    polar(start + at.active, ax - x, ay - y);
    writeTwist(ground, active, cos, sin, out, start + at.activeTwist);
    out[start + at.activePose] = ax;
    out[start + at.activePose + 1] = ay;
    if (target) {
      polar(start + at.target, target.x_m - x, target.y_m - y);
      polar(start + at.push, target.x_m - ax, target.y_m - ay);
      const symmetry = symmetry_rad(this.#scene.cast.bodies[active - 1].shape);
      const turns = symmetry > 0 ? (2 * Math.PI) / symmetry : 0;
      const error = turns * (ground.yaw_rad(active) - target.yaw_rad);
      out[start + at.yawError] = Math.sin(error);
      out[start + at.yawError + 1] = Math.cos(error);
    }
    if (roles.anchor !== undefined) {
      vector(start + at.anchor, ground.x_m(roles.anchor) - x, ground.y_m(roles.anchor) - y);
    }
    out[start + at.progress] = progress.stage;
    out[start + at.progress + 1] = progress.reached ? 1 : 0;
    out[start + at.progress + 2] = progress.elapsed;
    out[start + at.previousAction] = progress.action[0];
    out[start + at.previousAction + 1] = progress.action[1];
    const more = this.privileged.at as Readonly<Record<string, number>>;
    if (more.obstacles === undefined) return;
    out[start + more.remaining] = progress.remaining;
    for (const [slot, body] of this.#nearestObstacles(ground, roles).entries()) {
      vector(start + more.obstacles + 2 * slot, ground.x_m(body) - x, ground.y_m(body) - y);
    }
  }

  /** One row of `goal`; `headingError_rad` is what the robot's own heading is off by. */
  writeGoal(
    ground: Ground,
    roles: Roles,
    target: PlanarPose | undefined,
    headingError_rad: number,
    out: Float32Array,
    start: number,
  ): void {
    const { at, size } = goalLayout;
    out.fill(0, start, start + size);
    const { anchor, active } = roles;
    if (!target || anchor === undefined) return;
    const heading = ground.yaw_rad(0) + headingError_rad;
    const cos = Math.cos(heading);
    const sin = Math.sin(heading);
    const dx = target.x_m - ground.x_m(anchor);
    const dy = target.y_m - ground.y_m(anchor);
    out[start + at.offset] = cos * dx + sin * dy;
    out[start + at.offset + 1] = -sin * dx + cos * dy;
    const symmetry = symmetry_rad(this.#scene.cast.bodies[active - 1].shape);
    const turns = symmetry > 0 ? (2 * Math.PI) / symmetry : 0;
    const yaw = turns * (target.yaw_rad - heading);
    out[start + at.yaw] = Math.sin(yaw);
    out[start + at.yaw + 1] = Math.cos(yaw);
  }

  /** Obstacles that take part in the episode, nearest first. */
  #nearestObstacles(ground: Ground, { obstacles }: Roles): number[] {
    return obstacles
      .filter((body) => !isParked(ground, body))
      .sort((a, b) => ground.distance_m(0, a) - ground.distance_m(0, b));
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
    const nearest = this.#nearestObstacles(ground, roles);
    for (let slot = 0; slot * KEYPOINTS * 3 < slots.obstacles; slot++) {
      const to = start + at.obstacles + slot * KEYPOINTS * 3;
      if (slot < nearest.length) this.#write(nearest[slot], ground, masks, out, to);
    }
  }

  #write(
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
          !(masks.occlusion && this.#occluded(ground, body, from + k));
      copyPoint(this.#points, from + k, shown, out, to + k);
    }
  }

  #inView(points: Float32Array, at: number, masked: boolean): boolean {
    return !masked || this.#frustum.contains(points[at], points[at + 1], points[at + 2]);
  }

  /** Whether the middle of a body's keypoints is in view. */
  #centreInView(body: number): boolean {
    let x = 0;
    let y = 0;
    let z = 0;
    for (let k = body * KEYPOINTS * 3; k < (body + 1) * KEYPOINTS * 3; k += 3) {
      x += this.#points[k] / KEYPOINTS;
      y += this.#points[k + 1] / KEYPOINTS;
      z += this.#points[k + 2] / KEYPOINTS;
    }
    return this.#frustum.contains(x, y, z);
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
  #occluded(ground: Ground, body: number, point: number): boolean {
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
      const tx = this.#points[point] - ox;
      const ty = this.#points[point + 1] - oy;
      const z = ground.z_m(other);
      if (
        blocks(
          shape,
          c * fx + s * fy,
          -s * fx + c * fy,
          this.#camera.z_m - z,
          c * tx + s * ty,
          -s * tx + c * ty,
          this.#points[point + 2] - z,
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

/** Planar velocity of a body in the base frame and its turn rate. */
function writeTwist(
  ground: Ground,
  body: number,
  cos: number,
  sin: number,
  out: Float32Array,
  to: number,
): void {
  const at = ground.at(body) + bodyState.at.linearVelocity;
  const vx = ground.states[at];
  const vy = ground.states[at + 1];
  out[to] = cos * vx + sin * vy;
  out[to + 1] = -sin * vx + cos * vy;
  out[to + 2] = ground.turnRate_radps(body);
}
