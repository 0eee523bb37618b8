import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { wayAround } from "../../sim/push.ts";

const disc = { x_m: 3, y_m: -1, radius_m: 1 };
/** The way from one point to another, both seen from the middle of the disc. */
const way = (x: number, y: number, tx: number, ty: number) =>
  wayAround(disc, 3 + x, -1 + y, { x_m: 3 + tx, y_m: -1 + ty });

describe("wayAround", () => {
  it("goes along two tangents and the arc between", () => {
    // tangents of sqrt(3), an arc of 180 - 2 * 60 degrees, against 4 straight on
    const { detour_m, heading_rad } = way(-2, 0, 2, 0);
    expect(detour_m).toBeCloseTo(2 * Math.sqrt(3) + Math.PI / 3 - 4, 9);
    expect(Math.abs(heading_rad)).toBeCloseTo(Math.PI / 6, 9);
  });

  it("passes on the shorter side", () => {
    expect(way(-2, 0.1, 2, 0.1).heading_rad).toBeGreaterThan(0);
    expect(way(-2, -0.1, 2, -0.1).heading_rad).toBeLessThan(0);
  });

  it("is the straight line where that is free", () => {
    expect(way(-2, 1.01, 2, 1.01)).toEqual({ detour_m: 0, heading_rad: 0 });
    expect(way(2, 0, 5, 0)).toEqual({ detour_m: 0, heading_rad: 0 });
    expect(way(2, 0, 2, 3).heading_rad).toBeCloseTo(Math.PI / 2, 9);
  });

  it("is as long there as back, and never longer than half way round", () => {
    const angle = fc.double({ min: -Math.PI, max: Math.PI, noNaN: true });
    const range = fc.double({ min: 1.01, max: 4, noNaN: true });
    fc.assert(
      fc.property(angle, range, angle, range, (a, r, b, s) => {
        const from = [r * Math.cos(a), r * Math.sin(a)] as const;
        const to = [s * Math.cos(b), s * Math.sin(b)] as const;
        const there = way(...from, ...to).detour_m;
        expect(there).toBeCloseTo(way(...to, ...from).detour_m, 6);
        expect(there).toBeGreaterThanOrEqual(0);
        // at worst half way round the disc instead of across it
        expect(there).toBeLessThanOrEqual(Math.PI - 2 + 1e-6);
      }),
    );
  });
});
