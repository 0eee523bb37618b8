/**
 * What a student sees and does on a robot, in the terms of the policy manifest. Trainer, exporter and
 * simulated robot take it from here; a real robot takes it from the manifest.
 */

import { lastSeenColumns } from "../core/last-seen.ts";
import { type PolicyInterface, type PoseOutput, poseColumns } from "../policies/manifest.ts";
import { cameraOf } from "../rollout/camera-spec.ts";
import type { CameraMount } from "../sim/camera.ts";
import { IMAGE } from "../sim/eyes.ts";
import { goalLayout, roleNames } from "../sim/observations.ts";
import { lastSeenNames } from "../sim/recollection.ts";
import { assembleScene } from "../sim/scene.ts";
import { findScene } from "../sim/scenes/index.ts";

/** Inputs that a student may have beside its images and its last action. */
export interface StudentInputs {
  /** Where the target lies from the anchor; all that the scene tells unless given. */
  readonly goal?: boolean;
  /** Where each role was last seen; not unless given. */
  readonly lastSeen?: boolean;
}

/** Which of them a policy reads. */
export function inputsOf({ inputs }: Pick<PolicyInterface, "inputs">): Required<StudentInputs> {
  const reads = (name: string) => inputs.some((input) => input.name === name);
  return { goal: reads("goal"), lastSeen: reads("lastSeen") };
}

export function studentInterface(
  sceneName: string,
  config: unknown,
  { goal = true, lastSeen = false }: StudentInputs = {},
): PolicyInterface {
  const assembled = assembleScene(findScene(sceneName), config);
  const { maxSpeed_mps, maxTurnRate_radps, camera } = assembled.cast.robot;
  const roles = roleNames(assembled);
  return {
    controlStep_s: assembled.timing.controlStep_s,
    inputs: [
      layersInput(camera, roles),
      previousActionInput(),
      ...(goal && assembled.tellsGoal ? [goalInput()] : []),
      ...(lastSeen ? [lastSeenInput(lastSeenNames(assembled))] : []),
    ],
    output: {
      name: "action",
      shape: [2],
      low: -1,
      high: 1,
      columns: [
        { name: "forward", width: 1, unit: "m/s", scale: maxSpeed_mps },
        { name: "turn", width: 1, unit: "rad/s", scale: maxTurnRate_radps },
      ],
    },
  };
}

/** What a student's pose head says, of these roles. */
export function posesOutput(roles: readonly string[]): PoseOutput {
  const { seen, place_m } = poseColumns.width;
  return {
    name: "poses",
    shape: [roles.length, poseColumns.size],
    roles: [...roles],
    columns: [
      { name: "seen", width: seen, meaning: "how sure it is to see the role, 0 to 1" },
      {
        name: "place_m",
        width: place_m,
        unit: "m",
        meaning: "the role's middle in the base frame, forward and left; where it is seen",
      },
    ],
  };
}

function layersInput(
  mount: CameraMount,
  roles: readonly string[],
): PolicyInterface["inputs"][number] {
  return {
    name: "layers",
    shape: [roles.length, IMAGE.height, IMAGE.width],
    dtype: "float32",
    low: 0,
    meaning: "inverse depth of each role's pixels, 0 where the role is not seen",
    camera: cameraOf(mount, roles),
  };
}

function goalInput(): PolicyInterface["inputs"][number] {
  return {
    name: "goal",
    shape: [goalLayout.size],
    dtype: "float32",
    meaning: "the target as seen from the anchor, in the axes of the robot's base",
    columns: [
      {
        name: "offset",
        width: goalLayout.width.offset,
        unit: "m",
        meaning: "target less anchor: forward, left",
      },
      {
        name: "yaw",
        width: goalLayout.width.yaw,
        meaning:
          "sine and cosine of n times the target's yaw less the robot's; n is 4 for a cube, 2 for another box, 3 for a prism, 0 for a cylinder",
      },
    ],
  };
}

function lastSeenInput(names: readonly string[]): PolicyInterface["inputs"][number] {
  const { known, place, staleness } = lastSeenColumns.width;
  return {
    name: "lastSeen",
    shape: [names.length * lastSeenColumns.size],
    dtype: "float32",
    meaning: "where things were last seen, obstacles nearest first: see core/last-seen.ts",
    columns: names.flatMap((name) => [
      { name: `${name}.known`, width: known, meaning: "1 once it was seen" },
      { name: `${name}.place`, width: place, unit: "m", meaning: "x, y in the base frame by now" },
      {
        name: `${name}.staleness`,
        width: staleness,
        meaning: "1 - exp(-age / 3 s); 1 while never seen",
      },
    ]),
  };
}

function previousActionInput(): PolicyInterface["inputs"][number] {
  return {
    name: "proprioception",
    shape: [2],
    dtype: "float32",
    low: -1,
    high: 1,
    columns: [
      { name: "forward", width: 1, meaning: "previous action; 0 at the start" },
      { name: "turn", width: 1, meaning: "previous action; 0 at the start" },
    ],
  };
}
