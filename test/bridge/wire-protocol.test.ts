import { readFileSync } from "node:fs";
import path from "node:path";
import { expect, it } from "vitest";
import { wireProtocol } from "../../bridge/write-docs.ts";

it("docs/wire-protocol.md is what the schemas say (npx tsx bridge/write-docs.ts writes it)", () => {
  const file = path.join(import.meta.dirname, "..", "..", "docs", "wire-protocol.md");
  expect(readFileSync(file, "utf8")).toBe(wireProtocol());
});
