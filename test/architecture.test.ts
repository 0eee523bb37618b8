/** Folders depend downwards only, and packages have owners. Change the tables to change the architecture. */

import { existsSync, readdirSync, readFileSync } from "node:fs";
import { isBuiltin } from "node:module";
import path from "node:path";
import { expect, it } from "vitest";
import { importsOf, packageOf } from "./support/imports.ts";

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
  viewer: ["core", "sim", "policies", "rollout"],
};

/** Folders that may import all of ours. */
const glue = ["cli", "bench", "examples", "test", "docs"];

const judged = [...Object.keys(mayImport), "cli"];

/** The files or folders that may import a package; nobody may import one that is not here. */
const ownersOf: Record<string, readonly string[]> = {
  zod: judged,
  "@dimforge/rapier3d": ["sim"],
  "@dimforge/rapier3d-simd-compat": ["sim"],
  "gpu.js": ["sim/render"],
  assemblyscript: ["sim/render/as/build.ts"],
  "@mujoco/mujoco": ["sim/engines"],
  zeromq: ["bridge"],
  msgpackr: ["bridge"],
  ws: ["bridge", "cli/live.ts"],
  "@mcap/core": ["bridge/recorder", "viewer/worker"],
  "@foxglove/schemas": ["bridge/recorder"],
  hyparquet: ["bridge/dataset"],
  "hyparquet-writer": ["bridge/dataset"],
  sharp: ["bridge"],
  openai: ["llm-planner/providers"],
  three: ["viewer/draw"],
  vite: ["viewer/build.ts", "viewer/server.ts"],
  uplot: ["viewer/ui"],
  preact: ["viewer"],
  "@preact/signals": ["viewer"],
  "onnxruntime-node": ["nn", "policies/runtime"],
  "onnxruntime-web": ["policies/runtime"],
};

const { dependencies, peerDependencies } = readJson("package.json") as {
  dependencies: Record<string, string>;
  peerDependencies: Record<string, string>;
};
const build = readJson("tsconfig.build.json") as { include: string[]; exclude: string[] };

it.each(judged)("%s/ imports only what lies below it, and packages that it owns", (folder) => {
  for (const file of sourceFiles(folder)) {
    for (const specifier of importsOf(path.join(root, file))) {
      expect(objectionTo(file, specifier), `${file} imports ${specifier}`).toBeUndefined();
    }
  }
});

it.each([
  ["viewer/ui/app.tsx", "../../bridge/sockets.ts", /^viewer\/ may not import bridge\//],
  ["bridge/sockets.ts", "understudy/sim", /^say where the file lies/],
  ["core/rng.ts", "fast-check", /^"fast-check" has no owner/],
  ["cli/report.ts", "ws", /^"ws" belongs to bridge, cli\/live\.ts/],
  [
    "policies/bundle.ts",
    "onnxruntime-node",
    /^"onnxruntime-node" belongs to nn, policies\/runtime/,
  ],
  ["sim/render/wasm.ts", "gpu.js", /^"gpu\.js" is installed for development only/],
])("objects to %s importing %s", (file, specifier, objection) => {
  expect(objectionTo(file, specifier)).toMatch(objection);
});

it("knows every folder of sources", () => {
  const folders = readdirSync(root, { withFileTypes: true })
    .filter((entry) => entry.isDirectory() && existsSync(path.join(root, entry.name)))
    .map((entry) => entry.name)
    .filter((name) => !name.startsWith(".") && !["node_modules", "dist", "runs"].includes(name));
  for (const folder of folders) expect([...Object.keys(mayImport), ...glue]).toContain(folder);
});

it("sees the imports it is meant to judge", () => {
  const files = judged.flatMap(sourceFiles);
  const all = files.flatMap((file) => importsOf(path.join(root, file)));
  for (const name of ["../core/units.ts", "zod", "vite", "three/addons/objects/ShadowMesh.js"]) {
    expect(all).toContain(name);
  }
  expect(files).toContain("viewer/main.tsx");
});

/** What is wrong with an import, if anything is; `file` is relative to the repository. */
function objectionTo(file: string, specifier: string): string | undefined {
  const [folder] = file.split("/");
  if (specifier.startsWith(".")) {
    const [target] = path.posix.join(path.posix.dirname(file), specifier).split("/");
    const allowed = folder in mayImport ? [folder, ...mayImport[folder]] : undefined;
    return allowed && !allowed.includes(target)
      ? `${folder}/ may not import ${target}/`
      : undefined;
  }
  if (isBuiltin(specifier)) return undefined;
  const name = packageOf(specifier);
  if (name === "understudy") return "say where the file lies instead of the package's own name";
  const owners = ownersOf[name];
  if (!owners) return `"${name}" has no owner in this table`;
  if (!owners.some((owner) => isWithin(file, owner))) {
    return `"${name}" belongs to ${owners.join(", ")}`;
  }
  if (ships(file) && !(name in dependencies || name in peerDependencies)) {
    return `"${name}" is installed for development only, and ${file} ships`;
  }
  return undefined;
}

function ships(file: string): boolean {
  return build.include.includes(file.split("/")[0]) && !build.exclude.includes(file);
}

function isWithin(file: string, place: string): boolean {
  return file === place || file.startsWith(`${place}/`);
}

function sourceFiles(folder: string): string[] {
  return readdirSync(path.join(root, folder), { recursive: true, encoding: "utf8" })
    .filter((name) => /\.tsx?$/.test(name))
    .map((name) => path.posix.join(folder, ...name.split(path.sep)));
}

function readJson(file: string): unknown {
  return JSON.parse(readFileSync(path.join(root, file), "utf8"));
}
