import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import path from "node:path";
import { afterAll, beforeAll, expect, it } from "vitest";
import { packageRoot, packageRootAbove } from "../../core/package-root.ts";

const installed = mkdtempSync(path.join(tmpdir(), "understudy-root-"));

beforeAll(() => {
  mkdirSync(path.join(installed, "dist", "core"), { recursive: true });
  writeFileSync(path.join(installed, "package.json"), "{}");
});

afterAll(() => rmSync(installed, { recursive: true }));

it("finds the package from its sources and from what is compiled from them", () => {
  expect(packageRoot).toBe(path.resolve(import.meta.dirname, "../.."));
  expect(packageRootAbove(path.join(installed, "core"))).toBe(installed);
  expect(packageRootAbove(path.join(installed, "dist", "core"))).toBe(installed);
});
