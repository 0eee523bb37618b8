/**
 * The scene that every arrangement makes: push objects one after another to their places about an anchor (EgoPush).
 *
 * Task: each object has a stage, in the order listed: reach it, then place it. What is placed must stay in place.
 * Randomised: all poses. Physical properties: see sim/randomization.ts.
 * Success: with the last object placed, every object is within the reward's thresholds.
 * Failure: robot or active object touches an obstacle, which is every object but the active one and the anchor. The robot
 * may still touch what it has placed last, as it does at that moment, as long as it stays in place. Or: robot or active
 * object leave the arena, the anchor is moved, something placed is no longer in place relative to the anchor, or the active
 * object topples.
 */

import type { z } from "zod";
import { ConfigError } from "../../core/errors.ts";
import { type PushReading, pushReading, pushStage } from "../../credit/ego-push.ts";
import type { Stage } from "../../credit/stage.ts";
import { defineScene, type Scene } from "../scene.ts";
import type { Arrangement } from "./arrangement.ts";
import { failureOf, measureStage, nearestSlot, slotPose } from "./judge.ts";
import type { Plan } from "./plan.ts";
import { bodiesOf, type Common, draw, FIRST, type Prepared, prepare, ROBOT } from "./prepare.ts";
import type { RandomArrangements } from "./random.ts";

export { arrangementConfig } from "./prepare.ts";

export interface ArrangementScene<Config extends z.ZodObject> {
  readonly name: string;
  readonly summary: string;
  /** An extension of `arrangementConfig`. */
  readonly config: Config;
  /** What is to be made, or from what it is drawn anew for each episode. @throws ConfigError where it cannot be made */
  readonly arrangement: (config: z.output<Config>) => Arrangement | RandomArrangements;
  /** What is to be judged instead of EgoPush's stages, the `usual` ones: as many, one an object. The usual ones unless given. */
  readonly stages?: (
    config: z.output<Config>,
    usual: readonly Stage<PushReading>[],
  ) => readonly Stage<PushReading>[];
}

export function arrangementScene<Config extends z.ZodObject>(
  spec: ArrangementScene<Config>,
): Scene {
  const common = (config: z.output<Config>) => config as unknown as Common;
  const known = new WeakMap<object, Prepared>();
  const preparedFor = (config: z.output<Config>): Prepared => {
    const found = known.get(config) ?? prepare(spec.arrangement(config), common(config));
    known.set(config, found);
    return found;
  };
  return defineScene<Config, PushReading, Plan>({
    name: spec.name,
    summary: spec.summary,
    config: spec.config,
    timing: { physicsStep_s: 1 / 60, controlStep_s: 1 / 10 },
    tellsGoal: true,
    obstacleSlots: (config) => Math.max(1, preparedFor(config).shapes.length - 1),

    cast: (config) => ({
      robot: preparedFor(config).robot,
      arenaSide_m: common(config).arenaSide_m,
      bodies: bodiesOf(preparedFor(config)),
    }),

    start: (config, rng) => draw(preparedFor(config), common(config), rng).poses,

    episode: (config, rng, wish) => draw(preparedFor(config), common(config), rng, wish),

    roles: (config) => preparedFor(config).roles,

    watch(config) {
      const rows = preparedFor(config).shapes.map((_, i) => FIRST + i);
      const withRobot = rows.map((row) => [ROBOT, row] as const);
      const pairs = rows.flatMap((a) => rows.filter((b) => b > a).map((b) => [a, b] as const));
      return [...withRobot, ...pairs];
    },

    target: (config, ground, stage, plan) =>
      plan
        ? slotPose(ground, plan.slots[plan.slotOf[stage]])
        : nearestSlot(preparedFor(config), ground, stage),

    stages: (config) => stagesOf(spec, config, preparedFor(config).shapes.length),

    reading: pushReading,

    measure(config, ground, stage, action, out, plan) {
      measureStage(preparedFor(config), ground, stage, plan, out);
      [out.forward, out.turn] = action;
    },

    failurePenalty: (config) => common(config).reward.failure,

    failure: (config, ground, stage, plan) =>
      failureOf(preparedFor(config), common(config), ground, stage, plan),
  });
}

function stagesOf<Config extends z.ZodObject>(
  { name, stages }: ArrangementScene<Config>,
  config: z.output<Config>,
  objects: number,
): readonly Stage<PushReading>[] {
  const { reward } = config as unknown as Common;
  const usual = Array.from({ length: objects }, (_, i) =>
    pushStage(`place-object-${i + 1}`, reward),
  );
  const judged = stages?.(config, usual) ?? usual;
  if (judged.length === objects) return judged;
  throw new ConfigError(
    `Expected "stages" of scene "${name}" to give one stage an object, ${objects} in all, got ${judged.length}.`,
  );
}
