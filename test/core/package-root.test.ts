import { mkdirSync, writeFileSync } from "node:fs";
import path from "node:path";
import { beforeAll, expect, it } from "vitest";
import { packageRoot, packageRootAbove } from "../../core/package-root.ts";
import { temporaryFolder } from "../support/temporary-folder.ts";

const installed = temporaryFolder();

beforeAll(() => {
  mkdirSync(path.join(installed, "dist", "core"), { recursive: true });
  writeFileSync(path.join(installed, "package.json"), "{}");
});

it("finds the package from its sources and from what is compiled from them", () => {
  expect(packageRoot).toBe(path.resolve(import.meta.dirname, "../.."));
  expect(packageRootAbove(path.join(installed, "core"))).toBe(installed);
  expect(packageRootAbove(path.join(installed, "dist", "core"))).toBe(installed);
});
