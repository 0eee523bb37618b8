/** What is particular to push-pair; the rest is the conformance of every scene. */

import { describe, expect, it } from "vitest";
import { ConfigError } from "../../core/errors.ts";
import { createRng } from "../../core/rng.ts";
import { Ground } from "../../sim/ground.ts";
import { assembleScene } from "../../sim/scene.ts";
import { pushPair } from "../../sim/scenes/push-pair.ts";
import { World } from "../../sim/world.ts";

const scene = assembleScene(pushPair);

/** The anchor at (0.1, 0.2) turned by `yaw_rad`, the object at (x, y). */
function targetFor(yaw_rad: number, x_m: number, y_m: number) {
  const { robot, bodies, arenaSide_m } = scene.cast;
  const spec = { robot, bodies, arenaSide_m, contact: "planar", physicsStep_s: 1 / 60 } as const;
  const world = new World({ ...spec, substeps: 6 }, 1);
  world.place(0, 0, -1, -1, 0);
  world.place(0, 1, 0.1, 0.2, yaw_rad);
  world.place(0, 2, x_m, y_m, 0);
  const target = scene.target(new Ground(world), 0);
  world.free();
  if (!target) throw new Error("internal: no target");
  return target;
}

describe("push-pair", () => {
  it("refuses targets that overlap the anchor, or that a robot cannot push to for the walls", () => {
    const at = (offset_m: number, arenaSide_m = 3) =>
      assembleScene(pushPair, { offset_m, arenaSide_m });
    expect(() => at(0.19)).toThrow(ConfigError);
    expect(() => at(0.2)).not.toThrow();
    // to the wall 1.5 m: the anchor 0.3, half the object 0.075, the robot with its pusher 0.215, which leaves 0.91
    expect(() => at(0.9)).not.toThrow();
    expect(() => at(0.92)).toThrow(/does not fit between the target and the walls\n.*offset_m/);
    expect(() => at(0.92, 3.1)).not.toThrow();
  });

  it("places the target in front of the anchor's face that is nearest to the object", () => {
    expect(targetFor(0, 1, 0.3)).toMatchObject({
      x_m: expect.closeTo(0.35, 5),
      y_m: expect.closeTo(0.2, 5),
    });
    expect(targetFor(0, 0.2, -0.9)).toMatchObject({
      x_m: expect.closeTo(0.1, 5),
      y_m: expect.closeTo(-0.05, 5),
    });
  });

  it("knows no face from another, as an image of a cube does not", () => {
    const one = targetFor(0.3, -0.6, 0.5);
    for (const turns of [1, 2, 3]) {
      const other = targetFor(0.3 + (turns * Math.PI) / 2, -0.6, 0.5);
      expect(other.x_m).toBeCloseTo(one.x_m, 5);
      expect(other.y_m).toBeCloseTo(one.y_m, 5);
    }
  });

  it("starts with nothing solved", () => {
    const rng = createRng(3);
    for (let i = 0; i < 200; i++) {
      const [, anchor, object] = scene.start(rng.split(`start ${i}`));
      const apart = Math.hypot(object.x_m - anchor.x_m, object.y_m - anchor.y_m);
      expect(apart).toBeGreaterThan(0.25 + 0.05);
    }
  });
});
