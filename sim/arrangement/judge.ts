/** How an environment of an arrangement stands: what its stage is measured by, and what has gone wrong. */

import type { PushReading } from "../../credit/ego-push.ts";
import { type Ground, yawDistance_rad } from "../ground.ts";
import {
  approachDetour_m,
  behindness,
  crowding,
  KEEP_OUT_m,
  measurePush,
  wayAmong,
} from "../push.ts";
import type { PlanarPose } from "../scene.ts";
import { pushable } from "../shape.ts";
import { inWorld } from "./arrangement.ts";
import type { Plan } from "./plan.ts";
import { ANCHOR, type Common, FIRST, type Prepared, ROBOT } from "./prepare.ts";

/** A slot in the world, where the anchor stands now. */
export function slotPose(ground: Ground, slot: PlanarPose): PlanarPose {
  return inWorld(slot, ground.pose(ANCHOR));
}

/** Where only poses are known: the slot of its shape that the active object is nearest to. */
export function nearestSlot(
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

export function measureStage(
  scene: Prepared,
  ground: Ground,
  stage: number,
  plan: Plan,
  out: PushReading,
): void {
  const active = FIRST + stage;
  const slot = plan.slots[plan.slotOf[stage]];
  const target = slotPose(ground, slot);
  measurePush(ground, scene.robot, active, pushable(slot.shape), target, out);
  const way = wayAmong(ground, active, target, KEEP_OUT_m);
  out.detour_m = way.detour_m;
  out.approachDetour_m = approachDetour_m(ground, scene.robot, active);
  out.crowding = crowding(ground, scene.robot, scene.roles[stage]);
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

export function failureOf(
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
