/** Two worlds, one the mirror image of the other: what is observed in one is the mirror image of what is observed in the other. */

import { describe, expect, it } from "vitest";
import { createRng } from "../../core/rng.ts";
import { Ground } from "../../sim/ground.ts";
import { GroupWriter, type VectorGroup } from "../../sim/groups.ts";
import { HIDDEN, KEYPOINTS } from "../../sim/keypoints.ts";
import { mirrorOf, writeMirrored } from "../../sim/mirror.ts";
import { findScene } from "../../sim/scenes/index.ts";
import { World } from "../../sim/world.ts";

const groups: readonly VectorGroup[] = [
  "keypoints:fov+gate",
  "keypoints:global",
  "poses:occlusion",
  "proprioception",
  "goal",
  "lastSeen",
  "privileged",
];

/** x, y and yaw: robot, anchor, and four objects; the first lies in view, the last behind the robot. */
const poses = [
  [-0.9, -0.2, 0.3],
  [0.4, 0.3, 0.5],
  [-0.1, 0.1, 0.2],
  [0.1, -0.5, 1.1],
  [0.6, -0.2, -0.4],
  [-1.5, 0.6, 0.7],
] as const;
const target = { x_m: 0.15, y_m: 0.17, yaw_rad: 0.5 };

/** What the robot observes after it has pushed on for a while, turning; `side` -1 is the mirror image. */
function observed(shape: "cube" | "cylinder" | "prism", side: 1 | -1) {
  const crosses = findScene("push-cross");
  const scene = crosses.assemble(crosses.config.parse({ shape }));
  const { robot, bodies, arenaSide_m } = scene.cast;
  const { physicsStep_s } = scene.timing;
  const spec = {
    robot,
    bodies,
    arenaSide_m,
    contact: "planar",
    physicsStep_s,
    substeps: 6,
  } as const;
  const world = new World(spec, 1);
  for (const [body, [x, y, yaw]] of poses.entries()) world.place(0, body, x, side * y, side * yaw);
  const ground = new Ground(world);
  const writer = new GroupWriter(scene, groups, 1, 0);
  writer.begin(ground, createRng(1));
  for (let t = 0; t < 25; t++) {
    const twist = [0.25, side * 0.15] as const;
    world.step(Float32Array.from(twist));
    writer.advance(ground, ...twist);
  }
  const situation = {
    roles: scene.roles[1],
    target: { x_m: target.x_m, y_m: side * target.y_m, yaw_rad: side * target.yaw_rad },
    progress: {
      ...{ stage: 1, remaining: 3, reached: true, elapsed: 0.2 },
      action: [0.7, side * 0.4] as const,
    },
    headingError_rad: side * 0.05,
    sensing: createRng(2),
  };
  const rows = groups.map((group) => {
    const row = new Float32Array(writer.rowSizeOf(group));
    writer.write(group, ground, situation, row, 0);
    return [group, row] as const;
  });
  world.free();
  return { scene, rows: Object.fromEntries(rows) };
}

/** An object's points in some order; a mirror image has them in another. */
function inOrder(row: Float32Array): number[] {
  const objects = row.length / (3 * KEYPOINTS);
  return Array.from({ length: objects }, (_, object) => {
    const points = Array.from({ length: KEYPOINTS }, (_, k) => {
      const at = 3 * (object * KEYPOINTS + k);
      return [...row.subarray(at, at + 3)];
    });
    return points.sort(([ax, ay], [bx, by]) => ax - bx || ay - by);
  }).flat(2);
}

describe.each(["cube", "cylinder", "prism"] as const)("%s in a mirror", (shape) => {
  const { scene, rows: here } = observed(shape, 1);
  const { rows: there } = observed(shape, -1);

  it.each(groups)("%s", (group) => {
    const row = here[group];
    const image = new Float32Array(row.length);
    writeMirrored(row, mirrorOf(scene, group), image, 0);
    const compared = (values: Float32Array) =>
      group.startsWith("keypoints") ? inOrder(values) : [...values];
    const expected = compared(there[group]);
    const worst = Math.max(...compared(image).map((value, i) => Math.abs(value - expected[i])));
    // the solver takes contacts in another order
    expect(worst).toBeLessThan(0.004);
    // and there is something to swap
    expect(Math.max(...row.map((value, i) => Math.abs(value - image[i])))).toBeGreaterThan(0.05);
  });

  it("is hidden where it was hidden", () => {
    const row = here["keypoints:fov+gate"];
    const image = new Float32Array(row.length);
    writeMirrored(row, mirrorOf(scene, "keypoints:fov+gate"), image, 0);
    const hidden = (values: Float32Array) => values.filter((value) => value === HIDDEN).length;
    expect(hidden(row)).toBeGreaterThan(0);
    expect(hidden(row)).toBeLessThan(row.length);
    expect(hidden(image)).toBe(hidden(row));
  });
});
