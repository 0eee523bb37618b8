/** The engines that a scene can run in. Rapier trains; MuJoCo is the stranger that a policy is checked in. */

import { type PhysicsWorld, World, type WorldSpec } from "../world.ts";

export const engineNames = ["rapier", "mujoco"] as const;
export type EngineName = (typeof engineNames)[number];

/** A world of `envs` environments; MuJoCo, a package that may be missing, is only loaded when it is asked for. */
export async function openWorld(
  spec: WorldSpec,
  envs: number,
  engine: EngineName = "rapier",
): Promise<PhysicsWorld> {
  if (engine === "rapier") return new World(spec, envs);
  const { MujocoWorld } = await import("./mujoco-world.ts");
  return await MujocoWorld.open(spec, envs);
}
