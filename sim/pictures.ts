/** Whole pictures of what robots' cameras show: colour, depth and instance ids, where students get role layers only. */

import { ConfigError } from "../core/errors.ts";
import { createRng } from "../core/rng.ts";
import type { CameraMount } from "./camera.ts";
import { type Eyes, openEyes } from "./eyes.ts";
import { roleNames } from "./observations.ts";
import { exact } from "./randomization.ts";
import { ideal } from "./render/sensor.ts";
import type { SceneBatch } from "./scene-batch.ts";

/** What one camera shows. Images are [H, W], 64 pixels each (`IMAGE`), rows from the top, pixels from the left. */
export interface Picture {
  /** [H, W, 3], 0 to 255. */
  readonly rgb: Uint8Array;
  /** [H, W] metres along the optical axis, 0 where nothing is hit. */
  readonly depth_m: Float32Array;
  /** [H, W]: 0 nothing, 1 floor, walls and ceiling, and 2 + its row of the world for the robot, row 0, and each body. */
  readonly ids: Uint8Array;
}

/**
 * A camera on every robot of a batch, as it is mounted, without delay or sensor noise. It sees floor and walls, too, and changes
 * nothing of what the batch observes.
 */
export class Camera {
  readonly #eyes: Eyes;

  private constructor(eyes: Eyes) {
    this.#eyes = eyes;
    // neither errors nor noise are drawn from it: there are none
    const rng = createRng(0);
    for (let env = 0; env < eyes.world.envs; env++) eyes.begin(env, rng, exact);
  }

  /** @param mount where the camera sits on each robot and how wide it sees, the robot's own unless given; it has no depth range here */
  static async open(batch: SceneBatch, mount?: CameraMount): Promise<Camera> {
    const { world, scene } = batch;
    const roles = roleNames(scene);
    return new Camera(
      await openEyes(world, scene, {
        roles,
        sensor: ideal,
        room: true,
        ...(mount && { camera: mount }),
      }),
    );
  }

  /** Takes the pictures of all environments as they are now; not after the batch was freed. */
  look(): void {
    // places the camera and the bodies; the pictures of the same moment follow
    this.#eyes.look();
    this.#eyes.renderer.render({ rgba: true, depth: true, id: true });
  }

  /** One environment's picture, as it was at the last look; a copy. @throws ConfigError for an environment that there is not */
  picture(env: number): Picture {
    const { envs } = this.#eyes.world;
    if (!(Number.isInteger(env) && env >= 0 && env < envs)) {
      throw new ConfigError(`Expected an environment from 0 to ${envs - 1}, got ${env}.`);
    }
    const { camera, rgba, depth_m, ids } = this.#eyes.renderer;
    const pixels = camera.width * camera.height;
    const [first, last] = [env * pixels, (env + 1) * pixels];
    const rgb = new Uint8Array(3 * pixels);
    for (let i = 0; i < pixels; i++) {
      for (let k = 0; k < 3; k++) rgb[3 * i + k] = rgba[4 * (first + i) + k];
    }
    return { rgb, depth_m: depth_m.slice(first, last), ids: ids.slice(first, last) };
  }
}
