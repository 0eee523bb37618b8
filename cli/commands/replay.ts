/** `understudy replay FILE --policy DIR`: what would this policy have done where another one acted? */

import { type ReplayReport, replayRecording } from "../../bridge/recorder/replay.ts";
import { ConfigError, FileError } from "../../core/errors.ts";
import { loadPolicy } from "../../policies/runtime/node.ts";
import { defineCommand, jsonOption } from "../command.ts";
import { formatInteger, formatPercent } from "../format.ts";
import { formatTable } from "../table.ts";

export const replay = defineCommand({
  examples: [
    [
      "replay runs/push.mcap --policy policies/zoo/push-pair",
      "feed a recording through a policy and compare its actions with the recorded ones",
    ],
  ],
  positionals: ["recording"],
  options: {
    policy: { type: "string", required: true, description: "folder of the policy bundle" },
    device: {
      type: "string",
      choices: ["cpu", "webgpu", "cuda"],
      default: "cpu",
      description: "what runs the policy",
    },
    tolerance: {
      type: "number",
      min: 0,
      max: 1,
      default: 1e-4,
      description: "difference of a number, in output units, up to which two actions are the same",
    },
    ...jsonOption,
  },
  async run({ options, positionals: [file], report }) {
    if (file === undefined) {
      throw new ConfigError('"replay" needs a recording: understudy replay FILE --policy DIR.');
    }
    const policy = await loadPolicy(options.policy, { device: options.device });
    try {
      const found = await replayRecording(file, policy, options.tolerance);
      if (found.compared === 0) throw nothingCompared(file, found);
      report({ file, tolerance: options.tolerance, ...found }, () => table(file, found));
    } finally {
      await policy.close();
    }
  },
});

function nothingCompared(file: string, { observations, skipped }: ReplayReport): FileError {
  const held = `${formatInteger(observations)} observations and ${formatInteger(skipped)} actions without theirs`;
  return new FileError(
    `"${file}" has ${held}, so no action could be compared. Give a recording of robots that were driven.`,
  );
}

function table(file: string, found: ReplayReport): string {
  const { compared, different, first } = found;
  const same = compared === 0 ? Number.NaN : 1 - different / compared;
  const facts = formatTable(
    [{ title: "replayed" }, { title: found.whole ? file : `${file} (breaks off)` }],
    [
      ["robots", formatInteger(found.robots)],
      ["observations", formatInteger(found.observations)],
      ["actions compared", formatInteger(compared)],
      ["actions without their observation", formatInteger(found.skipped)],
      ["the same", formatPercent(same)],
      ["largest difference", found.maxDifference.toPrecision(3)],
      ["99 % differ by at most", found.p99Difference.toPrecision(3)],
    ],
  );
  if (!first) return facts;
  const numbers = (values: readonly number[]) => values.map((v) => v.toFixed(4)).join(", ");
  return `${facts}\nFirst difference: ${first.robot}, observation ${first.observation}: recorded [${numbers(first.recorded)}], replayed [${numbers(first.replayed)}].\n`;
}
