import { describe, expect, it } from "vitest";
import { ConfigError } from "../../core/errors.ts";
import { WorkerPool } from "../../rollout/pool.ts";
import { teacherConfig } from "../../teacher/config.ts";
import { lessonAt, simulationIn } from "../../teacher/lessons.ts";
import { trainTeacher } from "../../teacher/ppo.ts";
import { simulationOf, tinyTeacher } from "../support/tiny-runs.ts";

const { lessons } = teacherConfig.parse({
  lessons: [
    { iterations: 3, scene: { reward: { placeShare: 1 } } },
    { iterations: 2, scene: { reward: { placeShare: 0.8 } } },
  ],
});

describe("lessons", () => {
  it("follow each other, and then comes the scene as it is", () => {
    const found = [0, 2, 3, 4, 5, 99].map((iteration) => lessonAt(iteration, { lessons }));
    expect(found).toEqual([0, 0, 1, 1, 2, 2]);
    expect(lessonAt(0, { lessons: [] })).toBe(0);
  });

  it("change the settings they name and no other", () => {
    const simulation = simulationOf("push-cross", {
      config: { offset_m: 0.3, reward: { placeShare: 0.6, slow: 0.005 } },
    });
    const changed = simulationIn(1, simulation, { scene: {}, lessons });
    expect(changed.config).toMatchObject({
      offset_m: 0.3,
      reward: { placeShare: 0.8, slow: 0.005 },
    });
    expect(simulationIn(2, simulation, { scene: {}, lessons })).toBe(simulation);
  });

  it("come on top of what is other while learning, and that stays when they are over", () => {
    const simulation = simulationOf("push-cross", { config: { offset_m: 0.3 } });
    const scene = { anchorShift_m: 0.2, reward: { placeShare: 0.5, slow: 0.01 } };
    const settingsIn = (lesson: number) => simulationIn(lesson, simulation, { scene, lessons });
    const learnt = { offset_m: 0.3, anchorShift_m: 0.2 };
    expect(settingsIn(1).config).toMatchObject({
      ...learnt,
      reward: { placeShare: 0.8, slow: 0.01 },
    });
    expect(settingsIn(2).config).toMatchObject({
      ...learnt,
      reward: { placeShare: 0.5, slow: 0.01 },
    });
    expect(() => simulationIn(2, simulation, { scene: { rewards: {} }, lessons })).toThrow(
      /teacher\.scene[\s\S]*rewards/,
    );
  });

  it("with settings that the scene lacks are refused in a sentence", () => {
    const misspelt = [{ iterations: 1, scene: { rewards: {} } }];
    const change = () =>
      simulationIn(0, simulationOf("push-cross"), { scene: {}, lessons: misspelt });
    expect(change).toThrow(ConfigError);
    expect(change).toThrow(/lesson 1[\s\S]*rewards/);
  });

  it("are what the training goes through", async () => {
    const pool = new WorkerPool(1);
    const steps: number[] = [];
    // a stage of 3 steps, then one of 6: every episode times out
    await trainTeacher({
      simulation: simulationOf("reach-box", { config: { budgetSteps: 6 } }),
      config: {
        ...tinyTeacher,
        iterations: 4,
        lessons: [{ iterations: 2, scene: { budgetSteps: 3 } }],
      },
      pool,
      log: (_, ends) => void steps.push(Math.max(...ends.map((end) => end.steps))),
    });
    await pool.close();
    expect(steps).toEqual([3, 3, 6, 6]);
  });
});
