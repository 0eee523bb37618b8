/** A short version of bench/bridge-fuzz.ts: the same targets, fewer frames. */

import { expect, it } from "vitest";
import { fuzz } from "../../bench/fuzz/target.ts";
import { fuzzTargets } from "../../bench/fuzz/targets.ts";
import { createRng } from "../../core/rng.ts";

it.each(fuzzTargets)(
  "$name survives mutated frames, does not move, and counts each",
  async (target) => {
    const { frames, accepted, refused, motions, crashes } = await fuzz(target, 1500, createRng(4));
    expect(crashes).toEqual([]);
    expect(motions).toBe(0);
    const counts = Object.values(refused).reduce((sum, count) => sum + count, 0);
    expect(counts + accepted).toBe(frames);
    // the mutations reach deep enough to be worth something
    expect(Object.keys(refused).length).toBeGreaterThan(2);
  },
);
