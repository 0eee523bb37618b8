/**
 * The stage reward of EgoPush (arXiv 2602.18071, equations 1 to 4): reach an object, then place it.
 *
 * The paper prints the formulas but not the weights and thresholds; the defaults of
 * `egoPushReward` are ours, and say why where they were tuned. One gate is ours, too: r_slow is paid only once the object is
 * reached, where the paper's equation has it from the start of a stage.
 */

import { z } from "zod";
import type { Meters, MetersPerSecond, Radians } from "../core/units.ts";
import type { Stage, StageStep } from "./stage.ts";

/** What a pushing stage is judged by, measured once per control step. */
export interface PushReading {
  /** From the centre of the pusher's face to the centre of the active object: d_rb. */
  robotToActive_m: Meters;
  /** From the active object to its target: d_ref. */
  activeToTarget_m: Meters;
  /** |Δψ| modulo the symmetry of the shape; 0 for a cylinder. */
  yawError_rad: Radians;
  activeSpeed_mps: MetersPerSecond;
  /** How much longer than d_ref the object's way to the target is around what stands in it; 0 where it is free. */
  detour_m: Meters;
  /** The same of the robot's way to the object. */
  approachDetour_m: Meters;
  /** How close the robot and what it pushes are to obstacles, each from 0, well clear, to 1, about to touch. */
  crowding: number;
  /** 1 where the robot stands behind the object on its way to the target, -1 in front of it. */
  behind: number;
  /** Every object placed before stands within its thresholds; true where there is none. */
  othersInPlace: boolean;
  /** Action of the step just made, each in [-1, 1]; zero at the start of an episode. */
  forward: number;
  turn: number;
}

/** A reading to be filled in. */
export function pushReading(): PushReading {
  return {
    robotToActive_m: 0,
    activeToTarget_m: 0,
    yawError_rad: 0,
    activeSpeed_mps: 0,
    detour_m: 0,
    approachDetour_m: 0,
    crowding: 0,
    behind: 0,
    othersInPlace: true,
    forward: 0,
    turn: 0,
  };
}

/**
 * When r_reach and r_place are paid and how they fade, EgoPush's ablation (Table II). The dense terms
 * are the same in all of them.
 *
 * - `terminal`: r_place once, with the last stage; nothing for what comes before.
 * - `stages`: both in every stage, never fading.
 * - `global-timer`: both in every stage, fading over the whole episode.
 * - `stage-timer`: both in every stage, fading over the stage. EgoPush's own.
 */
export const credits = ["terminal", "stages", "global-timer", "stage-timer"] as const;
export type Credit = (typeof credits)[number];

export const egoPushReward = z.strictObject({
  credit: z
    .enum(credits)
    .default("stage-timer")
    .describe("when reaching and placing pay: EgoPush's ablation, Table II"),
  budgetSteps: z.int().min(10).default(300).describe("T_s, control steps a stage may take"),
  reach_m: z.number().positive().default(0.2).describe("eps_reach (printed in the paper)"),
  align_m: z.number().positive().default(0.05).describe("eps_align, success threshold"),
  alignYaw_deg: z.number().positive().default(15).describe("eps_phi, modulo the shape's symmetry"),
  placeShare: z
    .number()
    .positive()
    .max(1)
    .default(1)
    .describe("placed means within this share of both; it stays placed within all of them"),
  settle_mps: z.number().positive().default(0.05).describe("eps_v, success threshold"),
  reachBonus: z.number().min(0).default(1).describe("weight of r_reach"),
  placeBonus: z.number().min(0).default(10).describe("weight of r_place"),
  approach: z.number().min(0).default(2).describe("w_rb, per metre"),
  transport: z.number().min(0).default(4).describe("w_ref, per metre"),
  smooth: z.number().min(0).default(0.01).describe("weight of r_smooth"),
  smoothFrom: z.number().min(0).default(0.5).describe("eps_s, in units of the action"),
  slow: z
    .number()
    .min(0)
    .default(0.015)
    .describe("weight of r_slow; larger, and waiting pays more than placing"),
  slowWithin_m: z.number().positive().default(0.15).describe("eps_d,th"),
  failure: z.number().min(0).default(0).describe("what a failure costs; not in the paper"),
  detour: z
    .number()
    .min(0)
    .default(0)
    .describe(
      "per metre of the object's detour around others saved, as a potential; not in the paper",
    ),
  approachDetour: z
    .number()
    .min(0)
    .default(0)
    .describe(
      "per metre of the robot's own detour to the object saved, as a potential; not in the paper",
    ),
  clear: z
    .number()
    .min(0)
    .default(0)
    .describe("for keeping clear of obstacles, as a potential; not in the paper"),
  behind: z
    .number()
    .min(0)
    .default(0)
    .describe("for getting behind the object, as a potential; not in the paper"),
  align: z
    .number()
    .min(0)
    .default(0)
    .describe("for turning the right way near the target, as a potential; not in the paper"),
  alignWithin_m: z.number().positive().default(0.3).describe("how far away aligning begins to pay"),
  slowBelow_mps: z.number().positive().default(0.2).describe("eps_v,th"),
});
export type EgoPushReward = z.output<typeof egoPushReward>;

