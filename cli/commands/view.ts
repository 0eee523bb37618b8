/** `understudy view`: serves the viewer's page to this machine until Ctrl-C. */

import { spawn } from "node:child_process";
import { servePolicy } from "../../bridge/policy-server.ts";
import { defaultEndpoint } from "../../bridge/sockets.ts";
import { defaultStopEndpoint } from "../../bridge/supervisor/messages.ts";
import { closingAfter } from "../../core/closing.ts";
import { ConfigError, FileError } from "../../core/errors.ts";
import { loadPolicy } from "../../policies/runtime/node.ts";
import { serveViewer } from "../../viewer/server.ts";
import { defineCommand, type Io } from "../command.ts";
import { LiveSocket } from "../live.ts";
import { openDesk } from "../live-corrections.ts";
import { bundleOfCheckpoint } from "../live-policy.ts";
import { WatchedPolicy } from "../live-robot.ts";
import { RunWatch } from "../live-runs.ts";
import { WatchedSupervisor } from "../live-supervisor.ts";
import { moduleOption } from "../modules.ts";
import { openPlanner, plannerOptions } from "../planner-options.ts";
import { untilAborted } from "../until-aborted.ts";
import { connectOptions, connectorKeys } from "../wire-options.ts";

/** How often checkpoints are looked for, and robots told of. */
const RUNS_ms = 1000;
const ROBOT_ms = 100;
/** A run that has written nothing for so long when the viewer starts is over. */
const RECENT_ms = 600_000;

export const view = defineCommand({
  examples: [
    ["view", "run the scenes, policies and replays of this folder in the browser"],
    ["view --replays replays --open", "list replays of another folder, too, and open the browser"],
    ["view --module ./visit-two.ts", "run the scenes of a module of your own, too"],
    ["view --serve policies/zoo/push-pair", "serve a policy to robots and watch them"],
    [
      "view --supervisor tcp://127.0.0.1:5611",
      "watch what the supervisor of this robot does, and stop it from the page",
    ],
  ],
  options: {
    replays: { type: "string", description: "a folder of replays to list beside those of runs/" },
    port: {
      type: "number",
      integer: true,
      min: 1024,
      max: 65_535,
      default: 4173,
      description: "where to listen, on this machine only",
    },
    open: { type: "boolean", description: "open the page in the browser" },
    ...moduleOption,
    serve: {
      type: "string",
      description: "folder of a policy bundle to serve to robots of this machine",
    },
    endpoint: {
      type: "string",
      default: defaultEndpoint,
      description: "where robots find the served policy",
    },
    supervisor: {
      type: "string",
      description: "where the supervisor of a robot listens, to show its state and to stop it",
    },
    stops: {
      type: "string",
      default: defaultStopEndpoint,
      description: "where that supervisor listens for emergency stops",
    },
    ...connectOptions,
    corrections: {
      type: "string",
      default: "runs/planner/corrections.jsonl",
      description: "where corrections are logged; `plan learn` learns from them",
    },
    ...plannerOptions,
  },
  async run({ options, signal, io }) {
    const { port, replays, open, module: modules, corrections, serve, endpoint } = options;
    const watch = new RunWatch("runs", now_ms() - RECENT_ms);
    const folder = replays === undefined ? {} : { replays };
    await closingAfter(async (keep) => {
      const server = keep(await serveViewer({ port, live: true, modules, ...folder }));
      const robot = serve === undefined ? undefined : keep(await serveWatched(serve, endpoint, io));
      const supervisor = watchSupervisor(options, robot?.columns, io);
      if (supervisor) keep(supervisor);
      const desk = keep(
        openDesk({
          file: corrections,
          openPlanner: () => openPlanner(options),
          now: () => new Date(now_ms()).toISOString(),
          signal,
        }),
      );
      const live = new LiveSocket(server.http, {
        corrections: desk,
        policyOf: (run) => bundleOfCheckpoint(checkpointOf(watch, run)),
        stop: robot || supervisor ? stopOf(robot, supervisor) : undefined,
      });
      keep({ close: async () => live.close() });
      const timers = [
        setInterval(() => {
          for (const run of watch.look()) live.publishRun(run);
        }, RUNS_ms),
      ];
      if (robot) timers.push(setInterval(() => live.publishRobot(robot.state()), ROBOT_ms));
      if (supervisor) {
        timers.push(setInterval(() => live.publishSupervisor(supervisor.state), ROBOT_ms));
      }
      keep({ close: async () => timers.forEach(clearInterval) });
      io.out(`The viewer is at ${server.url} (Ctrl-C ends it).\n`);
      if (open) openBrowser(server.url, (line) => io.err(line));
      await untilAborted(signal);
    });
  },
});

