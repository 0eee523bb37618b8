import { describe, expect, it } from "vitest";
import { ConfigError } from "../../core/errors.ts";
import { Env } from "../../sim/env.ts";
import { privilegedLayout } from "../../sim/observations.ts";

describe("Env", () => {
  it("ends in time with a truncation, and shows what was seen last", async () => {
    const groups = ["privileged", "proprioception"] as const;
    const env = await Env.open("reach-box", { seed: 1, groups, config: { budgetSteps: 3 } });
    env.reset();
    const steps = [1, 2, 3].map(() => env.step([0.25, 0]));
    expect(steps.map(({ stepType }) => stepType)).toEqual(["mid", "mid", "last"]);
    expect(steps.map(({ discount }) => discount)).toEqual([1, 1, 1]);
    const elapsed = privilegedLayout.at.progress + 2;
    expect(steps.map(({ observation }) => observation.privileged[elapsed])).toEqual(
      [1 / 3, 2 / 3, 1].map((share) => expect.closeTo(share, 6)),
    );
    expect([...steps[2].observation.proprioception]).toEqual([0.25, 0]);
    expect(env.end).toMatchObject({ outcome: "timed out", steps: 3 });
    env.free();
  });

  it("ends in success with a termination", async () => {
    // reached from the start, so the first step says so
    const config = { start_m: 0.4, reach_m: 0.5 };
    const env = await Env.open("reach-box", { seed: 1, config });
    expect(env.reset()).toMatchObject({ stepType: "first", reward: 0 });
    expect(env.step([0, 0])).toMatchObject({ stepType: "last", discount: 0, reward: 1 });
    expect(env.end?.outcome).toBe("success");
    env.free();
  });

  it("hands out observations that later steps leave alone", async () => {
    const env = await Env.open("push-pair", { seed: 1 });
    const { observation } = env.reset();
    const kept = Object.entries(observation).map(([name, row]) => [name, row.slice()]);
    for (let t = 0; t < 3; t++) env.step([1, 1]);
    expect(Object.entries(observation)).toEqual(kept);
    env.free();
  });

  it("says which scenes there are", async () => {
    await expect(Env.open("nope", { seed: 1 })).rejects.toThrow(ConfigError);
  });
});
