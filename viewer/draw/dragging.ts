/** Bodies that can be taken by the pointer and moved over the floor. */

import * as three from "three";
import type { PlanarPose } from "../../sim/scene.ts";

/** A body, row by row of the world, and where it is wanted. */
export type OnDrag = (body: number, pose: PlanarPose) => void;

export interface DragScene {
  readonly camera: three.Camera;
  /** Row by row of the world. */
  bodies(): readonly three.Object3D[];
  /** Told while something is held, so that the view does not turn with it. */
  holding(held: boolean): void;
}

/** The least time between two wishes, so that the worker is not flooded. */
const EVERY_ms = 40;
const floor = new three.Plane(new three.Vector3(0, 0, 1), 0);

/** Calls `drag` while a body of `scene` is pulled over `canvas`. */
export function dragBodies(canvas: HTMLCanvasElement, scene: DragScene, drag: OnDrag): void {
  const ray = new three.Raycaster();
  let held: { row: number; offset: three.Vector3; yaw_rad: number } | undefined;
  /** The newest wish, while it is too early to tell it. */
  let untold: PlanarPose | undefined;
  let told_ms = 0;
  const aim = (event: PointerEvent) => {
    const box = canvas.getBoundingClientRect();
    const x = ((event.clientX - box.left) / box.width) * 2 - 1;
    const y = 1 - ((event.clientY - box.top) / box.height) * 2;
    ray.setFromCamera(new three.Vector2(x, y), scene.camera);
    return ray.ray.intersectPlane(floor, new three.Vector3());
  };
  canvas.addEventListener(
    "pointerdown",
    (event) => {
      const place = aim(event);
      const row = place && event.button === 0 ? rowUnder(ray, scene.bodies()) : undefined;
      if (!place || row === undefined) return;
      const body = scene.bodies()[row];
      const { z, w } = body.quaternion;
      held = { row, offset: body.position.clone().sub(place), yaw_rad: 2 * Math.atan2(z, w) };
      scene.holding(true);
      canvas.setPointerCapture(event.pointerId);
    },
    // before the camera's controls
    { capture: true },
  );
  canvas.addEventListener("pointermove", (event) => {
    const place = held && aim(event);
    if (!held || !place) return;
    const { row, offset, yaw_rad } = held;
    untold = { x_m: place.x + offset.x, y_m: place.y + offset.y, yaw_rad };
    if (event.timeStamp - told_ms < EVERY_ms) return;
    told_ms = event.timeStamp;
    drag(row, untold);
    untold = undefined;
  });
  canvas.addEventListener("lostpointercapture", () => {
    if (held) scene.holding(false);
    // where it was let go
    if (held && untold) drag(held.row, untold);
    held = undefined;
    untold = undefined;
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
