/** `understudy env-server --scene S --envs N`: simulated environments for a trainer in another language. */

import { availableParallelism } from "node:os";
import {
  defaultEnvEndpoint,
  type EnvServerReport,
  serveEnvironments,
} from "../../bridge/env-server/server.ts";
import { ConfigError } from "../../core/errors.ts";
import type { GroupName } from "../../sim/observations.ts";
import { observabilities } from "../../sim/visibility.ts";
import { defineCommand, jsonOption, seedOption } from "../command.ts";
import { EnvHost } from "../env-host/host.ts";
import { formatInteger } from "../format.ts";
import { didYouMean } from "../nearest.ts";
import { runConfigSchema, simulationOf } from "../run-config.ts";
import { sceneOption } from "../run-options.ts";
import { formatTable } from "../table.ts";
import { listenerKeys, listenOptions } from "../wire-options.ts";

const groupNames = [
  "layers",
  "proprioception",
  "privileged",
  ...observabilities.map((how) => `keypoints:${how}`),
];

export const envServer = defineCommand({
  examples: [
    [
      "env-server --scene push-pair --envs 64",
      "64 environments for the Python package, until Ctrl-C",
    ],
    ["env-server --scene reach-box --envs 16 --groups privileged", "without the camera"],
  ],
  options: {
    ...sceneOption,
    envs: {
      type: "number",
      integer: true,
      min: 1,
      max: 4096,
      default: 64,
      description: "how many environments step together",
    },
    groups: {
      type: "string",
      default: "layers,proprioception",
      description: "observation groups, separated by commas; see `scenes NAME`",
    },
    endpoint: { type: "string", default: defaultEnvEndpoint, description: "where to listen" },
    threads: {
      type: "number",
      integer: true,
      min: 1,
      max: 64,
      description: "threads that simulate; one a core unless given. Never changes the result",
    },
    ...listenOptions,
    ...seedOption,
    ...jsonOption,
  },
  config: runConfigSchema(),
  async run({ options, configure, signal, io, report }) {
    const { scene, envs, endpoint, seed, open } = options;
    const keys = listenerKeys(options);
    const simulation = simulationOf(scene, configure(runConfigSchema(scene)), seed);
    const environment = await EnvHost.open({
      simulation,
      envs,
      groups: groupsIn(options.groups),
      threads: options.threads ?? availableParallelism(),
    });
    try {
      const log = (line: string) => io.err(`${line}\n`);
      const server = await serveEnvironments({
        environment,
        endpoint,
        allowOpenPort: open,
        log,
        ...keys,
      });
      await aborted(signal);
      await server.close();
      const counts = server.report();
      report({ endpoint: server.endpoint, ...counts }, () => countsTable(counts));
    } finally {
      await environment.close();
    }
  },
});

function groupsIn(text: string): GroupName[] {
  const names = text.split(",").map((name) => name.trim());
  for (const name of names) {
    if (groupNames.includes(name)) continue;
    throw new ConfigError(
      `Unknown observation group "${name}" in "--groups".${didYouMean(name, groupNames)} Groups: ${groupNames.join(", ")}.`,
    );
  }
  return [...new Set(names)] as GroupName[];
}

function aborted(signal: AbortSignal): Promise<void> {
  return new Promise((resolve) => {
    if (signal.aborted) resolve();
    signal.addEventListener("abort", () => resolve(), { once: true });
  });
}

function countsTable({ clients, environmentSteps, episodes, refused }: EnvServerReport): string {
  const refusals = Object.values(refused).reduce((sum, count) => sum + count, 0);
  return formatTable(
    [{ title: "environments served" }, { title: "count", align: "right" }],
    [
      ["clients", formatInteger(clients)],
      ["environment steps", formatInteger(environmentSteps)],
      ["episodes ended", formatInteger(episodes)],
      ["requests refused", formatInteger(refusals)],
    ],
  );
}
