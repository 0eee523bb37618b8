/** A few bodies on a floor, and situations written down by hand. */

import { parseConfig } from "../../core/config.ts";
import type { Scope } from "../../llm-planner/language/compile.ts";
import {
  createSituation,
  rowsOf,
  type Situation,
  thing,
} from "../../llm-planner/language/situation.ts";
import { type PlanStage, planAnswerSchema } from "../../llm-planner/plan.ts";
import { scopeOf } from "../../llm-planner/scope.ts";
import { egoPushRobot } from "../../sim/robots/diff-drive.ts";
import type { AssembledScene, Cast } from "../../sim/scene.ts";
import { findScene } from "../../sim/scenes/index.ts";
import { pushable } from "../../sim/shape.ts";

const body = (name: string, shape: "cube" | "cylinder" | "prism") =>
  ({ name, shape: pushable(shape), mass_kg: 0.4, friction: 0.5, motion: "dynamic" }) as const;

/** Rows 1 to 3: a cube, a cylinder with a space in its name, and a prism. */
export const cast: Cast = {
  robot: egoPushRobot,
  arenaSide_m: 3,
  bodies: [body("red-cube", "cube"), body("tall can", "cylinder"), body("wedge", "prism")],
};

/** Stages as a planner would write them, defaults filled in. */
export function stagesOf(...stages: readonly object[]): readonly PlanStage[] {
  return planAnswerSchema.parse({ stages }).stages;
}

/** The can 30 cm in front of the cube. */
export const canByCube = { active: "tall can", place: { anchor: "red-cube", x_m: 0.3, y_m: 0 } };

export function scope(): Scope {
  return scopeOf(stagesOf({ name: "a", ...canByCube })[0], cast);
}

export type Row = readonly [
  x_m: number,
  y_m: number,
  yaw_rad?: number,
  speed_mps?: number,
  turnRate_radps?: number,
];

/** A situation in the world frame; rows that are not given are not known. */
export function situation(given: {
  readonly robot?: Row;
  readonly cube?: Row;
  readonly can?: Row;
  readonly wedge?: Row;
  readonly target?: Row;
  readonly pusher?: Row;
}): Situation {
  const rows = rowsOf(cast.bodies.map(({ name }) => name));
  const found = createSituation(rows);
  found.inWorld = 1;
  const order = [given.robot, given.cube, given.can, given.wedge, given.target, given.pusher];
  for (const [row, values] of order.entries()) {
    const [x, y, yaw = 0, speed = 0, turn = 0] = values ?? [];
    if (x === undefined || y === undefined) continue;
    found.things.set([x, y, yaw, speed, turn], row * thing.size);
  }
  return found;
}

export function assembled(name: string, config: object = {}): AssembledScene {
  const scene = findScene(name);
  return scene.assemble(parseConfig(scene.config, config, "the test"));
}
