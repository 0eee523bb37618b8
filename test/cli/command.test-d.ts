import { expectTypeOf, it } from "vitest";
import { defineCommand, jsonOption, type NumberOption, type ValuesOf } from "../../cli/command.ts";

it("gives every option the type of its declaration", () => {
  defineCommand({
    examples: [],
    options: {
      ...jsonOption,
      shape: { type: "string", choices: ["cube", "prism"], default: "cube", description: "shape" },
      out: { type: "string", description: "folder" },
      policy: { type: "string", required: true, description: "folder" },
      mass_kg: { type: "number", default: 1, description: "mass" },
      limit: { type: "number", description: "limit" },
    },
    run({ options }) {
      expectTypeOf(options.json).toEqualTypeOf<boolean>();
      expectTypeOf(options.shape).toEqualTypeOf<"cube" | "prism">();
      expectTypeOf(options.out).toEqualTypeOf<string | undefined>();
      expectTypeOf(options.policy).toEqualTypeOf<string>();
      expectTypeOf(options.mass_kg).toEqualTypeOf<number>();
      expectTypeOf(options.limit).toEqualTypeOf<number | undefined>();
      // @ts-expect-error an option that was not declared
      options.colour;
    },
  });
});

it("does not take a default of another type", () => {
  const options = { n: { type: "number", default: 1, description: "" } } as const;
  expectTypeOf<ValuesOf<typeof options>>().toEqualTypeOf<{ readonly n: number }>();
  // @ts-expect-error "1" is no number
  const wrong: NumberOption = { type: "number", default: "1", description: "" };
  expectTypeOf(wrong).toEqualTypeOf<NumberOption>();
});
