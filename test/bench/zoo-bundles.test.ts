import { describe, expect, it } from "vitest";
import { caveatOf, stillHolds } from "../../bench/zoo-bundles.ts";

describe("an earlier row of the zoo", () => {
  const now = { onnx: "network", asked: "simulation" };

  it("holds for the same network in the same simulation", () => {
    expect(stillHolds(now, now)).toBe(true);
    expect(caveatOf(now)).toBeUndefined();
  });

  it("does not hold for another network, nor in another simulation", () => {
    expect(stillHolds({ ...now, onnx: "another" }, now)).toBe(false);
    expect(stillHolds({ ...now, asked: "another" }, now)).toBe(false);
  });

  it("holds with a caveat where it does not know its simulation", () => {
    expect(stillHolds({ onnx: "network" }, now)).toBe(true);
    expect(caveatOf({})).toMatch(/before/);
  });
});
