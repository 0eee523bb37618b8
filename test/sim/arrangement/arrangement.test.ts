import { describe, expect, it } from "vitest";
import { ConfigError } from "../../../core/errors.ts";
import { createRng } from "../../../core/rng.ts";
import { arrangementOf } from "../../../sim/arrangement/arrangement.ts";
import { type Plan, planNearest } from "../../../sim/arrangement/plan.ts";
import { Reach } from "../../../sim/arrangement/reach.ts";
import { egoPushRobot } from "../../../sim/robots/diff-drive.ts";
import { assembleScene, drawEpisode, type Episode } from "../../../sim/scene.ts";
import { findScene } from "../../../sim/scenes/index.ts";

const at = (x_m: number, y_m: number, yaw_rad = 0) => ({ x_m, y_m, yaw_rad });
const cube = (x_m: number, y_m: number) => ({ shape: "cube" as const, x_m, y_m });

describe("arrangementOf", () => {
  it("brings degrees into radians and fills in cubes", () => {
    const { anchor, slots } = arrangementOf({ objects: [{ x_m: 0.3, y_m: 0, yaw_deg: 45 }] });
    expect(anchor).toBe("cube");
    expect(slots).toEqual([{ shape: "cube", x_m: 0.3, y_m: 0, yaw_rad: Math.PI / 4 }]);
  });

  it("wants 5 cm between any two, and says which are too close", () => {
    const near = () => arrangementOf({ objects: [cube(0.3, 0), cube(0.3, 0.19)] });
    expect(near).toThrow(ConfigError);
    // faces at 0.075 and 0.115
    expect(near).toThrow(
      "Expected a gap of at least 0.05 m between object 1 and object 2 of an arrangement, but the gap is 0.040 m. Move them apart.",
    );
    expect(() => arrangementOf({ objects: [cube(0.1, 0)] })).toThrow(
      /between the anchor and object 1 .* they overlap/,
    );
    // turned by 45 degrees the corner comes 3 cm closer than the face: 0.22 - 0.075 - 0.106
    const turned = { ...cube(0.22, 0), yaw_deg: 45 };
    expect(() => arrangementOf({ objects: [turned] })).toThrow("the gap is 0.039 m");
    expect(() => arrangementOf({ objects: [cube(0.22, 0)] })).not.toThrow();
  });
});

it("refuses what is no arrangement in a sentence", () => {
  expect(() => arrangementOf({ objects: [] })).toThrow(ConfigError);
  const six = Array.from({ length: 6 }, (_, i) => cube(0.3 * (i + 1), 0));
  expect(() => arrangementOf({ objects: six })).toThrow(
    /^Invalid configuration in an arrangement:\n.*<=5.*objects/s,
  );
});

describe("scenes of arrangements", () => {
  const assemble = (name: string, config: object) => assembleScene(findScene(name), config);

  it("refuse places that a robot could not push to for the walls", () => {
    expect(() => assemble("push-line", { objects: 5 })).toThrow(
      /^Expected every object within 0\.\d\d m of the anchor, but object 4 is 1\.00 m away\. /,
    );
    expect(() => assemble("push-line", { objects: 5, arenaSide_m: 5 })).not.toThrow();
  });

  it("refuse a listed order that blocks itself, unless the order is free", () => {
    const pocket = [cube(0.46, 0), cube(0.25, 0.22), cube(0.25, -0.22), cube(0.25, 0)];
    const config = { arrangement: { objects: pocket } };
    expect(() => assemble("push-arrangement", { ...config, assignment: "fixed" })).toThrow(
      /^Expected a free way .* block object 4\. List it earlier/,
    );
    expect(() => assemble("push-arrangement", config)).not.toThrow();
    const insideOut = { arrangement: { objects: [...pocket].reverse() }, assignment: "fixed" };
    expect(() => assemble("push-arrangement", insideOut)).not.toThrow();
  });
});

