import { describe, expect, it } from "vitest";
import { wayAround } from "../../sim/push.ts";

const disc = { x_m: 0, y_m: 0, radius_m: 0.5 };

describe("the way around a disc", () => {
  it("is straight where nothing is in between", () => {
    const way = wayAround(disc, -1, 0.6, { x_m: 1, y_m: 0.6 });
    expect(way).toEqual({ detour_m: 0, heading_rad: 0 });
    // the disc lies behind the start, or beyond the target
    expect(wayAround(disc, 1, 0, { x_m: 2, y_m: 0 }).detour_m).toBe(0);
    expect(wayAround(disc, -2, 0, { x_m: -1, y_m: 0 }).detour_m).toBe(0);
  });

  it("is two tangents and an arc where the disc is in between", () => {
    const way = wayAround(disc, -1, 0, { x_m: 1, y_m: 0 });
    // tangents 2 sqrt(1 - 1/4), arc 1/2 (pi - 2 acos(1/2)), straight 2
    expect(way.detour_m).toBeCloseTo(Math.sqrt(3) + Math.PI / 6 - 2, 12);
    // the tangent leaves at asin(1/2) from the straight line
    expect(Math.abs(way.heading_rad)).toBeCloseTo(Math.PI / 6, 12);
  });

  it("passes on the shorter side", () => {
    const above = wayAround(disc, -1, 0.1, { x_m: 1, y_m: 0.1 });
    const below = wayAround(disc, -1, -0.1, { x_m: 1, y_m: -0.1 });
    expect(above.heading_rad).toBeGreaterThan(0);
    expect(below.heading_rad).toBeCloseTo(-above.heading_rad, 12);
    expect(below.detour_m).toBeCloseTo(above.detour_m, 12);
  });

  it("follows the rim from a start inside", () => {
    const way = wayAround(disc, -0.3, 0.05, { x_m: 1, y_m: 0 });
    expect(Number.isFinite(way.detour_m)).toBe(true);
    expect(Math.sin(way.heading_rad)).toBeGreaterThan(0.9);
  });
});
