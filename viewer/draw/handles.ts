/**
 * Handles on the body that was chosen: arrows and a square to move it over the floor, a ring to turn it. They are three.js's
 * TransformControls, one for each of the two, about a stand of their own, which the body follows by way of the worker.
 */

import * as three from "three";
import { TransformControls } from "three/addons/controls/TransformControls.js";
import type { OnDrag } from "./dragging.ts";

/** Against the size that TransformControls have by themselves. */
const SIZE = 0.55;

export interface HandleEvents {
  drag: OnDrag;
  /** Told while a handle is held, so that the view does not turn with it. */
  holding(held: boolean): void;
  /** The handles look otherwise than before. */
  changed(): void;
}

export class Handles {
  /** To be added to the scene. */
  readonly group = new three.Group();
  readonly #stand = new three.Object3D();
  readonly #controls: readonly TransformControls[];
  #row: number | undefined;

  constructor(camera: three.Camera, canvas: HTMLElement, events: HandleEvents) {
    const move = new TransformControls(camera, canvas);
    move.showZ = false;
    const turn = new TransformControls(camera, canvas);
    turn.setMode("rotate");
    turn.showX = false;
    turn.showY = false;
    this.#controls = [move, turn];
    this.group.add(this.#stand);
    for (const controls of this.#controls) {
      controls.setSize(SIZE);
      controls.addEventListener("change", () => events.changed());
      controls.addEventListener("dragging-changed", ({ value }) => {
        const held = value === true;
        // where the two lie over one another, only one is meant
        for (const other of this.#controls) other.enabled = !held || other === controls;
        events.holding(held);
      });
      controls.addEventListener("objectChange", () => this.#tell(events.drag));
    }
  }

  /** The handle that the pointer is on or holds: "X", "Y" or "XY" to move, "Z" to turn. */
  get pointed(): string | undefined {
    if (this.#row === undefined) return undefined;
    return this.#controls.find(({ axis }) => axis !== null)?.axis ?? undefined;
  }

  /** The body that has them. */
  get row(): number | undefined {
    return this.#row;
  }

  /** Whether they may be taken hold of. */
  set enabled(enabled: boolean) {
    for (const controls of this.#controls) controls.enabled = enabled;
  }

  /** Stands at another body, or nowhere. */
  select(row: number | undefined): void {
    this.#row = row;
    for (const controls of this.#controls) {
      const helper = controls.getHelper();
      if (row === undefined) {
        controls.detach();
        this.group.remove(helper);
      } else {
        controls.attach(this.#stand);
        this.group.add(helper);
      }
    }
  }

  /** Goes where the body has gone, unless it is the handles that lead. */
  follow(bodies: readonly three.Object3D[]): void {
    const body = this.#row === undefined ? undefined : bodies[this.#row];
    if (!body || this.#controls.some(({ dragging }) => dragging)) return;
    const { z, w } = body.quaternion;
    this.#stand.position.copy(body.position);
    this.#stand.rotation.set(0, 0, 2 * Math.atan2(z, w));
  }

  free(): void {
    this.select(undefined);
    for (const controls of this.#controls) controls.dispose();
  }

  #tell(drag: OnDrag): void {
    const { position, rotation } = this.#stand;
    if (this.#row === undefined) return;
    drag(this.#row, { x_m: position.x, y_m: position.y, yaw_rad: rotation.z });
  }
}
