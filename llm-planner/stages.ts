/**
 * A plan's stage as a stage of the reward machine: compiled conditions, a bonus for each verified
 * outcome, and factors that count only as far as the outcome allows.
 *
 * Gated Reward Accumulation (arXiv 2508.10548): r = r_high + 1[r_high >= delta] r_low. Here r_high is
 * what the conditions verify. A level factor, which pays for a state in every step and can therefore
 * be farmed by staying there, is held back until the stage is done and then paid up to `HELD_SHARE`; a
 * progress factor pays differences of a bounded number within one phase and pays at once: what it gave
 * on a way there it takes on the way back.
 */

import { jerkiness, temporalDecay } from "../credit/ego-push.ts";
import type { RewardTerm, Stage } from "../credit/stage.ts";
import type { Cast } from "../sim/scene.ts";
import { compileCondition, compileNumber, type Expression, type Uses } from "./language/compile.ts";
import type { Evaluate } from "./language/quantities.ts";
import type { Situation } from "./language/situation.ts";
import type { Factor, PlanStage } from "./plan.ts";
import { scopeOf } from "./scope.ts";

/** `outcome` is the gate above; `none` sums everything at once, for comparison. */
export type Gate = "outcome" | "none";

/** What verified outcomes pay. Not for a planner to set: it would grade its own work. */
export const bonus = { reached: 1, done: 10, smooth: 0.01, smoothFrom: 0.5 } as const;

/** What all level factors of a stage may come to, either way, as a share of what completing it pays by then. */
export const HELD_SHARE = 0.5;

/** What progress factors may pay in all while a stage lasts: twice what completing it does at best. Numbers beyond are cut. */
export const MAX_PROGRESS = 2 * bonus.done;
/** What level factors may pay in one step. */
export const MAX_LEVEL = 1;

/** A stage with its conditions and factors ready to be evaluated; those that the plan left out are the usual ones. */
export interface CompiledStage {
  /** The stage as it was planned. */
  readonly plan: PlanStage;
  /** Opens the placing phase. */
  readonly reached: Expression;
  /** Completes the stage. */
  readonly done: Expression;
  /** Dense rewards, and the numbers that they pay for. */
  readonly factors: readonly { readonly factor: Factor; readonly value: Expression }[];
  /** What all of them look at together. */
  readonly uses: Uses;
}

/** Conditions and factors of a stage in which the planner left them to us. */
export function usual({ place }: Pick<PlanStage, "place">): {
  readonly reached: string;
  readonly done: string;
  readonly factors: readonly Factor[];
} {
  const reached = "distance(pusher, active) < 20 cm";
  if (!place) return { reached, done: reached, factors: [approach] };
  return {
    reached,
    done: "distance(active, target) < 5 cm and yaw_error(active, target) < 15 deg and speed(active) < 5 cm/s",
    factors: [approach, ...placing],
  };
}

const approach: Factor = {
  name: "approach",
  kind: "progress",
  value: "-distance(pusher, active)",
  weight: 2,
  phase: "reaching",
};

/** EgoPush's dense terms and the three potentials of docs/decisions/learning.md. */
const placing: readonly Factor[] = [
  {
    name: "transport",
    kind: "progress",
    value: "-distance(active, target)",
    weight: 4,
    phase: "placing",
  },
  { name: "detour", kind: "progress", value: "-detour()", weight: 4, phase: "placing" },
  { name: "behind", kind: "progress", value: "behind()", weight: 1, phase: "both" },
  {
    name: "align",
    kind: "progress",
    value:
      "max(0, 1 - yaw_error(active, target) / 45 deg) * max(0, 1 - distance(active, target) / 30 cm)",
    weight: 3,
    phase: "placing",
  },
  {
    name: "slow",
    kind: "level",
    value: "max(0, 1 - distance(active, target) / 15 cm) * max(-1, 1 - speed(active) / 20 cm/s)",
    weight: 0.005,
    phase: "placing",
  },
];

