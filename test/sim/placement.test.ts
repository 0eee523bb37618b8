import fc from "fast-check";
import { expect, it } from "vitest";
import { ConfigError } from "../../core/errors.ts";
import { createRng } from "../../core/rng.ts";
import { discs, scatter } from "../../sim/placement.ts";
import type { PlanarPose } from "../../sim/scene.ts";

it("keeps within its square and clear of the others", () => {
  fc.assert(
    fc.property(fc.nat(), (seed) => {
      const rng = createRng(seed);
      const placed: PlanarPose[] = [];
      for (let i = 0; i < 5; i++) placed.push(scatter(rng, { within_m: 1 }, discs(placed, 0.4)));
      for (const { x_m, y_m, yaw_rad } of placed) {
        expect(Math.max(Math.abs(x_m), Math.abs(y_m))).toBeLessThanOrEqual(1);
        expect(Math.abs(yaw_rad)).toBeLessThanOrEqual(Math.PI);
      }
      placed.forEach((a, i) => {
        for (const b of placed.slice(i + 1)) {
          expect(Math.hypot(a.x_m - b.x_m, a.y_m - b.y_m)).toBeGreaterThanOrEqual(0.4);
        }
      });
    }),
  );
});

it("fills the square evenly", () => {
  const rng = createRng(1);
  const poses = Array.from({ length: 4000 }, () => scatter(rng, { within_m: 2 }, []));
  for (const column of ["x_m", "y_m"] as const) {
    const inner = poses.filter((pose) => Math.abs(pose[column]) < 1).length;
    // half of 4000, with a standard deviation of 32
    expect(Math.abs(inner - 2000)).toBeLessThan(130);
  }
});

it("says so when there is no room", () => {
  const middle = { x_m: 0, y_m: 0, yaw_rad: 0 };
  const crowded = () => scatter(createRng(1), { within_m: 0.5 }, discs([middle], 1));
  expect(crowded).toThrow(ConfigError);
  expect(crowded).toThrow("No free place 1 m from 1 others within ±0.5 m.");
});
