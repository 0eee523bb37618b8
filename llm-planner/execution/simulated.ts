/** Carries a plan out in simulation, by the scripted pusher or a policy, under the eye of the monitor. */

import type { Stage } from "../../credit/stage.ts";
import type { PolicyRuntime } from "../../policies/runtime/runtime.ts";
import { Ground } from "../../sim/ground.ts";
import { WALLS } from "../../sim/rows.ts";
import type { AssembledScene, Cast, Roles } from "../../sim/scene.ts";
import { SceneBatch } from "../../sim/scene-batch.ts";
import type { Staged } from "../plan.ts";
import { type PlannedStage, plannedStages, undoneStages } from "../planned-stage.ts";
import { asScene, sceneFromPlan } from "../scene.ts";
import { checkFits, type Driver, PolicyDriver, scriptedDriver } from "./drivers.ts";
import { trueState } from "./estimators.ts";
import { type ExecutionConfig, type ExecutionEvent, PlanExecution } from "./execution.ts";

/** What `executeInSimulation` is to carry out. */
export interface SimulatedExecution {
  /** The scene that the plan is for. */
  readonly base: AssembledScene;
  readonly plan: Staged;
  /** Decides the start: the one that `makePlan` has with the same seed, and evaluations, but no training. */
  readonly seed: number;
  /** Control steps after which it ends in any case. */
  readonly maxSteps: number;
  /** `usualExecution` unless given. */
  readonly config?: ExecutionConfig;
  /** Drives as a `PolicyDriver`; the scripted pusher drives unless given. Stays the caller's. */
  readonly policy?: PolicyRuntime;
  /** Drives in place of `policy`: one of the caller's own. */
  readonly driver?: Driver;
  /** Called after each control step and its look; may move things, correct or replan. Waited for. */
  readonly meanwhile?: (moment: Moment) => void | Promise<void>;
  /** Ends it after the control step that is under way. */
  readonly signal?: AbortSignal;
}

/** What `meanwhile` may look at and change. */
export interface Moment {
  /** Control steps before this one, from 0. */
  readonly step: number;
  /** What this step's look has found, mostly nothing. */
  readonly events: readonly ExecutionEvent[];
  readonly execution: PlanExecution;
  /** One environment; its episode never ends by itself. */
  readonly batch: SceneBatch;
  /** Where everything is, in the world frame. */
  readonly ground: Ground;
}

/** How an execution ended. */
export interface ExecutionResult {
  /** All that has happened, oldest first. */
  readonly events: readonly ExecutionEvent[];
  /** Control steps that it took. */
  readonly steps: number;
  /** All stages were done, corrections included, and at the end every object still stands in its place. */
  readonly success: boolean;
}

/**
 * Carries a plan out once, from a start of the scene to its end, deterministic in the seed.
 * @throws PlanRefusedError for a plan that does not fit the scene, ConfigError where the scene does not show what the policy takes
 */
export async function executeInSimulation(options: SimulatedExecution): Promise<ExecutionResult> {
  const { base, plan, seed, maxSteps, meanwhile, signal, policy } = options;
  const driver = options.driver ?? driverOf(policy, base);
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
    const undone = undoneStages(achieved, achieved.length, ground);
    return { events, steps: step, success: finished && undone.length === 0 };
  } finally {
    batch.free();
  }
}

function driverOf(policy: PolicyRuntime | undefined, base: AssembledScene): Driver {
  return policy ? new PolicyDriver(policy, base) : scriptedDriver(base.cast);
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
      // a correction, or another plan, may ask for the contact of any two
      watch: allPairs(this.#base.cast),
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

/** Each two bodies, the robot among them, and each body with the walls. */
function allPairs({ bodies }: Cast): (readonly [number, number])[] {
  const rows = [WALLS, 0, ...bodies.map((_, i) => i + 1)];
  return rows.flatMap((a, i) => rows.slice(i + 1).map((b) => [b, a] as const));
}
