/** What npm publishes works: packed, installed elsewhere, imported, and run from training to deployment. */

import { type SpawnSyncReturns, spawnSync } from "node:child_process";
import { existsSync, readdirSync, readFileSync } from "node:fs";
import { isBuiltin } from "node:module";
import path from "node:path";
import { beforeAll, describe, expect, it } from "vitest";
import { writeFileWhole } from "../core/files.ts";
import { importsOf, packageOf } from "./support/imports.ts";
import { installPacked } from "./support/packed.ts";
import { temporaryFolder } from "./support/temporary-folder.ts";

interface Manifest {
  readonly bin: { readonly understudy: string };
  readonly exports: Readonly<Record<string, { readonly types: string; readonly default: string }>>;
  readonly dependencies: Readonly<Record<string, string>>;
  readonly peerDependencies: Readonly<Record<string, string>>;
}

const home = temporaryFolder();
let folder: string;
let manifest: Manifest;

beforeAll(() => {
  const left = path.resolve(import.meta.dirname, "../dist/viewer/index.html");
  writeFileWhole(left, "what an earlier build left behind");
  folder = installPacked(home);
  manifest = JSON.parse(readFileSync(path.join(folder, "package.json"), "utf8"));
}, 300_000);

const node = (...words: string[]): SpawnSyncReturns<string> =>
  spawnSync(process.execPath, words, { cwd: home, encoding: "utf8" });

const understudy = (...words: string[]) =>
  node(path.join(folder, manifest.bin.understudy), ...words);

describe("an installed package", () => {
  it("has every entry point with its types, and each can be imported", () => {
    const entries = Object.entries(manifest.exports);
    for (const [, { types }] of entries) expect(existsSync(path.join(folder, types))).toBe(true);
    const names = entries.map(([name]) => path.posix.join("understudy", name));
    const script = `for (const name of ${JSON.stringify(names)}) await import(name);`;
    const { status, stderr } = node("--input-type=module", "--eval", script);
    expect([status, stderr]).toEqual([0, ""]);
  });

  it("imports nothing that npm does not install with it, but for the page's server", () => {
    const { dependencies, peerDependencies } = manifest;
    const strange = compiledFiles(/\.js$/).flatMap(strangersTo(dependencies));
    // which refuses to start without the page before it loads vite
    expect(strange).toEqual([`${path.join("dist", "viewer", "server.js")}: vite`]);
    const typed = strangersTo({ ...dependencies, ...peerDependencies });
    expect(compiledFiles(/\.d\.ts$/).flatMap(typed)).toEqual([]);
  });

  it("holds neither the page nor what an earlier build left behind", () => {
    expect(readdirSync(folder).sort()).toEqual(
      ["LICENSE", "README.md", "dist", "package.json", "policies"].sort(),
    );
    expect(existsSync(path.join(folder, "dist", "viewer", "index.html"))).toBe(false);
    const { status, stderr } = understudy("view");
    expect(stderr).toContain("the viewer is part of the repository, not of the package");
    expect(status).toBe(1);
  });

  it("explains itself and lists a scene", () => {
    expect(understudy("--help").stdout).toContain("Usage: understudy <command>");
    expect(understudy("scenes", "push-pair").stdout).toContain("push-pair: Push one object");
  });

  it("plans with the planner that ships, and tries a policy of the zoo", () => {
    const plan = understudy(
      ...["plan", "put the object in front of the anchor", "--scene", "push-pair"],
    );
    expect([plan.status, plan.stderr]).toEqual([0, ""]);
    const policy = path.join(folder, "policies", "zoo", "push-pair");
    const { status, stdout, stderr } = understudy(
      ...["evaluate", "--scene", "push-pair", "--policy", policy, "--episodes", "4", "--json"],
    );
    expect(status, stderr).toBe(0);
    expect(JSON.parse(stdout).success.trials).toBe(4);
  });

  it("knows scenes of a module of one's own, in its workers, too", () => {
    const code = `import { findScene } from "understudy/sim";
      export const brought = { ...findScene("reach-box"), name: "brought" };`;
    const module = path.join(home, "brought.mjs");
    writeFileWhole(module, code);
    const given = ["--module", module];
    expect(understudy("scenes", ...given).stdout).toMatch(/^brought /m);
    const tiny = ["iterations=1", "envs=8", "shardEnvs=4", "rolloutSteps=4", "batch=8"];
    const { status, stderr } = understudy(
      ...["train", "--scene", "brought", ...given, "--out", path.join(home, "brought.ckpt")],
      ...["--workers", "2", ...tiny.flatMap((one) => ["--set", `teacher.${one}`])],
    );
    expect(status, stderr).toBe(0);
    const [major, minor] = process.versions.node.split(".").map(Number);
    if (major > 22 || (major === 22 && minor >= 18)) return;
    const typed = path.join(home, "typed.ts");
    writeFileWhole(typed, code);
    const refused = understudy("scenes", "--module", typed);
    expect(refused.stderr).toContain("Before Node 22.18 a module has to be JavaScript.");
    expect(refused.status).toBe(1);
  });

  it("trains, distils, exports, evaluates and deploys", () => {
    const out = path.join(home, "run");
    const { status, stdout, stderr } = understudy(
      ...["start", "--scene", "push-pair", "--preset", "smoke", "--episodes", "4"],
      ...["--out", out, "--json"],
    );
    expect(status, stderr).toBe(0);
    const { success } = JSON.parse(stdout) as { success: Record<string, { trials: number }> };
    expect(Object.values(success).map(({ trials }) => trials)).toEqual([4, 4, 4]);
    const bundle = JSON.parse(readFileSync(path.join(out, "bundle", "policy.json"), "utf8"));
    const onnxruntime = manifest.dependencies["onnxruntime-node"];
    expect(bundle.provenance.versions).toMatchObject({ onnxruntime });
  });
});

function compiledFiles(suffix: RegExp): string[] {
  return readdirSync(path.join(folder, "dist"), { recursive: true, encoding: "utf8" })
    .filter((name) => suffix.test(name))
    .map((name) => path.join("dist", name));
}

/** Those packages that a file imports and that are not among `known`. */
function strangersTo(known: Readonly<Record<string, string>>) {
  return (file: string): string[] =>
    importsOf(path.join(folder, file))
      .filter((specifier) => !specifier.startsWith(".") && !isBuiltin(specifier))
      .filter((specifier) => !(packageOf(specifier) in known))
      .map((specifier) => `${file}: ${specifier}`);
}
