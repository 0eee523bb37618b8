/** Carries a plan out in simulation, by any executor, under the eye of the monitor. */

import type { Stage } from "../../credit/stage.ts";
import { Ground } from "../../sim/ground.ts";
import type { AssembledScene } from "../../sim/scene.ts";
import { SceneBatch } from "../../sim/scene-batch.ts";
import type { Staged } from "../plan.ts";
import { undoneStages } from "../planned-stage.ts";
import { ScriptedPusher } from "../rehearsal/pusher.ts";
import { asScene, sceneFromPlan } from "../scene.ts";
import { trueState } from "./estimators.ts";
import { type ExecutionConfig, type ExecutionEvent, PlanExecution } from "./execution.ts";

export interface SimulatedExecution {
  readonly base: AssembledScene;
  readonly plan: Staged;
  readonly seed: number;
  /** Control steps after which it ends in any case. */
  readonly maxSteps: number;
  readonly config?: ExecutionConfig;
  /** Called after each look; may move things, correct or replan. */
  readonly meanwhile?: (moment: Moment) => void | Promise<void>;
  readonly signal?: AbortSignal;
}

/** What `meanwhile` may look at and change. */
export interface Moment {
  readonly step: number;
  readonly events: readonly ExecutionEvent[];
  readonly execution: PlanExecution;
  readonly batch: SceneBatch;
  readonly ground: Ground;
}

export interface ExecutionResult {
  readonly events: readonly ExecutionEvent[];
  readonly steps: number;
  /** All stages were done, corrections included, and at the end every object still stands in its place. */
  readonly success: boolean;
}

/** Runs one execution from a start of the scene, driven by the scripted pusher. */
export async function executeInSimulation(options: SimulatedExecution): Promise<ExecutionResult> {
  const { base, plan, seed, maxSteps, meanwhile, signal } = options;
  const scene = endless(sceneFromPlan(base, plan), maxSteps);
  const batch = await SceneBatch.create({
    scene: asScene(scene),
    envs: 1,
    seed,
    purpose: "evaluation",
    groups: ["proprioception"],
  });
  batch.reset();
  const ground = new Ground(batch.world);
  const execution = new PlanExecution(
    plan,
    base.cast,
    trueState(ground, base.cast),
    options.config,
  );
  const pusher = new ScriptedPusher(base.cast, 1);
  let step = 0;
  for (; step < maxSteps && execution.subgoal && !signal?.aborted; step++) {
    const { active, target } = execution.subgoal;
    const action = pusher.act(ground, { active, target: target?.(ground) });
    batch.step(Float32Array.from(action));
    const events = execution.look();
    // a stage that is begun anew is gone about anew
    if (events.some(({ kind }) => kind !== "done")) pusher.reset(0);
    await meanwhile?.({ step, events, execution, batch, ground });
  }
  const { achieved, finished, events } = execution;
  const undone = undoneStages(achieved, achieved.length, ground, base.cast);
  batch.free();
  return { events, steps: step, success: finished && undone.length === 0 };
}

/** The scene without ends of its own: the execution decides what is done. */
function endless(scene: AssembledScene, steps: number): AssembledScene {
  const stage: Stage<unknown> = {
    name: "execution",
    budgetSteps: steps + 1,
    done: () => false,
    terms: {},
  };
  return {
    ...scene,
    stages: [stage],
    roles: scene.roles.slice(0, 1),
    episode: undefined,
    failure: () => undefined,
  };
}
