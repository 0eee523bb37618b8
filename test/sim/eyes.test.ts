/** What the student's camera shows, against geometry and against what keypoints say. */

import { describe, expect, it } from "vitest";
import { createRng } from "../../core/rng.ts";
import { cameraOf } from "../../rollout/camera-spec.ts";
import { cameraSettings, egoPushCamera, mountOf, skyRows } from "../../sim/camera.ts";
import { IMAGE, openEyes } from "../../sim/eyes.ts";
import { HIDDEN, KEYPOINTS } from "../../sim/keypoints.ts";
import { keypointLayout } from "../../sim/observations.ts";
import { exact } from "../../sim/randomization.ts";
import { d435, ideal } from "../../sim/render/sensor.ts";
import { type AssembledScene, assembleScene } from "../../sim/scene.ts";
import type { SceneBatch } from "../../sim/scene-batch.ts";
import { findScene } from "../../sim/scenes/index.ts";
import { bodyState, World } from "../../sim/world.ts";
import { openBatch } from "../support/conformance.ts";
import { tinyScene } from "../support/tiny-scene.ts";

const PIXELS = IMAGE.width * IMAGE.height;
const pushPair = findScene("push-pair");
const scene = assembleScene(pushPair);
const [ANCHOR, ACTIVE] = [1, 2];
type Place = readonly [x_m: number, y_m: number, yaw_rad: number];

/** Layers of one view: the robot at the origin facing +x, bodies where they are put. */
async function see(
  places: Readonly<Record<number, Place>>,
  changes: Partial<typeof exact> = {},
  { cast, roles }: AssembledScene = scene,
): Promise<{ active: Float32Array; anchor: Float32Array }> {
  const { robot, bodies, arenaSide_m } = cast;
  const spec = { robot, bodies, arenaSide_m, contact: "planar", physicsStep_s: 1 / 60 } as const;
  const world = new World({ ...spec, substeps: 6 }, 1);
  world.place(0, 0, 0, 0, 0);
  for (const body of [ANCHOR, ACTIVE])
    world.place(0, body, ...(places[body] ?? [-1, body - 1.5, 0]));
  const seenAs = { roles: ["active", "anchor"], sensor: ideal };
  const eyes = await openEyes(world, { ...scene, cast }, seenAs);
  eyes.begin(0, createRng(1), { ...exact, ...changes });
  eyes.assignRoles(0, roles[0]);
  eyes.look();
  const layers = eyes.layers.slice();
  world.free();
  return { active: layers.subarray(0, PIXELS), anchor: layers.subarray(PIXELS) };
}

const seen = (layer: Float32Array) => layer.reduce((count, x) => count + (x > 0 ? 1 : 0), 0);

/** Mean column and row of what is seen, in pixels from the upper left corner. */
function middle(layer: Float32Array): { column: number; row: number } {
  let [column, row] = [0, 0];
  for (let i = 0; i < layer.length; i++) {
    if (layer[i] === 0) continue;
    column += (i % IMAGE.width) + 0.5;
    row += Math.floor(i / IMAGE.width) + 0.5;
  }
  return { column: column / seen(layer), row: row / seen(layer) };
}

