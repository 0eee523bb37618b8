/** Drives simulated robots by a policy, episode by episode, and shows every step to who records them. */

import { ConfigError } from "../../core/errors.ts";
import { rowSize } from "../../policies/manifest.ts";
import type { PolicyRuntime, Rows } from "../../policies/runtime/runtime.ts";
import type { SimulationSpec } from "../../rollout/shard.ts";
import { openStarts } from "../../rollout/starts.ts";
import { groupsOf } from "../../sim/observations.ts";
import { Camera, type Picture } from "../../sim/pictures.ts";
import type { EpisodeEnd, SceneBatch } from "../../sim/scene-batch.ts";

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
  /** What the robot's own camera shows, besides what the policy is given. */
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
  const camera = pictures ? await Camera.open(batch) : undefined;
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
