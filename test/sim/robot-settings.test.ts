/** Another robot as a setting: what it changes of a scene, by figures worked out from its size and its speed. */

import { expect, it } from "vitest";
import { ConfigError } from "../../core/errors.ts";
import { createRng } from "../../core/rng.ts";
import { sceneFromPlan } from "../../llm-planner/scene.ts";
import { privilegedLayoutOf } from "../../sim/observations.ts";
import { exact } from "../../sim/randomization.ts";
import { egoPushRobot, robotRadius_m } from "../../sim/robots/diff-drive.ts";
import { robotOf, robotSettings } from "../../sim/robots/settings.ts";
import { assembleScene, drawEpisode } from "../../sim/scene.ts";
import { findScene } from "../../sim/scenes/index.ts";
import { studentInterface } from "../../student/interface.ts";
import { stagesOf } from "../llm-planner/support.ts";
import { openBatch } from "../support/conformance.ts";

/** A base of 30 cm with a pusher as wide. */
const wide = { base_m: [0.3, 0.3, 0.15], pusher_m: { width: 0.3 } };

it("is EgoPush's where nothing of it is set", () => {
  expect(robotOf(robotSettings.parse({}))).toEqual(egoPushRobot);
  const [usual, set] = [{}, { robot: {} }].map((config) =>
    drawEpisode(assembleScene(findScene("push-cross"), config), createRng(4), {
      progress: 0.6,
      close: false,
    }),
  );
  expect(set).toEqual(usual);
});

it("drives as fast as it is said to, and says so to its robot", async () => {
  const config = { robot: { maxSpeed_mps: 0.2, maxTurnRate_radps: 1.5 } };
  const batch = await openBatch(findScene("push-pair"), {
    ...{ envs: 1, config, randomization: exact },
    groups: ["privileged"],
  });
  batch.reset();
  batch.world.place(0, 0, -1, 0, 0);
  for (let t = 0; t < 10; t++) batch.step(Float32Array.of(1, 0));
  const { at } = privilegedLayoutOf(batch.scene);
  expect(batch.groups.privileged[at.robotTwist]).toBeCloseTo(0.2, 2);
  batch.free();
  const { columns } = studentInterface("push-pair", config).output;
  expect(columns.map(({ scale }) => scale)).toEqual([0.2, 1.5]);
});

it("starts farther from everything the larger it is", () => {
  const scene = assembleScene(findScene("push-cross"), { robot: wide });
  // 35 cm for EgoPush's, and as much more as the corner of the pusher is farther from the middle
  const clear_m = 0.35 + Math.hypot(0.225, 0.15) - Math.hypot(0.145, 0.07);
  for (let seed = 0; seed < 100; seed++) {
    const { poses } = drawEpisode(scene, createRng(seed), { progress: 0, close: false });
    const [robot, ...things] = poses;
    for (const { x_m, y_m } of things)
      expect(Math.hypot(x_m - robot.x_m, y_m - robot.y_m)).toBeGreaterThanOrEqual(clear_m);
    // and from the walls, 3 m from each other
    const outer_m = Math.max(Math.abs(robot.x_m), Math.abs(robot.y_m));
    expect(outer_m).toBeLessThanOrEqual(1.6 - clear_m);
  }
});

/** A base of 40 cm with a pusher as wide: its corners are 34 cm from the middle. */
const broad = { base_m: [0.4, 0.4, 0.14], pusher_m: { width: 0.4, length: 0.075 } };

it("has the circle that its corners lie on, front or back", () => {
  const radiusOf = (settings: object) => robotRadius_m(robotOf(robotSettings.parse(settings)));
  expect(radiusOf({})).toBeCloseTo(Math.hypot(0.145, 0.07), 9);
  expect(radiusOf(broad)).toBeCloseTo(Math.hypot(0.275, 0.2), 9);
  expect(radiusOf({ ...broad, pusher_m: { length: 0.02 } })).toBeCloseTo(Math.hypot(0.2, 0.2), 9);
});

