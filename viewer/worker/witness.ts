/** A teacher's keypoints and why each is shown to it or not: the masks of the observation groups, one beside the other. */

import { Ground } from "../../sim/ground.ts";
import { HIDDEN } from "../../sim/keypoints.ts";
import { Observer } from "../../sim/observations.ts";
import type { AssembledScene, PlanarPose } from "../../sim/scene.ts";
import type { World } from "../../sim/world.ts";
import { keypointStates } from "../messages.ts";

const [VISIBLE, OCCLUDED, OUT_OF_VIEW, GATED] = keypointStates.keys();

export class Witness {
  readonly #scene: AssembledScene;
  readonly #ground: Ground;
  readonly #observer: Observer;
  /** A row of every observability that is compared. */
  readonly #all: Float32Array;
  readonly #inView: Float32Array;
  readonly #unoccluded: Float32Array;
  readonly #gated: Float32Array;

  constructor(scene: AssembledScene, world: World) {
    this.#scene = scene;
    this.#ground = new Ground(world);
    this.#observer = new Observer(scene);
    const { size } = this.#observer.keypoints;
    this.#all = new Float32Array(size);
    this.#inView = new Float32Array(size);
    this.#unoccluded = new Float32Array(size);
    this.#gated = new Float32Array(size);
  }

  /** Keypoints [K, 4] of the world as it stands, in the world frame, each with its state. */
  keypoints(stage: number, target: PlanarPose | undefined): Float32Array {
    const roles = this.#scene.roles[stage];
    for (const [observability, row] of [
      ["global", this.#all],
      ["fov", this.#inView],
      ["occlusion", this.#unoccluded],
      ["fov+gate", this.#gated],
    ] as const) {
      this.#observer.writeKeypoints(this.#ground, roles, target, observability, row, 0);
    }
    const found: number[] = [];
    const yaw_rad = this.#ground.yaw_rad(0);
    const cos = Math.cos(yaw_rad);
    const sin = Math.sin(yaw_rad);
    for (let at = 0; at < this.#all.length; at += 3) {
      const [x, y, z] = this.#all.subarray(at, at + 3);
      // a role that this stage does not have
      if (x === HIDDEN) continue;
      found.push(
        this.#ground.x_m(0) + cos * x - sin * y,
        this.#ground.y_m(0) + sin * x + cos * y,
        z,
        this.#stateOf(at),
      );
    }
    return Float32Array.from(found);
  }

  #stateOf(at: number): number {
    if (this.#inView[at] === HIDDEN) return OUT_OF_VIEW;
    if (this.#gated[at] === HIDDEN) return GATED;
    return this.#unoccluded[at] === HIDDEN ? OCCLUDED : VISIBLE;
  }
}
