import { mkdtempSync, rmSync, truncateSync } from "node:fs";
import os from "node:os";
import path from "node:path";
import { afterAll, describe, expect, it } from "vitest";
import { commands } from "../../cli/commands/index.ts";
import { writeBundle } from "../../policies/bundle.ts";
import { scenes } from "../../sim/scenes/index.ts";
import { linearPolicy } from "../policies/tiny-policies.ts";
import { runCommand } from "./run-command.ts";

const run = (line: string) => runCommand(commands, line.split(" "));

describe("understudy scenes", () => {
  it("lists every scene", async () => {
    const { code, out } = await run("scenes --json");
    expect(code).toBe(0);
    const names = JSON.parse(out).map((scene: { name: string }) => scene.name);
    expect(names).toEqual(scenes.map((scene) => scene.name));
  });

  it("shows stages, observation groups and settings of one", async () => {
    const { name, stages, groups, settings } = JSON.parse(
      (await run("scenes reach-box --json")).out,
    );
    expect(name).toBe("reach-box");
    expect(stages).toEqual([{ name: "reach", budgetSteps: 150, terms: ["approach", "reach"] }]);
    // four points of three coordinates for the one box
    expect(groups).toContainEqual({ name: "keypoints:global", row: [12] });
    expect(settings.map(({ path }: { path: string }) => path)).toContain("start_m");
  });

  it("refuses a scene that does not exist", async () => {
    const { code, out, err } = await run("scenes push-pari");
    expect(err).toMatch(/^Unknown scene "push-pari"\. .*push-pair\.\n$/);
    expect([code, out]).toEqual([1, ""]);
  });
});

describe("understudy bench", () => {
  it("lists the benchmarks, without the files they share", async () => {
    const names = JSON.parse((await run("bench --json")).out);
    expect(names).not.toContain("harness");
    expect(names).not.toContain("write-readme");
  });

  it("refuses one that does not exist", async () => {
    const { code, err } = await run("bench nope");
    expect(err).toMatch(/^Unknown benchmark "nope"\. Benchmarks: .*\n$/);
    expect(code).toBe(1);
  });
});

describe("understudy serve", () => {
  const root = mkdtempSync(path.join(os.tmpdir(), "understudy-serve-"));
  afterAll(() => rmSync(root, { recursive: true }));

  it("listens until it is interrupted, then counts what it did", async () => {
    const folder = path.join(root, "linear");
    await writeBundle(folder, linearPolicy());
    const line = `serve --policy ${folder} --endpoint tcp://127.0.0.1:* --json`;
    const soon = AbortSignal.timeout(100);
    const { code, out, err } = await runCommand(commands, line.split(" "), soon);
    expect(err).toMatch(/^serving ".*" at tcp:\/\/127\.0\.0\.1:\d+\n$/);
    expect(JSON.parse(out)).toMatchObject({ observations: 0, actions: 0, refused: {} });
    expect(code).toBe(130);
  });

  it("refuses a bundle that is not there, truncated, or open to the world", async () => {
    const missing = await run(`serve --policy ${path.join(root, "none")}`);
    expect(missing.err).toMatch(/^There is no policy bundle at .*\n$/);
    const folder = path.join(root, "truncated");
    await writeBundle(folder, linearPolicy());
    const open = await run(`serve --policy ${folder} --endpoint tcp://0.0.0.0:5999`);
    expect(open.err).toMatch(/^.*0\.0\.0\.0.*\.\n$/);
    truncateSync(path.join(folder, "policy.onnx"), 20);
    const truncated = await run(`serve --policy ${folder}`);
    expect(truncated.err).toMatch(/has 20 bytes/);
    for (const { code, out } of [missing, open, truncated]) expect([code, out]).toEqual([1, ""]);
  });
});
