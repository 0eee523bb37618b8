/** A scene whose stages come from a plan: what stands where is the scene's, what pays is the plan's. */

import { z } from "zod";
import type { Ground } from "../sim/ground.ts";
import { WALLS } from "../sim/rows.ts";
import { type AssembledScene, assembleScene, type Cast, type Scene } from "../sim/scene.ts";
import { findScene } from "../sim/scenes/index.ts";
import { createSituation, rowsOf, type Situation } from "./language/situation.ts";
import { Surveyor } from "./measure.ts";
import { type Plan, planSchema, type Staged } from "./plan.ts";
import { type PlannedStage, plannedStages, undoneStages } from "./planned-stage.ts";
import { type Gate, levelsOf, stageOf } from "./stages.ts";
import { plannedEpisode } from "./starts.ts";

/** An anchor that no stage has placed must not be moved further; that of push-pair. */
const ANCHOR_SHIFT_m = 0.1;

/**
 * The scene with the plan's stages: what stands where is the scene's, what pays is the plan's. `asScene` makes of it what
 * `SceneBatch.create` takes.
 * @param gate "outcome" unless given
 * @throws PlanRefusedError for a plan that does not fit the scene
 */
export function sceneFromPlan(
  base: AssembledScene,
  plan: Staged,
  gate: Gate = "outcome",
): AssembledScene {
  const { cast } = base;
  const stages = plannedStages(plan, cast);
  const surveyor = new Surveyor(cast);
  const rows = rowsOf(cast.bodies.map((body) => body.name));
  const levels = Math.max(...stages.map(({ compiled }) => levelsOf(compiled)));
  const all = cast.bodies.map((_, index) => index + 1);
  return {
    ...base,
    roles: stages.map(({ active, anchor }) => ({
      active,
      ...(anchor === undefined ? {} : { anchor }),
      obstacles: all.filter((row) => row !== active && row !== anchor),
    })),
    stages: stages.map(({ compiled }) => stageOf(compiled, gate) as AssembledScene["stages"][0]),
    watch: watchedPairs(stages, rows.walls),
    // at least as many as the scene's own, so that a policy of one fits the other
    obstacleSlots: Math.max(
      base.obstacleSlots,
      cast.bodies.length - (stages.some(({ anchor }) => anchor !== undefined) ? 2 : 1),
    ),
    tellsGoal: stages.some(({ target }) => target !== undefined),
    practice: undefined,
    episode: (rng, wish) => plannedEpisode(base, stages, rng, wish),
    target: (ground, stage) => stages[stage].target?.(ground),
    reading: () => createSituation(rows, levels),
    measure(ground, stage, action, out) {
      const { active, target, compiled } = stages[stage];
      const situation = out as Situation;
      surveyor.measure(ground, { active, target, uses: compiled.uses }, action, situation);
      situation.othersInPlace = undoneStages(stages, stage, ground).length === 0;
    },
    failure: (ground, stage) => failureOf(stages, stage, ground, cast),
  };
}

function watchedPairs(
  stages: readonly PlannedStage[],
  walls: number,
): readonly (readonly [number, number])[] {
  const body = (row: number) => (row === walls ? WALLS : row);
  const pairs = stages.flatMap(({ compiled }) =>
    compiled.uses.contacts.map(([a, b]) => [body(a), body(b)] as const),
  );
  const keys = pairs.map(([a, b]) => [a, b].sort().join());
  return pairs.filter((_, i) => keys.indexOf(keys[i]) === i);
}

function failureOf(
  stages: readonly PlannedStage[],
  current: number,
  ground: Ground,
  cast: Cast,
): string | undefined {
  const { active, anchor } = stages[Math.min(current, stages.length - 1)];
  for (const row of [0, active]) {
    if (Math.max(Math.abs(ground.x_m(row)), Math.abs(ground.y_m(row))) > cast.arenaSide_m / 2) {
      return "out of the arena";
    }
  }
  const placed = stages.slice(0, current + 1).some((stage) => stage.active === anchor);
  if (anchor !== undefined && !placed && ground.shift_m(anchor) > ANCHOR_SHIFT_m) {
    return "anchor moved";
  }
  if (undoneStages(stages, current, ground).length > 0) return "something placed was moved";
  return ground.upright(active) < 0.7 ? "object toppled" : undefined;
}

/**
 * Any plan on any scene, as the scene "plan": what a training run is configured with. Its settings are `base` (name of the scene),
 * `scene` (settings of that), `plan` and `gate`.
 */
export const planScene: Scene = {
  name: "plan",
  summary: "Another scene with the stages of a plan.",
  config: z.strictObject({
    base: z.string().describe("name of the scene that the plan is for"),
    scene: z.record(z.string(), z.unknown()).default({}).describe("settings of that scene"),
    plan: planSchema,
    gate: z
      .enum(["outcome", "none"])
      .default("outcome")
      .describe("outcome: dense factors count only as the verified outcome allows"),
  }),
  assemble(input) {
    const { base, scene, plan, gate } = input as {
      base: string;
      scene: unknown;
      plan: Plan;
      gate: Gate;
    };
    return sceneFromPlan(assembleScene(findScene(base), scene), plan, gate);
  },
};

/** A scene that is already assembled, where a `Scene` is asked for, as by `SceneBatch.create`. It has no settings. */
export function asScene(assembled: AssembledScene): Scene {
  return {
    name: assembled.name,
    summary: "Assembled from a plan.",
    config: z.strictObject({}),
    assemble: () => assembled,
  };
}
