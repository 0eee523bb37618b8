/** `understudy serve --policy DIR`: answers observations of robots with actions, over ZeroMQ. */

import { type ServerReport, servePolicy } from "../../bridge/policy-server.ts";
import { serveRecorded } from "../../bridge/recorder/recorded-server.ts";
import { defaultEndpoint } from "../../bridge/sockets.ts";
import { loadPolicy } from "../../policies/runtime/node.ts";
import { defineCommand, jsonOption } from "../command.ts";
import { formatInteger } from "../format.ts";
import { openRecorder, recordOptions, wallClock_ns } from "../recording/open-recorder.ts";
import { formatTable } from "../table.ts";
import { untilAborted } from "../until-aborted.ts";
import { listenerKeys, listenOptions } from "../wire-options.ts";

export const serve = defineCommand({
  examples: [
    ["serve --policy policies/zoo/push-pair", "serve the bundle that ships, to this machine only"],
    ["serve --policy policies/zoo/push-pair --endpoint tcp://127.0.0.1:7000", "on another port"],
    [
      "serve --policy policies/zoo/push-pair --record runs/robot.mcap --live",
      "and write down every session, for Foxglove and `replay`",
    ],
    [
      "serve --policy DIR --endpoint tcp://*:5601 --keys keys/policy.secret.json --allow robots",
      "to robots on other machines whose keys lie in robots/",
    ],
  ],
  options: {
    policy: { type: "string", required: true, description: "folder of the policy bundle" },
    endpoint: { type: "string", default: defaultEndpoint, description: "where to listen" },
    ttl_ms: {
      type: "number",
      min: 1,
      max: 10_000,
      default: 250,
      description: "how long after its observation an action may be in force",
    },
    device: {
      type: "string",
      choices: ["cpu", "webgpu", "cuda"],
      default: "cpu",
      description: "what runs the policy",
    },
    ...recordOptions,
    ...listenOptions,
    ...jsonOption,
  },
  async run({ options, signal, io, report }) {
    const { endpoint, ttl_ms, device, open } = options;
    const keys = listenerKeys(options);
    const policy = await loadPolicy(options.policy, { device });
    const recording = await openRecorder(options, io, policy.manifest);
    try {
      const log = (line: string) => io.err(`${line}\n`);
      const serving = { policy, ttl_ms, log, endpoint, allowOpenPort: open, ...keys };
      const server = recording
        ? await serveRecorded({ ...serving, recorder: recording.recorder, clock: wallClock_ns })
        : await servePolicy(serving);
      await untilAborted(signal);
      const counts = server.report();
      await server.close();
      report({ endpoint: server.endpoint, ...counts }, () => countsTable(counts));
    } finally {
      await policy.close();
      await recording?.recorder.close();
    }
  },
});

function countsTable(counts: ServerReport): string {
  const refused = Object.values(counts.refused).reduce((sum, count) => sum + count, 0);
  const latency = (value_ms: number) =>
    Number.isFinite(value_ms) ? `${value_ms.toFixed(2)} ms` : "–";
  return formatTable(
    [{ title: "observations served" }, { title: "count", align: "right" }],
    [
      ["received", formatInteger(counts.observations)],
      ["answered", formatInteger(counts.actions)],
      ["overtaken by a newer one", formatInteger(counts.superseded)],
      ["refused", formatInteger(refused)],
      ["latency p50", latency(counts.latencyP50_ms)],
      ["latency p99", latency(counts.latencyP99_ms)],
    ],
  );
}
