/** Shadows on the floor alone, each a solid pressed flat: sharp, and cheap where pixels are drawn by the processor. */

import * as three from "three";
import { ShadowMesh } from "three/addons/objects/ShadowMesh.js";

/** Towards the sun. */
export const SUN = new three.Vector3(1.4, -2.2, 3.6);

/** Just above floor and grid; ShadowMesh takes the constant with the other sign than three.js. */
const FLOOR = new three.Plane(new three.Vector3(0, 0, 1), 0.002);
const DARKNESS = 0.22;

export class Shadows {
  readonly group = new three.Group();
  readonly #shadows: ShadowMesh[] = [];
  // a point at infinity: all rays are parallel
  readonly #light = new three.Vector4(SUN.x, SUN.y, SUN.z, 0);

  /** Follows every mesh in `objects` that casts a shadow. */
  constructor(objects: readonly three.Object3D[]) {
    for (const object of objects) {
      object.traverse((node) => {
        if (node instanceof three.Mesh && node.castShadow) this.#add(node);
      });
    }
  }

  /** Call once the objects have moved. */
  update(): void {
    for (const shadow of this.#shadows) shadow.update(FLOOR, this.#light);
  }

  #add(mesh: three.Mesh): void {
    const shadow = new ShadowMesh(mesh);
    if (shadow.material instanceof three.Material) shadow.material.opacity = DARKNESS;
    this.#shadows.push(shadow);
    this.group.add(shadow);
  }
}
