/** What a teacher may know and what the student's image says, drawn into the scene. */

import * as three from "three";
import { KEYPOINT } from "../messages.ts";
import type { Belief } from "../tape.ts";

/** By state: visible, occluded, out of view, gated. The style sheet's legend has the same. */
export const KEYPOINT_COLOURS = [0x1fa97c, 0xd9822b, 0x7d8894, 0xb557c9] as const;

const RADIUS_m = 0.013;

/** Small balls at the keypoints, coloured by their state. */
export class KeypointBalls {
  readonly group = new three.Group();
  #balls: three.InstancedMesh | undefined;

  /** @param keypoints [K, 4], position in the world and state */
  show(keypoints: Float32Array): void {
    const count = keypoints.length / KEYPOINT;
    const balls = this.#ballsFor(count);
    const at = new three.Matrix4();
    const colour = new three.Color();
    for (let i = 0; i < count; i++) {
      const [x, y, z, state] = keypoints.subarray(i * KEYPOINT, (i + 1) * KEYPOINT);
      balls.setMatrixAt(i, at.makeTranslation(x, y, z));
      balls.setColorAt(i, colour.set(KEYPOINT_COLOURS[state]));
    }
    balls.count = count;
    balls.instanceMatrix.needsUpdate = true;
    if (balls.instanceColor) balls.instanceColor.needsUpdate = true;
  }

  free(): void {
    this.#balls?.geometry.dispose();
    this.#balls?.dispose();
  }

  #ballsFor(count: number): three.InstancedMesh {
    const before = this.#balls;
    if (before && before.instanceMatrix.count >= count) return before;
    this.free();
    this.group.clear();
    const geometry = new three.SphereGeometry(RADIUS_m, 10, 8);
    // on top of what hides them: that they are hidden is what they show
    const material = new three.MeshBasicMaterial({ depthTest: false, transparent: true });
    const balls = new three.InstancedMesh(geometry, material, Math.max(8, count));
    balls.frustumCulled = false;
    balls.renderOrder = 2;
    this.group.add(balls);
    this.#balls = balls;
    return balls;
  }
}

/** After this many control steps out of sight, a belief is drawn at its faintest. */
const FADED = 50;

/** A ring and a pin where a role was last made out in the student's image, fainter the longer ago. */
export class BeliefPins {
  readonly group = new three.Group();
  readonly #pins = new Map<string, three.Group>();

  show(beliefs: readonly Belief[], colourOf: (role: string) => three.Color): void {
    for (const [role, pin] of this.#pins) {
      pin.visible = beliefs.some((belief) => belief.role === role);
    }
    for (const { role, x_m, y_m, age } of beliefs) {
      const pin = this.#pinOf(role);
      pin.position.set(x_m, y_m, 0);
      pin.traverse((node) => {
        if (!(node instanceof three.Mesh)) return;
        node.material.opacity = age === 0 ? 0.9 : 0.25 + 0.4 * Math.max(0, 1 - age / FADED);
        node.material.color.copy(colourOf(role));
      });
    }
  }

  #pinOf(role: string): three.Group {
    const known = this.#pins.get(role);
    if (known) return known;
    const material = () =>
      new three.MeshBasicMaterial({ transparent: true, depthTest: false, depthWrite: false });
    const ring = new three.Mesh(new three.RingGeometry(0.05, 0.062, 40), material());
    ring.position.z = 0.003;
    const needle = new three.Mesh(new three.CylinderGeometry(0.004, 0.004, 0.24, 8), material());
    needle.rotation.x = Math.PI / 2;
    needle.position.z = 0.12;
    const pin = new three.Group();
    pin.add(ring, needle);
    pin.renderOrder = 1;
    this.#pins.set(role, pin);
    this.group.add(pin);
    return pin;
  }
}
