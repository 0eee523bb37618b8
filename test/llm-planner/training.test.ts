import { writeFileSync } from "node:fs";
import path from "node:path";
import { expect, it } from "vitest";
import { commands } from "../../cli/commands/index.ts";
import { readBundle } from "../../policies/bundle.ts";
import { run } from "../cli/child-command.ts";
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

it("exports the student of a plan, and says whose steps its teacher took", async () => {
  await trainUntil("place", "distance(active, target) < 5 m");
  const [teacher, student, bundle] = ["place.ckpt", "student.ckpt", "bundle"].map((name) =>
    path.join(folder, name),
  );
  const tiny = { iterations: 1, envs: 8, shardEnvs: 4, batch: 8, rolloutSteps: 4 };
  const distilled = await run([
    ...["distill", "--teacher", teacher, "--out", student],
    ...Object.entries(tiny).map(([name, value]) => `--set=student.${name}=${value}`),
  ]);
  expect(distilled.out).toContain('Student of "place" in ');
  // in a process that has not opened a pool, which would bring the plans
  const words = ["export", "--student", student, "--out", bundle];
  const exported = await run([...words, "--teacher", teacher]);
  expect(exported.code, exported.err).toBe(0);
  const { scene, provenance } = readBundle(bundle).manifest;
  expect(scene).toBe("plan");
  // three roll-outs of 16 steps in 64 environments, and one of 4 in 8
  expect(provenance).toMatchObject({
    teacher: "place.ckpt",
    environmentSteps: 3 * 16 * 64 + 4 * 8,
    command: `understudy export --student ${student} --teacher ${teacher} --out ${bundle}`,
  });
  const judged = ["evaluate", "--scene", "plan", "--policy", bundle, "--episodes", "2"];
  const { code, err } = await run(judged);
  expect(code, err).toBe(0);
  await trainUntil("other", "speed(active) > 9 m/s");
  const other = path.join(folder, "other.ckpt");
  const refused = await run([...words, "--teacher", other]);
  expect([refused.code, refused.err]).toEqual([
    1,
    `"${other}" is not the teacher that this student learnt from last. Give that one, or leave --teacher out.\n`,
  ]);
}, 120_000);

it("says which scene a plan is for", async () => {
  const { code, err } = await trainUntil("elsewhere", "speed(active) < 1 m/s", "reach-box");
  expect(code).toBe(1);
  expect(err).toContain('The plan is for scene "reach-box", not for "push-pair".');
});
