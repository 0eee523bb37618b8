/** `understudy lekiwi-drive`: a bundle drives a LeKiwi, real or simulated, through LeRobot's own host. */

import { decodeJpeg } from "../../bridge/adapters/jpeg.ts";
import { LeKiwiClient } from "../../bridge/adapters/lekiwi-client.ts";
import { defaultLeKiwi } from "../../bridge/adapters/lekiwi-host.ts";
import { ndarray } from "../../bridge/adapters/numpy.ts";
import { PolicySession } from "../../bridge/adapters/policy-session.ts";
import { Refusal } from "../../bridge/adapters/refusal.ts";
import { loadPolicy } from "../../policies/runtime/node.ts";
import { defineCommand, jsonOption } from "../command.ts";
import { formatTable } from "../table.ts";

export const lekiwiDrive = defineCommand({
  examples: [
    ["lekiwi-drive --policy policies/zoo/push-pair", "drive what `lekiwi-host` simulates here"],
    [
      "lekiwi-drive --policy policies/zoo/push-pair --commands tcp://10.0.0.7:5555 --observations tcp://10.0.0.7:5556",
      "a LeKiwi on the network",
    ],
  ],
  options: {
    policy: { type: "string", required: true, description: "folder of the policy bundle" },
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
    silence_s: {
      type: "number",
      min: 0.1,
      max: 3600,
      default: 10,
      description: "give up after so long without an observation",
    },
    ...jsonOption,
  },
  async run({ options, signal, io, report }) {
    const policy = await loadPolicy(options.policy);
    const session = new PolicySession(policy);
    const image = policy.manifest.inputs.find(({ camera }) => camera)?.name;
    const robot = new LeKiwiClient({
      output: policy.manifest.output,
      commands: options.commands,
      observations: options.observations,
      log: (line) => io.err(`${line}\n`),
    });
    let actions = 0;
    try {
      signal.addEventListener("abort", () => void robot.close(), { once: true });
      while (!signal.aborted) {
        const observation = await robot.next(options.silence_s);
        if (!observation) break;
        try {
          const jpeg = observation.cameras.get(options.camera);
          if (!jpeg) throw new Refusal("missing input", `There is no camera "${options.camera}".`);
          const { rgb, width, height } = await decodeJpeg(jpeg);
          const array = ndarray(rgb, [height, width, 3]);
          robot.drive(await session.act((name) => (name === image ? array : undefined), 0));
          actions++;
        } catch (error) {
          robot.stop();
          robot.refusals.add(error);
        }
      }
    } finally {
      await robot.close();
      await policy.close();
      report({ actions, refused: robot.refusals.byReason() }, () =>
        formatTable(
          [{ title: "observations" }, { title: "count", align: "right" }],
          [
            ["answered", String(actions)],
            ["refused", String(robot.refusals.total)],
          ],
        ),
      );
    }
  },
});
