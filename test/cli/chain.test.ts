import { expect, it } from "vitest";
import { presetNames, presetOf } from "../../cli/presets.ts";
import { type RunConfig, runConfigSchema, simulationOf } from "../../cli/run-config.ts";
import { applySettings, settingsOf } from "../../core/settings.ts";
import { timingOf } from "../../rollout/timing.ts";
import { egoPushRobot } from "../../sim/robots/diff-drive.ts";
import { type RobotSettings, robotOf } from "../../sim/robots/settings.ts";
import { scenes } from "../../sim/scenes/index.ts";
import { teacherConfig } from "../../teacher/config.ts";

const tuned = scenes.flatMap(({ name: scene }) =>
  presetNames.map((name) => [name, scene] as const),
);

it.each(tuned)('preset "%s" of %s is a valid configuration that fits together', (name, scene) => {
  const { teacher, onward, student, fineTune } = runConfigSchema(scene).parse(
    presetOf(scene, name),
  );
  const teachers = [teacher, onward ?? teacher];
  for (const { envs, shardEnvs } of [...teachers, student, fineTune]) {
    expect(envs % shardEnvs).toBe(0);
  }
  expect(fineTune.batch).toBeLessThanOrEqual(fineTune.envs * fineTune.rolloutSteps);
  for (const { batch, envs, rolloutSteps } of teachers) {
    expect(batch).toBeLessThanOrEqual(envs * rolloutSteps);
  }
  // what a student may begin with is its teacher's, the last one's
  expect(student.near).toBe(teachers[1].near);
  const rows = student.memory > 0 ? student.envs : student.envs * student.rolloutSteps;
  expect(student.batch).toBeLessThanOrEqual(rows);
  expect(student.latent).toBe(teacher.latent);
  if (student.warmStart) expect(student.hidden).toBe(teacher.hidden);
});

it("a scene without presets of its own is learnt as push-pair is, by the reward that it pays", () => {
  for (const name of presetNames) {
    const { scene: _, ...learning } = presetOf("push-pair", name) as { readonly scene?: object };
    expect(presetOf("reach-box", name)).toEqual(learning);
  }
});

it.each(scenes.map(({ name }) => name))("the defaults of %s fit together too", (scene) => {
  const config = runConfigSchema(scene).parse({});
  expect(config.student.latent).toBe(config.teacher.latent);
  const { controlStep_s, budgetSteps } = timingOf(simulationOf(scene, config, 1));
  expect(controlStep_s).toBe(0.1);
  expect(budgetSteps).toBeGreaterThan(0);
});

/** The same without a robot that is EgoPush's, down to its camera: whatever is set of one makes one. */
function withoutUsualRobot(config: RunConfig): unknown {
  const { robot, ...scene } = config.scene as { readonly robot?: RobotSettings };
  if (robot) expect(robotOf(robot)).toEqual(egoPushRobot);
  return { ...config, scene };
}

it.each(scenes.map(({ name }) => name))(
  "what is set to its default in %s changes nothing else",
  (scene) => {
    const schema = runConfigSchema(scene);
    const defaults = schema.parse({});
    // whatever is set of a second course makes one, whose defaults are a teacher's
    const settings = settingsOf(schema).filter(
      (setting) => setting.default !== undefined && !setting.path.startsWith("onward."),
    );
    expect(settings.length).toBeGreaterThan(50);
    expect(applySettings(schema, ["onward.iterations=7"])).toEqual({
      ...defaults,
      onward: { ...teacherConfig.parse({}), iterations: 7 },
    });
    for (const setting of settings) {
      const assignment = `${setting.path}=${setting.default}`;
      const set = applySettings(schema, [assignment]);
      expect(withoutUsualRobot(set), assignment).toEqual(defaults);
    }
  },
);
