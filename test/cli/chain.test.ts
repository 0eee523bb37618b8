import { readdirSync, readFileSync } from "node:fs";
import path from "node:path";
import { expect, it } from "vitest";
import { writeReplays } from "../../cli/chain.ts";
import { presetNames, presetOf } from "../../cli/presets.ts";
import { runConfigSchema, simulationOf } from "../../cli/run-config.ts";
import { ConfigError } from "../../core/errors.ts";
import { applySettings, settingsOf } from "../../core/settings.ts";
import type { EvaluatedEpisode } from "../../rollout/evaluation.ts";
import { timingOf } from "../../rollout/timing.ts";
import { decodeReplay } from "../../sim/replay.ts";
import { scenes } from "../../sim/scenes/index.ts";
import { temporaryFolder } from "../support/temporary-folder.ts";

const folder = temporaryFolder();
const presetScenes = ["push-pair", "push-cross", "push-line", "push-triangle", "push-arrangement"];
const tuned = presetScenes.flatMap((scene) => presetNames.map((name) => [name, scene] as const));

it.each(tuned)('preset "%s" of %s is a valid configuration that fits together', (name, scene) => {
  const { teacher, student, fineTune } = runConfigSchema(scene).parse(presetOf(scene, name));
  for (const { envs, shardEnvs } of [teacher, student, fineTune]) {
    expect(envs % shardEnvs).toBe(0);
  }
  expect(fineTune.batch).toBeLessThanOrEqual(fineTune.envs * fineTune.rolloutSteps);
  expect(teacher.batch).toBeLessThanOrEqual(teacher.envs * teacher.rolloutSteps);
  const rows = student.memory > 0 ? student.envs : student.envs * student.rolloutSteps;
  expect(student.batch).toBeLessThanOrEqual(rows);
  expect(student.latent).toBe(teacher.latent);
  if (student.warmStart) expect(student.hidden).toBe(teacher.hidden);
});

it("says for which scenes there are presets", () => {
  expect(() => presetOf("reach-box", "quick")).toThrow(ConfigError);
  expect(() => presetOf("reach-box", "quick")).toThrow(/Presets exist for: .*push-pair/);
});

it.each(scenes.map(({ name }) => name))("the defaults of %s fit together too", (scene) => {
  const config = runConfigSchema(scene).parse({});
  expect(config.student.latent).toBe(config.teacher.latent);
  const { controlStep_s, budgetSteps } = timingOf(simulationOf(scene, config, 1));
  expect(controlStep_s).toBe(0.1);
  expect(budgetSteps).toBeGreaterThan(0);
});

it.each(scenes.map(({ name }) => name))(
  "what is set to its default in %s changes nothing else",
  (scene) => {
    const schema = runConfigSchema(scene);
    const defaults = schema.parse({});
    const settings = settingsOf(schema).filter((setting) => setting.default !== undefined);
    expect(settings.length).toBeGreaterThan(50);
    for (const setting of settings) {
      const assignment = `${setting.path}=${setting.default}`;
      expect(applySettings(schema, [assignment]), assignment).toEqual(defaults);
    }
  },
);

it("keeps the first replays of every outcome", () => {
  const config = runConfigSchema("reach-box").parse({});
  const episodes = ["success", "timed out", "success", "success", "timed out"].map(
    (outcome, start): EvaluatedEpisode => ({
      start,
      outcome,
      steps: 1,
      return: 0,
      pathLength_m: 0,
      stagesDone: 0,
      ledger: new Float64Array(1),
      poses: new Float32Array(2 * 2 * 7).fill(start),
      actions: new Float32Array(2),
    }),
  );
  const files = writeReplays(folder, simulationOf("reach-box", config, 1), "p", episodes, 2);
  expect(readdirSync(folder).sort()).toEqual([
    "success-0.json",
    "success-2.json",
    "timed-out-1.json",
    "timed-out-4.json",
  ]);
  expect(files).toHaveLength(4);
  const replay = decodeReplay(readFileSync(path.join(folder, "success-2.json"), "utf8"), "it");
  expect(replay).toMatchObject({ scene: "reach-box", start: 2, bodies: ["robot", "box"] });
  expect(replay.poses[5]).toBe(2);
});
