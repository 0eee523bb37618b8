/** The student's network for a scene, and how its inputs are fed. */

import { ConfigError } from "../core/errors.ts";
import type { Meters } from "../core/units.ts";
import { nearColumns } from "../policies/networks/near.ts";
import { EYE_STRIDE, type StudentSpec } from "../policies/networks/student.ts";
import type { NetworkActor } from "../rollout/actor.ts";
import type { SimulationSpec } from "../rollout/shard.ts";
import { NODDING_rad, skyRows } from "../sim/camera.ts";
import { IMAGE } from "../sim/eyes.ts";
import {
  type GroupName,
  goalLayout,
  keypointLayout,
  privilegedLayoutOf,
  roleNames,
} from "../sim/observations.ts";
import { randomization } from "../sim/randomization.ts";
import { lastSeenLayout } from "../sim/recollection.ts";
import { type AssembledScene, assembleScene } from "../sim/scene.ts";
import { findScene } from "../sim/scenes/index.ts";
import { height } from "../sim/shape.ts";
import type { NetworkSettings } from "./config.ts";

export function studentSpec(
  simulation: SimulationSpec,
  { latent, hidden, memory, channels, joint, belowHorizon, goal, lastSeen, near }: NetworkSettings,
): StudentSpec {
  const assembled = assembleScene(findScene(simulation.scene), simulation.config);
  const { size } = lastSeenLayout(assembled);
  const sky = belowHorizon ? skyOf(assembled) : 0;
  return {
    kind: "student",
    roles: roleNames(assembled),
    ...IMAGE,
    ...(sky > 0 ? { skyRows: sky } : {}),
    actions: 2,
    latent,
    hidden,
    channels,
    joint,
    memory,
    ...(goal && assembled.tellsGoal ? { goal: goalLayout.size } : {}),
    ...(lastSeen ? { lastSeen: size } : {}),
    ...(lastSeen && near ? { near: nearColumns(size) } : {}),
  };
}

/** Rows of the sky in the images of a scene, as many as the first convolution steps over. */
function skyOf({ cast }: AssembledScene): number {
  return skyRows(cast.robot.camera, tallest_m(cast), IMAGE.height, EYE_STRIDE);
}

function tallest_m({ bodies }: AssembledScene["cast"]): Meters {
  return Math.max(...bodies.map(({ shape }) => height(shape)));
}

/** @throws ConfigError for a camera that shows things in rows which the student leaves out, as it is meant to sit or so far off as it may be */
export function checkSky(
  { randomization: given, ...simulation }: SimulationSpec,
  { skyRows: sky }: StudentSpec,
): void {
  if (!sky) return;
  const { cameraPitch_deg, cameraHeight_m } = given ?? randomization.parse({});
  const furthest = (range: readonly number[]) => Math.max(...range.map(Math.abs));
  const { cast } = assembleScene(findScene(simulation.scene), simulation.config);
  const { camera } = cast.robot;
  const free = skyRows(camera, tallest_m(cast), IMAGE.height);
  if (sky > free) {
    throw new ConfigError(
      `The student leaves out the upper ${sky} rows of its images, and this camera may show things in all but ${free} of them. Distil another one for it.`,
    );
  }
  const lowest_m = camera.z_m - furthest(cameraHeight_m);
  const nodding_rad = (furthest(cameraPitch_deg) * Math.PI) / 180;
  if (nodding_rad <= NODDING_rad && tallest_m(cast) < lowest_m) return;
  throw new ConfigError(
    "The randomization of the camera lets things show in the rows of the image that a student leaves out. Set student.belowHorizon=false, or narrow cameraPitch_deg and cameraHeight_m.",
  );
}

/** Columns of a critic's row. */
export function privilegedColumns({ scene: name, config }: SimulationSpec): number {
  return privilegedLayoutOf(assembleScene(findScene(name), config)).size;
}

/** Points of all roles that a teacher is shown. */
export function keypointsOf({ scene: name, config }: SimulationSpec): number {
  return keypointLayout(assembleScene(findScene(name), config)).size / 3;
}

/** Observation groups that a student reads; its inputs are named like them. */
export function observedGroups(spec: StudentSpec): readonly GroupName[] {
  return [
    "layers",
    "proprioception",
    ...(spec.goal ? (["goal"] as const) : []),
    ...(spec.lastSeen ? (["lastSeen"] as const) : []),
  ];
}

export function studentActor(network: StudentSpec): NetworkActor {
  return {
    kind: "network",
    network,
    inputs: Object.fromEntries(observedGroups(network).map((group) => [group, group])),
  };
}