describe("role layers", () => {
  it.each([0.5, 1, 2])("show the inverse depth of a box %f m ahead", async (ahead_m) => {
    const { active, anchor } = await see({ [ACTIVE]: [ahead_m, 0, 0] });
    // the middle of the near face, from the camera: forward, and 12.5 cm below
    const forward = ahead_m - 0.075 - egoPushCamera.x_m;
    const down = 0.2 - 0.075;
    const { pitch_rad, verticalFov_rad } = egoPushCamera;
    const depth = forward * Math.cos(pitch_rad) + down * Math.sin(pitch_rad);
    const below = down * Math.cos(pitch_rad) - forward * Math.sin(pitch_rad);
    const row = 32 + (32 * below) / depth / Math.tan(verticalFov_rad / 2);
    const at = Math.floor(row) * IMAGE.width + 32;
    // half a pixel up or down on an upright face changes the depth by less than 1 %
    expect(active[at] * depth).toBeGreaterThan(0.99);
    expect(active[at] * depth).toBeLessThan(1.01);
    expect(seen(anchor)).toBe(0);
  });

  it("are as large as the box is, and empty beside it", async () => {
    const { active } = await see({ [ACTIVE]: [1, 0, 0] });
    const columns = new Set<number>();
    active.forEach((x, i) => {
      if (x > 0) columns.add(i % IMAGE.width);
    });
    // 15 cm at 0.96 m of a view 2 * 0.687 * 0.96 m wide in 64 pixels
    expect(columns.size).toBeGreaterThanOrEqual(7);
    expect(columns.size).toBeLessThanOrEqual(8);
    expect(middle(active).column).toBeCloseTo(32, 6);
  });

  it("have left on the left and near below", async () => {
    const { active, anchor } = await see({ [ACTIVE]: [0.8, 0.3, 0], [ANCHOR]: [1.4, -0.4, 0] });
    expect(middle(active).column).toBeLessThan(25);
    expect(middle(anchor).column).toBeGreaterThan(39);
    expect(middle(active).row).toBeGreaterThan(middle(anchor).row);
  });

  it("are zero where nothing is in view", async () => {
    const { active, anchor } = await see({ [ACTIVE]: [-0.6, 0, 0], [ANCHOR]: [0.2, 1.2, 0] });
    expect([seen(active), seen(anchor)]).toEqual([0, 0]);
  });

  it("hide what stands behind, pixel by pixel", async () => {
    const alone = await see({ [ACTIVE]: [1, 0, 0] });
    const behind = await see({ [ACTIVE]: [1, 0, 0], [ANCHOR]: [0.7, 0, 0] });
    expect(seen(behind.active)).toBeLessThan(seen(alone.active) / 2);
    const both = behind.active.findIndex((x, i) => x > 0 && behind.anchor[i] > 0);
    expect(both).toBe(-1);
  });

  it("turn with the error of the camera's mounting", async () => {
    const straight = await see({ [ACTIVE]: [1, 0, 0] });
    const turned = await see({ [ACTIVE]: [1, 0, 0] }, { cameraYaw_deg: [5, 5] });
    // looking 5 degrees too far to the left moves things right: 32 tan(5 deg) / tan(34.5 deg) = 4.07
    const moved = middle(turned.active).column - middle(straight.active).column;
    expect(Math.abs(moved - 4.07)).toBeLessThan(0.6);
    const tilted = await see({ [ACTIVE]: [1, 0, 0] }, { cameraPitch_deg: [5, 5] });
    expect(middle(tilted.active).row).toBeLessThan(middle(straight.active).row - 3);
  });
});

