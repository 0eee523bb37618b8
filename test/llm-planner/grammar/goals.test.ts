/** Goals: where they are in the world, and when two ways to say them are the same. */

import { describe, expect, it } from "vitest";
import {
  type AskedGoal,
  inWorld,
  matches,
  placeOf,
  stagesOf,
  withSides,
} from "../../../llm-planner/grammar/goals.ts";
import { planAnswerSchema } from "../../../llm-planner/plan.ts";
import { object, table, worldWith } from "../embedded/worlds.ts";

const goal = (o: number, direction: AskedGoal["direction"], place = 1, group?: number) => ({
  object: o,
  anchor: 0,
  direction,
  place,
  ...(group !== undefined && { group }),
});

describe("the place of a goal", () => {
  it("leaves 10 cm of floor, and 25 cm from one place of a row to the next", () => {
    // (0.15 + 0.15) / 2 + 0.1 = 0.25; +0.25 for the second place
    expect(placeOf(table, goal(2, "left"))).toEqual([0, 0.25]);
    expect(placeOf(table, goal(2, "behind", 2))).toEqual([-0.5, 0]);
    // sizes 0.2 and 0.15: 0.175 + 0.1
    expect(placeOf(table, goal(1, "front"))).toEqual([0.275, 0]);
  });

  it("takes a distance from the words where there is one", () => {
    expect(placeOf(table, { ...goal(2, "right"), distance_m: 0.4 })).toEqual([0, -0.4]);
  });

  it("turns with the anchor", () => {
    // the anchor looks along +y: its left is -x
    const anchor = { x_m: 1, y_m: 2, yaw_rad: Math.PI / 2 };
    const [x_m, y_m] = inWorld(anchor, [0, 0.25]);
    expect(x_m).toBeCloseTo(0.75, 12);
    expect(y_m).toBeCloseTo(2, 12);
  });

  it("is the nearest free side where the words leave it open", () => {
    const near = worldWith(
      object("a", "cube", "red", 0, 0),
      object("b", "cube", "blue", 0, 1),
      object("c", "cube", "green", 0.1, 0.8),
    );
    // both stand to the left; the first takes the left, the other the next nearest: the front
    const sides = withSides(near, [goal(1, "beside"), goal(2, "beside")]);
    expect(sides.map(({ direction }) => direction)).toEqual(["left", "front"]);
  });
});

describe("a side that the words leave open", () => {
  const anchor = object("a", "cube", "red", 0, 0);
  const [far, on] = [object("b", "cube", "blue", 0, 1), object("c", "cube", "green", 0, 0.25)];
  const side = (...objects: readonly ReturnType<typeof object>[]) => {
    const [first] = withSides(worldWith(...objects), [goal(1, "beside")]);
    return first.direction;
  };

  it("is none on which something stands that is not moved", () => {
    expect(side(anchor, far)).toBe("left");
    // front and right are as far as each other; the front comes first
    expect(side(anchor, far, on)).toBe("front");
    // 15 cm from the place the two stand face to face; a millimetre less and they meet
    expect(side(anchor, far, { ...on, y_m: 0.4 })).toBe("left");
    expect(side(anchor, far, { ...on, y_m: 0.399 })).toBe("front");
    const leaving = withSides(worldWith(anchor, far, on), [goal(1, "beside"), goal(2, "behind")]);
    expect(leaving[0].direction).toBe("left");
  });

  it("is none beyond a wall", () => {
    // the arena ends at 1.5 m: 1.2 + 0.25 leaves no room for half a cube
    expect(side({ ...anchor, y_m: 1.2 }, { ...far, y_m: 1.4, x_m: 0.8 })).toBe("front");
    expect(side({ ...anchor, y_m: 1.1 }, { ...far, y_m: 1.42, x_m: 0.1 })).toBe("left");
  });

  it("is the nearest where all are taken, and by an anchor that is moved itself", () => {
    const all = [
      [0.25, 0],
      [0, 0.25],
      [-0.25, 0],
      [0, -0.25],
    ].map(([x_m, y_m], i) => ({ ...on, name: `c${i}`, x_m, y_m }));
    expect(side(anchor, far, ...all)).toBe("left");
    const elsewhere = { ...goal(0, "left"), anchor: 3 };
    const world = worldWith(anchor, far, on, { ...on, name: "d", x_m: 1, y_m: 1 });
    expect(withSides(world, [goal(1, "beside"), elsewhere])[0].direction).toBe("left");
  });
});

describe("matching goals with a meaning", () => {
  const meaning = {
    goals: [goal(1, "left", 1, 0), goal(2, "right", 1, 0), goal(3, "behind")],
    before: [[0, 2] as const],
  };

  it("lets the members of a group swap places", () => {
    const swapped = [goal(1, "right"), goal(2, "left"), goal(3, "behind")];
    expect(matches(meaning, swapped)).toBe(true);
  });

  it("does not let others swap, nor places repeat", () => {
    expect(matches(meaning, [goal(1, "behind"), goal(2, "right"), goal(3, "left")])).toBe(false);
    expect(matches(meaning, [goal(1, "left"), goal(2, "left"), goal(3, "behind")])).toBe(false);
  });

  it("keeps the order that is demanded, and no other", () => {
    expect(matches(meaning, [goal(3, "behind"), goal(1, "left"), goal(2, "right")])).toBe(false);
    expect(matches(meaning, [goal(1, "left"), goal(3, "behind"), goal(2, "right")])).toBe(true);
  });

  it("wants all goals and no more", () => {
    expect(matches(meaning, [goal(1, "left"), goal(2, "right")])).toBe(false);
  });
});

it("turns goals into stages that the plan's schema takes", () => {
  const stages = stagesOf(table, [goal(1, "left"), goal(2, "beside")], () => "because");
  const answer = planAnswerSchema.parse({ stages });
  expect(answer.stages.map(({ active }) => active)).toEqual(["red-box", "green-can"]);
  expect(answer.stages[0].place).toMatchObject({ anchor: "blue-cube", x_m: 0, yaw_deg: 0 });
  // a cylinder has no heading to keep
  expect(answer.stages[1].place?.yaw_deg).toBeNull();
});
