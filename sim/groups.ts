/** The observation rows of a batch: what each group holds of one environment. */

import type { Layout } from "../core/layout.ts";
import type { Rng } from "../core/rng.ts";
import type { Sightings } from "../core/sightings.ts";
import { goalLayout, writeGoal } from "./goal.ts";
import type { Ground } from "./ground.ts";
import { KEYPOINTS } from "./keypoints.ts";
import { objectPoseLayout, writeObjectPoses } from "./object-poses.ts";
import { type GroupName, proprioceptionLayout } from "./observations.ts";
import { jitterKeypoints, Observer } from "./observer.ts";
import { type Progress, privilegedLayoutOf, writePrivileged } from "./privileged.ts";
import { Recollection } from "./recollection.ts";
import type { AssembledScene, PlanarPose, Roles } from "./scene.ts";
import type { Observability } from "./visibility.ts";

/** Groups of numbers; images are made by sim/eyes.ts. */
export type VectorGroup = Exclude<GroupName, "layers">;

/** What is to be known of an environment besides where its bodies are. */
export interface Situation {
  readonly roles: Roles;
  readonly target: PlanarPose | undefined;
  readonly progress: Progress;
  /** What the robot's own idea of its heading is off by. */
  readonly headingError_rad: number;
  /** Draws the noise of what is seen, for each group by itself: what else is asked for changes nothing. */
  readonly sensing: Readonly<Record<string, Rng>>;
}

export class GroupWriter {
  readonly #scene: AssembledScene;
  readonly #noise_m: number;
  readonly #observer: Observer;
  /** A row of them, from which poses are made. */
  readonly #keypoints: Float32Array;
  readonly #privileged: Layout;
  readonly #recollection: Recollection | undefined;

  /** @param noise_m of where each object is said to be, step by step */
  constructor(scene: AssembledScene, groups: readonly GroupName[], envs: number, noise_m: number) {
    this.#scene = scene;
    this.#noise_m = noise_m;
    this.#observer = new Observer(scene);
    this.#keypoints = new Float32Array(this.#observer.keypoints.size);
    this.#privileged = privilegedLayoutOf(scene);
    // robots with cameras see with these; the others by the observer's rules
    const observer = groups.includes("layers") ? undefined : this.#observer;
    this.#recollection = groups.includes("lastSeen")
      ? new Recollection(scene, observer, envs, noise_m)
      : undefined;
  }

  /** Columns of a row. */
  rowSizeOf(group: VectorGroup): number {
    if (group === "proprioception") return proprioceptionLayout.size;
    if (group === "goal") return goalLayout.size;
    if (group === "privileged") return this.#privileged.size;
    if (group === "lastSeen") return this.#recollection?.rowSize ?? 0;
    if (group.startsWith("poses:")) return this.#objects * objectPoseLayout.size;
    if (group.startsWith("keypoints:")) return this.#observer.keypoints.size;
    throw new Error(`internal: no rows of "${group}".`);
  }

  /** A new episode of the ground's environment: the robot remembers nothing, or what it did when it was asked. */
  begin(ground: Ground, rng: Rng, remembered?: Float32Array): void {
    this.#recollection?.begin(ground, rng, remembered);
  }

  /** What the robot of an environment remembers, for `begin`; undefined without a memory. */
  remembered(env: number): Float32Array | undefined {
    return this.#recollection?.remembered(env);
  }

  /** A control step of the ground's environment under a commanded twist. */
  advance(ground: Ground, v_mps: number, omega_radps: number): void {
    const { controlStep_s } = this.#scene.timing;
    this.#recollection?.advance(ground, v_mps, omega_radps, controlStep_s);
  }

  /** What an environment's camera shows, for its robot to remember. */
  sight(env: number, sightings: Sightings): void {
    this.#recollection?.sight(env, sightings);
  }

  /** Writes one row of the ground's environment. */
  write(
    group: VectorGroup,
    ground: Ground,
    { roles, target, progress, headingError_rad, sensing }: Situation,
    out: Float32Array,
    start: number,
  ): void {
    const scene = this.#scene;
    if (group === "proprioception") {
      out[start] = progress.action[0];
      out[start + 1] = progress.action[1];
    } else if (group === "goal") {
      const { shape } = scene.cast.bodies[roles.active - 1];
      writeGoal(ground, roles, shape, target, headingError_rad, out, start);
    } else if (group === "lastSeen") {
      this.#recollection?.write(ground, roles, out, start);
    } else if (group === "privileged") {
      writePrivileged(scene, this.#privileged, ground, roles, target, progress, out, start);
    } else if (group.startsWith("poses:")) {
      const observability = group.slice("poses:".length) as Observability;
      const seen = { roles, target, noise: sensing[group] };
      this.#writeKeypoints(ground, observability, seen, this.#keypoints, 0);
      writeObjectPoses(this.#keypoints, 0, this.#objects, out, start);
    } else if (group.startsWith("keypoints:")) {
      const observability = group.slice("keypoints:".length) as Observability;
      const seen = { roles, target, noise: sensing[group] };
      this.#writeKeypoints(ground, observability, seen, out, start);
    } else {
      throw new Error(`internal: no rows of "${group}".`);
    }
  }

  #writeKeypoints(
    ground: Ground,
    observability: Observability,
    { roles, target, noise }: Pick<Situation, "roles" | "target"> & { readonly noise: Rng },
    out: Float32Array,
    start: number,
  ): void {
    this.#observer.writeKeypoints(ground, roles, target, observability, out, start);
    if (this.#noise_m > 0 && observability !== "global") {
      jitterKeypoints(this.#observer.keypoints, this.#noise_m, noise, out, start);
    }
  }

  get #objects(): number {
    return this.#observer.keypoints.size / (KEYPOINTS * 3);
  }
}
