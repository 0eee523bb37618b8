import { expect, it } from "vitest";
import { EnvHost } from "../../cli/env-host/host.ts";
import type { GroupName } from "../../sim/observations.ts";
import { randomization } from "../../sim/randomization.ts";
import { SceneBatch } from "../../sim/scene-batch.ts";
import { findScene } from "../../sim/scenes/index.ts";

it("gives the images that ended episodes saw last, by the episode's own camera and as late", async () => {
  const groups: readonly GroupName[] = ["lastSeen", "layers"];
  const late = { randomization: randomization.parse({ imageDelaySteps: [1, 3] }), seed: 11 };
  const configOf = (budgetSteps: number) => ({ reward: { budgetSteps } });
  const simulation = { ...late, scene: "push-cross", config: configOf(12) };
  // ten environments are two worlds: one on each thread
  const [envs, threads] = [10, 2];
  const host = await EnvHost.open({ simulation, envs, groups, threads });
  // with a longer budget the 12th step is one like any other
  const longer = await SceneBatch.create({
    ...{ ...late, config: configOf(100), scene: findScene("push-cross") },
    ...{ envs, groups, purpose: "training" },
  });
  const actions = new Float32Array(envs * 2).map((_, i) => (i % 2) * 0.5);
  try {
    await host.reset(undefined);
    longer.reset();
    for (let t = 1; t < 12; t++) {
      expect(await host.step(actions)).toEqual([]);
      longer.step(actions);
    }
    const ended = await host.step(actions);
    longer.step(actions);
    expect(ended.map(({ env }) => env)).toEqual([...Array(envs).keys()]);
    for (const { env, finals } of ended) {
      for (const [i, group] of groups.entries()) {
        const size = longer.rowSizes[group];
        const row = longer.groups[group].slice(env * size, (env + 1) * size);
        expect(finals[i], `${group} of ${env}`).toEqual(row);
      }
    }
  } finally {
    await host.close();
    longer.free();
  }
});
