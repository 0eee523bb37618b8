/** `understudy record`: what robots see and do, into a file; from simulation, or of every session served. */

import { setTimeout as sleep } from "node:timers/promises";
import type { McapFile } from "../../bridge/recorder/mcap-file.ts";
import { serveRecorded } from "../../bridge/recorder/recorded-server.ts";
import type { Recorder } from "../../bridge/recorder/recorder.ts";
import { ConfigError } from "../../core/errors.ts";
import { writeFolderWhole } from "../../core/files.ts";
import { type Proportion, wilson } from "../../core/statistics.ts";
import { loadPolicy } from "../../policies/runtime/node.ts";
import type { PolicyRuntime } from "../../policies/runtime/runtime.ts";
import type { SimulationSpec } from "../../rollout/shard.ts";
import { assembleScene } from "../../sim/scene.ts";
import { findScene } from "../../sim/scenes/index.ts";
import {
  type Context,
  defineCommand,
  jsonOption,
  type Option,
  type Options,
  seedOption,
} from "../command.ts";
import { formatInteger, formatProportion } from "../format.ts";
import { moduleOption } from "../modules.ts";
import { Progress } from "../progress.ts";
import { convertRecording, refuseTaken, remarkOn } from "../recording/convert.ts";
import { liveOptions, openRecorder, wallClock_ns } from "../recording/open-recorder.ts";
import { checkDatasetOf, RecordedDataset } from "../recording/recorded-dataset.ts";
import { RecordedSimulation } from "../recording/recorded-simulation.ts";
import { type SimulatedStep, simulateEpisodes } from "../recording/simulate.ts";
import { configureRun, ownScene, runSettings, simulationOf } from "../run-config.ts";
import { formatTable } from "../table.ts";
import { untilAborted } from "../until-aborted.ts";
import { listenerKeys, listenOptions } from "../wire-options.ts";

const recordOptions = {
  policy: { type: "string", description: "folder of the policy bundle; not with --from" },
  out: { type: "string", required: true, description: "the file, or the dataset's folder" },
  scene: { type: "string", description: "simulate robots in this scene; see `scenes`" },
  ...moduleOption,
  endpoint: {
    type: "string",
    description: "instead of a scene: serve the policy here and record every session, until Ctrl-C",
  },
  from: { type: "string", description: "instead: make a dataset of this recording" },
  task: { type: "string", description: "what the robot does, in a sentence, for a dataset" },
  format: {
    type: "string",
    choices: ["mcap", "lerobot"],
    default: "mcap",
    description: "mcap for Foxglove and `replay`, lerobot for a LeRobotDataset v3.0",
  },
  pictures: {
    type: "string",
    choices: ["all", "none"],
    default: "all",
    description: "videos of a dataset: the robot's camera and what the policy sees; needs ffmpeg",
  },
  onlySuccess: { type: "boolean", description: "leave failed episodes out of a dataset" },
  episodes: {
    type: "number",
    integer: true,
    min: 1,
    max: 100_000,
    default: 8,
    description: "how many starts to simulate; the same ones that `evaluate` uses",
  },
  robots: {
    type: "number",
    integer: true,
    min: 1,
    max: 64,
    default: 1,
    description: "how many are simulated together",
  },
  ...liveOptions,
  ...listenOptions,
  ...seedOption,
  ...jsonOption,
} as const satisfies Options;

type RecordContext = Context<typeof recordOptions>;

export const record = defineCommand({
  examples: [
    [
      "record --scene push-pair --policy policies/zoo/push-pair --out runs/push.mcap",
      "eight simulated episodes, for Foxglove and `replay`",
    ],
    [
      "record --scene push-pair --policy policies/zoo/push-pair --format lerobot --out runs/pushes",
      "the same as a LeRobot dataset; videos need ffmpeg",
    ],
    [
      "record --endpoint tcp://127.0.0.1:5601 --policy policies/zoo/push-pair --out runs/robot.mcap",
      "serve the policy, and record what real robots see and are told",
    ],
    [
      "record --from runs/robot.mcap --format lerobot --out runs/pushes",
      "what robots did, as a dataset; with --endpoint, both at once",
    ],
  ],
  options: recordOptions,
  config: runSettings([]),
  async run(context) {
    const { scene, endpoint, from, format } = context.options;
    const sources = [scene, endpoint, from].filter((source) => source !== undefined);
    if (sources.length !== 1) {
      throw new ConfigError(
        '"record" needs one source: --scene NAME to simulate, --endpoint to serve the policy and record its sessions, or --from FILE to make a dataset of a recording.',
      );
    }
    refuseIdle(context.options);
    if (format === "lerobot") refuseTaken(context.options.out);
    if (from !== undefined) return convert(context, from);
    const policy = await loadPolicy(policyIn(context));
    try {
      if (scene !== undefined && format === "lerobot") await recordDataset(context, policy, scene);
      else if (scene !== undefined) await recordSimulation(context, policy, scene);
      else if (endpoint !== undefined) await recordSessions(context, policy, endpoint);
    } finally {
      await policy.close();
    }
  },
});

