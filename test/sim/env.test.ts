import { describe, expect, it } from "vitest";
import { ConfigError } from "../../core/errors.ts";
import { Env } from "../../sim/env.ts";
import { privilegedLayout } from "../../sim/observations.ts";
import { tinyScene } from "../support/tiny-scene.ts";

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

  it.each([1.5, Number.NaN, -1, 2 ** 32, "7"])("has no seed %s", async (seed) => {
    const open = Env.open("reach-box", { seed: seed as number });
    await expect(open).rejects.toThrow(ConfigError);
    await expect(open).rejects.toThrow("Expected a seed that is a whole number from 0 to");
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

  it("plays every episode, whether it is reset or stepped on after the last step", async () => {
    const config = { budgetSteps: 2 };
    const [stepped, reset] = await Promise.all(
      [1, 1].map((seed) => Env.open("reach-box", { seed, config })),
    );
    // a step before the first reset begins an episode, as dm_env has it
    const first = stepped.step([1, 1]);
    expect(first).toMatchObject({ stepType: "first", reward: 0, discount: 1 });
    expect(first).toEqual(reset.reset());
    for (let episode = 0; episode < 3; episode++) {
      for (let t = 0; t < 2; t++) expect(stepped.step([0, 0])).toEqual(reset.step([0, 0]));
      expect(stepped.end).toMatchObject({ episode, outcome: "timed out" });
      const next = stepped.step([1, 1]);
      expect(next.stepType).toBe("first");
      expect(next).toEqual(reset.reset());
    }
    for (const env of [stepped, reset]) env.free();
  });

  it("begins any episode again by its number, to the bit, and goes on from there", async () => {
    const env = await Env.open("push-pair", { seed: 3, groups: ["keypoints:fov", "layers"] });
    const play = (first: ReturnType<Env["reset"]>) => [
      first,
      ...[1, 2, 3].map(() => env.step([1, 0.5])),
    ];
    const episodes = [0, 1, 2].map(() => play(env.reset()));
    expect(play(env.reset(1))).toEqual(episodes[1]);
    expect(play(env.reset())).toEqual(episodes[2]);
    expect(play(env.reset(0))).toEqual(episodes[0]);
    expect(episodes[1]).not.toEqual(episodes[0]);
    env.free();
  });

  it("begins the episode it is told to after one that has ended, too", async () => {
    const env = await Env.open("reach-box", { seed: 1, config: { budgetSteps: 1 } });
    const first = env.reset();
    expect(env.step([0, 0]).stepType).toBe("last");
    expect(env.reset(0)).toEqual(first);
    env.step([0, 0]);
    expect(env.end).toMatchObject({ episode: 0 });
    env.free();
  });

  it("shows the last image of an episode with its last step, as if the episode went on", async () => {
    const imagesOf = async (budgetSteps: number) => {
      const groups = ["layers"] as const;
      const env = await Env.open("reach-box", { seed: 2, groups, config: { budgetSteps } });
      env.reset();
      const steps = [1, 2, 3].map(() => env.step([0, 1]));
      env.free();
      return steps.map(({ observation }) => observation.layers);
    };
    const [short, long] = [await imagesOf(3), await imagesOf(4)];
    expect(short).toEqual(long);
    // it has turned towards the box by then
    expect(short[2].some((inverseDepth) => inverseDepth > 0)).toBe(true);
  });

  it("opens a scene that is none of the package's own", async () => {
    const env = await Env.open(tinyScene, { seed: 1 });
    env.reset();
    const steps = Array.from({ length: 12 }, () => env.step([1, 0]));
    expect(steps.filter(({ stepType }) => stepType === "last")).toHaveLength(1);
    env.free();
  });

  it("says which scenes there are", async () => {
    await expect(Env.open("nope", { seed: 1 })).rejects.toThrow(ConfigError);
  });
});
