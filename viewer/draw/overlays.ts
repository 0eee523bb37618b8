/** What a teacher may know and what the student believes, drawn into the scene. */

import * as three from "three";
import { height, type Shape } from "../../sim/shape.ts";
import { KEYPOINT } from "../messages.ts";
import type { Belief } from "../tape.ts";
import { dispose } from "./meshes.ts";

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

/** How a belief is drawn. */
export interface BeliefLook {
  readonly colour: three.Color;
  /** Of the body that is believed to be there. */
  readonly shape: Shape;
}

/** After so long out of sight, a belief is drawn at its faintest. */
const FADED_s = 5;
/** A head that is less sure than this to see a role says nothing of where it is. */
export const SEEN = 0.5;

/**
 * Ghosts of where the student believes things to be. It knows places and no headings, so a ghost is round. What its pose head
 * says is filled, the surer the denser; what it remembers is hollow, fainter the longer ago; where only its image
 * speaks, a pin stands in the middle of what it shows.
 */
export class BeliefGhosts {
  readonly group = new three.Group();
  readonly #ghosts = new Map<string, Ghost>();

  show(beliefs: readonly Belief[], lookOf: (role: string) => BeliefLook): void {
    for (const { object } of this.#ghosts.values()) object.visible = false;
    for (const belief of beliefs) {
      if (belief.seen < SEEN) continue;
      const ghost = this.#ghostOf(belief, lookOf(belief.role));
      ghost.object.visible = true;
      ghost.object.position.set(belief.x_m, belief.y_m, 0);
      const fresh = Math.max(0, 1 - belief.age_s / FADED_s);
      ghost.fade(belief.by === "head" ? belief.seen : 0.3 + 0.7 * fresh);
    }
  }

  free(): void {
    for (const { object } of this.#ghosts.values()) dispose(object);
    this.#ghosts.clear();
    this.group.clear();
  }

  /** The same role is another body in another stage. */
  #ghostOf({ by, role }: Belief, look: BeliefLook): Ghost {
    const key = `${by} ${role} ${look.colour.getHexString()} ${JSON.stringify(look.shape)}`;
    const known = this.#ghosts.get(key);
    if (known) return known;
    const made = by === "image" ? pin(look) : column(look, by === "head");
    made.object.renderOrder = 1;
    this.#ghosts.set(key, made);
    this.group.add(made.object);
    return made;
  }
}

interface Ghost {
  readonly object: three.Object3D;
  /** From hardly there, 0, to all there, 1. */
  fade(presence: number): void;
}

/** Half the narrowest width of a body, so that a ghost hides inside of it. */
function girth_m(shape: Shape): number {
  if (shape.kind === "box") return Math.min(shape.size_m[0], shape.size_m[1]) / 2;
  return shape.kind === "cylinder" ? shape.diameter_m / 2 : shape.side_m / (2 * Math.sqrt(3));
}

/** A round ghost as high as the body: filled, or outlined by dashes. */
function column({ colour, shape }: BeliefLook, filled: boolean): Ghost {
  const object = new three.Group();
  const height_m = height(shape);
  const geometry = new three.CylinderGeometry(girth_m(shape), girth_m(shape), height_m, 28);
  geometry.rotateX(Math.PI / 2).translate(0, 0, height_m / 2);
  const see = { color: colour, transparent: true, depthTest: false, depthWrite: false };
  const outline = new three.LineSegments(
    new three.EdgesGeometry(geometry, 30),
    new three.LineDashedMaterial({ ...see, dashSize: 0.012, gapSize: filled ? 0 : 0.012 }),
  );
  outline.computeLineDistances();
  object.add(outline);
  const fill = new three.Mesh(geometry, new three.MeshBasicMaterial(see));
  object.add(fill);
  return {
    object,
    fade(presence) {
      outline.material.opacity = presence;
      fill.material.opacity = (filled ? 0.45 : 0.06) * presence;
    },
  };
}

/** A ring and a needle. */
function pin({ colour }: BeliefLook): Ghost {
  const see = { color: colour, transparent: true, depthTest: false, depthWrite: false };
  const material = new three.MeshBasicMaterial(see);
  const ring = new three.Mesh(new three.RingGeometry(0.05, 0.062, 40), material);
  ring.position.z = 0.003;
  const needle = new three.Mesh(new three.CylinderGeometry(0.004, 0.004, 0.24, 8), material);
  needle.rotation.x = Math.PI / 2;
  needle.position.z = 0.12;
  const object = new three.Group();
  object.add(ring, needle);
  return {
    object,
    fade(presence) {
      material.opacity = 0.9 * presence;
    },
  };
}
