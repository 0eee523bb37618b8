/** What is worked out once for a configuration of an arrangement scene: what is made, of which bodies, and how it is drawn. */

import { z } from "zod";
import { ConfigError } from "../../core/errors.ts";
import type { Rng } from "../../core/rng.ts";
import { egoPushReward } from "../../credit/ego-push.ts";
import { pushRoom_m } from "../placement.ts";
import type { DiffDriveSpec } from "../robots/diff-drive.ts";
import { robotOf, robotSettings } from "../robots/settings.ts";
import { type Episode, type EpisodeWish, parked, type Roles } from "../scene.ts";
import { type PushableName, pushable, symmetry_rad } from "../shape.ts";
import type { Arrangement } from "./arrangement.ts";
import type { Plan } from "./plan.ts";
import { drawArrangement, type RandomArrangements } from "./random.ts";
import { Reach } from "./reach.ts";
import { assignments, drawArrangedEpisode } from "./starts.ts";

/** Rows of the world; of the objects, one for each stage, the first. */
export const ROBOT = 0;
export const ANCHOR = 1;
export const FIRST = 2;

/** What every scene of this kind lets one set. */
export const arrangementConfig = z.strictObject({
  assignment: z
    .enum(assignments)
    .default("nearest")
    .describe("nearest: each stage takes the shortest way to a free place; fixed: as listed"),
  arenaSide_m: z.number().min(2).max(6).default(3),
  startWithin_m: z.number().positive().default(1).describe("objects start in this square's half"),
  anchorWithin_m: z.number().min(0).default(0.3).describe("the anchor starts in this one's"),
  anchorShift_m: z
    .number()
    .positive()
    .default(0.1)
    .describe("moving the anchor further fails; the paper sets no limit"),
  robot: robotSettings.exactOptional().describe("EgoPush's unless given"),
  reward: egoPushReward.prefault({}),
});
/** The part of its configuration that every such scene has. */
export type Common = z.output<typeof arrangementConfig>;

export interface Prepared {
  readonly robot: DiffDriveSpec;
  /** Shapes of the anchor and of each stage's object. */
  readonly anchor: PushableName;
  readonly shapes: readonly PushableName[];
  /** Who is who in each stage. */
  readonly roles: readonly Roles[];
  /** What is made where that is always the same. */
  readonly fixed: Arrangement | undefined;
  /** What is made in an episode, and how its slots can be filled. */
  readonly drawn: (rng: Rng) => { readonly arrangement: Arrangement; readonly reach: Reach };
  readonly reward: Common["reward"];
  readonly alignYaw_rad: number;
  readonly symmetries: readonly number[];
}

/** @throws ConfigError where what is to be made cannot be */
export function prepare(made: Arrangement | RandomArrangements, config: Common): Prepared {
  const robot = robotOf(config.robot);
  const reach_m = reachOf(config, robot);
  const shapes = "slots" in made ? made.slots.map(({ shape }) => shape) : made.shapes;
  const constants = {
    robot,
    anchor: made.anchor,
    shapes,
    roles: rolesOf(shapes.length),
    reward: config.reward,
    alignYaw_rad: (config.reward.alignYaw_deg * Math.PI) / 180,
    symmetries: shapes.map((shape) => symmetry_rad(pushable(shape))),
  };
  if ("slots" in made) {
    refuseTooWide(made, reach_m);
    const always = { arrangement: made, reach: new Reach(made, robot) };
    if (config.assignment === "fixed") refuseBlocked(always.reach, shapes.length);
    else refuseShapesBlocked(always.reach);
    return { ...constants, fixed: made, drawn: () => always };
  }
  refuseListedOrder(config);
  return {
    ...constants,
    fixed: undefined,
    drawn(rng) {
      const arrangement = drawArrangement(made, robot, reach_m, rng.split("arrangement"));
      return { arrangement, reach: new Reach(arrangement, robot) };
    },
  };
}

/** How far a slot may lie from the anchor for a robot to push there, wherever the anchor starts. */
function reachOf({ arenaSide_m, anchorWithin_m }: Common, robot: DiffDriveSpec): number {
  return arenaSide_m / 2 - anchorWithin_m - pushRoom_m(robot);
}

function refuseTooWide({ slots }: Arrangement, reach_m: number): void {
  for (const [i, { x_m, y_m }] of slots.entries()) {
    const range_m = Math.hypot(x_m, y_m);
    if (range_m <= reach_m) continue;
    throw new ConfigError(
      `Expected every object within ${reach_m.toFixed(2)} m of the anchor, but object ${i + 1} is ${range_m.toFixed(2)} m away. Move it closer, enlarge "arenaSide_m" or reduce "anchorWithin_m".`,
    );
  }
}

/** The order that objects are listed in means something only where it was thought of with the places. */
function refuseListedOrder({ assignment }: Common): void {
  if (assignment !== "fixed") return;
  throw new ConfigError(
    'Random arrangements have no order of their own, and an object may block a later one. Set "assignment" to "nearest".',
  );
}

/** In the listed order, each slot must be open when its turn comes. */
function refuseBlocked(reach: Reach, slots: number): void {
  for (let slot = 0; slot < slots; slot++) {
    if (reach.enterable(slot, (1 << slot) - 1)) continue;
    throw new ConfigError(
      `Expected a free way to each place when its turn comes, but the objects before it block object ${slot + 1}. List it earlier, or set "assignment" to "nearest".`,
    );
  }
}

/** Stages take the shapes in the listed order, and each must find an open slot of its own. */
function refuseShapesBlocked(reach: Reach): void {
  if (reach.completable(0)) return;
  throw new ConfigError(
    "Expected a free way to a place of its shape for each object in turn, but whichever places the earlier ones take block a later one. List the shape that belongs inside earlier.",
  );
}

/** Each stage has an active object; all others but the anchor are obstacles. */
function rolesOf(stages: number): Roles[] {
  const rows = Array.from({ length: stages }, (_, i) => FIRST + i);
  return rows.map((active) => ({
    active,
    anchor: ANCHOR,
    obstacles: rows.filter((row) => row !== active),
  }));
}

/** The anchor and the objects, as the cast lists them. */
export function bodiesOf({ anchor, shapes }: Prepared) {
  const body = (name: string, shape: PushableName) =>
    ({ name, shape: pushable(shape), mass_kg: 0.4, friction: 0.5, motion: "dynamic" }) as const;
  return [body("anchor", anchor), ...shapes.map((shape, i) => body(`object ${i + 1}`, shape))];
}

/** An episode; bodies that its arrangement has no slot for are parked. */
export function draw(
  { robot, shapes, drawn, reward, alignYaw_rad }: Prepared,
  config: Common,
  rng: Rng,
  wish: EpisodeWish = { progress: 0, close: false },
): Episode<Plan> {
  const { arrangement, reach } = drawn(rng);
  const settings = { ...config, robot, align_m: reward.align_m, alignYaw_rad };
  const episode = drawArrangedEpisode(arrangement, reach, settings, rng, wish);
  const idle = shapes.slice(arrangement.slots.length).map((_, i) => parked(i));
  return { ...episode, poses: [...episode.poses, ...idle] };
}