describe("another camera", () => {
  const camera = {
    x_m: 0.05,
    z_m: 0.3,
    pitch_deg: 30,
    horizontalFov_deg: 87,
    heightToWidth: 9 / 16,
  };
  const other = assembleScene(pushPair, { robot: { camera } });

  it("shows a box where its angles and its mount have it", async () => {
    const { active } = await see({ [ACTIVE]: [0.6, 0.1, 0] }, {}, other);
    // the upper edge of the near face, whose middle is 52.5 cm ahead, 15 cm high and 10 cm to the left
    const [forward, down] = [0.525 - 0.05, 0.3 - 0.15];
    const [cos, sin] = [Math.cos(Math.PI / 6), Math.sin(Math.PI / 6)];
    const depth = forward * cos + down * sin;
    const tanX = Math.tan((43.5 * Math.PI) / 180);
    const row = 32 + (32 * (down * cos - forward * sin)) / depth / ((9 / 16) * tanX);
    // the farther upper edge is 15 cm behind the near one
    const farther = forward + 0.15;
    const top = down * cos - farther * sin;
    const first = 32 + (32 * top) / (farther * cos + down * sin) / ((9 / 16) * tanX);
    expect(Math.floor(active.findIndex((x) => x > 0) / IMAGE.width)).toBe(Math.round(first));
    const column = Math.floor(32 - (32 * 0.1) / depth / tanX);
    const at = (Math.floor(row) + 1) * IMAGE.width + column;
    expect(active[at] * depth).toBeGreaterThan(0.97);
    expect(active[at] * depth).toBeLessThan(1.03);
  });

  it("has the sky and the view of its own", () => {
    // the horizon less 2.5 degrees is above the image: tan(32.5 degrees) / (9 / 16 tan(43.5 degrees)) > 1
    expect(skyRows(other.cast.robot.camera, 0.15, IMAGE.height)).toBe(0);
    const level = mountOf(cameraSettings.parse({ ...camera, pitch_deg: 0 }));
    // 32 (1 - tan(2.5 degrees) / (9 / 16 tan(43.5 degrees))) = 29.4
    expect(skyRows(level, 0.15, IMAGE.height)).toBe(29);
  });

  it("is EgoPush's where nothing of it is set", () => {
    expect(mountOf(cameraSettings.parse({}))).toEqual(egoPushCamera);
    expect(scene.cast.robot.camera).toBe(egoPushCamera);
  });

  it("shows nothing that its sensor does not reach, whatever a teacher is shown", async () => {
    const near = { sensor: { minDepth_m: 0.5, maxDepth_m: 1 } };
    const short = assembleScene(pushPair, { robot: { camera: near } });
    const batch = await openBatch(pushPair, {
      ...{ envs: 1, config: { arenaSide_m: 6, robot: { camera: near } }, randomization: exact },
      groups: ["layers", "keypoints:fov"],
    });
    const shows = (ahead_m: number) => {
      // with the anchor behind its back
      const [x_m, y_m] = batch.world.states.subarray(ANCHOR * bodyState.size);
      batch.world.place(0, 0, x_m + 0.4, y_m, 0);
      batch.world.place(0, ACTIVE, x_m + 0.4 + ahead_m, y_m, 0);
      batch.step(new Float32Array(2));
      const { active } = keypointLayout(short).at as Readonly<Record<string, number>>;
      return [
        seen(batch.groups.layers.subarray(0, PIXELS)) > 0,
        batch.groups["keypoints:fov"][active] !== HIDDEN,
      ];
    };
    batch.reset();
    // the near face is 7.5 cm before the middle, the camera 3 cm behind the base's
    expect([0.3, 0.8, 1.4].map(shows)).toEqual([
      [false, true],
      [true, true],
      [false, true],
    ]);
    expect(cameraOf(short.cast.robot.camera, ["active"])).toMatchObject(near.sensor);
    batch.free();
  });

  it("is refused where nothing could be seen", () => {
    const turned = { minDepth_m: 2, maxDepth_m: 1 };
    expect(() => assembleScene(pushPair, { robot: { camera: turned } })).toThrow(
      "has to be greater than minDepth_m",
    );
  });
});

describe("the sky", () => {
  /** First row in which the box shows, `ahead_m` before a camera that nods. */
  const firstRow = async (ahead_m: number, nod_deg: number) => {
    const place: Place = [ahead_m, 0.2, 0.4];
    const { active } = await see({ [ACTIVE]: place }, { cameraPitch_deg: [nod_deg, nod_deg] });
    return Math.floor(active.findIndex((x) => x > 0) / IMAGE.width);
  };

  it("has nothing in it, near or far, until the camera nods by more than 2.5 degrees", async () => {
    const sky = skyRows(egoPushCamera, 0.15, IMAGE.height);
    // 32 (1 - tan(14 deg) / (0.75 tan(34.5 deg))) = 16.5
    expect(sky).toBe(16);
    for (const ahead_m of [0.3, 0.6, 1.2, 2.8])
      expect(await firstRow(ahead_m, 2.5)).toBeGreaterThanOrEqual(sky);
    expect(await firstRow(2.8, 5)).toBeLessThan(sky);
  });

  it("is counted in steps, and is not there for what is as tall as the camera", () => {
    expect(skyRows(egoPushCamera, 0.15, IMAGE.height, 5)).toBe(15);
    expect(skyRows(egoPushCamera, 0.2, IMAGE.height)).toBe(0);
    expect(skyRows({ ...egoPushCamera, pitch_rad: 1 }, 0.15, IMAGE.height)).toBe(0);
  });
});

