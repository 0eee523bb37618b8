import { describe, expect, it } from "vitest";
import { commands } from "../../cli/commands/index.ts";
import { scenes } from "../../sim/scenes/index.ts";
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
