import { readFileSync } from "node:fs";
import { expect, it } from "vitest";
import { compile, embed, target } from "../../sim/render/as/build.ts";

it("embeds what its source compiles to", async () => {
  expect(readFileSync(target, "utf8")).toBe(embed(await compile()));
}, 60_000);
