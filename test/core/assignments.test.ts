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