/** Looks up every name and checks every unit; throws an ExpressionError that points at the first mistake. */
export function compileStage(plan: PlanStage, cast: Cast): CompiledStage {
  const scope = scopeOf(plan, cast);
  const fallback = usual(plan);
  const reached = compileCondition(plan.reached ?? fallback.reached, scope);
  const done = compileCondition(plan.done ?? fallback.done, scope);
  const factors = (plan.factors ?? fallback.factors).map((factor) => ({
    factor,
    value: compileNumber(factor.value, scope),
  }));
  const all = [reached, done, ...factors.map(({ value }) => value)];
  const uses: Uses = {
    visible: new Set(all.flatMap((each) => [...each.uses.visible])),
    contacts: all.flatMap((each) => each.uses.contacts),
  };
  return { plan, reached, done, factors, uses };
}

/** How many situations' `held` a stage needs: one number for each of its level factors. */
export function levelsOf({ factors }: CompiledStage): number {
  return factors.filter(({ factor }) => factor.kind === "level").length;
}

/** The stage that pays. It is done only while the places of earlier stages still hold. */
export function stageOf(compiled: CompiledStage, gate: Gate = "outcome"): Stage<Situation> {
  const { plan, factors } = compiled;
  const reaches = compiled.reached.evaluate;
  const completes = compiled.done.evaluate;
  const done = (now: Readonly<Situation>) => completes(now) === 1 && now.othersInPlace;
  const completing: Paid = (s) =>
    done(s.now) ? bonus.done * temporalDecay(s.elapsedSteps, s.budgetSteps) : 0;
  const terms: Record<string, Paid> = {
    reached: (s) =>
      !s.reached && reaches(s.now) === 1
        ? bonus.reached * temporalDecay(s.elapsedSteps, s.budgetSteps)
        : 0,
    done: completing,
    smooth: (s) => -bonus.smooth * jerkiness(s, bonus.smoothFrom),
  };
  let column = 0;
  for (const { factor, value } of factors) {
    const name = `factor ${factor.name}`;
    if (factor.kind === "progress") terms[name] = progress(factor, value);
    else if (gate === "none") terms[name] = level(factor, value);
    else terms[name] = held(factor, value, column++, levelsOf(compiled), completing);
  }
  return {
    name: plan.name,
    budgetSteps: plan.budgetSteps,
    reached: (now) => reaches(now) === 1,
    done,
    terms,
  };
}

type Paid = RewardTerm<Situation>;

function inPhase({ phase }: Factor, reached: boolean): boolean {
  return phase === "both" || (phase === "placing") === reached;
}

function progress(factor: Factor, value: Expression): Paid {
  const worth = worthOf(factor, value, MAX_PROGRESS);
  return (s) => (inPhase(factor, s.reached) ? worth(s.now) - worth(s.before) : 0);
}

function level(factor: Factor, value: Expression): Paid {
  const worth = worthOf(factor, value, MAX_LEVEL);
  return (s) => (inPhase(factor, s.reached) ? worth(s.now) : 0);
}

/** The weighted number, cut at a limit either way; 0 where it is none. */
function worthOf({ weight }: Factor, { evaluate }: Expression, limit: number): Evaluate {
  return (situation) => {
    const worth = weight * evaluate(situation);
    return Number.isNaN(worth) ? 0 : Math.min(limit, Math.max(-limit, worth));
  };
}

/** Keeps an account in the readings, column by column, and pays it out when the stage is done. */
function held(
  factor: Factor,
  value: Expression,
  column: number,
  columns: number,
  completing: Paid,
): Paid {
  const earned = level(factor, value);
  return (s) => {
    const before = s.elapsedSteps === 0 ? 0 : s.before.held[column];
    const account = before + earned(s);
    s.now.held[column] = account;
    const limit = (HELD_SHARE * completing(s)) / columns;
    return Math.min(limit, Math.max(-limit, account));
  };
}
