/** Whole pictures, against geometry. */

import { expect, it } from "vitest";
import { egoPushCamera } from "../../sim/camera.ts";
import { IMAGE, idOf, ROOM_ID } from "../../sim/eyes.ts";
import { Camera } from "../../sim/pictures.ts";
import { findScene } from "../../sim/scenes/index.ts";
import { openBatch } from "../support/conformance.ts";

const [ANCHOR, ACTIVE] = [1, 2];
const LEVEL = { ...egoPushCamera, x_m: 0, pitch_rad: 0 };
/** Just above the robot, below the top of a cube: 14.3 and 15 cm. */
const ABOVE_BASE_m = 0.145;

/** push-pair in two environments; in the second one the robot faces the active object, 1 m ahead of it. */
async function facing() {
  const options = { envs: 2, groups: ["proprioception"] } as const;
  const batch = await openBatch(findScene("push-pair"), options);
  batch.reset();
  batch.world.place(1, 0, -0.5, 0, 0);
  batch.world.place(1, ACTIVE, 0.5, 0, 0);
  batch.world.place(1, ANCHOR, -1, -1, 0);
  return batch;
}

const middleOf = (image: ArrayLike<number>, row: number) => image[(row + 0.5) * IMAGE.width];

it("shows a body where it is: its id, its depth, and the walls around it", async () => {
  const batch = await facing();
  const camera = await Camera.open(batch, { ...LEVEL, z_m: ABOVE_BASE_m });
  camera.look();
  const { rgb, depth_m, ids } = camera.picture(1);
  const pixels = IMAGE.width * IMAGE.height;
  expect([rgb.length, depth_m.length, ids.length]).toEqual([3 * pixels, pixels, pixels]);
  // from the robot's middle to the near face of a cube of 15 cm, and to the wall of an arena of 3 m
  expect(middleOf(ids, 32)).toBe(idOf(ACTIVE));
  expect(middleOf(depth_m, 32)).toBeCloseTo(1 - 0.075, 4);
  expect(middleOf(ids, 10)).toBe(ROOM_ID);
  expect(middleOf(depth_m, 10)).toBeCloseTo(2, 4);
  expect(ids).not.toContain(idOf(ANCHOR));
  batch.free();
});

it("moves with its mount, and sees the present: an environment's own", async () => {
  const batch = await facing();
  const [low, high] = [ABOVE_BASE_m, 0.4].map((z_m) => Camera.open(batch, { ...LEVEL, z_m }));
  const cameras = await Promise.all([low, high]);
  for (const camera of cameras) camera.look();
  const [below, above] = cameras.map((camera) => camera.picture(1));
  // from above the cube lies below the horizon, and its top shows further down
  expect(middleOf(below.ids, 32)).toBe(idOf(ACTIVE));
  expect(middleOf(above.ids, 32)).toBe(ROOM_ID);
  expect(above.ids).toContain(idOf(ACTIVE));
  expect(cameras[0].picture(0).ids).not.toEqual(below.ids);
  const [camera] = cameras;
  batch.world.place(1, ACTIVE, -1, 1, 0);
  expect(camera.picture(1)).toEqual(below);
  camera.look();
  expect(camera.picture(1).ids).not.toContain(idOf(ACTIVE));
  expect(below.ids).toContain(idOf(ACTIVE));
  batch.free();
});

it("has no picture of an environment that there is not", async () => {
  const batch = await facing();
  const camera = await Camera.open(batch);
  camera.look();
  for (const env of [-1, 2, 0.5]) {
    expect(() => camera.picture(env)).toThrow(`Expected an environment from 0 to 1, got ${env}.`);
  }
  batch.free();
});
