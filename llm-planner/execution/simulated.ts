/** Carries a plan out in simulation, by the scripted pusher or a policy, under the eye of the monitor. */

import type { Stage } from "../../credit/stage.ts";
import type { PolicyRuntime } from "../../policies/runtime/runtime.ts";
import { Ground } from "../../sim/ground.ts";
import type { AssembledScene, Roles } from "../../sim/scene.ts";
import { SceneBatch } from "../../sim/scene-batch.ts";
import type { Staged } from "../plan.ts";
import { type PlannedStage, plannedStages, undoneStages } from "../planned-stage.ts";
import { asScene, sceneFromPlan } from "../scene.ts";
import { checkFits, type Driver, PolicyDriver, scriptedDriver } from "./drivers.ts";
import { trueState } from "./estimators.ts";
import { type ExecutionConfig, type ExecutionEvent, PlanExecution } from "./execution.ts";

export interface SimulatedExecution {
  readonly base: AssembledScene;
  readonly plan: Staged;
  readonly seed: number;
  /** Control steps after which it ends in any case. */
  readonly maxSteps: number;
  readonly config?: ExecutionConfig;
  /** Drives; the scripted pusher unless given. */
  readonly policy?: PolicyRuntime;
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

/** Runs one execution from a start of the scene. */
export async function executeInSimulation(options: SimulatedExecution): Promise<ExecutionResult> {
  const { base, plan, seed, maxSteps, meanwhile, signal, policy } = options;
  const driver: Driver = policy ? new PolicyDriver(policy, base) : scriptedDriver(base.cast);
  const focus = new Focus(plannedStages(plan, base.cast)[0], base);
  const batch = await SceneBatch.create({
    scene: asScene(focus.sceneOf(plan, maxSteps)),
    envs: 1,
    seed,
    purpose: "evaluation",
    groups: driver.groups,
  });
  try {
    if (policy) checkFits(policy.manifest, batch);
    batch.reset();
    const ground = new Ground(batch.world);
    const estimator = driver.estimator ?? trueState(ground, base.cast);
    const execution = new PlanExecution(plan, base.cast, estimator, options.config);
    await driver.look?.(batch);
    let step = 0;
    for (; step < maxSteps && execution.subgoal && !signal?.aborted; step++) {
      batch.step(Float32Array.from(driver.act(ground, execution.subgoal)));
      await driver.look?.(batch);
      const events = execution.look();
      // a stage that is begun anew is gone about anew
      if (events.some(({ kind }) => kind !== "done")) driver.begin();
      await meanwhile?.({ step, events, execution, batch, ground });
      if (execution.subgoal && focus.turnTo(execution.subgoal)) {
        batch.lookAgain();
        await driver.look?.(batch);
      }
    }
    const { achieved, finished, events } = execution;
    const undone = undoneStages(achieved, achieved.length, ground, base.cast);
    return { events, steps: step, success: finished && undone.length === 0 };
  } finally {
    batch.free();
  }
}

/** What the robot is shown of the scene: the parts that things play in the stage that it works on. */
class Focus {
  readonly #base: AssembledScene;
  readonly #roles: Roles[];
  #stage: PlannedStage;

  constructor(stage: PlannedStage, base: AssembledScene) {
    this.#base = base;
    this.#stage = stage;
    // the rest says which layers a camera image has
    this.#roles = [this.#rolesOf(stage), ...base.roles];
  }

  /** True where that is another stage than before. */
  turnTo(stage: PlannedStage): boolean {
    if (stage === this.#stage) return false;
    this.#stage = stage;
    this.#roles[0] = this.#rolesOf(stage);
    return true;
  }

  /** The scene without ends of its own: the execution decides what is done. */
  sceneOf(plan: Staged, steps: number): AssembledScene {
    const scene = sceneFromPlan(this.#base, plan);
    const stage: Stage<unknown> = {
      name: "execution",
      budgetSteps: steps + 1,
      done: () => false,
      terms: {},
    };
    return {
      ...scene,
      stages: [stage],
      roles: this.#roles,
      // as many as a policy of the scene is used to
      obstacleSlots: this.#base.obstacleSlots,
      target: (ground) => this.#stage.target?.(ground),
      episode: undefined,
      failure: () => undefined,
    };
  }

  #rolesOf({ active, anchor }: PlannedStage): Roles {
    const all = this.#base.cast.bodies.map((_, i) => i + 1);
    const obstacles = all.filter((row) => row !== active && row !== anchor);
    return { active, ...(anchor !== undefined && { anchor }), obstacles };
  }
}
