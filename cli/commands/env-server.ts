/** `understudy env-server --scene S --envs N`: simulated environments for a trainer in another language. */

import { availableParallelism } from "node:os";
import {
  defaultEnvEndpoint,
  type EnvServerReport,
  serveEnvironments,
} from "../../bridge/env-server/server.ts";
import { ConfigError } from "../../core/errors.ts";
import { didYouMean } from "../../core/nearest.ts";
import type { SimulationSpec } from "../../rollout/shard.ts";
import type { GroupName } from "../../sim/observations.ts";
import { assembleScene } from "../../sim/scene.ts";
import { findScene } from "../../sim/scenes/index.ts";
import { defineCommand, jsonOption, seedOption } from "../command.ts";
import { EnvHost } from "../env-host/host.ts";
import { formatInteger } from "../format.ts";
import { moduleOption, moduleUrl } from "../modules.ts";
import { observationGroupsOf } from "../observation-groups.ts";
import { configureRun, runSettings, simulationOf } from "../run-config.ts";
import { sceneOption } from "../run-options.ts";
import { formatTable } from "../table.ts";
import { untilAborted } from "../until-aborted.ts";
import { listenerKeys, listenOptions } from "../wire-options.ts";

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
    ...moduleOption,
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
    untilInputEnds: {
      type: "boolean",
      description: "end with the program that started this one: when standard input ends",
    },
    ...listenOptions,
    ...seedOption,
    ...jsonOption,
  },
  config: runSettings([]),
  async run(context) {
    const { options, signal, io, report } = context;
    const { scene, envs, endpoint, seed, open } = options;
    const keys = listenerKeys(options);
    const simulation = simulationOf(scene, configureRun(context, scene, []), seed);
    const environment = await EnvHost.open({
      simulation,
      envs,
      groups: groupsIn(options.groups, simulation),
      threads: options.threads ?? availableParallelism(),
      modules: options.module.map(moduleUrl),
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
      await Promise.race([untilAborted(signal), ...(options.untilInputEnds ? [inputEnds()] : [])]);
      await server.close();
      const counts = server.report();
      report({ endpoint: server.endpoint, ...counts }, () => countsTable(counts));
    } finally {
      await environment.close();
    }
  },
});

/** @throws ConfigError for a group that the scene does not have. */
function groupsIn(text: string, { scene: name, config }: SimulationSpec): GroupName[] {
  const known = observationGroupsOf(assembleScene(findScene(name), config)).map(
    (group): string => group.name,
  );
  const names = text.split(",").map((group) => group.trim());
  for (const group of names) {
    if (known.includes(group)) continue;
    throw new ConfigError(
      `Scene "${name}" has no observation group "${group}".${didYouMean(group, known)} Groups: ${known.join(", ")}.`,
    );
  }
  return [...new Set(names)] as GroupName[];
}

function inputEnds(): Promise<void> {
  return new Promise((resolve) => {
    process.stdin.once("end", () => resolve()).resume();
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
