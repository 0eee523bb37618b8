/** `understudy robot-sim`: simulated robots in a process of their own, driven over ZeroMQ. */

import { connectRobot, type RobotLink } from "../../bridge/robot-client.ts";
import { defaultEndpoint } from "../../bridge/sockets.ts";
import { EVALUATION_SHARD, type EvaluatedEpisode, summarize } from "../../rollout/evaluation.ts";
import type { SimulationSpec } from "../../rollout/shard.ts";
import { openStarts } from "../../rollout/starts.ts";
import { timingOf } from "../../rollout/timing.ts";
import { type GroupName, groupsOf } from "../../sim/observations.ts";
import { defineCommand, jsonOption, seedOption } from "../command.ts";
import { formatProportion } from "../format.ts";
import { Progress } from "../progress.ts";
import { progressLine } from "../progress-lines.ts";
import { runSettings } from "../run-config.ts";
import { simulatedRobot, simulatedRobotOptions } from "../simulated-robot.ts";
import { formatTable } from "../table.ts";
import { connectOptions, connectorKeys } from "../wire-options.ts";

export const robotSim = defineCommand({
  examples: [
    ["robot-sim --scene push-pair", "drive 64 starts by the policy that `serve` offers here"],
    [
      "robot-sim --scene push-cross --policy policies/zoo/push-cross",
      "the same, where the policy reads more than images",
    ],
    ["robot-sim --scene push-pair --episodes 512 --json", "the figures as JSON"],
  ],
  options: {
    ...simulatedRobotOptions,
    endpoint: { type: "string", default: defaultEndpoint, description: "where the policy listens" },
    ...connectOptions,
    episodes: {
      type: "number",
      integer: true,
      min: 1,
      max: 100_000,
      default: 64,
      description: "how many starts; the same ones that `evaluate` uses",
    },
    progress: {
      type: "string",
      choices: ["bar", "json"],
      default: "bar",
      description: "what stderr shows: a bar for people, or lines of JSON for programs",
    },
    ...seedOption,
    ...jsonOption,
  },
  config: runSettings(["student"]),
  async run(context) {
    const { options, signal, report, io } = context;
    const { scene, endpoint, episodes, seed } = options;
    const { simulation, robot } = simulatedRobot(context);
    const groups = groupsOf(robot.inputs);
    const robots = Math.min(EVALUATION_SHARD, episodes);
    const link = await connectRobot({
      manifest: robot,
      endpoint,
      robots,
      ...connectorKeys(options),
    });
    const progress = new Progress(["deployed"]);
    const asJson = options.progress === "json";
    if (!asJson) progress.start({ name: "deployed", unit: "episodes", total: episodes });
    const done: EvaluatedEpisode[] = [];
    try {
      for (let first = 0; first < episodes && !signal.aborted; first += robots) {
        const starts = Math.min(robots, episodes - first);
        done.push(
          ...(await driveShard(link, { simulation, groups, robots }, first, starts, signal)),
        );
        const won = done.filter(({ outcome }) => outcome === "success").length;
        const success = won / Math.max(1, done.length);
        if (asJson) io.err(progressLine({ done: done.length, success }));
        else progress.update(done.length, { success });
      }
    } finally {
      progress.finish();
      await link.close();
    }
    const { controlStep_s, budgetSteps } = timingOf(simulation);
    const summary = summarize(done, controlStep_s, budgetSteps);
    const { actions, roundTripP50_ms, roundTripP99_ms, refused } = link.report();
    const trips = { actions, roundTripP50_ms, roundTripP99_ms, refused };
    const facts = { scene, seed, ...summary, ...trips };
    report(facts, () =>
      formatTable(
        [{ title: "measure" }, { title: "value" }],
        [
          ["success (last state)", formatProportion(summary.success)],
          ["time, failures as the whole budget", `${summary.meanTime_s.toFixed(1)} s`],
          [
            "round trip p50 / p99",
            `${roundTripP50_ms.toFixed(1)} / ${roundTripP99_ms.toFixed(1)} ms`,
          ],
          ...Object.entries(summary.outcomes).map(([kind, n]) => [`ended: ${kind}`, String(n)]),
        ],
      ),
    );
  },
});

/** The simulated robots: what they live in, and what they send. */
interface Fleet {
  readonly simulation: SimulationSpec;
  /** One for each input of the policy. */
  readonly groups: readonly GroupName[];
  readonly robots: number;
}

/** One start a robot, in lock-step with the policy, until all have ended. */
async function driveShard(
  link: RobotLink,
  { simulation, groups, robots }: Fleet,
  firstStart: number,
  starts: number,
  signal: AbortSignal,
): Promise<EvaluatedEpisode[]> {
  const batch = await openStarts(simulation, { firstStart, starts: robots, groups });
  const active = Uint8Array.from({ length: robots }, (_, i) => (i < starts ? 1 : 0));
  const fresh = new Uint8Array(robots).fill(1);
  const episodes: EvaluatedEpisode[] = [];
  batch.reset();
  try {
    while (episodes.length < starts && !signal.aborted) {
      const seen = Object.fromEntries(groups.map((name) => [name, batch.groups[name]]));
      const actions = await link.exchange(seen, active, fresh);
      fresh.fill(0);
      batch.step(actions);
      for (const { env, episode: _, practice: __, ...end } of batch.ends) {
        if (active[env - firstStart] === 0) continue;
        active[env - firstStart] = 0;
        link.endEpisode(end.outcome, { robot: env - firstStart, sum: end.return });
        episodes.push({ ...end, start: env });
      }
    }
  } finally {
    batch.free();
  }
  return episodes;
}