/** eta_t = (T_s - tau_t) / (T_s + eps0): falls from 1 to 0 over the stage. */
export function temporalDecay(elapsedSteps: number, budgetSteps: number): number {
  return (budgetSteps - elapsedSteps) / (budgetSteps + 1e-8);
}

/** What the two sparse rewards of a step are worth under a scheme of credit. */
export function sparseShare(
  step: Omit<StageStep<unknown>, "before" | "now">,
  credit: Credit,
): { readonly reach: number; readonly place: number } {
  switch (credit) {
    case "terminal":
      return { reach: 0, place: step.last ? 1 : 0 };
    case "stages":
      return { reach: 1, place: 1 };
    case "global-timer": {
      const share = temporalDecay(step.episodeSteps, step.episodeBudgetSteps);
      return { reach: share, place: share };
    }
    case "stage-timer": {
      const share = temporalDecay(step.elapsedSteps, step.budgetSteps);
      return { reach: share, place: share };
    }
  }
}

/** Position, yaw and speed within their thresholds, and nothing placed before disturbed. */
export function isPlaced(now: Readonly<PushReading>, reward: EgoPushReward): boolean {
  return (
    now.activeToTarget_m < reward.placeShare * reward.align_m &&
    now.yawError_rad < (reward.placeShare * (reward.alignYaw_deg * Math.PI)) / 180 &&
    now.activeSpeed_mps < reward.settle_mps &&
    now.othersInPlace
  );
}

/** Equation 4: (Δv)^4 1[Δv > eps_s] + (Δω)^4 1[Δω > eps_s], on actions in [-1, 1]. */
export function jerkiness(step: StageStep<PushReading>, from: number): number {
  const forward = Math.abs(step.now.forward - step.before.forward);
  const turn = Math.abs(step.now.turn - step.before.turn);
  return (forward > from ? forward ** 4 : 0) + (turn > from ? turn ** 4 : 0);
}

/** g_d g_v: pays for being slow, charges for being fast, near the target. In [-1, 1]. */
export function slowness(now: Readonly<PushReading>, within_m: Meters, below_mps: number): number {
  const near = now.activeToTarget_m < within_m ? 1 - now.activeToTarget_m / within_m : 0;
  return near * Math.max(-1, 1 - now.activeSpeed_mps / below_mps);
}

/**
 * A potential from 0 to 1 that is high where the object is both near its target and turned the right
 * way: (1 - |Δψ| / 45°)₊ (1 - d_ref / within)₊. Never negative, so that arriving with a wrong yaw is no
 * worse than staying away. Paid as a difference of potentials (Ng et al., 1999).
 */
export function alignment(now: Readonly<PushReading>, within_m: Meters): number {
  const near = Math.max(0, 1 - now.activeToTarget_m / within_m);
  return near * Math.max(0, 1 - now.yawError_rad / (Math.PI / 4));
}

/** One object's stage: reach it, then place it. */
export function pushStage(name: string, reward: EgoPushReward): Stage<PushReading> {
  const reaches = (now: Readonly<PushReading>) => now.robotToActive_m < reward.reach_m;
  const share = (step: StageStep<PushReading>) => sparseShare(step, reward.credit);
  return {
    name,
    budgetSteps: reward.budgetSteps,
    reached: reaches,
    done: (now) => isPlaced(now, reward),
    terms: {
      reach: (s) => (!s.reached && reaches(s.now) ? reward.reachBonus * share(s).reach : 0),
      place: (s) => (isPlaced(s.now, reward) ? reward.placeBonus * share(s).place : 0),
      approach: (s) =>
        s.reached ? 0 : reward.approach * (s.before.robotToActive_m - s.now.robotToActive_m),
      transport: (s) =>
        s.reached ? reward.transport * (s.before.activeToTarget_m - s.now.activeToTarget_m) : 0,
      detour: (s) =>
        s.reached
          ? reward.detour * (s.before.detour_m - s.now.detour_m)
          : reward.approachDetour * (s.before.approachDetour_m - s.now.approachDetour_m),
      clear: (s) => reward.clear * (s.before.crowding - s.now.crowding),
      behind: (s) => reward.behind * (s.now.behind - s.before.behind),
      align: (s) =>
        s.reached
          ? reward.align *
            (alignment(s.now, reward.alignWithin_m) - alignment(s.before, reward.alignWithin_m))
          : 0,
      smooth: (s) => -reward.smooth * jerkiness(s, reward.smoothFrom),
      slow: (s) =>
        s.reached ? reward.slow * slowness(s.now, reward.slowWithin_m, reward.slowBelow_mps) : 0,
    },
  };
}