/** The wall clock, which files and corrections are dated by. */
function now_ms(): number {
  return performance.timeOrigin + performance.now();
}

function checkpointOf(watch: RunWatch, run: string): string {
  const file = watch.fileOf(run);
  if (file) return file;
  throw new FileError(`There is no run "${run}" that is followed. Choose one of the list.`);
}

type Watched = Awaited<ReturnType<typeof serveWatched>>;

/** Serves a policy to robots of this machine; what they see and do can be told at any time. */
async function serveWatched(folder: string, endpoint: string, io: Io) {
  const runtime = await loadPolicy(folder);
  const policy = new WatchedPolicy(runtime, () => performance.now() / 1000);
  const log = (line: string) => io.err(`${line}\n`);
  const server = await servePolicy({ policy, endpoint, log }).catch(async (error) => {
    await runtime.close();
    throw error;
  });
  return {
    columns: policy.manifest.output.columns.map(({ name }) => name),
    state: () => policy.state(server.endpoint, server.report()),
    stop: (engaged: boolean) => {
      policy.stopped = engaged;
      log(engaged ? "STOP: all robots are told to stand still" : "robots may move again");
    },
    close: async () => {
      await server.close();
      await runtime.close();
    },
  };
}

/** What TurtleBots are driven by; a policy that is served says it for its own robot. */
const USUAL_COLUMNS = ["forward", "turn"];

interface SupervisorOptions {
  readonly supervisor: string | undefined;
  readonly stops: string;
  readonly keys: string | undefined;
  readonly peer: string | undefined;
}

/** @throws ConfigError for keys that nobody would ask for. */
function watchSupervisor(
  { supervisor, stops, ...files }: SupervisorOptions,
  columns = USUAL_COLUMNS,
  io: Io,
): WatchedSupervisor | undefined {
  const keys = connectorKeys(files);
  if (supervisor === undefined) {
    if (!keys.keys) return undefined;
    throw new ConfigError(
      '"--keys" and "--peer" are those of a supervisor: give "--supervisor" as well. A policy is served with keys by "understudy serve".',
    );
  }
  const log = (line: string) => io.err(`supervisor: ${line}\n`);
  return new WatchedSupervisor({
    ...{ endpoint: supervisor, stopEndpoint: stops, columns, log },
    ...keys,
  });
}

/** Everything there is to stop by, at once: the policy's zeros need no answer from elsewhere. */
function stopOf(robot: Watched | undefined, supervisor: WatchedSupervisor | undefined) {
  return async (engaged: boolean) => {
    robot?.stop(engaged);
    await supervisor?.stop(engaged);
  };
}

function openBrowser(url: string, remark: (line: string) => void): void {
  const openers: Readonly<Record<string, readonly string[]>> = {
    darwin: ["open", url],
    win32: ["cmd", "/c", "start", "", url],
  };
  const [program, ...words] = openers[process.platform] ?? ["xdg-open", url];
  const child = spawn(program, words, { stdio: "ignore", detached: true });
  child.on("error", () => remark(`No browser could be started. Open ${url} yourself.\n`));
  child.unref();
}
