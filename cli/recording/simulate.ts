/** Drives simulated robots by a policy, episode by episode, and shows every step to who records them. */

import { ConfigError } from "../../core/errors.ts";
import { createRng } from "../../core/rng.ts";
import { rowSize } from "../../policies/manifest.ts";
import type { PolicyRuntime, Rows } from "../../policies/runtime/runtime.ts";
import type { SimulationSpec } from "../../rollout/shard.ts";
import { openStarts } from "../../rollout/starts.ts";
import { type Eyes, openEyes } from "../../sim/eyes.ts";
import { groupsOf, roleNames } from "../../sim/observations.ts";
import { exact } from "../../sim/randomization.ts";
import { ideal } from "../../sim/render/sensor.ts";
import type { EpisodeEnd, SceneBatch } from "../../sim/scene-batch.ts";

/** What a robot's own camera shows, besides what the policy is given. */
export interface Picture {
  /** [H, W, 3] */
  readonly rgb: Uint8Array;
  /** [H, W] metres along the optical axis, 0 where nothing is hit. */
  readonly depth_m: Float32Array;
}

/** One step of one robot, before the world moves. Arrays are reused by the next step. */
export interface SimulatedStep {
  /** Which of the robots that run together. */
  readonly robot: number;
  /** Number of the start among the evaluation's. */
  readonly start: number;
  /** From 0 in each episode. */
  readonly step: number;
  /** One row by input of the policy. */
  readonly inputs: Rows;
  /** In the manifest's output units. */
  readonly action: Float32Array;
  /** What the step paid. */
  readonly reward: number;
  /** [B, 7] position and orientation of every body. */
  readonly poses: Float32Array;
  readonly picture: Picture | undefined;
  /** Set with the last step of an episode. */
  readonly end: EpisodeEnd | undefined;
}

export interface SimulateOptions {
  readonly simulation: SimulationSpec;
  readonly policy: PolicyRuntime;
  readonly episodes: number;
  /** How many run together. */
  readonly robots: number;
  /** Render colour and depth of the robot's camera, too. */
  readonly pictures: boolean;
  readonly signal: AbortSignal;
}

/** Runs numbered starts, each to its end; the ones that `evaluate` uses. */
export async function simulateEpisodes(
  options: SimulateOptions,
  onStep: (step: SimulatedStep) => void | Promise<void>,
): Promise<void> {
  const { episodes, robots, signal } = options;
  for (let first = 0; first < episodes && !signal.aborted; first += robots) {
    await runTogether(options, first, Math.min(robots, episodes - first), onStep);
  }
}

async function runTogether(
  { simulation, policy, pictures, signal }: SimulateOptions,
  first: number,
  robots: number,
  onStep: (step: SimulatedStep) => void | Promise<void>,
): Promise<void> {
  const groups = groupsOf(policy.manifest.inputs);
  const batch = await openStarts(simulation, { firstStart: first, starts: robots, groups });
  const camera = pictures ? await Camera.open(batch, simulation.seed) : undefined;
  const bodies = batch.world.bodies.length * 7;
  const poses = new Float32Array(bodies * robots);
  const over = new Uint8Array(robots);
  try {
    batch.reset();
    policy.reset();
    checkInputs(simulation.scene, policy, batch);
    for (let t = 0; over.includes(0) && !signal.aborted; t++) {
      const seen = Object.fromEntries(groups.map((group) => [group, batch.groups[group].slice()]));
      const actions = await policy.act(seen, robots);
      for (let robot = 0; robot < robots; robot++) {
        batch.poses(robot, poses.subarray(robot * bodies, (robot + 1) * bodies));
      }
      camera?.look();
      batch.step(actions);
      for (let robot = 0; robot < robots; robot++) {
        if (over[robot]) continue;
        const end = batch.ends.find(({ env }) => env === first + robot);
        if (end) over[robot] = 1;
        await onStep({
          robot,
          start: first + robot,
          step: t,
          inputs: rowsOf(seen, robot, robots),
          action: rowOf(actions, robot, robots),
          reward: batch.rewards[robot],
          poses: rowOf(poses, robot, robots),
          picture: camera?.picture(robot),
          end,
        });
      }
    }
  } finally {
    batch.free();
  }
}

function checkInputs(scene: string, { manifest }: PolicyRuntime, batch: SceneBatch): void {
  for (const { name, shape } of manifest.inputs) {
    const size = batch.rowSizes[name];
    if (size === rowSize(shape)) continue;
    throw new ConfigError(
      `Policy "${manifest.name}" reads "${name}" [${shape.join(", ")}], scene "${scene}" gives ${size} numbers. Use a policy trained for this scene.`,
    );
  }
}

function rowsOf(arrays: Rows, row: number, rows: number): Rows {
  return Object.fromEntries(
    Object.entries(arrays).map(([name, values]) => [name, rowOf(values, row, rows)]),
  );
}

function rowOf(values: Float32Array, row: number, rows: number): Float32Array {
  const size = values.length / rows;
  return values.subarray(row * size, (row + 1) * size);
}

/** Colour and depth of every robot's camera, as it is mounted, without sensor noise. */
class Camera {
  readonly #eyes: Eyes;

  private constructor(eyes: Eyes, seed: number) {
    this.#eyes = eyes;
    const rng = createRng(seed);
    for (let env = 0; env < eyes.world.envs; env++) eyes.begin(env, rng, exact);
  }

  static async open(batch: SceneBatch, seed: number): Promise<Camera> {
    const roles = roleNames(batch.scene);
    const eyes = await openEyes(batch.world, batch.scene, { roles, sensor: ideal, room: true });
    return new Camera(eyes, seed);
  }

  look(): void {
    // places the camera and the bodies; colour and depth of the same moment follow
    this.#eyes.look();
    this.#eyes.renderer.render({ rgba: true, depth: true });
  }

  picture(robot: number): Picture {
    const { camera, rgba, depth_m } = this.#eyes.renderer;
    const pixels = camera.width * camera.height;
    const rgb = new Uint8Array(3 * pixels);
    for (let i = 0; i < pixels; i++) {
      const from = 4 * (robot * pixels + i);
      rgb.set(rgba.subarray(from, from + 3), 3 * i);
    }
    return { rgb, depth_m: depth_m.slice(robot * pixels, (robot + 1) * pixels) };
  }
}