/** @throws ConfigError for an option that would do nothing beside the others */
function refuseIdle(options: RecordContext["options"]): void {
  const { scene, endpoint, from, format } = options;
  const groups: readonly (readonly [
    idle: boolean,
    names: readonly (keyof typeof options)[],
    needs: string,
  ])[] = [
    [scene === undefined, ["episodes", "robots", "seed"], "--scene"],
    [endpoint === undefined, ["keys", "allow", "open"], "--endpoint"],
    [from !== undefined, ["policy", "live", "livePort"], "--scene or --endpoint"],
    [format === "mcap", ["task", "pictures", "onlySuccess"], "--format lerobot"],
  ];
  for (const [idle, names, needs] of groups) {
    const name = idle ? names.find((one) => options[one] !== usualOf(one)) : undefined;
    if (name === undefined) continue;
    throw new ConfigError(`"--${name}" does nothing without ${needs}. Leave it out.`);
  }
}

/** What an option is unless it is given. */
function usualOf(name: keyof typeof recordOptions): string | number | boolean | undefined {
  const option: Option = recordOptions[name];
  if (option.type === "boolean") return false;
  return "default" in option ? option.default : undefined;
}

function policyIn({ options }: RecordContext): string {
  if (options.policy !== undefined) return options.policy;
  throw new ConfigError('"record" needs --policy DIR, unless it makes a dataset of a recording.');
}

/** The recorder and its file; the caller closes it. */
async function open(
  { options, io }: RecordContext,
  policy: PolicyRuntime,
  out: string,
  about: Readonly<Record<string, string>>,
): Promise<{ recorder: Recorder; file: McapFile }> {
  const opened = await openRecorder({ ...options, record: out }, io, policy.manifest, about);
  if (!opened?.file) throw new Error("internal: a recording without a file");
  return { recorder: opened.recorder, file: opened.file };
}

async function recordSimulation(
  context: RecordContext,
  policy: PolicyRuntime,
  scene: string,
): Promise<void> {
  const { options, report, io } = context;
  const simulation = simulationIn(context, policy, scene);
  const assembled = assembleScene(findScene(scene), simulation.config);
  const about = aboutSimulation(simulation);
  const { recorder, file } = await open(context, policy, options.out, about);
  const robots = Math.min(options.robots, options.episodes);
  const recorded = new RecordedSimulation(
    recorder,
    assembled,
    policy.manifest,
    robots,
    wallClock_ns(),
  );
  const stepTime_ms = 1000 * policy.manifest.controlStep_s;
  let outcomes: string[];
  try {
    outcomes = await simulated(context, policy, simulation, false, async (step) => {
      recorded.record(step);
      if (options.live && step.robot === 0) await sleep(stepTime_ms);
    });
  } catch (error) {
    // a simulation can be run again
    await recorder.discard();
    throw error;
  }
  if (outcomes.length === 0) {
    await recorder.discard();
    io.err("Interrupted before an episode was over: nothing was recorded.\n");
    return;
  }
  await recorder.close();
  const success = successOf(outcomes);
  const facts = { file: file.file, episodes: outcomes.length, messages: file.messages, success };
  report(facts, () =>
    formatTable(
      [{ title: "recorded" }, { title: options.out }],
      [
        ["messages", formatInteger(file.messages)],
        ["success (last state)", formatProportion(success)],
      ],
    ),
  );
}

