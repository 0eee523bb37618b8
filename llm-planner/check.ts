/**
 * What can be told of a plan without simulating it: names, order, places, expressions.
 *
 * Every mistake is found at once, each as a sentence that whoever wrote the plan can act on.
 */

import { ConfigError } from "../core/errors.ts";
import type { Cast, PlanarPose } from "../sim/scene.ts";
import { gap_m, outlineOf, placeOutline } from "./language/footprint.ts";
import { placePose } from "./place.ts";
import type { Place, PlanStage, Staged } from "./plan.ts";
import { rowOf } from "./scope.ts";
import { compileStage } from "./stages.ts";

/** Letters, digits, spaces and -_. in at most four words: what a thing may be called, and little else. */
const SAFE_NAME = /^[\p{L}\p{N}][\p{L}\p{N}_.-]*(?: [\p{L}\p{N}_.-]+){0,3}$/u;
/** Longer ones carry more than a name. */
const LONGEST_NAME = 32;

/** Thrown where a plan is wrong, or words ask for none; `reasons` are the mistakes, in sentences. */
export class PlanRefusedError extends ConfigError {
  readonly reasons: readonly string[];

  /** @param reasons sentences; the message has one a line */
  constructor(reasons: readonly string[]) {
    super(`The plan was refused:\n${reasons.map((reason) => `- ${reason}`).join("\n")}`);
    this.reasons = reasons;
  }
}

/**
 * What can be told of a plan without simulating it.
 * @returns the stages in the order in which they will be executed
 * @throws PlanRefusedError with every mistake
 */
export function checkPlan(plan: Staged, cast: Cast): readonly PlanStage[] {
  const order = executionOrder(plan.stages);
  const reasons = [
    ...badNames(cast),
    ...unknownNames(plan.stages, cast),
    ...order.reasons,
    ...(order.reasons.length > 0 ? [] : badOrder(order.stages)),
    ...badPlaces(plan.stages, cast),
    ...badExpressions(plan.stages, cast),
  ];
  if (reasons.length > 0) throw new PlanRefusedError(reasons);
  return order.stages;
}

/**
 * Names of a scene's objects that have room for more than a name. Refused before they are sent anywhere. What four words may say passes:
 * it is bounded as every answer is, by what is checked of the plan.
 */
export function badNames(cast: Cast): string[] {
  const names = cast.bodies.map((body) => body.name);
  const odd = names
    .filter((name) => name.length > LONGEST_NAME || !SAFE_NAME.test(name))
    .map(
      (name) =>
        `The scene has an object called ${quote(name)}. Names of objects are letters, digits and -_. in at most four words and ${LONGEST_NAME} characters; rename it.`,
    );
  const twice = names.filter((name, i) => names.indexOf(name) !== i);
  return [
    ...odd,
    ...twice.map((name) => `The scene has two objects called ${quote(name)}; rename one.`),
  ];
}

function unknownNames(stages: readonly PlanStage[], cast: Cast): string[] {
  const names = cast.bodies.map((body) => body.name);
  const known = names
    .filter((name) => SAFE_NAME.test(name))
    .map(quote)
    .join(", ");
  return stages.flatMap((stage) => {
    const { active, place, after } = stage;
    const reasons: string[] = [];
    for (const name of [active, ...(place ? [place.anchor] : [])]) {
      if (names.includes(name)) continue;
      reasons.push(
        `Stage "${stage.name}" names ${quote(name)}, which is not in the scene. Objects: ${known}.`,
      );
    }
    const fixed = cast.bodies.some((body) => body.name === active && body.motion === "fixed");
    if (fixed && place) {
      reasons.push(`Stage "${stage.name}" moves ${quote(active)}, which cannot be moved.`);
    }
    if (place?.anchor === active) {
      reasons.push(
        `Stage "${stage.name}" places ${quote(active)} relative to itself. Name another anchor.`,
      );
    }
    for (const other of after) {
      if (stages.some(({ name }) => name === other)) continue;
      reasons.push(`Stage "${stage.name}" comes after "${other}", which is no stage of the plan.`);
    }
    return reasons;
  });
}

/** The listed order, changed only where `after` asks for it. */
function executionOrder(stages: readonly PlanStage[]): {
  readonly stages: readonly PlanStage[];
  readonly reasons: readonly string[];
} {
  const names = stages.map(({ name }) => name);
  const twice = names.filter((name, i) => names.indexOf(name) !== i);
  if (twice.length > 0) {
    return { stages, reasons: [`Two stages are called "${twice[0]}". Give each its own name.`] };
  }
  const ordered: PlanStage[] = [];
  const waiting = [...stages];
  while (waiting.length > 0) {
    const ready = waiting.findIndex(({ after }) =>
      after.every((name) => !waiting.some((other) => other.name === name)),
    );
    if (ready < 0) {
      const cycle = waiting.map(({ name }) => `"${name}"`).join(", ");
      return { stages, reasons: [`The order is circular: ${cycle} wait for one another.`] };
    }
    ordered.push(...waiting.splice(ready, 1));
  }
  return { stages: ordered, reasons: [] };
}

