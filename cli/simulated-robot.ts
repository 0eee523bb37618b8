/** The robot that a command simulates: where it lives, and what it tells a policy and understands of it. */

import { readBundle } from "../policies/bundle.ts";
import type { PolicyInterface } from "../policies/manifest.ts";
import type { SimulationSpec } from "../rollout/shard.ts";
import { inputsOf, studentInterface } from "../student/interface.ts";
import type { Context, Options, seedOption } from "./command.ts";
import { moduleOption } from "./modules.ts";
import { configureRun, ownScene, simulationOf } from "./run-config.ts";
import { sceneOption } from "./run-options.ts";

export const simulatedRobotOptions = {
  ...sceneOption,
  ...moduleOption,
  policy: {
    type: "string",
    description: "bundle of who will drive: its scene's settings, and the inputs it reads",
  },
} as const satisfies Options;

type SimulatingContext = Context<typeof simulatedRobotOptions & typeof seedOption>;

export interface SimulatedRobot {
  readonly simulation: SimulationSpec;
  readonly robot: PolicyInterface;
}

/** As `--set` has it, on top of what the policy was trained with; without a policy, of the scene's defaults. */
export function simulatedRobot(
  context: Pick<SimulatingContext, "options" | "sets" | "configure">,
): SimulatedRobot {
  const { options } = context;
  const { scene, policy, seed } = options;
  const manifest = policy === undefined ? undefined : readBundle(policy).manifest;
  const base = manifest ? { ...ownScene(manifest, scene), student: inputsOf(manifest) } : {};
  const config = configureRun(context, scene, ["student"], base);
  const simulation = simulationOf(scene, config, seed);
  return { simulation, robot: studentInterface(scene, simulation.config, config.student) };
}
