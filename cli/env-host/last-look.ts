/**
 * What an episode saw last. A batch renders after it has begun the next episode, so the image that a
 * trainer bootstraps from is made here: the bodies where they stood, in a world of one environment.
 */

import { createRng, type Rng } from "../../core/rng.ts";
import type { SimulationSpec } from "../../rollout/shard.ts";
import { type Eyes, openEyes } from "../../sim/eyes.ts";
import { roleNames } from "../../sim/observations.ts";
import { randomization } from "../../sim/randomization.ts";
import type { SceneBatch } from "../../sim/scene-batch.ts";
import { bodyState, World } from "../../sim/world.ts";

export class LastLook {
  readonly #batch: SceneBatch;
  readonly #eyes: Eyes;
  readonly #rng: Rng;
  readonly #randomization: ReturnType<typeof randomization.parse>;
  #looks = 0;

  private constructor(batch: SceneBatch, eyes: Eyes, simulation: SimulationSpec) {
    this.#batch = batch;
    this.#eyes = eyes;
    this.#rng = createRng(simulation.seed).split("last look");
    this.#randomization = simulation.randomization ?? randomization.parse({});
  }

  /** Nothing when the batch has no camera. */
  static async open(batch: SceneBatch, simulation: SimulationSpec): Promise<LastLook | undefined> {
    if (!("layers" in batch.groups)) return undefined;
    const { robot, bodies, arenaSide_m } = batch.scene.cast;
    const { physicsStep_s } = batch.scene.timing;
    const { contact = "planar", sensor } = simulation;
    const world = new World({ robot, bodies, arenaSide_m, contact, physicsStep_s, substeps: 1 }, 1);
    const roles = roleNames(batch.scene);
    const eyes = await openEyes(world, batch.scene, sensor ? { roles, sensor } : { roles });
    return new LastLook(batch, eyes, simulation);
  }

  /** The layers that environment `env` of the batch shows now, [R, H, W], in an array of its own. */
  see(env: number): Float32Array {
    const { scene, world } = this.#batch;
    const size = world.bodies.length * bodyState.size;
    this.#eyes.world.states.set(world.states.subarray(env * size, (env + 1) * size));
    // the camera's errors are drawn anew: those of the episode are the batch's own
    this.#eyes.begin(0, this.#rng.split(`look ${this.#looks++}`), this.#randomization);
    const stage = Math.min(this.#batch.stageOf(env), scene.stages.length - 1);
    this.#eyes.assignRoles(0, scene.roles[stage]);
    this.#eyes.look();
    return this.#eyes.layers.slice();
  }

  free(): void {
    this.#eyes.world.free();
  }
}