it.each(["push-pair", "push-cross"])(
  "begins close to what it pushes in %s, however large it is",
  (name) => {
    const scene = assembleScene(findScene(name), { robot: broad });
    const radius_m = Math.hypot(0.275, 0.2);
    for (let seed = 0; seed < 300; seed++) {
      const { poses } = drawEpisode(scene, createRng(seed), { progress: 0.5, close: true });
      const [robot, ...things] = poses;
      // it turns on the spot and touches nothing: a cube is 7.5 cm from its middle to its face
      for (const { x_m, y_m } of things)
        expect(Math.hypot(x_m - robot.x_m, y_m - robot.y_m)).toBeGreaterThan(radius_m + 0.075);
      expect(Math.max(Math.abs(robot.x_m), Math.abs(robot.y_m))).toBeLessThan(1.5 - radius_m);
    }
  },
);

it("begins close to it in the stages of a plan, too", () => {
  const stages = stagesOf(
    { name: "one", active: "object 1", place: { anchor: "anchor", x_m: 0.3, y_m: 0 } },
    { name: "two", active: "object 2", place: { anchor: "anchor", x_m: -0.3, y_m: 0 } },
  );
  const base = assembleScene(findScene("push-cross"), { robot: broad });
  const planned = sceneFromPlan(base, { stages });
  const radius_m = Math.hypot(0.275, 0.2);
  for (let seed = 0; seed < 100; seed++) {
    for (const progress of [0, 0.6]) {
      const drawn = planned.episode?.(createRng(seed), { progress, close: true });
      const [robot, ...things] = drawn?.poses ?? [];
      for (const { x_m, y_m } of things)
        expect(Math.hypot(x_m - robot.x_m, y_m - robot.y_m)).toBeGreaterThan(radius_m + 0.075);
      expect(Math.max(Math.abs(robot.x_m), Math.abs(robot.y_m))).toBeLessThan(1.5 - radius_m);
    }
  }
});

it("sees what it pushes, over its own pusher and base", () => {
  const hidden = "pusher or base hide from the camera what is pushed";
  const pair = findScene("push-pair");
  const assembled = (robot: object) => () => assembleScene(pair, { robot });
  expect(assembled({ pusher_m: { height: 0.25 } })).toThrow(hidden);
  expect(assembled({ base_m: [0.14, 0.14, 0.3] })).toThrow(hidden);
  // over the one and not over the other: at the pusher's face, a line to the far edge is 17.3 cm up
  expect(assembled({ pusher_m: { height: 0.175 } })).toThrow(hidden);
  expect(assembled({ pusher_m: { height: 0.172 } })).not.toThrow();
  expect(assembled({ pusher_m: { height: 0.25 }, camera: { z_m: 0.5 } })).not.toThrow();
  expect(assembled({ base_m: [0.14, 0.14, 0.3], camera: { x_m: 0.08 } })).not.toThrow();
});

it("has to fit where it is to push", () => {
  // the last place lies behind a gap of 40 cm between two others, and 25 cm from the anchor
  const objects = [
    { x_m: 0.5, y_m: 0.2 },
    { x_m: 0.5, y_m: -0.2 },
    { x_m: 0.25, y_m: 0 },
  ];
  const config = { arrangement: { objects }, assignment: "fixed" };
  const scene = findScene("push-arrangement");
  expect(() => assembleScene(scene, config)).not.toThrow();
  const refused = () => assembleScene(scene, { ...config, robot: wide });
  expect(refused).toThrow(ConfigError);
  expect(refused).toThrow("block object 3");
});

it("refuses what no robot is", () => {
  const pair = findScene("push-pair");
  expect(() => assembleScene(pair, { robot: { maxSpeed_mps: 0 } })).toThrow("robot.maxSpeed_mps");
  expect(() => assembleScene(pair, { robot: { base_m: [0.1, 0.1] } })).toThrow("robot.base_m");
  expect(() => assembleScene(pair, { robot: { colour: "red" } })).toThrow("colour");
});
