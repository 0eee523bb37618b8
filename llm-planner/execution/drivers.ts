/** Who drives while a plan is carried out: the scripted pusher of the rehearsal, or a policy that was trained. */

import { ConfigError } from "../../core/errors.ts";
import { type PolicyManifest, rowSize } from "../../policies/manifest.ts";
import type { PolicyRuntime, Rows } from "../../policies/runtime/runtime.ts";
import type { Ground } from "../../sim/ground.ts";
import { type GroupName, groupsOf } from "../../sim/observations.ts";
import type { AssembledScene, Cast } from "../../sim/scene.ts";
import type { SceneBatch } from "../../sim/scene-batch.ts";
import type { PlannedStage } from "../planned-stage.ts";
import { ScriptedPusher } from "../rehearsal/pusher.ts";
import { type Estimator, HeadEstimator } from "./estimators.ts";

/** Moves the robot of one environment towards the subgoal of an execution. */
export interface Driver {
  /** Observation groups that the batch must have. */
  readonly groups: readonly GroupName[];
  /** How it knows what has been done; the true state unless given. */
  readonly estimator?: Estimator;
  /** Takes in what the robot sees now (`batch.groups`), once per control step and when it is to work on something else. */
  look?(batch: SceneBatch): Promise<void>;
  /** What to do in this control step: shares of the robot's greatest speeds, in [-1, 1]; a positive turn is to the left. */
  act(ground: Ground, stage: PlannedStage): readonly [forward: number, turn: number];
  /**
   * What was going on is over without being done: its stage begins anew, or another one in its place. Not called where a stage follows on
   * one that is done, nor after a correction: who drives sees by the stage of `act` that it is another.
   */
  begin(): void;
}

/** The scripted pusher of the rehearsal: goes behind the active object and pushes it, knowing where everything is. */
export function scriptedDriver(cast: Cast): Driver {
  const pusher = new ScriptedPusher(cast, 1);
  return {
    groups: ["proprioception"],
    act: (ground, { active, target }) => pusher.act(ground, { active, target: target?.(ground) }),
    begin: () => pusher.reset(0),
  };
}

/**
 * Sees what its manifest says, is told the goal of the current stage where it takes one, and, where it says where it
 * believes things to be, is judged by that instead of by the true state.
 */
export class PolicyDriver implements Driver {
  readonly groups: readonly GroupName[];
  readonly estimator?: HeadEstimator;
  /** Whether the policy is told where things belong; otherwise it does what it was trained for. */
  readonly takesGoal: boolean;
  readonly #runtime: PolicyRuntime;
  #state: Rows | undefined;
  #action: readonly [number, number] = [0, 0];

  /** @param runtime a policy of a scene like this one; stays the caller's */
  constructor(runtime: PolicyRuntime, { cast, timing }: AssembledScene) {
    const { inputs, poses } = runtime.manifest;
    this.groups = groupsOf(inputs);
    this.takesGoal = this.groups.includes("goal");
    this.#runtime = runtime;
    // places are known by the goal, so a head alone does not tell what is done
    if (poses && this.takesGoal) this.estimator = new HeadEstimator(cast, timing.controlStep_s);
  }

  /** @throws ShapeError where the batch's groups do not have the shapes of the policy's inputs */
  async look(batch: SceneBatch): Promise<void> {
    const seen = Object.fromEntries(this.groups.map((name) => [name, batch.groups[name]]));
    const asked = { poses: this.estimator !== undefined };
    const { actions, state, poses } = await this.#runtime.step(seen, this.#state, 1, asked);
    this.#state = state;
    this.#action = [actions[0], actions[1]];
    const roles = this.#runtime.manifest.poses?.roles;
    if (!roles || !poses) return;
    const [x_m, y_m] = batch.groups.goal;
    this.estimator?.report({ poses, roles, goal: [x_m, y_m] });
  }

  act(): readonly [number, number] {
    return this.#action;
  }

  begin(): void {
    this.estimator?.forget();
  }
}

/** @throws ConfigError where the scene does not show what a policy wants to see */
export function checkFits(manifest: PolicyManifest, batch: SceneBatch): void {
  for (const { name, shape } of manifest.inputs) {
    const has = batch.rowSizes[name];
    if (has === rowSize(shape)) continue;
    throw new ConfigError(
      `Policy "${manifest.name}" of scene "${manifest.scene}" takes ${rowSize(shape)} numbers of "${name}", scene "${batch.scene.name}" shows ${has ?? "none"}. Plan for a scene like the one it was trained on.`,
    );
  }
}
