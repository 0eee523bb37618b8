import { describe, expect, it } from "vitest";
import { caveatOf, stillHolds } from "../../bench/shipped.ts";

describe("an earlier row of a policy that ships", () => {
  const now = { weights: "network", asked: "simulation" };

  it("holds for the same network in the same simulation", () => {
    expect(stillHolds(now, now)).toBe(true);
    expect(caveatOf(now)).toBeUndefined();
  });

  it("does not hold for another network, nor in another simulation", () => {
    expect(stillHolds({ ...now, weights: "another" }, now)).toBe(false);
    expect(stillHolds({ ...now, asked: "another" }, now)).toBe(false);
  });

  it("holds with a caveat where it does not know its simulation", () => {
    expect(stillHolds({ weights: "network" }, now)).toBe(true);
    expect(caveatOf({})).toMatch(/before/);
  });
});
