/** What one environment of a batch keeps between steps, and what is drawn for it when an episode begins. */

import { createRng, type Rng } from "../core/rng.ts";
import type { Radians, Seconds } from "../core/units.ts";
import { StageMachine } from "../credit/stage.ts";
import { startStream } from "./episode-streams.ts";
import type { FailureStarts, Moment } from "./failure-starts.ts";
import type { Randomization } from "./randomization.ts";
import { type AssembledScene, drawEpisode, type Episode } from "./scene.ts";

/** How an episode ended. */
export interface EpisodeEnd {
  /** Number of the environment among all: its row in the batch, and what the batch's `firstEnv` is. */
  readonly env: number;
  readonly episode: number;
  /** "success", "timed out", or the scene's name for what went wrong. */
  readonly outcome: string;
  readonly steps: number;
  readonly return: number;
  readonly pathLength_m: number;
  readonly stagesDone: number;
  /** Stages that counted as done when it started. */
  readonly firstStage: number;
  /** It started close to the goal or at a later stage, as part of a curriculum. */
  readonly practice: boolean;
  /** What each term of each stage paid; columns are `SceneBatch.termNames`. */
  readonly ledger: Float64Array;
}

/** What one environment keeps between steps. */
export interface EnvMemory {
  readonly machine: StageMachine<unknown>;
  before: unknown;
  now: unknown;
  episode: number;
  steps: number;
  /** Of the episode so far, as they were given: forward, turn, forward, turn and so on. */
  readonly actions: number[];
  return: number;
  pathLength_m: number;
  x_m: number;
  y_m: number;
  practice: boolean;
  /** What the episode goes on from, where it began before a failure. */
  goesOn: Moment | undefined;
  drawn: Episode<unknown>;
  /** Noise of each observation group. */
  sensing: Readonly<Record<string, Rng>>;
  /** Which moment a failed episode leaves. */
  leaving: Rng;
  /** How far off the heading is that the robot believes in, and how fast that grows. */
  headingError_rad: number;
  headingDrift_radps: number;
}

export function createMemory(scene: AssembledScene): EnvMemory {
  return {
    machine: new StageMachine(scene.stages, scene.reading()),
    before: scene.reading(),
    now: scene.reading(),
    episode: -1,
    steps: 0,
    actions: [],
    return: 0,
    pathLength_m: 0,
    x_m: 0,
    y_m: 0,
    practice: false,
    goesOn: undefined,
    drawn: { poses: [], firstStage: 0, stages: scene.stages.length, plan: undefined },
    sensing: {},
    leaving: createRng(0),
    headingError_rad: 0,
    headingDrift_radps: 0,
  };
}

/** Where the episodes of a training begin; full starts are what is left. */
export interface StartShares {
  /** Share that begins close to the goal of any stage. */
  readonly practiceShare: number;
  /** Share of the others that begins where an earlier one was about to fail. */
  readonly failureShare: number;
  /** Share of what is then left that begins at any stage, the earlier ones done. */
  readonly stageShare: number;
}

/** Draws a new episode and clears what was counted. */
export function drawInto(
  memory: EnvMemory,
  scene: AssembledScene,
  rng: Rng,
  shares: StartShares,
  failures: FailureStarts,
): void {
  const close = rng.split("practice").next() < shares.practiceShare;
  const failure = rng.split("failure");
  const again = !close && failure.next() < shares.failureShare ? failures.draw(failure) : undefined;
  const stage = rng.split("stage");
  const later = stage.next() < shares.stageShare || close;
  const progress = later ? stage.next() : 0;
  memory.drawn = again?.episode ?? drawEpisode(scene, startStream(rng), { progress, close });
  memory.goesOn = again;
  memory.practice = close || again !== undefined || memory.drawn.firstStage > 0;
  memory.steps = 0;
  memory.actions.length = 0;
  memory.return = 0;
  memory.pathLength_m = 0;
}

/** Draws how wrong the robot is about its heading. */
export function misalign(memory: EnvMemory, randomization: Randomization, rng: Rng): void {
  const { headingError_deg, gyroDrift_dps } = randomization;
  memory.headingError_rad = (rng.uniform(...headingError_deg) * Math.PI) / 180;
  memory.headingDrift_radps = (rng.uniform(...gyroDrift_dps) * Math.PI) / 180;
}

/** How wrong the robot is about its heading by now. */
export function headingError_rad(memory: EnvMemory, controlStep_s: Seconds): Radians {
  return memory.headingError_rad + memory.headingDrift_radps * memory.steps * controlStep_s;
}

export function endOf(memory: EnvMemory, env: number, outcome: string): EpisodeEnd {
  const { episode, steps, return: total, pathLength_m, machine, drawn, practice } = memory;
  return {
    env,
    episode,
    outcome,
    steps,
    return: total,
    pathLength_m,
    stagesDone: machine.index,
    firstStage: drawn.firstStage,
    practice,
    ledger: machine.ledger.slice(),
  };
}
