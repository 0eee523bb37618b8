/** A short version of the bench: no mutant crashes an adapter or moves a robot, and each refusal has a reason. */

import { expect, it } from "vitest";
import { adapterTargets } from "../../../bench/fuzz/adapters.ts";
import { fuzz } from "../../../bench/fuzz/target.ts";
import { refusalReasons } from "../../../bridge/adapters/refusal.ts";
import { createRng } from "../../../core/rng.ts";

it.each(adapterTargets)("$name stands 2000 mutants", async (target) => {
  const report = await fuzz(target, 2000, createRng(4));
  expect(report.crashes).toEqual([]);
  expect(report.motions).toBe(0);
  const refused = Object.values(report.refused).reduce((a, b) => a + b, 0);
  expect(report.accepted + refused).toBe(2000);
  expect(refused).toBeGreaterThan(1000);
  // nothing that a peer sends is put down to the policy
  expect(report.refused).not.toHaveProperty("policy failed");
  for (const reason of Object.keys(report.refused)) expect(refusalReasons).toContain(reason);
});
