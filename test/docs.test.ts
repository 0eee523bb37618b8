/** The documentation is true: its code runs, its links lead somewhere, its numbers are the measured ones. */

import { spawnSync } from "node:child_process";
import { existsSync, mkdirSync, readdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import path from "node:path";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { forFrontPage, type ResultFile, readResults, withResults } from "../bench/readme.ts";
import { blocksOf, fileNameOf, root, runBlock } from "./support/run-block.ts";

const read = (page: string) => readFileSync(path.join(root, page), "utf8");

/** Blocks run from inside the package, so that `understudy/sim` is found by its own name. */
const scratch = path.join(root, "runs", `docs-test-${process.pid}`);
/** Where the blocks themselves write to, if they do. */
const written = path.join(root, "runs", "from-a-script");
afterAll(() => {
  for (const folder of [scratch, written]) rmSync(folder, { recursive: true, force: true });
});

const documentation = readdirSync(path.join(root, "docs"), { recursive: true, encoding: "utf8" })
  .filter((name) => name.endsWith(".md"))
  .map((name) => path.join("docs", name));

/** Pages whose blocks need a robot or a supervisor, and the test that runs them with one. */
const runElsewhere: Readonly<Record<string, string>> = {
  "docs/deployment.md": "test/bridge/deployment.test.ts",
};
const blocks = ["README.md", ...documentation].flatMap((page) =>
  blocksOf(page).map((code, i) => {
    const file = fileNameOf(code, `${path.basename(page, ".md")}-${i + 1}.ts`);
    return { page, i: i + 1, code, file };
  }),
);
/** All of them, since one may import another. */
const writeBlocks = (folder: string) => {
  mkdirSync(folder, { recursive: true });
  for (const { file, code } of blocks) writeFileSync(path.join(folder, file), code);
};
beforeAll(() => writeBlocks(scratch));

describe("code", () => {
  it("is there to be run, on the pages that a newcomer reads", () => {
    const pages = blocks.map(({ page }) => page);
    expect(pages).toEqual(expect.arrayContaining(["README.md", "docs/add-a-scene.md"]));
  });

  it.each(blocks.filter(({ page }) => !(page in runElsewhere)))(
    "$page, block $i, runs as written",
    async ({ code, file }) => {
      await runBlock(code, path.join(scratch, file));
    },
  );

  // tsx does not look at types, but whoever copies a block into an editor sees them
  it("has the types that it says", { timeout: 120_000 }, () => {
    const folder = path.join(scratch, "typed");
    writeBlocks(folder);
    const project = { extends: path.join(root, "tsconfig.json"), include: ["*.ts"] };
    writeFileSync(path.join(folder, "tsconfig.json"), JSON.stringify(project));
    const tsc = path.join(root, "node_modules", ".bin", "tsc");
    const { status, stdout } = spawnSync(tsc, ["-p", folder], { encoding: "utf8" });
    expect([status, stdout]).toEqual([0, ""]);
  });

  it.each(Object.entries(runElsewhere))("of %s is run by %s", (page, test) => {
    expect(blocksOf(page).length).toBeGreaterThan(0);
    expect(read(test)).toContain(`blocksOf("${page}")`);
  });
});

describe("examples", () => {
  const example = (name: string, ...words: string[]) =>
    spawnSync(
      process.execPath,
      [
        "--import",
        "tsx",
        "--conditions=understudy-source",
        path.join(root, "examples", `${name}.ts`),
        ...words,
      ],
      { cwd: root, encoding: "utf8" },
    );

  it("rule.ts drives to the box", () => {
    const { status, stdout, stderr } = example("rule");
    expect(status, stderr).toBe(0);
    const [, percent, episodes] = stdout.match(/^([\d.]+) % .* of (\d+) episodes$/m) ?? [];
    expect(Number(percent)).toBeGreaterThan(90);
    expect(Number(episodes)).toBeGreaterThanOrEqual(256);
  });
});

describe("links", () => {
  const markdown = [...readdirSync(root).filter((name) => name.endsWith(".md")), ...documentation];

  it.each(markdown)("%s links only to files that exist", (page) => {
    const prose = read(page).replace(/^```.*?^```/gms, "");
    for (const [, target] of prose.matchAll(/\]\(([^)\s]+)\)/g)) {
      if (/^(https?:|#)/.test(target)) continue;
      const file = path.join(root, path.dirname(page), target.replace(/#.*/, ""));
      expect(existsSync(file), `${page} links to ${target}`).toBe(true);
    }
  });
});

it("lists every page of docs/ in the index of its folder", () => {
  for (const folder of ["docs", "docs/decisions"]) {
    const index = read(`${folder}/README.md`);
    for (const page of readdirSync(path.join(root, folder))) {
      if (page.endsWith(".md") && page !== "README.md") expect(index).toContain(`](${page})`);
    }
  }
});

describe("results in README.md and docs/results.md", () => {
  const result: ResultFile = {
    name: "physics",
    command: "npx tsx bench/physics.ts",
    commit: "0123456789ab",
    machine: { cpu: "Some CPU", cores: 2, node: "v20.19.0" },
    unit: "step",
    timings: [],
    policies: [],
    results: [],
    headlines: [{ what: "steps/s | planar", value: "150,000", against: "MuJoCo: 20,000" }],
  };

  it("are those of bench/results; run bench/write-readme.ts if not", () => {
    const results = readResults(path.join(root, "bench", "results"));
    const readme = read("README.md");
    expect(readme).toBe(withResults(readme, forFrontPage(results)));
    const all = read("docs/results.md");
    expect(all).toBe(withResults(all, results, "../bench/results"));
  });

  it("are a choice in the README, in an order of its own", () => {
    const other = (name: string) => ({ ...result, name, command: `npx tsx bench/${name}.ts` });
    const names = ["bridge", "render", "start"].map(other);
    expect(forFrontPage(names).map(({ name }) => name)).toEqual(["start", "bridge"]);
  });

  it("say what was measured, beside what, at which commit, on which machine", () => {
    const text = withResults(read("README.md"), [result]);
    expect(text).toContain(
      "| steps/s \\| planar | 150,000 | MuJoCo: 20,000 | [physics](bench/results/physics.json) |",
    );
    expect(text).toContain("Measured on Some CPU, 2 cores, Node 20.19.0: physics at 0123456789ab.");
    expect(withResults(text, [result])).toBe(text);
  });

  it("name the commit of every row, and its processor where it is not the file's", () => {
    const policies = [
      { commit: "aaaaaaaaaaaa", cpu: "Some CPU" },
      { commit: "bbbbbbbbbbbb", cpu: "Some CPU" },
      { commit: "aaaaaaaaaaaa", cpu: "Some CPU" },
      { commit: "cccccccccccc", cpu: "Another CPU" },
    ];
    const text = withResults(read("README.md"), [{ ...result, policies }]);
    expect(text).toContain(
      "Node 20.19.0: physics at aaaaaaaaaaaa and bbbbbbbbbbbb; on Another CPU: physics at cccccccccccc.",
    );
  });

  it("say what measures each anew", () => {
    const other = { ...result, name: "memory", command: "npx tsx bench/physics.ts --resets 9" };
    expect(withResults(read("README.md"), [result, other])).toContain(
      "Measured anew by `npx tsx bench/NAME.ts`; memory by `npx tsx bench/physics.ts --resets 9`.",
    );
  });

  it("have a line of every result, which names a bench that exists", () => {
    const results = readResults(path.join(root, "bench", "results"));
    for (const { name, command } of results) {
      expect(read("docs/results.md")).toContain(`[${name}](../bench/results/${name}.json) `);
      const [, script] = /^npx tsx (bench\/[\w-]+\.ts)( .*)?$/.exec(command) ?? [];
      expect(existsSync(path.join(root, String(script))), command).toBe(true);
    }
  });

  it("show the timings of a bench that has no headlines", () => {
    const timings = [{ name: "wasm, 20 objects", unitsPerSecond: 89_173.4 }];
    const { headlines: _, ...plain } = { ...result, unit: "frame", timings };
    const text = withResults(read("README.md"), [plain]);
    expect(text).toContain("| physics: wasm, 20 objects | 89,173 frames/s |");
  });

  it("name every machine when there is more than one", () => {
    const other = { ...result, name: "render", machine: { ...result.machine, cores: 8 } };
    const text = withResults(read("README.md"), [result, other]);
    expect(text).toContain(
      "2 cores, Node 20.19.0: physics at 0123456789ab; on Some CPU, 8 cores, Node 20.19.0: render",
    );
  });
});
