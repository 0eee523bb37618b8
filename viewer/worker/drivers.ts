/** Who drives in a live episode: hands, a script, or a policy. */

import { FileError } from "../../core/errors.ts";
import type { PolicyRuntime, PolicyStep, Rows } from "../../policies/runtime/runtime.ts";
import { fetchPolicy, loadWebPolicy } from "../../policies/runtime/web.ts";
import { misfitOf } from "../../rollout/bundle-fit.ts";
import type { Ground } from "../../sim/ground.ts";
import type { AssembledScene, PlanarPose } from "../../sim/scene.ts";
import type { BundleFiles, DriverChoice } from "../messages.ts";
import { headBeliefs, memoryBeliefs, type RelativeBelief } from "./beliefs.ts";

/** [forward, turn], each in [-1, 1]. */
export type Action = readonly [forward: number, turn: number];

/** What a driver may look at. */
export interface Situation {
  readonly scene: AssembledScene;
  readonly ground: Ground;
  readonly stage: number;
  /** Where the active object belongs. */
  readonly target: PlanarPose | undefined;
  /** Observation groups by name, one row each. */
  readonly groups: Readonly<Record<string, Float32Array>>;
}

export interface Driver {
  /** Observation groups that it reads. */
  readonly groups: readonly string[];
  /** An episode begins: what was before is forgotten. */
  begin(): void;
  act(situation: Situation): Action | Promise<Action>;
  /** What it believed when it acted last, or nothing where it does not say. */
  beliefs(): readonly RelativeBelief[] | undefined;
  /** How this scene's robot is another than the one that it was made for, as "… should be …, found …". */
  misfit(scene: AssembledScene): string | undefined;
  close(): void;
}

/** A driver without memory and beliefs. */
export function simpleDriver(act: Driver["act"]): Driver {
  const nothing = () => undefined;
  return { groups: [], begin() {}, act, beliefs: nothing, misfit: nothing, close() {} };
}

/** @param hand where keys and joystick leave their wish */
export async function openDriver(
  choice: DriverChoice,
  scene: string,
  hand: () => Action,
): Promise<Driver> {
  if (choice.kind === "keyboard") return simpleDriver(hand);
  if (choice.kind === "demo") return simpleDriver(demonstrate);
  const policy =
    choice.kind === "policy"
      ? await fetchPolicy(choice.url)
      : await loadWebPolicy(parsed(choice.bundle, choice.name), choice.name);
  return policyDriver(policy, choice.name, scene);
}

function parsed({ manifest, onnx }: BundleFiles, name: string) {
  try {
    return { manifest: JSON.parse(manifest) as unknown, onnx };
  } catch {
    throw new FileError(
      `The policy.json of "${name}" is not JSON. Drop the two files that understudy export wrote.`,
    );
  }
}

/** A policy that was made for another scene is refused: its roles would not be this scene's. */
export function policyDriver(policy: PolicyRuntime, name: string, scene: string): Driver {
  const madeFor = policy.manifest.scene;
  if (madeFor !== scene) {
    void policy.close();
    throw new FileError(
      `Policy "${name}" was made for scene "${madeFor}", not "${scene}". Choose that scene, or another driver.`,
    );
  }
  const inputs = policy.manifest.inputs.map((input) => input.name);
  let answer: PolicyStep | undefined;
  let beliefs: readonly RelativeBelief[] | undefined;
  return {
    groups: inputs,
    begin() {
      answer = undefined;
      beliefs = undefined;
    },
    async act({ groups }) {
      const missing = inputs.find((input) => groups[input] === undefined);
      if (missing !== undefined) {
        throw new FileError(
          `Policy "${name}" reads "${missing}", the page gives ${Object.keys(groups).join(", ")}. Choose another driver.`,
        );
      }
      const rows = Object.fromEntries(inputs.map((input) => [input, groups[input]]));
      answer = await policy.step(rows, answer?.state, 1, { poses: true });
      beliefs = beliefsOf(policy, rows, answer);
      return [answer.actions[0], answer.actions[1]];
    },
    beliefs: () => beliefs,
    misfit: (other) => misfitOf(policy.manifest, other),
    close: () => void policy.close(),
  };
}

function beliefsOf({ manifest }: PolicyRuntime, rows: Rows, { poses }: PolicyStep) {
  const memory = manifest.inputs.find(({ name }) => name === "lastSeen");
  if (!manifest.poses && !memory) return undefined;
  return [
    ...(manifest.poses && poses ? headBeliefs(manifest.poses, poses) : []),
    ...(memory ? memoryBeliefs(memory, rows.lastSeen) : []),
  ];
}

/** How far behind the object the robot lines up. */
const STANDOFF_m = 0.32;
/** How far from the object's centre it passes on its way there. */
const BERTH_m = 0.36;

/** A simple script: go behind the active object, then push it to where it belongs. */
export function demonstrate({ scene, ground, stage, target }: Situation): Action {
  const object = scene.roles[stage].active;
  const x_m = ground.x_m(object);
  const y_m = ground.y_m(object);
  if (!target) return headFor(ground, x_m, y_m, 1);
  const toGo_m = Math.hypot(target.x_m - x_m, target.y_m - y_m);
  if (toGo_m < 0.03) return [-0.3, 0];
  const push = { x: (target.x_m - x_m) / toGo_m, y: (target.y_m - y_m) / toGo_m };
  // the robot seen from the object, along and across the way it has to go
  const dx = ground.x_m(0) - x_m;
  const dy = ground.y_m(0) - y_m;
  const behind_m = -(dx * push.x + dy * push.y);
  const aside_m = dx * -push.y + dy * push.x;
  if (behind_m > 0.1 && Math.abs(aside_m) < 0.05 + 0.1 * (behind_m - 0.1)) {
    // steer against the object's drift: look at a point a little before it on the line
    const lead_m = 0.12;
    const speed = Math.min(1, 0.25 + 3 * toGo_m);
    return headFor(ground, x_m + push.x * lead_m, y_m + push.y * lead_m, speed);
  }
  const way = wayPoint(ground, { x_m, y_m, yaw_rad: 0 }, push, behind_m, aside_m);
  return headFor(ground, way.x_m, way.y_m, 1);
}

/** The place behind the object, or one beside it while the object is in between. */
function wayPoint(
  ground: Ground,
  object: PlanarPose,
  push: { readonly x: number; readonly y: number },
  behind_m: number,
  aside_m: number,
): { readonly x_m: number; readonly y_m: number } {
  const at = (back_m: number, side_m: number) => ({
    x_m: object.x_m - push.x * back_m - push.y * side_m,
    y_m: object.y_m - push.y * back_m + push.x * side_m,
  });
  const side = aside_m < 0 ? -1 : 1;
  const goal = at(STANDOFF_m, 0);
  const far = Math.hypot(ground.x_m(0) - goal.x_m, ground.y_m(0) - goal.y_m);
  if (behind_m > 0.15 || far < 0.15) return goal;
  if (Math.abs(aside_m) > BERTH_m - 0.08) return at(STANDOFF_m, side * BERTH_m);
  return at(behind_m, side * BERTH_m);
}

/** Turns towards a point, and drives once it lies ahead. */
function headFor(ground: Ground, x_m: number, y_m: number, speed: number): Action {
  const bearing = Math.atan2(y_m - ground.y_m(0), x_m - ground.x_m(0));
  const turn = bearing - ground.yaw_rad(0);
  const error = Math.atan2(Math.sin(turn), Math.cos(turn));
  const ahead = Math.max(0, Math.cos(error)) ** 4;
  return [speed * ahead, Math.max(-1, Math.min(1, 1.5 * error))];
}
