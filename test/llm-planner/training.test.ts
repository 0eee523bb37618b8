import { writeFileSync } from "node:fs";
import path from "node:path";
import { expect, it } from "vitest";
import { commands } from "../../cli/commands/index.ts";
import { runCommand } from "../cli/run-command.ts";
import { temporaryFolder } from "../support/temporary-folder.ts";

const folder = temporaryFolder();

/** Trains three short roll-outs on push-pair, with one stage that is done under a condition. */
async function trainUntil(name: string, done: string, scene = "push-pair") {
  const file = path.join(folder, `${name}.json`);
  const stage = {
    name: "near",
    why: "",
    active: "object",
    place: { anchor: "anchor", x_m: 0.25, y_m: 0 },
    done,
  };
  writeFileSync(file, JSON.stringify({ scene, instruction: name, stages: [stage] }));
  return runCommand(commands, [
    ...["train", "--scene", "push-pair", "--plan", file, "--preset", "smoke", "--json"],
    ...["--out", path.join(folder, `${name}.ckpt`), "--workers", "2"],
  ]);
}

it("trains a teacher for what a plan asks", async () => {
  const easy = await trainUntil("easy", "distance(active, target) < 5 m");
  expect(easy.code, easy.err).toBe(0);
  expect(JSON.parse(easy.out).metrics.success).toBe(1);
  const hard = await trainUntil("hard", "distance(active, target) < 5 m and speed(active) > 9 m/s");
  expect(hard.code, hard.err).toBe(0);
  // episodes of 300 steps do not end in three roll-outs of 16, unless they fail
  expect(JSON.parse(hard.out).metrics.success ?? 0).toBe(0);
}, 60_000);

it("says which scene a plan is for", async () => {
  const { code, err } = await trainUntil("elsewhere", "speed(active) < 1 m/s", "reach-box");
  expect(code).toBe(1);
  expect(err).toContain('The plan is for scene "reach-box", not for "push-pair".');
});
