/**
 * Late images: a ring of poses, from which the state of some steps ago is rendered. Poses are kept,
 * not pictures: 28 bytes a primitive instead of a frame.
 */

import { ShapeError } from "../../core/errors.ts";
import { primitive as primitiveColumns, type Renderer, view as viewColumns } from "./types.ts";

// position and orientation open the rows of primitives and views alike
const POSE = primitiveColumns.width.position + primitiveColumns.width.orientation;

export class PoseHistory {
  readonly #renderer: Renderer;
  readonly #depth: number;
  /** [V] rings of [depth] states, each the poses of P primitives and of the camera. */
  readonly #poses: Float32Array;
  readonly #stateSize: number;
  /** [V] states pushed since the view's last `forget`. */
  readonly #pushed: Uint32Array;

  /** Remembers the present and `maxDelay` steps before it. */
  constructor(renderer: Renderer, maxDelay: number) {
    if (!Number.isInteger(maxDelay) || maxDelay < 0) {
      throw new ShapeError(`A delay is a whole number of steps, got ${maxDelay}.`);
    }
    this.#renderer = renderer;
    this.#depth = maxDelay + 1;
    this.#stateSize = (renderer.maxPrimitives + 1) * POSE;
    this.#poses = new Float32Array(renderer.maxViews * this.#depth * this.#stateSize);
    this.#pushed = new Uint32Array(renderer.maxViews);
  }

  /** Remembers the poses that stand in the renderer's arrays as the present of view `v`. */
  push(v: number): void {
    const { primitives, views, counts, maxPrimitives } = this.#renderer;
    const at = this.#stateAt(v, this.#pushed[v]);
    for (let i = 0; i < counts[v]; i++) {
      const row = (v * maxPrimitives + i) * primitiveColumns.size;
      copyPose(primitives, row, this.#poses, at + (i + 1) * POSE);
    }
    copyPose(views, v * viewColumns.size, this.#poses, at);
    this.#pushed[v]++;
  }

  /**
   * Puts the poses of `delays[v]` pushes ago back into the renderer's arrays, for every view; the
   * oldest known where the view has no such past yet. The next `push` wants fresh poses again.
   */
  recall(delays: ArrayLike<number>): void {
    for (let v = 0; v < this.#renderer.maxViews; v++) {
      if (this.#pushed[v] > 0) this.recallView(v, delays[v]);
    }
  }

  /** The same for one view, of which something was pushed. */
  recallView(v: number, delay: number): void {
    if (!(delay >= 0 && delay < this.#depth)) {
      throw new ShapeError(
        `View ${v} asks for ${delay} steps ago; this history keeps 0 to ${this.#depth - 1}.`,
      );
    }
    const { primitives, views, counts, maxPrimitives } = this.#renderer;
    const at = this.#stateAt(v, Math.max(0, this.#pushed[v] - 1 - delay));
    for (let i = 0; i < counts[v]; i++) {
      const row = (v * maxPrimitives + i) * primitiveColumns.size;
      copyPose(this.#poses, at + (i + 1) * POSE, primitives, row);
    }
    copyPose(this.#poses, at, views, v * viewColumns.size);
  }

  /** A new episode in view `v`: nothing came before its next push. */
  forget(v: number): void {
    this.#pushed[v] = 0;
  }

  #stateAt(v: number, push: number): number {
    return (v * this.#depth + (push % this.#depth)) * this.#stateSize;
  }
}

function copyPose(from: Float32Array, at: number, to: Float32Array, start: number): void {
  for (let i = 0; i < POSE; i++) to[start + i] = from[at + i];
}
