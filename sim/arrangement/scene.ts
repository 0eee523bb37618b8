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

import { z } from "zod";
import { ConfigError } from "../../core/errors.ts";
import type { Rng } from "../../core/rng.ts";
import { egoPushReward, type PushReading, pushReading, pushStage } from "../../credit/ego-push.ts";
import { type Ground, yawDistance_rad } from "../ground.ts";
import { behindness, measurePush, wayAmong } from "../push.ts";
import { egoPushRobot, pusherReach_m } from "../robots/diff-drive.ts";
import {
  defineScene,
  type Episode,
  type EpisodeWish,
  type PlanarPose,
  parked,
  type Scene,
} from "../scene.ts";
import { type PushableName, pushable, symmetry_rad } from "../shape.ts";
import { type Arrangement, inWorld } from "./arrangement.ts";
import { KEEP_OUT_m, type Plan } from "./plan.ts";
import { drawArrangement, type RandomArrangements } from "./random.ts";
import { Reach } from "./reach.ts";
import { assignments, drawArrangedEpisode } from "./starts.ts";

const ROBOT = 0;
const ANCHOR = 1;
/** Row of the first object; one follows for each stage. */
const FIRST = 2;

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
  reward: egoPushReward.prefault({}),
});
type Common = z.output<typeof arrangementConfig>;

export interface ArrangementScene<Config extends z.ZodObject> {
  readonly name: string;
  readonly summary: string;
  /** An extension of `arrangementConfig`. */
  readonly config: Config;
  /** What is to be made, or from what it is drawn anew for each episode. @throws ConfigError where it cannot be made */
  readonly arrangement: (config: z.output<Config>) => Arrangement | RandomArrangements;
}

/** What is worked out once for a configuration. */
interface Prepared {
  /** Shapes of the anchor and of each stage's object. */
  readonly anchor: PushableName;
  readonly shapes: readonly PushableName[];
  /** What is made where that is always the same. */
  readonly fixed: Arrangement | undefined;
  /** What is made in an episode, and how its slots can be filled. */
  readonly drawn: (rng: Rng) => { readonly arrangement: Arrangement; readonly reach: Reach };
  readonly reward: Common["reward"];
  readonly alignYaw_rad: number;
  readonly symmetries: readonly number[];
}

export function arrangementScene<Config extends z.ZodObject>(
  spec: ArrangementScene<Config>,
): Scene {
  const known = new WeakMap<object, Prepared>();
  const prepare = (config: z.output<Config>): Prepared => {
    const found = known.get(config) ?? prepared(spec.arrangement(config), config as Common);
    known.set(config, found);
    return found;
  };
  const common = (config: z.output<Config>) => config as unknown as Common;
  return defineScene<Config, PushReading, Plan>({
    name: spec.name,
    summary: spec.summary,
    config: spec.config,
    timing: { physicsStep_s: 1 / 60, controlStep_s: 1 / 10 },
    tellsGoal: true,
    obstacleSlots: (config) => Math.max(1, prepare(config).shapes.length - 1),

    cast: (config) => ({
      robot: egoPushRobot,
      arenaSide_m: common(config).arenaSide_m,
      bodies: bodiesOf(prepare(config)),
    }),

    start: (config, rng) => draw(prepare(config), common(config), rng).poses,

    episode: (config, rng, wish) => draw(prepare(config), common(config), rng, wish),

    roles(config) {
      const rows = prepare(config).shapes.map((_, i) => FIRST + i);
      return rows.map((active) => ({
        active,
        anchor: ANCHOR,
        obstacles: rows.filter((row) => row !== active),
      }));
    },

    watch(config) {
      const rows = prepare(config).shapes.map((_, i) => FIRST + i);
      const withRobot = rows.map((row) => [ROBOT, row] as const);
      const pairs = rows.flatMap((a) => rows.filter((b) => b > a).map((b) => [a, b] as const));
      return [...withRobot, ...pairs];
    },

    target: (config, ground, stage, plan) =>
      plan
        ? slotPose(ground, plan.slots[plan.slotOf[stage]])
        : nearestSlot(prepare(config), ground, stage),

    stages: (config) =>
      prepare(config).shapes.map((_, i) =>
        pushStage(`place-object-${i + 1}`, common(config).reward),
      ),

    reading: pushReading,

    measure(config, ground, stage, action, out, plan) {
      measureStage(prepare(config), ground, stage, plan, out);
      [out.forward, out.turn] = action;
    },

    failurePenalty: (config) => common(config).reward.failure,

    failure: (config, ground, stage, plan) =>
      failureOf(prepare(config), common(config), ground, stage, plan),
  });
}

function prepared(made: Arrangement | RandomArrangements, config: Common): Prepared {
  const reach_m = reachOf(config);
  const shapes = "slots" in made ? made.slots.map(({ shape }) => shape) : made.shapes;
  const constants = {
    anchor: made.anchor,
    shapes,
    reward: config.reward,
    alignYaw_rad: (config.reward.alignYaw_deg * Math.PI) / 180,
    symmetries: shapes.map((shape) => symmetry_rad(pushable(shape))),
  };
  if ("slots" in made) {
    refuseTooWide(made, reach_m);
    const always = { arrangement: made, reach: new Reach(made) };
    if (config.assignment === "fixed") refuseBlocked(always.reach, shapes.length);
    return { ...constants, fixed: made, drawn: () => always };
  }
  return {
    ...constants,
    fixed: undefined,
    drawn(rng) {
      const arrangement = drawArrangement(made, reach_m, rng.split("arrangement"));
      return { arrangement, reach: new Reach(arrangement) };
    },
  };
}