describe("late images", () => {
  const images = async (delay: number, steps: number) => {
    const batch = await openBatch(tinyScene, {
      envs: 2,
      groups: ["layers"],
      sensor: ideal,
      randomization: { ...exact, imageDelaySteps: [delay, delay] },
    });
    batch.reset();
    const found = [batch.groups.layers.slice()];
    for (let t = 0; t < steps; t++) {
      batch.step(Float32Array.of(0.3, -0.5, 0.4, 0.6));
      found.push(batch.groups.layers.slice());
    }
    batch.free();
    return found;
  };

  it("show what was there some steps ago, and the start until then", async () => {
    const [present, late] = [await images(0, 6), await images(2, 6)];
    expect(present[6]).not.toEqual(present[5]);
    late.forEach((image, t) => {
      expect(image, `step ${t}`).toEqual(present[Math.max(0, t - 2)]);
    });
  });

  it("show nothing of the episode before", async () => {
    const late = await images(5, 13);
    // the budget of 12 steps ends both; the next episode starts like the first
    expect(late[12]).toEqual(late[0]);
    expect(late[13]).toEqual(late[0]);
  });
});

it("follow the roles into the next stage", async () => {
  const batch = await openBatch(tinyScene, { envs: 1, sensor: ideal, randomization: exact });
  batch.reset();
  const layer = (role: number) => batch.groups.layers.subarray(role * PIXELS, (role + 1) * PIXELS);
  // active on the left, anchor on the right, no obstacle
  expect(middle(layer(0)).column).toBeLessThan(32);
  expect(middle(layer(1)).column).toBeGreaterThan(32);
  expect(seen(layer(2))).toBe(0);
  while (batch.stageOf(0) === 0) batch.step(Float32Array.of(1, 0));
  // what was the anchor is active now, and what was active is in the way
  expect(middle(layer(0)).column).toBeGreaterThan(32);
  expect(seen(layer(1))).toBe(0);
  expect(middle(layer(2)).column).toBeLessThan(32);
  batch.free();
});

describe("pixels and keypoints agree over random starts", () => {
  const columns = keypointLayout(scene).at as Readonly<Record<string, number>>;
  const points = (batch: SceneBatch, env: number, role: string) => {
    const rows = batch.groups["keypoints:fov"];
    const from = env * batch.rowSizes["keypoints:fov"] + columns[role];
    return Array.from({ length: KEYPOINTS }, (_, k) => rows[from + 3 * k]);
  };

  it.each([
    ["an ideal sensor", ideal, 1, {}],
    ["a D435", d435, 0.97, {}],
    ["a wide camera that looks down", ideal, 1, { pitch_deg: 20, horizontalFov_deg: 90 }],
  ] as const)("with %s", async (_, sensor, share, camera) => {
    const envs = 256;
    const config = { robot: { camera } };
    const batch = await openBatch(pushPair, { envs, sensor, config, randomization: exact });
    let [whole, wholeSeen, none, noneSeen] = [0, 0, 0, 0];
    for (let i = 0; i < 4; i++) {
      batch.reset();
      for (let env = 0; env < envs; env++) {
        const shown = {
          active: points(batch, env, "active"),
          anchor: points(batch, env, "anchor"),
        };
        const first = env * batch.rowSizes.layers;
        const layer = batch.groups.layers.subarray(first, first + PIXELS);
        const other = shown.anchor.every((x) => x === HIDDEN);
        if (other && shown.active.every((x) => x !== HIDDEN)) {
          whole++;
          if (seen(layer) >= 4) wholeSeen++;
        }
        if (shown.active.every((x) => x === HIDDEN)) {
          none++;
          if (seen(layer) > 30) noneSeen++;
        }
      }
    }
    expect(whole).toBeGreaterThan(40);
    expect(wholeSeen / whole).toBeGreaterThanOrEqual(share);
    expect(none).toBeGreaterThan(300);
    expect(noneSeen / none).toBeLessThan(0.01);
    batch.free();
  });
});
