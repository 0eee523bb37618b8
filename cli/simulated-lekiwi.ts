/** One simulated robot as a LeKiwi host shows it: its own speed, a colour picture, and its role layers. */

import { encodeJpeg } from "../bridge/adapters/jpeg.ts";
import { type LeKiwiState, restingJoints } from "../bridge/adapters/lekiwi-messages.ts";
import { toldInputs } from "../bridge/adapters/policy-session.ts";
import { encodeRoles, rolesPerImage } from "../bridge/adapters/role-image.ts";
import { createRng } from "../core/rng.ts";
import {
  type CameraSpec,
  numberNames,
  type PolicyInput,
  type PolicyInterface,
} from "../policies/manifest.ts";
import type { SimulationSpec } from "../rollout/shard.ts";
import { openStarts } from "../rollout/starts.ts";
import { Eyes } from "../sim/eyes.ts";
import { type GroupName, groupsOf } from "../sim/observations.ts";
import { exact } from "../sim/randomization.ts";
import { createRenderer } from "../sim/render/renderer.ts";
import { robotParts } from "../sim/robots/diff-drive.ts";
import type { EpisodeEnd, SceneBatch } from "../sim/scene-batch.ts";
import { bodyState } from "../sim/world.ts";

/** LeKiwi's front camera. */
const FRONT = { width: 640, height: 480 } as const;

export class SimulatedLeKiwi {
  readonly #batch: SceneBatch;
  readonly #front: Eyes;
  readonly #camera: CameraSpec | undefined;
  readonly #told: readonly PolicyInput[];

  private constructor(batch: SceneBatch, front: Eyes, robot: PolicyInterface) {
    this.#batch = batch;
    this.#front = front;
    this.#camera = robot.inputs.find(({ camera }) => camera)?.camera;
    this.#told = toldInputs(robot);
  }

  /** Places the robot at start number `start`, one of those that `evaluate` uses. */
  static async open(
    simulation: SimulationSpec,
    robot: PolicyInterface,
    start: number,
  ): Promise<SimulatedLeKiwi> {
    const groups = groupsOf(robot.inputs);
    const batch = await openStarts(simulation, { firstStart: start, groups });
    const { world, scene } = batch;
    const renderer = await createRenderer({
      camera: { ...FRONT, horizontalFov_rad: scene.cast.robot.camera.horizontalFov_rad },
      maxViews: 1,
      maxPrimitives: scene.cast.bodies.length + robotParts(scene.cast.robot).length + 1,
      roles: 0,
    });
    const front = new Eyes(world, scene, renderer, { roles: [], room: true });
    batch.reset();
    front.begin(0, createRng(simulation.seed), exact);
    return new SimulatedLeKiwi(batch, front, robot);
  }

  /** The base moves as it really does; the arm rests. What the student is told besides, its owner would tell it. */
  get state(): LeKiwiState {
    const { at } = bodyState;
    const { states } = this.#batch.world;
    const [vx, vy] = states.subarray(at.linearVelocity, at.linearVelocity + 2);
    const [, , z, w] = states.subarray(at.orientation, at.orientation + 4);
    const heading_rad = 2 * Math.atan2(z, w);
    const [cos, sin] = [Math.cos(heading_rad), Math.sin(heading_rad)];
    return {
      joints: restingJoints,
      forward_mps: cos * vx + sin * vy,
      left_mps: cos * vy - sin * vx,
      turn_radps: states[at.angularVelocity + 2],
      told: Object.fromEntries(
        this.#told.flatMap((input) => {
          const row = this.#batch.groups[input.name as GroupName];
          return numberNames(input).map((name, i) => [name, row[i]] as const);
        }),
      ),
    };
  }

  /** JPEGs: "front" in colour, and the student's layers as "roles", "roles_2", three roles each. */
  async cameras(): Promise<Map<string, Uint8Array>> {
    this.#front.look();
    this.#front.renderer.render({ rgba: true }, 0, 1);
    const { rgba } = this.#front.renderer;
    const rgb = new Uint8Array(FRONT.width * FRONT.height * 3);
    for (let p = 0, q = 0; p < rgb.length; p += 3, q += 4) {
      rgb[p] = rgba[q];
      rgb[p + 1] = rgba[q + 1];
      rgb[p + 2] = rgba[q + 2];
    }
    const cameras = new Map([["front", await encodeJpeg({ ...FRONT, rgb })]]);
    const camera = this.#camera;
    for (let first = 0; camera && first < camera.layers.length; first += rolesPerImage) {
      const { width, height } = camera;
      const codes = encodeRoles(this.#batch.groups.layers, camera, first);
      const name = first === 0 ? "roles" : `roles_${1 + first / rolesPerImage}`;
      cameras.set(name, await encodeJpeg({ width, height, rgb: codes }, 100));
    }
    return cameras;
  }

  /** One control step. Says how the episode ended, if it did. */
  step(action: Float32Array): EpisodeEnd | undefined {
    this.#batch.step(action);
    return this.#batch.ends[0];
  }

  free(): void {
    this.#batch.free();
  }
}