async function recordDataset(
  context: RecordContext,
  policy: PolicyRuntime,
  scene: string,
): Promise<void> {
  const { options, report } = context;
  const { out, pictures, onlySuccess } = options;
  const simulation = simulationIn(context, policy, scene);
  const { task = findScene(scene).summary } = options;
  let kept = { episodes: 0, frames: 0 };
  let outcomes: string[] = [];
  await writeFolderWhole(out, [], async (beside) => {
    const about = { source: "simulation", pictures, task, onlySuccess } as const;
    const dataset = new RecordedDataset(beside, policy.manifest, about);
    try {
      outcomes = await simulated(context, policy, simulation, pictures === "all", (step) =>
        dataset.record(step),
      );
      await dataset.finish();
    } catch (error) {
      dataset.abandon();
      throw error;
    }
    kept = { episodes: dataset.episodes, frames: dataset.frames };
  });
  const success = successOf(outcomes);
  report({ folder: out, ...kept, success }, () =>
    formatTable(
      [{ title: "recorded" }, { title: out }],
      [
        ["episodes kept", formatInteger(kept.episodes)],
        ["frames", formatInteger(kept.frames)],
        ["success (last state)", formatProportion(success)],
      ],
    ),
  );
}

function simulationIn(
  context: RecordContext,
  { manifest }: PolicyRuntime,
  scene: string,
): SimulationSpec {
  const config = configureRun(context, scene, [], ownScene(manifest, scene));
  return simulationOf(scene, config, context.options.seed);
}

/** What a recording keeps of how it came about: enough to simulate it again. */
function aboutSimulation(simulation: SimulationSpec): Record<string, string> {
  const { scene, seed, config, contact = "planar", randomization } = simulation;
  return {
    source: "simulation",
    ...{ scene, seed: String(seed), contact },
    config: JSON.stringify(config),
    ...(randomization ? { randomization: JSON.stringify(randomization) } : {}),
  };
}

function successOf(outcomes: readonly string[]): Proportion {
  return wilson(outcomes.filter((outcome) => outcome === "success").length, outcomes.length);
}

/** Simulates, and shows how far it is; the outcomes of the episodes. */
async function simulated(
  { options, signal }: RecordContext,
  policy: PolicyRuntime,
  simulation: SimulationSpec,
  pictures: boolean,
  onStep: (step: SimulatedStep) => Promise<void>,
): Promise<string[]> {
  const { episodes, robots } = options;
  const outcomes: string[] = [];
  const progress = new Progress(["recorded"]);
  progress.start({ name: "recorded", unit: "episodes", total: episodes });
  try {
    await simulateEpisodes(
      { simulation, policy, episodes, robots, pictures, signal },
      async (step) => {
        await onStep(step);
        if (step.end) outcomes.push(step.end.outcome);
        progress.update(outcomes.length, {});
      },
    );
  } finally {
    progress.finish();
  }
  return outcomes;
}

/** As a dataset, the recording itself stays beside the folder: it holds more than a dataset can. */
async function recordSessions(
  context: RecordContext,
  policy: PolicyRuntime,
  endpoint: string,
): Promise<void> {
  const { io, signal, report, options } = context;
  const out = options.format === "lerobot" ? `${options.out}.mcap` : options.out;
  const keys = listenerKeys(options);
  if (options.format === "lerobot") checkDatasetOf(policy.manifest, "robot", options.pictures);
  const { recorder, file } = await open(context, policy, out, { source: "sessions" });
  try {
    const log = (line: string) => io.err(`${line}\n`);
    const listening = { endpoint, allowOpenPort: options.open, ...keys };
    const server = await serveRecorded({
      policy,
      recorder,
      clock: wallClock_ns,
      log,
      ...listening,
    });
    await untilAborted(signal);
    await server.close();
  } finally {
    await recorder.close();
  }
  const { messages } = file;
  if (messages > 0 && options.format === "lerobot") return convert(context, out);
  report({ file: messages > 0 ? out : undefined, messages }, () =>
    messages > 0
      ? `${formatInteger(messages)} messages in ${out}\n`
      : "No robot said anything, so there is no recording.\n",
  );
}

async function convert({ options, report }: RecordContext, from: string): Promise<void> {
  const { out, format, pictures, onlySuccess, task } = options;
  if (format !== "lerobot") {
    throw new ConfigError(
      '"--from" has a recording already. Say what to make of it: --format lerobot.',
    );
  }
  const converted = await convertRecording(from, out, { pictures, onlySuccess, task });
  const { episodes, frames, outcomes } = converted;
  report({ folder: out, from, ...converted }, () =>
    formatTable(
      [{ title: "recorded" }, { title: out }],
      [
        ["episodes kept", formatInteger(episodes)],
        ["frames", formatInteger(frames)],
        ...Object.entries(outcomes).map(([how, count]) => [`ended: ${how}`, formatInteger(count)]),
        ["remarks", remarkOn(converted)],
      ],
    ),
  );
}
