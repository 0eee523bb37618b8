/** `understudy evaluate`: success of a teacher, a student or a bundle on starts never trained on. */

import { existsSync, rmdirSync } from "node:fs";
import { ConfigError } from "../../core/errors.ts";
import { claimFolder } from "../../core/files.ts";
import { type EvaluatedEpisode, failuresByStage } from "../../rollout/evaluation.ts";
import { writeReplays } from "../../rollout/replays.ts";
import type { SimulationSpec } from "../../rollout/shard.ts";
import { type EngineName, engineNames } from "../../sim/engines/open.ts";
import { assembleScene } from "../../sim/scene.ts";
import { findScene } from "../../sim/scenes/index.ts";
import { type AnyPolicy, readAnyPolicy } from "../any-policy.ts";
import { type Evaluation, evaluateLink, evaluationFacts } from "../chain.ts";
import { defineCommand, jsonOption, seedOption } from "../command.ts";
import { formatProportion } from "../format.ts";
import { moduleOption } from "../modules.ts";
import { Progress } from "../progress.ts";
import { configureRun, ownScene, runSettings, simulationOf } from "../run-config.ts";
import { computeOptions, openPool, sceneOption } from "../run-options.ts";
import { formatTable } from "../table.ts";

/** Replays of one kind of failure, and of successes. A file has some 40 KB. */
const MOST_OF_A_KIND = 200;
const MOST_SUCCESSES = 8;

export const evaluate = defineCommand({
  examples: [
    [
      "evaluate --scene push-pair --policy policies/zoo/push-pair --episodes 1024",
      "the bundle that ships",
    ],
    [
      "evaluate --scene push-pair --policy runs/teacher.ckpt --replays runs/teacher/replays",
      "a teacher, with replays that `view` finds",
    ],
    [
      "evaluate --scene push-pair --policy policies/zoo/push-pair --engine mujoco --episodes 256",
      "the same bundle in a physics engine it was not trained in",
    ],
    [
      "evaluate --scene push-line --policy policies/zoo/push-arrangement",
      "a student that is told its goal, in another scene",
    ],
  ],
  options: {
    ...sceneOption,
    ...moduleOption,
    policy: {
      type: "string",
      required: true,
      description: "folder of a bundle, or a teacher's or student's checkpoint",
    },
    episodes: {
      type: "number",
      integer: true,
      min: 1,
      max: 1_000_000,
      default: 512,
      description: "how many starts",
    },
    engine: {
      type: "string",
      choices: engineNames,
      default: "rapier",
      description: "who simulates; mujoco needs the package @mujoco/mujoco",
    },
    replays: {
      type: "string",
      description:
        "folder for replays, in the place of earlier ones: failures of each kind, and the first successes; `view` lists runs/NAME/replays",
    },
    workers: computeOptions.workers,
    ...seedOption,
    ...jsonOption,
  },
  config: runSettings([]),
  async run(context) {
    const { options, signal, report, io } = context;
    const { scene, episodes, engine, seed, replays } = options;
    const policy = readAnyPolicy(options.policy);
    const config = configureRun(context, scene, [], ownScene(policy, scene));
    refuseContact(context.sets, engine);
    const simulation = { ...simulationOf(scene, config, seed), engine };
    refuseMisfit(options.policy, policy, simulation);
    const isNew = replays !== undefined && !existsSync(replays);
    if (replays !== undefined) claimFolder(replays);
    const pool = openPool(options.workers, options.module);
    const progress = new Progress(["evaluate"]);
    try {
      const evaluation = await evaluateLink(
        { simulation, pool, progress, signal },
        "evaluate",
        policy.actor,
        {
          episodes,
          record: replays !== undefined,
          ...(policy.theta ? { theta: policy.theta } : {}),
        },
      );
      const { length: done } = evaluation.episodes;
      if (done < episodes) {
        io.err(`Interrupted: the first ${done} of ${episodes} starts were evaluated.\n`);
        if (done === 0) {
          if (isNew) rmdirSync(replays);
          return;
        }
      }
      const files = replays
        ? writeReplays(replays, worthReplaying(evaluation.episodes), {
            simulation,
            policy: options.policy,
            perOutcome: MOST_OF_A_KIND,
          })
        : [];
      const facts = { scene, policy: options.policy, engine, seed, ...evaluationFacts(evaluation) };
      const ends = evaluation.episodes.map(endOf);
      const { stages } = assembleScene(findScene(scene), simulation.config);
      const names = stages.map(({ name }) => name);
      report({ ...facts, stages: names, episodes: ends, replays: files }, () =>
        describe(evaluation, names, files),
      );
    } finally {
      await pool.close();
    }
  },
});

/** @throws ConfigError for a contact mode of another engine than the one that has them */
function refuseContact(sets: readonly string[], engine: EngineName): void {
  if (engine === "rapier" || !sets.some((assignment) => assignment.startsWith("contact="))) return;
  throw new ConfigError(
    `"contact" decides nothing here: --engine ${engine} has contacts of its own. Leave it out.`,
  );
}

/** @throws ConfigError where the simulation does not give what the policy reads, or takes what it does otherwise */
function refuseMisfit(source: string, policy: AnyPolicy, simulation: SimulationSpec): void {
  const misfit = policy.misfit(simulation);
  if (misfit === undefined) return;
  const { scene } = simulation;
  throw new ConfigError(
    scene === policy.scene
      ? `The policy in "${source}" does not fit the robot, the camera or the settings that "${scene}" has here: ${misfit}. Simulate what it was trained with, or train it anew.`
      : `The policy in "${source}" was made for scene "${policy.scene}" and does not fit "${scene}": ${misfit}. Use --scene ${policy.scene}.`,
  );
}

/** What the viewer steps through: failures, and a few successes to compare them with. */
function worthReplaying(episodes: readonly EvaluatedEpisode[]): EvaluatedEpisode[] {
  let successes = 0;
  return episodes.filter(({ outcome }) => outcome !== "success" || successes++ < MOST_SUCCESSES);
}

/** What `--json` says of one episode. */
function endOf({ start, outcome, stagesDone, steps }: EvaluatedEpisode) {
  return { start, outcome, stagesDone, steps };
}

/** A line for each stage that something failed in, of a scene of several. */
function stageRows(episodes: readonly EvaluatedEpisode[], stages: readonly string[]): string[][] {
  if (stages.length < 2) return [];
  const failures = failuresByStage(episodes, stages.length);
  return stages.flatMap((name, i) => {
    const stage = `failed in stage ${i + 1} of ${stages.length}: ${name}`;
    return failures[i] > 0 ? [[stage, String(failures[i])]] : [];
  });
}

function describe(
  evaluation: Evaluation,
  stages: readonly string[],
  replays: readonly string[],
): string {
  const { success, outcomes, meanTime_s, meanPathLength_m, meanReturn } = evaluation;
  const rows = [
    ["success (last state)", formatProportion(success)],
    ["time, failures as the whole budget", `${meanTime_s.toFixed(1)} s`],
    ["path of the robot", `${meanPathLength_m.toFixed(2)} m`],
    ["return", meanReturn.toFixed(2)],
    ...Object.entries(outcomes).map(([outcome, count]) => [`ended: ${outcome}`, String(count)]),
    ...stageRows(evaluation.episodes, stages),
    ...(replays.length > 0 ? [["replays", `${replays.length} files`]] : []),
  ];
  return formatTable([{ title: "measure" }, { title: "value" }], rows);
}
