/** Asks the planner anew when a stage was given up: another order, or another way, of what is left. */

import type { AssembledScene } from "../../sim/scene.ts";
import { makePlan, reasonsOf } from "../make-plan.ts";
import type { Plan, PlanStage } from "../plan.ts";
import type { PlannedStage } from "../planned-stage.ts";
import type { Planner, Refusal } from "../planner.ts";
import type { WorldView } from "../world-view.ts";
import type { ExecutionEvent, PlanExecution } from "./execution.ts";

/** Places of two plans that are nearer to each other than this, and turned less apart, are one place. */
const SAME_m = 0.03;
const SAME_deg = 5;

/** What `Replanner.replan` is asked. */
export interface ReplanOptions {
  readonly execution: PlanExecution;
  readonly planner: Planner;
  readonly base: AssembledScene;
  /** What was carried out until now. */
  readonly plan: Plan;
  /** What stands where now: `viewNow` tells. */
  readonly world: WorldView;
  /** Decides what the answer is verified with. */
  readonly seed: number;
  /** Handed to the planner: gives up waiting for its answer. */
  readonly signal?: AbortSignal;
}

/** What an answer that has nothing new in it is told. */
const NOTHING_LEFT = "Another plan has nothing that is not done already.";

/** Asks for another plan where a stage was given up. One for each execution: it remembers what was tried. */
export class Replanner {
  /** What did not work, oldest first, each time that it did not: a planner is told, so that it answers with something else. */
  readonly #failed: Refusal[] = [];
  /** The plan that is being carried out, if it came from here. */
  #answer: string | undefined;

  /**
   * Another plan for the instruction, without what stands in its place already. Where the planner has none, or cannot be asked,
   * nothing changes and the reasons say why.
   */
  async replan(
    options: ReplanOptions,
  ): Promise<{ readonly event?: ExecutionEvent; readonly reasons: readonly string[] }> {
    const { execution, planner, base, plan, world, seed, signal } = options;
    const given = execution.events.findLast(({ kind }) => kind === "given up");
    const reason = given ? `Stage "${given.stage}" was given up: ${given.reason}.` : "It failed.";
    this.#failed.push({ answer: this.#answer ?? answerOf(plan.stages), reasons: [reason] });
    const found = await makePlan({
      planner,
      scene: plan.scene,
      base,
      instruction: plan.instruction,
      world,
      seed,
      failed: this.#failed,
      rehearse: false,
      ...(signal && { signal }),
    }).catch(reasonsOf);
    if ("reasons" in found) return found;
    const answer = answerOf(found.plan.stages);
    const left = leftOf(found.plan.stages, execution.achieved);
    if (left.length === 0) {
      this.#failed.push({ answer, reasons: [NOTHING_LEFT] });
      return { reasons: [NOTHING_LEFT] };
    }
    this.#answer = answer;
    return { event: execution.replan({ stages: left }, reason), reasons: [] };
  }
}

const answerOf = (stages: readonly PlanStage[]) => JSON.stringify({ stages });

/** The stages whose places were not achieved yet, no longer waiting for those that were. */
function leftOf(
  stages: readonly PlanStage[],
  achieved: readonly PlannedStage[],
): readonly PlanStage[] {
  const left = stages.filter(
    (stage) => !achieved.some(({ compiled }) => same(compiled.plan, stage)),
  );
  const names = new Set(left.map(({ name }) => name));
  return left.map((stage) => ({ ...stage, after: stage.after.filter((name) => names.has(name)) }));
}

/** Whether what was achieved is all that a stage asks for. */
function same(achieved: PlanStage, asked: PlanStage): boolean {
  if (achieved.active !== asked.active || achieved.done !== asked.done) return false;
  const [there, here] = [achieved.place, asked.place];
  if (!there || !here) return there === here;
  return (
    there.anchor === here.anchor &&
    Math.hypot(there.x_m - here.x_m, there.y_m - here.y_m) < SAME_m &&
    isTurned(there.yaw_deg, here.yaw_deg)
  );
}

/** Whether a heading, null where any would do, is the one that is asked for. */
function isTurned(yaw_deg: number | null, asked_deg: number | null): boolean {
  if (asked_deg === null) return true;
  if (yaw_deg === null) return false;
  const apart_deg = Math.abs(yaw_deg - asked_deg) % 360;
  return Math.min(apart_deg, 360 - apart_deg) < SAME_deg;
}
