/** `understudy lekiwi-host`: a simulated robot that LeRobot's LeKiwi client drives as if it were real. */

import { setTimeout as sleep } from "node:timers/promises";
import {
  defaultLeKiwi,
  type LeKiwiHost,
  openLeKiwiHost,
} from "../../bridge/adapters/lekiwi-host.ts";
import { lekiwiWires } from "../../bridge/adapters/lekiwi-messages.ts";
import { openZmqCamera, type ZmqCamera } from "../../bridge/adapters/zmq-camera.ts";
import { monotonic_s } from "../../bridge/clock.ts";
import type { EpisodeEnd } from "../../sim/scene-batch.ts";
import { defineCommand, jsonOption, seedOption } from "../command.ts";
import { runSettings } from "../run-config.ts";
import { SimulatedLeKiwi } from "../simulated-lekiwi.ts";
import { simulatedRobot, simulatedRobotOptions } from "../simulated-robot.ts";
import { formatTable } from "../table.ts";

export const lekiwiHost = defineCommand({
  examples: [
    ["lekiwi-host --scene push-pair", "a LeKiwi at the usual ports, for LeRobot 0.6.1 and newer"],
    ["lekiwi-host --scene push-pair --wire 0.6.0 --episodes 8", "for LeRobot 0.3 to 0.6.0"],
  ],
  options: {
    ...simulatedRobotOptions,
    wire: {
      type: "string",
      choices: lekiwiWires,
      default: "0.6.1",
      description: "LeRobot's release: 0.6.0 for it and older, 0.6.1 for it and newer",
    },
    commands: { type: "string", default: defaultLeKiwi.commands, description: "where to pull" },
    observations: {
      type: "string",
      default: defaultLeKiwi.observations,
      description: "where to push",
    },
    episodes: {
      type: "number",
      integer: true,
      min: 1,
      max: 100_000,
      default: 100_000,
      description: "how many starts; the same ones that `evaluate` uses",
    },
    pace: {
      type: "string",
      choices: ["real", "client"],
      default: "real",
      description: "run in real time, or wait half a second for an answer to each observation",
    },
    watchdog_ms: {
      type: "number",
      min: 10,
      max: 10_000,
      default: 500,
      description: "stop this long after the last command",
    },
    camera: {
      type: "string",
      description:
        "publish the pictures here too, for LeRobot's ZMQCamera, such as tcp://127.0.0.1:5558",
    },
    open: { type: "boolean", description: "allow endpoints that other machines can reach" },
    ...seedOption,
    ...jsonOption,
  },
  config: runSettings(["student"]),
  async run(context) {
    const { options, signal, io, report } = context;
    const { scene, wire, commands, observations, open } = options;
    const { simulation, robot } = simulatedRobot(context);
    const host = await openLeKiwiHost({
      output: robot.output,
      wire,
      commands,
      observations,
      watchdog_s: options.watchdog_ms / 1000,
      allowOpenPort: open,
      log: (line) => io.err(`${line}\n`),
    });
    const camera = options.camera
      ? await openZmqCamera({ endpoint: options.camera, allowOpenPort: open })
      : undefined;
    const ends: EpisodeEnd[] = [];
    const { controlStep_s } = robot;
    const lockStep = options.pace === "client";
    try {
      for (let start = 0; start < options.episodes && !signal.aborted; start++) {
        const body = await SimulatedLeKiwi.open(simulation, robot, start);
        const end = await drive({ host, body, camera, controlStep_s, lockStep, signal });
        body.free();
        if (!end) break;
        ends.push(end);
        io.err(`start ${start}: ${end.outcome} after ${end.steps} steps\n`);
      }
    } finally {
      host.close();
      camera?.close();
    }
    const won = ends.filter(({ outcome }) => outcome === "success").length;
    const outcomes = ends.map(({ outcome, steps }, start) => ({ start, outcome, steps }));
    const facts = { scene, wire, episodes: ends.length, successes: won, outcomes };
    report({ ...facts, ...host.report() }, () =>
      formatTable(
        [{ title: "start" }, { title: "outcome" }, { title: "steps", align: "right" }],
        outcomes.map(({ start, outcome, steps }) => [String(start), outcome, String(steps)]),
      ),
    );
  },
});

interface Drive {
  readonly host: LeKiwiHost;
  readonly body: SimulatedLeKiwi;
  readonly camera: ZmqCamera | undefined;
  readonly controlStep_s: number;
  readonly lockStep: boolean;
  readonly signal: AbortSignal;
}

/** One episode, begun once a client takes observations. Undefined when interrupted. */
async function drive(episode: Drive): Promise<EpisodeEnd | undefined> {
  const { host, body, controlStep_s, lockStep, signal } = episode;
  host.stop();
  while (!(await publish(episode))) {
    if (signal.aborted) return undefined;
    await sleep(20);
  }
  let next_s = monotonic_s();
  while (!signal.aborted) {
    next_s += controlStep_s;
    if (lockStep) await host.nextCommand(0.5);
    else await sleep(Math.max(0, 1000 * (next_s - monotonic_s())));
    const end = body.step(host.command());
    if (end) return end;
    await publish(episode);
  }
  return undefined;
}

async function publish({ host, body, camera }: Drive): Promise<boolean> {
  const jpegs = await body.cameras();
  await camera?.publishJpegs(jpegs, monotonic_s());
  return host.publish(body.state, jpegs);
}