/** How far a slot may lie from the anchor for a robot to push there, wherever the anchor starts. */
function reachOf({ arenaSide_m, anchorWithin_m }: Common): number {
  const room_m = 0.15 / 2 + pusherReach_m(egoPushRobot) + egoPushRobot.base_m[0] / 2;
  return arenaSide_m / 2 - anchorWithin_m - room_m;
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

/** In the listed order, each slot must be open when its turn comes. */
function refuseBlocked(reach: Reach, slots: number): void {
  for (let slot = 0; slot < slots; slot++) {
    if (reach.enterable(slot, (1 << slot) - 1)) continue;
    throw new ConfigError(
      `Expected a free way to each place when its turn comes, but the objects before it block object ${slot + 1}. List it earlier, or set "assignment" to "nearest".`,
    );
  }
}

function bodiesOf({ anchor, shapes }: Prepared) {
  const body = (name: string, shape: PushableName) =>
    ({ name, shape: pushable(shape), mass_kg: 0.4, friction: 0.5, motion: "dynamic" }) as const;
  return [body("anchor", anchor), ...shapes.map((shape, i) => body(`object ${i + 1}`, shape))];
}

/** An episode; bodies that its arrangement has no slot for are parked. */
function draw(
  { shapes, drawn, reward, alignYaw_rad }: Prepared,
  config: Common,
  rng: Rng,
  wish: EpisodeWish = { progress: 0, close: false },
): Episode<Plan> {
  const { arrangement, reach } = drawn(rng);
  const settings = { ...config, align_m: reward.align_m, alignYaw_rad };
  const episode = drawArrangedEpisode(arrangement, reach, settings, rng, wish);
  const idle = shapes.slice(arrangement.slots.length).map((_, i) => parked(i));
  return { ...episode, poses: [...episode.poses, ...idle] };
}

function slotPose(ground: Ground, slot: PlanarPose): PlanarPose {
  const anchor = {
    x_m: ground.x_m(ANCHOR),
    y_m: ground.y_m(ANCHOR),
    yaw_rad: ground.yaw_rad(ANCHOR),
  };
  return inWorld(slot, anchor);
}

/** Where only poses are known: the slot of its shape that the active object is nearest to. */
function nearestSlot(
  { fixed, shapes }: Prepared,
  ground: Ground,
  stage: number,
): PlanarPose | undefined {
  const active = FIRST + stage;
  const range_m = ({ x_m, y_m }: PlanarPose) =>
    Math.hypot(x_m - ground.x_m(active), y_m - ground.y_m(active));
  return fixed?.slots
    .filter(({ shape }) => shape === shapes[stage])
    .map((slot) => slotPose(ground, slot))
    .reduce((best, slot) => (range_m(slot) < range_m(best) ? slot : best));
}

function measureStage(
  scene: Prepared,
  ground: Ground,
  stage: number,
  plan: Plan,
  out: PushReading,
): void {
  const active = FIRST + stage;
  const slot = plan.slots[plan.slotOf[stage]];
  const target = slotPose(ground, slot);
  measurePush(ground, egoPushRobot, active, pushable(slot.shape), target, out);
  const way = wayAmong(ground, active, target, KEEP_OUT_m);
  out.detour_m = way.detour_m;
  out.behind = behindness(ground, active, way, out.activeToTarget_m);
  out.othersInPlace = true;
  for (let earlier = 0; earlier < stage; earlier++) {
    const moving = ground.speed_mps(FIRST + earlier) >= scene.reward.settle_mps;
    if (moving || !inPlace(scene, ground, earlier, plan)) out.othersInPlace = false;
  }
}

/** Whether the object of a stage stands at its slot. */
function inPlace(scene: Prepared, ground: Ground, stage: number, plan: Plan): boolean {
  const { reward, alignYaw_rad, symmetries } = scene;
  const body = FIRST + stage;
  const slot = slotPose(ground, plan.slots[plan.slotOf[stage]]);
  const off_m = Math.hypot(ground.x_m(body) - slot.x_m, ground.y_m(body) - slot.y_m);
  if (off_m >= reward.align_m) return false;
  return yawDistance_rad(ground.yaw_rad(body), slot.yaw_rad, symmetries[stage]) < alignYaw_rad;
}

function failureOf(
  scene: Prepared,
  { arenaSide_m, anchorShift_m }: Common,
  ground: Ground,
  stage: number,
  plan: Plan,
): string | undefined {
  const active = FIRST + stage;
  for (const body of [ROBOT, active]) {
    const out_m = Math.max(Math.abs(ground.x_m(body)), Math.abs(ground.y_m(body)));
    if (out_m > arenaSide_m / 2) return "out of the arena";
  }
  for (let body = FIRST; body < ground.bodies.length; body++) {
    if (body === active) continue;
    const released = body !== active - 1;
    if (released && ground.touched(ROBOT, body)) return "robot touched an obstacle";
    if (ground.touched(active, body)) return "object touched an obstacle";
  }
  if (ground.shift_m(ANCHOR) > anchorShift_m) return "anchor moved";
  for (let earlier = 0; earlier < stage; earlier++) {
    if (!inPlace(scene, ground, earlier, plan)) return "placed object out of place";
  }
  return ground.upright(active) < 0.7 ? "object toppled" : undefined;
}
