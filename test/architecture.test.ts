/** Folders depend downwards only. Change the table to change the architecture. */

import { existsSync, readdirSync, readFileSync } from "node:fs";
import path from "node:path";
import { expect, it } from "vitest";

const root = path.resolve(import.meta.dirname, "..");

const mayImport: Record<string, readonly string[]> = {
  core: [],
  credit: ["core"],
  nn: ["core"],
  sim: ["core", "credit"],
  policies: ["core", "nn"],
  rollout: ["core", "credit", "sim", "policies", "nn"],
  teacher: ["core", "credit", "nn", "sim", "policies", "rollout"],
  student: ["core", "nn", "sim", "policies", "rollout"],
  "llm-planner": ["core", "credit", "nn", "sim", "policies", "rollout"],
  bridge: ["core", "policies"],
  viewer: ["core", "sim", "policies"],
};

/** The only folders that may import a package; a package not listed here may be imported by any. */
const ownersOf: Record<string, readonly string[]> = {
  "@dimforge/rapier3d": ["sim"],
  "@dimforge/rapier3d-simd-compat": ["sim"],
  "gpu.js": ["sim"],
  "@mujoco/mujoco": ["sim"],
  zeromq: ["bridge"],
  msgpackr: ["bridge", "rollout"],
  ws: ["bridge"],
  "@mcap/core": ["bridge", "viewer"],
  "@foxglove/schemas": ["bridge"],
  hyparquet: ["bridge"],
  "hyparquet-writer": ["bridge"],
  sharp: ["bridge"],
  openai: ["llm-planner"],
  three: ["viewer"],
  uplot: ["viewer"],
  preact: ["viewer"],
  "@preact/signals": ["viewer"],
  "onnxruntime-node": ["nn", "policies"],
  "onnxruntime-web": ["policies"],
};

it.each(Object.keys(mayImport))("%s/ imports only what lies below it", (folder) => {
  for (const file of sourceFiles(folder)) {
    for (const specifier of importsOf(file)) {
      const where = `${path.relative(root, file)} imports ${specifier}`;
      if (specifier.startsWith(".")) {
        const target = path.relative(root, path.resolve(path.dirname(file), specifier));
        expect([folder, ...mayImport[folder]], where).toContain(target.split(path.sep)[0]);
      } else {
        const owners = ownersOf[packageOf(specifier)];
        if (owners) expect(owners, where).toContain(folder);
      }
    }
  }
});

it("knows every folder of sources", () => {
  const glue = ["cli", "bench", "examples", "test", "docs"];
  const folders = readdirSync(root, { withFileTypes: true })
    .filter((entry) => entry.isDirectory() && existsSync(path.join(root, entry.name)))
    .map((entry) => entry.name)
    .filter((name) => !name.startsWith(".") && !["node_modules", "dist", "runs"].includes(name));
  for (const folder of folders) expect([...Object.keys(mayImport), ...glue]).toContain(folder);
});

it("sees the imports it is meant to judge", () => {
  const all = Object.keys(mayImport).flatMap((folder) => sourceFiles(folder).flatMap(importsOf));
  expect(all.filter((specifier) => specifier.startsWith("../core/")).length).toBeGreaterThan(0);
});

function sourceFiles(folder: string): string[] {
  const at = path.join(root, folder);
  if (!existsSync(at)) return [];
  return readdirSync(at, { recursive: true, encoding: "utf8" })
    .filter((name) => name.endsWith(".ts"))
    .map((name) => path.join(at, name));
}

function importsOf(file: string): string[] {
  const text = readFileSync(file, "utf8");
  return [...text.matchAll(/(?:from|import)\s*\(?\s*"([^"]+)"/g)].map((match) => match[1]);
}

function packageOf(specifier: string): string {
  return specifier
    .split("/")
    .slice(0, specifier.startsWith("@") ? 2 : 1)
    .join("/");
}
