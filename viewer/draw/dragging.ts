/** Bodies that can be taken by the pointer and moved over the floor. */

import * as three from "three";
import type { PlanarPose } from "../../sim/scene.ts";

/** A body, row by row of the world, and where it is wanted. */
export type OnDrag = (body: number, pose: PlanarPose) => void;

export interface DragScene {
  readonly camera: three.Camera;
  /** Row by row of the world; none while they cannot be moved. */
  bodies(): readonly three.Object3D[];
  /** The pointer is on something that goes before this body, or before the floor. */
  taken(row: number | undefined): boolean;
  /** Told while something is held, so that the view does not turn with it. */
  holding(held: boolean): void;
  /** A body was pressed, or the floor was without being pulled. */
  select(row: number | undefined): void;
}

/** The least time between two wishes, so that the worker is not flooded. */
const EVERY_ms = 40;
/** A press that moves less than this is a click. */
const CLICK_px = 4;
const floor = new three.Plane(new three.Vector3(0, 0, 1), 0);

/** Passes wishes on as often as the worker can do with, and the last one in any case. */
export class Wishes {
  readonly #drag: OnDrag;
  #untold: Parameters<OnDrag> | undefined;
  #told_ms = 0;

  constructor(drag: OnDrag) {
    this.#drag = drag;
  }

  wish(...wanted: Parameters<OnDrag>): void {
    this.#untold = wanted;
    if (performance.now() - this.#told_ms >= EVERY_ms) this.tell();
  }

  /** Tells what was not told yet. */
  tell(): void {
    if (!this.#untold) return;
    this.#told_ms = performance.now();
    this.#drag(...this.#untold);
    this.#untold = undefined;
  }
}

/** Calls `drag` while a body of `scene` is pulled over `canvas`. */
export function dragBodies(canvas: HTMLCanvasElement, scene: DragScene, wishes: Wishes): void {
  const ray = new three.Raycaster();
  let held: { row: number; offset: three.Vector3; yaw_rad: number } | undefined;
  /** Where the floor was pressed. */
  let pressed: { readonly x: number; readonly y: number } | undefined;
  const aim = (event: PointerEvent) => {
    const box = canvas.getBoundingClientRect();
    const x = ((event.clientX - box.left) / box.width) * 2 - 1;
    const y = 1 - ((event.clientY - box.top) / box.height) * 2;
    ray.setFromCamera(new three.Vector2(x, y), scene.camera);
    return ray.ray.intersectPlane(floor, new three.Vector3());
  };
  const press = (event: PointerEvent) => {
    pressed = undefined;
    if (event.button !== 0) return;
    const place = aim(event);
    const row = place ? rowUnder(ray, scene.bodies()) : undefined;
    if (scene.taken(row)) return;
    if (!place || row === undefined) {
      pressed = { x: event.clientX, y: event.clientY };
      return;
    }
    scene.select(row);
    const body = scene.bodies()[row];
    const { z, w } = body.quaternion;
    held = { row, offset: body.position.clone().sub(place), yaw_rad: 2 * Math.atan2(z, w) };
    scene.holding(true);
    canvas.setPointerCapture(event.pointerId);
  };
  // before the camera's controls and the handles
  canvas.addEventListener("pointerdown", press, { capture: true });
  canvas.addEventListener("pointermove", (event) => {
    const place = held && aim(event);
    if (!held || !place) return;
    const { row, offset, yaw_rad } = held;
    wishes.wish(row, { x_m: place.x + offset.x, y_m: place.y + offset.y, yaw_rad });
  });
  canvas.addEventListener("pointerup", ({ clientX, clientY }) => {
    if (!pressed) return;
    if (Math.hypot(clientX - pressed.x, clientY - pressed.y) < CLICK_px) scene.select(undefined);
  });
  canvas.addEventListener("lostpointercapture", () => {
    if (held) scene.holding(false);
    held = undefined;
    // where it was let go
    wishes.tell();
  });
}

/** The body that the ray meets first. */
function rowUnder(ray: three.Raycaster, bodies: readonly three.Object3D[]): number | undefined {
  let nearest = Number.POSITIVE_INFINITY;
  let found: number | undefined;
  for (const [row, body] of bodies.entries()) {
    const solids = body.children.filter((child) => child instanceof three.Mesh && child.castShadow);
    const [hit] = ray.intersectObjects(solids, false);
    if (!hit || hit.distance >= nearest) continue;
    nearest = hit.distance;
    found = row;
  }
  return found;
}
