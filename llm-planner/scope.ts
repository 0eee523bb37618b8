/** What the expressions of a stage may name, in a given scene. */

import { pusherReach_m } from "../sim/robots/diff-drive.ts";
import type { Cast } from "../sim/scene.ts";
import type { Scope } from "./language/compile.ts";
import { type Outline, outlineOf } from "./language/footprint.ts";
import { rowsOf } from "./language/situation.ts";
import type { PlanStage } from "./plan.ts";

/** Words for the parts that things play in a stage. Quoted, they are names of objects. */
export const roleWords = ["robot", "pusher", "active", "anchor", "target"] as const;

/** Rows of the objects a stage names; undefined where the scene has no object of that name. */
export interface StageRows {
  readonly active: number | undefined;
  /** Undefined also where the stage has no place. */
  readonly anchor: number | undefined;
}

export function stageRows(stage: Pick<PlanStage, "active" | "place">, cast: Cast): StageRows {
  const { active, place } = stage;
  return { active: rowOf(cast, active), anchor: place ? rowOf(cast, place.anchor) : undefined };
}

/** Row of a body by its name; the robot is row 0 and no object. */
export function rowOf(cast: Cast, name: string): number | undefined {
  const index = cast.bodies.findIndex((body) => body.name === name);
  return index < 0 ? undefined : index + 1;
}

/**
 * What the expressions of a stage may name: the parts that things play in it, and the scene's objects. A name that the scene does
 * not have names nothing, and an expression that uses it does not compile.
 */
export function scopeOf(stage: Pick<PlanStage, "active" | "place">, cast: Cast): Scope {
  const { active, anchor } = stageRows(stage, cast);
  const names = cast.bodies.map((body) => body.name);
  const rows = rowsOf(names);
  const roles: Readonly<Record<string, number | undefined>> = {
    robot: 0,
    pusher: rows.pusher,
    active,
    anchor,
    // without a place the active object itself is where the stage leads
    target: stage.place ? rows.target : undefined,
  };
  const shapeOf = (row: number) => cast.bodies[row - 1]?.shape;
  const outlines = [robotOutline(cast), ...cast.bodies.map(({ shape }) => outlineOf(shape))];
  const usable = roleWords.filter((word) => roles[word] !== undefined);
  return {
    rows,
    shapeOf,
    outlineOf: (row) => outlines[row],
    arenaSide_m: cast.arenaSide_m,
    names: [...usable, ...names.map((name) => JSON.stringify(name)), "walls"],
    rowNamed: (name, quoted) =>
      !quoted && Object.hasOwn(roles, name) ? roles[name] : rowOf(cast, name),
  };
}

/** Base and pusher as one rectangle, about the base's centre. */
function robotOutline({ robot }: Cast): Outline {
  const back = -robot.base_m[0] / 2;
  const front = pusherReach_m(robot);
  const side = Math.max(robot.base_m[1], robot.pusher_m.width) / 2;
  return [
    [front, side],
    [back, side],
    [back, -side],
    [front, -side],
  ];
}
