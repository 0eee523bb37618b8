/** Carries out plans in the simulation, with a robot that pushes by rules: what the floor model stands in for. */

import { z } from "zod";
import type { Rng } from "../../core/rng.ts";
import { Ground } from "../../sim/ground.ts";
import { egoPushRobot } from "../../sim/robots/diff-drive.ts";
import { type AssembledScene, defineScene, type PlanarPose } from "../../sim/scene.ts";
import { SceneBatch } from "../../sim/scene-batch.ts";
import type { Shape } from "../../sim/shape.ts";
import { PlanRefusedError } from "../check.ts";
import { stagesOf } from "../grammar/goals.ts";
import { planAnswerSchema, type Staged } from "../plan.ts";
import { ScriptedPusher } from "../rehearsal/pusher.ts";
import { asScene, sceneFromPlan } from "../scene.ts";
import type { ObjectView, WorldView } from "../world-view.ts";
import type { Outcome } from "./floor.ts";
import type { Executor, Task } from "./order-cases.ts";

/** Starts are blurred by this, as a robot would find things somewhat beside where they were reported. */
const BLUR_m = 0.01;

/** Runs every task in Rapier; deterministic in the seed. */
export function simulatedExecutor(seed: number): Executor {
  return {
    async run(tasks) {
      const outcomes: Outcome[] = [];
      for (const task of tasks) outcomes.push(await simulate(task, seed));
      return outcomes;
    },
  };
}

async function simulate({ world, goals, order }: Task, seed: number): Promise<Outcome> {
  const done = order.map((i) => goals[i]);
  const { stages } = planAnswerSchema.parse({ stages: stagesOf(world, done, () => "") });
  const planned = checkedScene(world, stages);
  if (!planned) return { placed: stages.map(() => false), success: false };
  const batch = await SceneBatch.create({
    scene: asScene(planned),
    envs: 1,
    seed,
    purpose: "evaluation",
    groups: ["proprioception"],
  });
  try {
    const finished = push(batch, planned);
    const placed = stages.map((_, i) => i < finished);
    return { placed, success: finished === stages.length };
  } finally {
    batch.free();
  }
}

/** Undefined where the stages do not fit together: such a plan is refused, which is a failure. */
function checkedScene(world: WorldView, stages: Staged["stages"]): AssembledScene | undefined {
  try {
    return sceneFromPlan(worldScene(world), { stages });
  } catch (error) {
    if (error instanceof PlanRefusedError) return undefined;
    throw error;
  }
}

/** Stages that one episode completes. */
function push(batch: SceneBatch, planned: AssembledScene): number {
  const ground = new Ground(batch.world);
  const pusher = new ScriptedPusher(planned.cast, 1);
  batch.reset();
  ground.env = 0;
  for (;;) {
    const stage = batch.stageOf(0);
    const target = planned.target(ground, stage);
    const action = pusher.act(ground, { active: planned.roles[stage].active, target });
    batch.step(Float32Array.from(action));
    const [end] = batch.ends;
    if (end) return end.stagesDone;
  }
}

/** A scene that starts as a world view shows it, without stages of its own. */
function worldScene(world: WorldView): AssembledScene {
  const scene = defineScene({
    name: "world-view",
    summary: "What a planner was shown.",
    config: z.strictObject({}),
    timing: { physicsStep_s: 1 / 60, controlStep_s: 1 / 10 },
    cast: () => ({
      robot: egoPushRobot,
      arenaSide_m: world.arenaSide_m,
      bodies: world.objects.map((object) => ({
        name: object.name,
        shape: shapeOf(object),
        mass_kg: 0.4,
        friction: 0.5,
        motion: object.fixed ? ("fixed" as const) : ("dynamic" as const),
      })),
    }),
    start: (_, rng) => [clearOf(world), ...world.objects.map((object) => blurred(object, rng))],
    roles: () => [],
    target: () => undefined,
    stages: () => [],
    reading: () => ({}),
    measure: () => {},
    failure: () => undefined,
  });
  return scene.assemble({});
}

function blurred({ x_m, y_m, yaw_rad }: PlanarPose, rng: Rng): PlanarPose {
  return {
    x_m: x_m + rng.uniform(-BLUR_m, BLUR_m),
    y_m: y_m + rng.uniform(-BLUR_m, BLUR_m),
    yaw_rad: yaw_rad + rng.uniform(-0.05, 0.05),
  };
}

/** The robot where it is, or in the corner farthest from everything if it would stand in something. */
function clearOf({ robot, objects, arenaSide_m }: WorldView): PlanarPose {
  const room = ({ x_m, y_m }: { readonly x_m: number; readonly y_m: number }) =>
    Math.min(...objects.map((object) => Math.hypot(object.x_m - x_m, object.y_m - y_m)));
  const inside_m = arenaSide_m / 2 - 0.2;
  const held = { ...robot, x_m: within(robot.x_m, inside_m), y_m: within(robot.y_m, inside_m) };
  if (room(held) > 0.35) return held;
  const corners = [-1, 1].flatMap((x) =>
    [-1, 1].map((y) => ({ x_m: x * inside_m, y_m: y * inside_m })),
  );
  const best = corners.reduce((a, b) => (room(b) > room(a) ? b : a));
  return { ...best, yaw_rad: robot.yaw_rad };
}

function within(value: number, bound: number): number {
  return Math.max(-bound, Math.min(bound, value));
}

function shapeOf({ shape, size_m }: ObjectView): Shape {
  const height_m = 0.15;
  if (shape === "cylinder") return { kind: "cylinder", diameter_m: size_m, height_m };
  if (shape === "prism") return { kind: "prism", side_m: size_m, height_m };
  const depth_m = shape === "cube" ? size_m : 0.75 * size_m;
  return { kind: "box", size_m: [size_m, depth_m, shape === "cube" ? size_m : height_m] };
}
