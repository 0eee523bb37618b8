/** Plans carried out in the physics, in worlds as a planner is shown them. */

import { expect, it } from "vitest";
import { simulatedExecutor } from "../../../llm-planner/embedded/simulated.ts";
import { table } from "./worlds.ts";

const [BLUE_CUBE, RED_BOX, GREEN_CAN] = [0, 1, 2];

it("pushes what a plan names, in a world that has no stages of its own", async () => {
  const goal = { object: GREEN_CAN, anchor: BLUE_CUBE, direction: "right", place: 1 } as const;
  const inside = { object: RED_BOX, anchor: BLUE_CUBE, direction: "left", place: 1 } as const;
  const executor = simulatedExecutor(1);
  const outcomes = await executor.run([
    { world: table, goals: [goal], order: [0] },
    { world: table, goals: [goal, { ...inside, distance_m: 0.02 }], order: [0, 1] },
  ]);
  expect(outcomes).toEqual([
    { placed: [true], success: true },
    // a plan with a place inside another object is refused as a whole
    { placed: [false, false], success: false },
  ]);
});
