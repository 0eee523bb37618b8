/** What a slip in a scene of one's own is told: one sentence, before anything is trained on it. */

import { expect, it } from "vitest";
import { ConfigError } from "../../core/errors.ts";
import { egoPushRobot } from "../../sim/robots/diff-drive.ts";
import {
  type AssembledScene,
  assembleScene,
  type PlanarPose,
  type Scene,
} from "../../sim/scene.ts";
import { openBatch } from "../support/conformance.ts";
import { tinyScene } from "../support/tiny-scene.ts";

/** The tiny scene with something wrong: its world has a robot and two bodies, its task two stages. */
function slipped(change: (scene: AssembledScene) => Partial<AssembledScene>): Scene {
  const assemble = (config: unknown) => {
    const scene = tinyScene.assemble(config);
    return { ...scene, ...change(scene) };
  };
  return { ...tinyScene, assemble };
}

const robot = (changes: object) =>
  slipped(({ cast }) => ({ cast: { ...cast, robot: { ...egoPushRobot, ...changes } } }));

it.each<[string, Scene, string]>([
  [
    "roles of a body that there is not",
    slipped(({ roles }) => ({ roles: [roles[0], { active: 2, obstacles: [1, 3] }] })),
    'In scene "tiny" an obstacle of stage 2 is row 3, but its bodies are rows 1 to 2.',
  ],
  [
    "a robot that is to be pushed",
    slipped(({ roles }) => ({ roles: [{ active: 0, obstacles: [] }, roles[1]] })),
    'In scene "tiny" the active object of stage 1 is row 0, but its bodies are rows 1 to 2.',
  ],
  [
    "stages without roles",
    slipped(({ roles }) => ({ roles: roles.slice(1) })),
    'Scene "tiny" has 2 stages and roles for 1.',
  ],
  [
    "a pair that cannot touch",
    slipped(() => ({ watch: [[-1, 5]] })),
    'In scene "tiny" a watched pair is row 5',
  ],
  ["nothing to do", slipped(() => ({ stages: [] })), 'the stages of scene "tiny"'],
  ["a speed below zero", robot({ maxSpeed_mps: -0.4 }), "robot.maxSpeed_mps"],
  ["a weight of nothing", robot({ mass_kg: Number.NaN }), "robot.mass_kg"],
  [
    "a camera in the floor",
    robot({ camera: { ...egoPushRobot.camera, z_m: -0.1 } }),
    "robot.camera.z_m",
  ],
])("refuses %s", (_, scene, says) => {
  const assemble = () => assembleScene(scene);
  expect(assemble).toThrow(ConfigError);
  expect(assemble).toThrow(says);
});

it.each<[string, Scene, string]>([
  [
    "too few poses",
    slipped(({ start }) => ({ start: (rng) => start(rng).slice(1) })),
    "begins with 2 poses, its world has 3 rows: the robot's and 2 bodies'",
  ],
  [
    "a body at no place",
    slipped(({ start }) => ({
      start: (rng) => start(rng).map((pose, i) => (i === 2 ? { ...pose, y_m: Number.NaN } : pose)),
    })),
    'An episode of scene "tiny" begins with "second" at no place: x_m ',
  ],
  [
    "a target at no place",
    slipped(() => ({
      // as plain JavaScript may leave it
      target: () => ({ x_m: 1, y_m: 0 }) as PlanarPose,
    })),
    'has a target in stage 1, "mark 1", that is no place: x_m 1, y_m 0, yaw_rad undefined.',
  ],
  [
    "a stage that the scene has not",
    slipped(({ start }) => ({
      episode: (rng) => ({ poses: start(rng), firstStage: 2, stages: 2, plan: undefined }),
    })),
    "has 2 stages and begins with number 2, counted from 0; the scene has 2",
  ],
])("refuses an episode with %s", async (_, scene, says) => {
  const batch = await openBatch(scene, { envs: 1, groups: ["proprioception"] });
  const begin = () => batch.reset();
  expect(begin).toThrow(ConfigError);
  expect(begin).toThrow(says);
  batch.free();
});

it("names the term that pays what is no number", async () => {
  const scene = slipped(({ stages: [first, second] }) => {
    const terms = { ...first.terms, ratio: () => 0 / 0 };
    return { stages: [{ ...first, terms }, second] };
  });
  const batch = await openBatch(scene, { envs: 1, groups: ["proprioception"] });
  batch.reset();
  const step = () => batch.step(Float32Array.of(1, 0));
  expect(step).toThrow(ConfigError);
  expect(step).toThrow('Scene "tiny" pays what is no finite number for "mark 1/ratio".');
  batch.free();
});