describe("arrangements of several shapes", () => {
  const around = [cube(0.5, 0), cube(0.25, 0.25), cube(0.25, -0.25)];
  const inner = { shape: "cylinder" as const, x_m: 0.25, y_m: 0 };
  const of = (...objects: object[]) =>
    assembleScene(findScene("push-arrangement"), { arrangement: { objects } });

  it("are refused where the order of the shapes closes a place, whoever goes where", () => {
    const refused =
      /^Expected a free way to a place of its shape for each object in turn.* earlier\.$/;
    expect(() => of(...around, inner)).toThrow(ConfigError);
    expect(() => of(...around, inner)).toThrow(refused);
    // two of the cubes leave one side open, and cubes inside are filled first
    expect(() => of(...around.slice(1), inner)).not.toThrow();
    expect(() => of(inner, ...around)).not.toThrow();
    expect(() => of(...around, cube(0.25, 0))).not.toThrow();
  });

  it("can be filled in order where they are drawn at random, from whichever stage", () => {
    const shapes = ["cube", "cylinder", "prism", "cylinder", "cube"] as const;
    const scene = assembleScene(findScene("push-arrangement"), { shapes, fewest: 5 });
    const check = (seed: number, progress: number, close: boolean) => {
      const episode = drawEpisode(scene, createRng(seed), { progress, close }) as Episode<Plan>;
      const { slots, slotOf } = episode.plan;
      const reach = new Reach({ anchor: "cube", slots }, egoPushRobot);
      let filled = 0;
      for (const slot of slotOf) {
        expect(reach.enterable(slot, filled), `slot ${slot} of seed ${seed}`).toBe(true);
        filled |= 1 << slot;
      }
      expect(slots.map(({ shape }) => shape)).toEqual(shapes);
    };
    for (let seed = 0; seed < 50; seed++) check(seed, (seed % 5) / 5, seed % 2 === 1);
    // the first that this seed draws has no such order
    check(1914, 0, false);
  });
});

describe("random arrangements", () => {
  const random = findScene("push-arrangement");

  it("are refused where there is no room for one, not sought for ever", () => {
    // 1.5 m to the wall, 1 m of it for the anchor and 0.29 m for a pusher: less than two cubes side by side
    const narrow = assembleScene(random, { anchorWithin_m: 1 });
    const draw = () => narrow.episode?.(createRng(1), { progress: 0, close: false });
    expect(draw).toThrow(ConfigError);
    expect(draw).toThrow(/^Found no arrangement of \d objects within 0\.2\d m of the anchor\. /);
  });

  it("are refused in a listed order: they are drawn without one", () => {
    expect(() => assembleScene(random, { assignment: "fixed" })).toThrow(
      'Random arrangements have no order of their own, and an object may block a later one. Set "assignment" to "nearest".',
    );
  });
});

describe("planNearest", () => {
  const cross = arrangementOf({ objects: [cube(0.25, 0), cube(0, 0.25), cube(-0.25, 0)] });
  const plan = (arrangement: typeof cross, objects: readonly { x_m: number; y_m: number }[]) =>
    planNearest(
      arrangement,
      new Reach(arrangement, egoPushRobot),
      at(0, 0),
      0,
      arrangement.slots.map(({ shape }) => shape),
      objects.map(({ x_m, y_m }, i) => ({
        pose: at(x_m, y_m),
        shape: arrangement.slots[i].shape,
      })),
    ).map(({ pose, slot }) => [pose.x_m, pose.y_m, slot]);

  it("takes the shortest way of all, then the shortest of what is left", () => {
    // ways of 0.45, 0.35 and 0.25 m; the second object is as far from its slot as from none else
    expect(plan(cross, [at(0.7, 0), at(0, 0.6), at(-0.5, 0)])).toEqual([
      [-0.5, 0, 2],
      [0, 0.6, 1],
      [0.7, 0, 0],
    ]);
  });

  it("counts the way around what is in place already", () => {
    // both objects lie east; the one that comes second finds the east slot taken, and north nearer than west
    const both = plan(cross, [at(0.5, 0), at(0.8, 0.02), at(-0.9, -0.9)]);
    expect(both.map(([, , slot]) => slot)).toEqual([0, 1, 2]);
  });

  it("fills a pocket before what closes it, however near that is", () => {
    const pocket = arrangementOf({
      objects: [cube(0.25, 0), cube(0.46, 0), cube(0.25, 0.22), cube(0.25, -0.22)],
    });
    const reach = new Reach(pocket, egoPushRobot);
    expect(reach.enterable(0, 0b1110)).toBe(false);
    expect(reach.allows(3, 0b0110)).toBe(false);
    expect(reach.allows(0, 0b0110)).toBe(true);
    // each object lies 10 cm behind one of the outer places; the way to the inner one is longer for all
    const order = plan(pocket, [at(0.25, -0.32), at(0.25, 0.32), at(0.56, 0), at(0.9, 0.9)]);
    const inner = order.findIndex(([, , slot]) => slot === 0);
    const outer = order.slice(0, inner).map(([, , slot]) => slot as number);
    expect(inner).toBeLessThan(3);
    expect(
      reach.enterable(
        0,
        outer.reduce((set, slot) => set | (1 << slot), 0),
      ),
    ).toBe(true);
  });

  it("gives a slot only to an object of its shape", () => {
    const mixed = arrangementOf({
      objects: [
        { shape: "prism", x_m: 0.3, y_m: 0 },
        { shape: "cylinder", x_m: -0.3, y_m: 0 },
      ],
    });
    // each lies next to the slot of the other
    expect(plan(mixed, [at(-0.5, 0), at(0.5, 0)]).map(([, , slot]) => slot)).toEqual([0, 1]);
  });
});
