/** Corrections at any moment, about any objects: an execution comes to rest, and the newest wish is what stands. */

import { expect, it } from "vitest";
import { createRng, type Rng } from "../../core/rng.ts";
import { checkPlan } from "../../llm-planner/check.ts";
import { trueState } from "../../llm-planner/execution/estimators.ts";
import { PlanExecution, usualExecution } from "../../llm-planner/execution/execution.ts";
import type { Staged } from "../../llm-planner/plan.ts";
import type { PlannedStage } from "../../llm-planner/planned-stage.ts";
import { Ground } from "../../sim/ground.ts";
import { SceneBatch } from "../../sim/scene-batch.ts";
import { findScene } from "../../sim/scenes/index.ts";
import { assembled, stagesOf } from "./support.ts";

const base = assembled("push-cross");
const movable = ["object 1", "object 2", "object 3", "object 4"];

/** A place beside another thing, far enough from the others of it not to be taken for them. */
function beside(rng: Rng, name: string, active: string, anchors: readonly string[]) {
  const anchor = anchors[Math.floor(rng.uniform(0, anchors.length))];
  const angle = rng.uniform(-Math.PI, Math.PI);
  const place = { anchor, x_m: 0.4 * Math.cos(angle), y_m: 0.4 * Math.sin(angle) };
  return { name, active, place };
}

/** Each object beside the anchor or one that is placed before it, and none inside another. */
function randomPlan(rng: Rng): Staged {
  const placed = ["anchor"];
  const stages = stagesOf(
    ...movable.map((active, i) => {
      const stage = beside(rng, `plan-${i + 1}`, active, placed);
      placed.push(active);
      return stage;
    }),
  );
  try {
    checkPlan({ stages }, base.cast);
    return { stages };
  } catch {
    return randomPlan(rng);
  }
}

function randomCorrection(rng: Rng, number: number) {
  const active = movable[Math.floor(rng.uniform(0, movable.length))];
  const others = ["anchor", ...movable].filter((name) => name !== active);
  return rng.uniform(0, 1) < 0.25
    ? { name: `visit-${number}`, active, done: "distance(robot, active) < 9 m" }
    : beside(rng, `mend-${number}`, active, others);
}

it("comes to rest with the newest wish fulfilled, whatever is corrected and when", async () => {
  const batch = await SceneBatch.create({
    scene: findScene("push-cross"),
    ...{ envs: 1, seed: 1, purpose: "evaluation", groups: [] },
  });
  const ground = new Ground(batch.world);
  /** Brings the object a third of the way, as a robot would in many steps; what is beside it stays where it is. */
  const push = ({ active, target }: PlannedStage) => {
    const goal = target?.(ground);
    if (!goal) return;
    const [dx, dy] = [goal.x_m - ground.x_m(active), goal.y_m - ground.y_m(active)];
    const share = Math.hypot(dx, dy) < 0.1 ? 1 : 1 / 3;
    const yaw_rad = share === 1 ? goal.yaw_rad : ground.yaw_rad(active);
    const at = [ground.x_m(active) + share * dx, ground.y_m(active) + share * dy] as const;
    batch.world.place(0, active, ...at, yaw_rad);
  };
  for (let seed = 1; seed <= 60; seed++) {
    const rng = createRng(seed);
    batch.reset();
    const execution = new PlanExecution(
      randomPlan(rng),
      base.cast,
      trueState(ground, base.cast),
      usualExecution,
    );
    const visits = new Set<string>();
    let newest: string | undefined;
    for (let look = 0; look < 600 && !execution.finished; look++) {
      if (look < 60 && rng.uniform(0, 1) < 0.06) {
        const stage = randomCorrection(rng, look);
        if (!("place" in stage)) visits.add(stage.name);
        else newest = stage.name;
        execution.correct({ stages: stagesOf(stage) }, "no, rather so");
      }
      if (execution.subgoal) push(execution.subgoal);
      execution.look();
    }
    const kinds = execution.events.map(({ kind }) => kind);
    expect(kinds, `seed ${seed}`).not.toContain("given up");
    expect(execution.finished, `seed ${seed}: ${execution.remaining}`).toBe(true);
    const standing = execution.achieved.map(({ compiled }) => compiled.plan.name);
    if (newest) expect(standing, `seed ${seed}`).toContain(newest);
    expect(standing, `seed ${seed}`).toEqual(expect.arrayContaining([...visits]));
    for (const stage of execution.achieved) {
      const { name } = stage.compiled.plan;
      const last = execution.achieved.findLast(
        ({ active, target }) => target && active === stage.active,
      );
      if (stage === last) expect(stage.kept(ground), `seed ${seed}: ${name}`).toBe(true);
    }
  }
  batch.free();
});
