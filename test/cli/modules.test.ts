/** `--module`: a scene of one's own, as docs/add-a-scene.md has it, on the command line. */

import { spawn } from "node:child_process";
import { once } from "node:events";
import { mkdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import path from "node:path";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { commands } from "../../cli/commands/index.ts";
import { readBundle } from "../../policies/bundle.ts";
import { blocksOf, fileNameOf, root } from "../support/run-block.ts";
import { run } from "./child-command.ts";
import { runCommand } from "./run-command.ts";

/** Inside the package, so that `understudy/sim` is found by its own name. */
const scratch = path.join(root, "runs", `modules-cli-test-${process.pid}`);
const at = (name: string) => path.join(scratch, name);
const [scene] = blocksOf("docs/add-a-scene.md");
const visitTwo = at(fileNameOf(scene, "unnamed.ts"));

beforeAll(() => {
  mkdirSync(scratch, { recursive: true });
  writeFileSync(visitTwo, scene);
});
afterAll(() => rmSync(scratch, { recursive: true, force: true }));

const tiny = (name: string, settings: Readonly<Record<string, number>>) =>
  Object.entries(settings).flatMap(([key, value]) => ["--set", `${name}.${key}=${value}`]);
const learner = { iterations: 1, envs: 8, shardEnvs: 4, batch: 8, latent: 8, hidden: 16 };

describe("a scene of one's own", () => {
  const given = ["--module", visitTwo];

  it("is listed, and its settings are those that --help shows, by the scripts of the checkout", async () => {
    const npm = spawn(
      "npm",
      ["run", "--silent", "understudy", "--", "scenes", "--json", ...given],
      {
        cwd: root,
      },
    );
    let out = "";
    npm.stdout.on("data", (data) => {
      out += data;
    });
    const [code] = await once(npm, "close");
    expect(code).toBe(0);
    const { scripts } = JSON.parse(readFileSync(path.join(root, "package.json"), "utf8"));
    for (const name of ["start", "view"]) {
      expect(scripts[name]).toBe(`${scripts.understudy} ${name}`);
    }
    const found = JSON.parse(out).map(({ name }: { name: string }) => name);
    expect(found).toContain("push-pair");
    expect(found.at(-1)).toBe("visit-two");
    const help = await run(["train", "--scene", "visit-two", ...given, "--help"]);
    expect(help.out).toContain("--module FILE");
    expect(help.out).toMatch(/scene\.apart_m=0\.8 +from the middle to each box/);
  });

  it("is trained in, distilled, exported and evaluated, by two workers", async () => {
    const [teacher, student, bundle] = ["teacher.ckpt", "student.ckpt", "bundle"].map(at);
    const done = async (...words: string[]) => {
      const { code, out, err } = await run([...words, ...given, "--json"]);
      expect(code, err).toBe(0);
      return JSON.parse(out);
    };
    const two = ["--workers", "2"];
    const short = tiny("scene", { budgetSteps: 5 });
    const learning = tiny("teacher", { ...learner, rolloutSteps: 8, epochs: 1 });
    await done("train", "--scene", "visit-two", "--out", teacher, ...two, ...learning, ...short);
    const distilling = tiny("student", { ...learner, rolloutSteps: 4 });
    await done("distill", "--teacher", teacher, "--out", student, ...two, ...distilling);
    await done("export", "--student", student, "--out", bundle);
    for (const policy of [teacher, bundle]) {
      const words = ["evaluate", "--scene", "visit-two", "--policy", policy, "--episodes", "70"];
      const { stages, episodes } = await done(...words, ...two);
      expect(stages).toEqual(["reach box 1", "reach box 2"]);
      // two shards of starts, one a worker
      expect(episodes).toHaveLength(70);
    }
    const unknown = await run(["distill", "--teacher", teacher, "--out", at("none.ckpt")]);
    expect(unknown.err).toMatch(
      /^Unknown scene "visit-two"\. .* --module FILE on the command line/,
    );
    expect([unknown.code, unknown.out]).toEqual([1, ""]);
  });

  it("is served to trainers in Python, by two threads", async () => {
    const words = ["env-server", "--scene", "visit-two", "--envs", "16", "--threads", "2"];
    const where = ["--endpoint", "tcp://127.0.0.1:*", "--untilInputEnds", "--json"];
    const { code, out, err } = await run([...words, ...where, ...given], (said, child) => {
      if (said.includes("serving")) child.stdin.end();
    });
    expect(code, err).toBe(0);
    expect(JSON.parse(out)).toMatchObject({ clients: 0 });
  });

  it("is named, or `start` learns none", async () => {
    const unnamed = await run(["start", "--preset", "smoke", ...given]);
    expect(unnamed.err).toBe(
      `"start" has --module ${visitTwo} and no --scene NAME. Say which of its scenes to learn.\n`,
    );
    expect([unnamed.code, unnamed.out]).toEqual([1, ""]);
  });

  it("goes through the whole chain by `start`, a preset being what push-pair has", async () => {
    const out = at("chain");
    const words = ["start", "--scene", "visit-two", "--preset", "smoke", "--episodes", "4"];
    const budget = ["--set", "scene.budgetSteps=5"];
    const done = await run([...words, ...budget, "--out", out, "--json", ...given]);
    expect(done.code, done.err).toBe(0);
    const { success, deployed } = JSON.parse(done.out);
    expect(Object.keys(success)).toEqual(["teacher", "student", "deployed over ZeroMQ"]);
    // five steps are too few for anything else, on both sides of the wire
    expect(deployed.outcomes).toEqual({ "timed out": 4 });
    const { provenance } = readBundle(path.join(out, "bundle")).manifest;
    expect(provenance.command).toContain(`start --module ${visitTwo} --scene visit-two`);
  });
});

describe("a module is refused", () => {
  it.each([
    ["nowhere.mjs", undefined, 'There is no module "…". Give --module a file that exports scenes.'],
    [
      "nothing.mjs",
      "export const a = 1;",
      'The module "…" adds no scene. Expected one that exports',
    ],
    ["broken.mjs", 'throw new Error("Nothing here.");', 'Cannot import the scenes of "…": Nothing'],
    [
      "taken.mjs",
      'export const a = { name: "push-pair", summary: "", config: { safeParse() {} }, assemble() {} };',
      'Cannot add a scene of "…": There is a scene "push-pair" already.',
    ],
  ])("%s, in a sentence and with exit code 1", async (name, code, sentence) => {
    if (code !== undefined) writeFileSync(at(name), code);
    const refused = await runCommand(commands, ["scenes", "--module", at(name)]);
    expect(refused.err).toContain(sentence.replace("…", at(name)));
    expect(refused.err.trim().split("\n")).toHaveLength(1);
    expect([refused.code, refused.out]).toEqual([1, ""]);
  });

  it("a folder, as there is no module", async () => {
    const { code, err } = await runCommand(commands, ["scenes", "--module", scratch]);
    expect([code, err.slice(0, 18)]).toEqual([1, "There is no module"]);
  });

  it.each([
    ...[
      "start",
      "scenes",
      "plan",
      "plan run",
      "train",
      "distill",
      "fine-tune",
      "export",
      "evaluate",
    ],
    ...["robot-sim", "env-server", "lekiwi-host", "record", "drive-sim", "view"],
  ])("by %s, before anything else, its help included", async (name) => {
    const words = [...name.split(" "), "--module", at("gone.ts"), "--help"];
    const { code, err } = await runCommand(commands, words);
    expect([code, err]).toEqual([1, expect.stringContaining("There is no module")]);
  });
});