/** An object that others were placed by must stay where it is. */
function badOrder(stages: readonly PlanStage[]): string[] {
  return stages.flatMap(({ name, active, place }, i) => {
    if (!place) return [];
    const leaning = stages.slice(0, i).find((earlier) => earlier.place?.anchor === active);
    if (!leaning) return [];
    return [
      `Stage "${name}" moves ${quote(active)}, but "${leaning.name}" has by then placed ${quote(leaning.active)} relative to it. Do "${name}" first.`,
    ];
  });
}

/** Places inside other objects, or so far apart that no arena holds them. */
function badPlaces(stages: readonly PlanStage[], cast: Cast): string[] {
  const placed = stages.flatMap((stage) => (stage.place ? [{ stage, place: stage.place }] : []));
  const reasons: string[] = [];
  for (const { stage, place } of placed) {
    const away_m = Math.hypot(place.x_m, place.y_m);
    if (away_m > cast.arenaSide_m - 0.5) {
      reasons.push(
        `Stage "${stage.name}" wants ${away_m.toFixed(2)} m between ${quote(stage.active)} and ${quote(place.anchor)}; the arena is ${cast.arenaSide_m} m wide.`,
      );
    }
  }
  const poses = relativePoses(placed, cast);
  for (const [i, a] of poses.entries()) {
    for (const b of poses.slice(i + 1)) {
      if (a.root !== b.root || a.row === b.row || gapBetween(a, b, cast) > 0) continue;
      const [one, other] = [a, b].map(({ row }) => quote(cast.bodies[row - 1].name));
      reasons.push(
        `${other} would stand inside ${one} (${(a.stage ?? b.stage)?.name === undefined ? "" : `stage "${(b.stage ?? a.stage)?.name}"`}). Move its place further away.`,
      );
    }
  }
  return reasons;
}

interface RelativePose extends PlanarPose {
  readonly row: number;
  /** Row of the object that is not placed itself, at the origin of the frame. */
  readonly root: number;
  readonly stage: PlanStage | undefined;
}

/** Where everything will stand in the end, in the frame of the object that all is placed by. */
function relativePoses(
  placed: readonly { readonly stage: PlanStage; readonly place: Place }[],
  cast: Cast,
): readonly RelativePose[] {
  const latest = new Map(placed.map((each) => [each.stage.active, each]));
  const found = new Map<string, RelativePose | undefined>();
  const locate = (name: string, depth: number): RelativePose | undefined => {
    const row = rowOf(cast, name);
    if (row === undefined || depth > placed.length) return undefined;
    if (found.has(name)) return found.get(name);
    const own = latest.get(name);
    const anchor = own && locate(own.place.anchor, depth + 1);
    const pose = own
      ? anchor && {
          ...placePose(own.place, anchor, anchor.yaw_rad),
          row,
          root: anchor.root,
          stage: own.stage,
        }
      : { x_m: 0, y_m: 0, yaw_rad: 0, row, root: row, stage: undefined };
    found.set(name, pose);
    return pose;
  };
  const names = new Set(placed.flatMap(({ stage, place }) => [place.anchor, stage.active]));
  return [...names].flatMap((name) => locate(name, 0) ?? []);
}

function gapBetween(a: RelativePose, b: RelativePose, cast: Cast): number {
  const [first, second] = [a, b].map((pose) => {
    const outline = outlineOf(cast.bodies[pose.row - 1].shape);
    const placed = new Float64Array(outline.length * 2);
    placeOutline(outline, pose.x_m, pose.y_m, pose.yaw_rad, placed);
    return placed;
  });
  return gap_m(first, second);
}

function badExpressions(stages: readonly PlanStage[], cast: Cast): string[] {
  return stages.flatMap((stage) => {
    const names = (stage.factors ?? []).map(({ name }) => name);
    const twice = names.find((name, i) => names.indexOf(name) !== i);
    if (twice) return [`Stage "${stage.name}" has two factors called "${twice}".`];
    if (rowOf(cast, stage.active) === undefined) return [];
    if (stage.place && rowOf(cast, stage.place.anchor) === undefined) return [];
    try {
      compileStage(stage, cast);
      return [];
    } catch (error) {
      if (error instanceof ConfigError) return [`Stage "${stage.name}": ${error.message}`];
      throw error;
    }
  });
}

/** A name as it may be shown: on one line, short, without control characters. */
export function quote(name: string): string {
  const plain = name.replace(/[\p{Cc}\p{Cf}\p{Zl}\p{Zp}"]/gu, " ");
  return `"${plain.length > 40 ? `${plain.slice(0, 40)}...` : plain}"`;
}
