/** `understudy lekiwi-drive`: a bundle drives a LeKiwi, real or simulated, through LeRobot's own host. */

import { decodeJpeg } from "../../bridge/adapters/jpeg.ts";
import { LeKiwiClient } from "../../bridge/adapters/lekiwi-client.ts";
import { defaultLeKiwi } from "../../bridge/adapters/lekiwi-host.ts";
import type { LeKiwiObservation } from "../../bridge/adapters/lekiwi-messages.ts";
import { type NdArray, ndarray } from "../../bridge/adapters/numpy.ts";
import { onlyCamera, PolicySession, toldInputs } from "../../bridge/adapters/policy-session.ts";
import { Refusal } from "../../bridge/adapters/refusal.ts";
import { Rhythm } from "../../bridge/adapters/rhythm.ts";
import { monotonic_s } from "../../bridge/clock.ts";
import { numberNames, type PolicyInput, type PolicyManifest } from "../../policies/manifest.ts";
import type { PolicyRuntime } from "../../policies/runtime/runtime.ts";
import { drivenReport, policyOptions, withCameraPolicy } from "../adapt.ts";
import { type Context, defineCommand, jsonOption, type Options } from "../command.ts";

const options = {
  ...policyOptions,
  commands: { type: "string", default: defaultLeKiwi.commands, description: "the robot's PULL" },
  observations: {
    type: "string",
    default: defaultLeKiwi.observations,
    description: "the robot's PUSH",
  },
  camera: {
    type: "string",
    default: "roles",
    description: "camera whose pictures are role codes; see docs/adapters.md",
  },
  pace: {
    type: "string",
    choices: ["real", "robot"],
    default: "real",
    description: "an action each control step, or each observation: for simulations that wait",
  },
  silence_s: {
    type: "number",
    min: 0.1,
    max: 3600,
    default: 10,
    description: "give up after so long without an observation",
  },
  ...jsonOption,
} as const satisfies Options;

type DriveContext = Context<typeof options>;

export const lekiwiDrive = defineCommand({
  examples: [
    ["lekiwi-drive --policy policies/zoo/push-pair", "drive what `lekiwi-host` simulates here"],
    [
      "lekiwi-drive --policy policies/zoo/push-pair --commands tcp://10.0.0.7:5555 --observations tcp://10.0.0.7:5556",
      "a LeKiwi on the network",
    ],
  ],
  options,
  run: (context) => withCameraPolicy(context, drive),
});

/** Answers pictures until the robot is silent or somebody ends it. */
async function drive(
  { options, signal, io, report }: DriveContext,
  policy: PolicyRuntime,
): Promise<void> {
  const session = new PolicySession(policy);
  const find = finder(policy.manifest);
  const robot = new LeKiwiClient({
    output: policy.manifest.output,
    commands: options.commands,
    observations: options.observations,
    log: (line) => io.err(`${line}\n`),
  });
  const rhythm = new Rhythm(policy.manifest.controlStep_s);
  let actions = 0;
  try {
    signal.addEventListener("abort", () => void robot.close(), { once: true });
    while (!signal.aborted) {
      const observation = await robot.next(options.silence_s);
      if (!observation) break;
      if (options.pace === "real" && !rhythm.begins(monotonic_s())) continue;
      try {
        const action = await session.actOnce(await find(observation, options.camera), 0);
        robot.drive(action, observation.number);
        actions++;
      } catch (error) {
        robot.stop();
        robot.refusals.add(error);
      }
    }
  } finally {
    await robot.close();
    drivenReport(report, { seen: "observations", actions, refusals: robot.refusals });
  }
}

/** Where a policy's inputs are in an observation: its image by `camera`, the others beside the state. */
function finder(manifest: PolicyManifest) {
  const { input } = onlyCamera(manifest);
  const toldBy = new Map(toldInputs(manifest).map((told) => [told.name, told]));
  return async ({ cameras, state }: LeKiwiObservation, camera: string) => {
    const jpeg = cameras.get(camera);
    if (!jpeg) throw new Refusal("missing input", `There is no camera "${camera}".`);
    const { rgb, width, height } = await decodeJpeg(jpeg);
    const image = ndarray(rgb, [height, width, 3]);
    const { told = {} } = state;
    return (name: string) => {
      const spec = toldBy.get(name);
      return spec ? rowOf(spec, told) : name === input.name ? image : undefined;
    };
  };
}

/** A goal, or what else a student is told, from the numbers beside the robot's state; undefined where one is missing. */
function rowOf(input: PolicyInput, told: Readonly<Record<string, number>>): NdArray | undefined {
  const names = numberNames(input);
  if (names.some((name) => told[name] === undefined)) return undefined;
  return ndarray(
    Float32Array.from(names, (name) => told[name]),
    input.shape,
  );
}
