/** `understudy drive-sim`: a simulated robot driven by a policy that somebody else serves. */

import { setTimeout as sleep } from "node:timers/promises";
import { CommandPort } from "../../bridge/adapters/command-port.ts";
import { Gr00tClient } from "../../bridge/adapters/gr00t-client.ts";
import { OpenpiClient } from "../../bridge/adapters/openpi-client.ts";
import { RefusalLog } from "../../bridge/adapters/refusal.ts";
import type { RemotePolicy } from "../../bridge/adapters/remote-policy.ts";
import { monotonic_s } from "../../bridge/clock.ts";
import type { PolicyInterface } from "../../policies/manifest.ts";
import type { SimulationSpec } from "../../rollout/shard.ts";
import { openStarts } from "../../rollout/starts.ts";
import { groupsOf } from "../../sim/observations.ts";
import type { EpisodeEnd } from "../../sim/scene-batch.ts";
import { secretOf } from "../adapt.ts";
import { defineCommand, jsonOption, seedOption } from "../command.ts";
import { runSettings } from "../run-config.ts";
import { simulatedRobot, simulatedRobotOptions } from "../simulated-robot.ts";
import { formatTable } from "../table.ts";

export const driveSim = defineCommand({
  examples: [
    [
      "drive-sim --scene push-pair --protocol gr00t --server tcp://127.0.0.1:5555",
      "by a GR00T policy server",
    ],
    [
      "drive-sim --scene push-pair --protocol openpi --server ws://127.0.0.1:8000 --execute 8",
      "by an openpi server, eight actions of each answer",
    ],
  ],
  options: {
    ...simulatedRobotOptions,
    protocol: {
      type: "string",
      choices: ["gr00t", "openpi"],
      required: true,
      description: "what the server speaks",
    },
    server: { type: "string", required: true, description: "where it listens" },
    task: { type: "string", default: "", description: "what to do, in words, for the server" },
    execute: {
      type: "number",
      integer: true,
      min: 1,
      max: 1000,
      default: 1,
      description: "how many actions of an answer to use before the next question",
    },
    episodes: {
      type: "number",
      integer: true,
      min: 1,
      max: 100_000,
      default: 8,
      description: "how many starts; the same ones that `evaluate` uses",
    },
    secret_file: { type: "string", description: "file whose first line is the token or API key" },
    ...seedOption,
    ...jsonOption,
  },
  config: runSettings(["student"]),
  async run(context) {
    const { options, signal, io, report } = context;
    const { scene, protocol, server, task, execute } = options;
    const { simulation, robot } = simulatedRobot(context);
    const secret = secretOf(options.secret_file);
    const policy =
      protocol === "gr00t"
        ? new Gr00tClient({ robot, endpoint: server, task, ...(secret ? { token: secret } : {}) })
        : new OpenpiClient({
            robot,
            url: server,
            prompt: task,
            ...(secret ? { apiKey: secret } : {}),
          });
    const refusals = new RefusalLog((line) => io.err(`${line}\n`));
    const ends: EpisodeEnd[] = [];
    try {
      for (let start = 0; start < options.episodes && !signal.aborted; start++) {
        const episode = { simulation, robot, policy, refusals, start, execute, signal };
        const end = await driveEpisode(episode);
        if (!end) break;
        ends.push(end);
        io.err(`start ${start}: ${end.outcome} after ${end.steps} steps\n`);
      }
    } finally {
      policy.close();
    }
    const outcomes = ends.map(({ outcome, steps }, start) => ({ start, outcome, steps }));
    const successes = ends.filter(({ outcome }) => outcome === "success").length;
    const facts = { scene, protocol, episodes: ends.length, successes, outcomes };
    report({ ...facts, refused: refusals.byReason() }, () =>
      formatTable(
        [{ title: "start" }, { title: "outcome" }, { title: "steps", align: "right" }],
        outcomes.map(({ start, outcome, steps }) => [String(start), outcome, String(steps)]),
      ),
    );
  },
});

/**
 * The world waits for the policy; without an answer, or with one that may not be, the robot stands. An episode that is cut short
 * has no end.
 */
async function driveEpisode(episode: {
  readonly simulation: SimulationSpec;
  readonly robot: PolicyInterface;
  readonly policy: RemotePolicy;
  readonly refusals: RefusalLog;
  readonly start: number;
  readonly execute: number;
  readonly signal: AbortSignal;
}): Promise<EpisodeEnd | undefined> {
  const { simulation, robot, policy, refusals, start, execute, signal } = episode;
  const groups = groupsOf(robot.inputs);
  const batch = await openStarts(simulation, { firstStart: start, groups });
  const port = new CommandPort(robot.output, Number.POSITIVE_INFINITY);
  let chunk: readonly Float32Array[] = [];
  batch.reset();
  try {
    await policy.reset();
    while (batch.ends.length === 0 && !signal.aborted) {
      port.observed(monotonic_s());
      try {
        if (chunk.length === 0) chunk = (await policy.act(batch.groups)).slice(0, execute);
        const [next, ...rest] = chunk;
        chunk = rest;
        port.offerSi([...next], monotonic_s());
      } catch (error) {
        port.stop();
        refusals.add(error);
        // a server that is not there must not make the world race
        await sleep(20);
      }
      batch.step(port.commandAt(monotonic_s()));
    }
    return batch.ends.at(0);
  } finally {
    batch.free();
  }
}
