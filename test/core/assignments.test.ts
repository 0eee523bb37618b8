import { expect, it } from "vitest";
import { z } from "zod";
import { assignmentsOf } from "../../core/assignments.ts";
import { applySettings } from "../../core/settings.ts";

it("say all that an object holds, so that they make it again", () => {
  const config = {
    shape: "prism",
    label: "7",
    sides: [1, 2],
    isOpen: true,
    reward: { align: 3, nested: { name: "a=b" } },
    nothing: null,
  };
  const schema = z.strictObject({
    shape: z.string(),
    label: z.string(),
    sides: z.array(z.number()),
    isOpen: z.boolean(),
    reward: z.strictObject({ align: z.number(), nested: z.strictObject({ name: z.string() }) }),
    nothing: z.null(),
  });
  const assignments = assignmentsOf(config);
  expect(assignments).toContain("reward.align=3");
  expect(assignments).toContain("shape=prism");
  expect(applySettings(schema, assignments)).toEqual(config);
});

it("take numbers as options do, where a number is wanted", () => {
  const schema = z.strictObject({ gamma: z.number(), label: z.string(), step_s: z.number() });
  const assignments = ["gamma=.98", "label=1/60", "step_s=1/50"];
  expect(applySettings(schema, assignments)).toEqual({ gamma: 0.98, label: "1/60", step_s: 0.02 });
  expect(() => applySettings(schema, [...assignments, "gamma=none"])).toThrow(/gamma/);
});
