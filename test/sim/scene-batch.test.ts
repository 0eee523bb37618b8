import { describe, expect, it } from "vitest";
import { ConfigError, ShapeError, SimulationDivergedError } from "../../core/errors.ts";
import { HIDDEN } from "../../sim/keypoints.ts";
import {
  type GroupName,
  keypointLayout,
  privilegedLayout,
  roleNames,
} from "../../sim/observations.ts";
import { exact } from "../../sim/randomization.ts";
import type { Scene } from "../../sim/scene.ts";
import type { EpisodeEnd, SceneBatch } from "../../sim/scene-batch.ts";
import { findScene } from "../../sim/scenes/index.ts";
import { openBatch } from "../support/conformance.ts";
import { tinyScene } from "../support/tiny-scene.ts";

/** Repeats one action in a batch of one until its episode ends. */
function untilEnd(batch: SceneBatch, forward: number, turn = 0): EpisodeEnd {
  for (let t = 0; t < 100; t++) {
    batch.step(Float32Array.of(forward, turn));
    if (batch.ends.length > 0) return batch.ends[0];
  }
  throw new Error("The episode did not end.");
}

async function openTiny(options: Parameters<typeof openBatch>[1] = { envs: 1 }) {
  const batch = await openBatch(tinyScene, { randomization: exact, ...options });
  batch.reset();
  return batch;
}

describe("a batch", () => {
  it.each([
    [{ purpose: "eval" }, 'Expected "purpose" to be "training" or "evaluation", got "eval".'],
    [
      { engine: "mujocoo" },
      'Expected "engine" to be "rapier" or "mujoco", got "mujocoo". Did you mean "mujoco"?',
    ],
    [{ contact: "soft" }, 'Expected "contact" to be "planar" or "coulomb", got "soft".'],
    [{ firstEnv: -1 }, "Expected the number of the first environment, 0 or more, got -1."],
    [{ firstEnv: 0.5 }, "Expected the number of the first environment, 0 or more, got 0.5."],
  ])("is not opened with %o", async (wrong, says) => {
    const options = { envs: 1, ...wrong } as Parameters<typeof openBatch>[1];
    await expect(openBatch(tinyScene, options)).rejects.toThrow(new ConfigError(says));
  });

  it("that was freed does nothing more, and says so", async () => {
    const batch = await openTiny();
    batch.free();
    batch.free();
    const freed = new ConfigError("The batch was freed. Create another one.");
    expect(() => batch.step(new Float32Array(2))).toThrow(freed);
    expect(() => batch.reset()).toThrow(freed);
  });
});

describe("ends of episodes", () => {
  it("a success terminates, pays each mark once, and counts the stages done", async () => {
    const batch = await openTiny();
    const end = untilEnd(batch, 1);
    expect(end).toMatchObject({ outcome: "success", stagesDone: 2, env: 0, episode: 0 });
    expect([batch.discounts[0], batch.boundaries[0]]).toEqual([0, 1]);
    const ledger = Object.fromEntries(batch.termNames.map((name, i) => [name, end.ledger[i]]));
    expect(ledger).toMatchObject({ "mark 1/mark": 1, "mark 2/mark": 1, failure: 0 });
    expect([ledger["mark 1/mixed"], ledger["mark 2/mixed"]]).toEqual([0, 0]);
    // progress is paid in metres, whatever the stage: from 0 to just beyond 0.2 m
    const progress = ledger["mark 1/progress"] + ledger["mark 2/progress"];
    expect(progress).toBeGreaterThan(0.2);
    expect(progress).toBeLessThan(0.2 + 0.04);
    expect(progress).toBeCloseTo(end.pathLength_m, 6);
    batch.free();
  });

  it("a failure terminates and costs its penalty", async () => {
    const batch = await openTiny();
    const end = untilEnd(batch, -1);
    expect(end).toMatchObject({ outcome: "went back", stagesDone: 0 });
    expect(end.ledger.at(-1)).toBe(-0.5);
    expect([batch.discounts[0], batch.boundaries[0]]).toEqual([0, 1]);
    batch.free();
  });

  it("a time-out is a boundary that does not terminate, exactly when the budget is used up", async () => {
    const batch = await openTiny({ envs: 1, config: { budgetSteps: 7 } });
    const end = untilEnd(batch, 0);
    expect(end).toMatchObject({ outcome: "timed out", steps: 7 });
    expect([batch.discounts[0], batch.boundaries[0]]).toEqual([1, 1]);
    const elapsed = privilegedLayout.at.progress + 2;
    expect(batch.finalGroups.privileged[elapsed]).toBe(1);
    expect(batch.groups.privileged[elapsed]).toBe(0);
    batch.free();
  });

  it("a new stage has its whole budget", async () => {
    const batch = await openTiny({ envs: 1, config: { budgetSteps: 20 } });
    let steps = 0;
    for (; batch.stageOf(0) === 0; steps++) batch.step(Float32Array.of(0.5, 0));
    const end = untilEnd(batch, 0);
    // rolling on over the second mark would be another end
    expect(end).toMatchObject({ outcome: "timed out", stagesDone: 1, steps: steps + 20 });
    batch.free();
  });

  it("the episode after an end begins as any first episode does", async () => {
    const batch = await openTiny();
    const fresh = batch.groups.privileged.slice();
    untilEnd(batch, 1, 0.5);
    expect(batch.groups.privileged).toEqual(fresh);
    expect(untilEnd(batch, 1).episode).toBe(1);
    batch.free();
  });
});

describe("actions", () => {
  it("are clamped, and seen as the previous action", async () => {
    const batch = await openTiny();
    batch.step(Float32Array.of(7, -0.25));
    expect(batch.groups.proprioception).toEqual(Float32Array.of(1, -0.25));
    batch.free();
  });

  it("reach the wheels as many steps late as the delay says", async () => {
    const late = { ...exact, actionDelaySteps: [2, 2] as [number, number] };
    const batch = await openTiny({ envs: 1, randomization: late });
    const speeds: number[] = [];
    for (let t = 0; t < 4; t++) {
      batch.step(Float32Array.of(1, 0));
      speeds.push(batch.groups.privileged[privilegedLayout.at.robotTwist]);
    }
    expect(speeds.slice(0, 2)).toEqual([0, 0]);
    expect(speeds[2]).toBeGreaterThan(0.1);
    batch.free();
  });
});

describe("the control step", () => {
  const withTiming = (controlStep_s: number): Scene => ({
    ...tinyScene,
    assemble: (config) => ({
      ...tinyScene.assemble(config),
      timing: { physicsStep_s: 1 / 60, controlStep_s },
    }),
  });

  it.each([0.04, 1 / 70, 0])(
    "of %f s is refused where the physics step does not go into it",
    async (controlStep_s) => {
      const opened = openBatch(withTiming(controlStep_s), { envs: 1 });
      await expect(opened).rejects.toThrow(ConfigError);
      await expect(opened).rejects.toThrow(/into .* s a whole number of times.*change "timing" of/);
    },
  );

  it("may be one physics step or several", async () => {
    for (const controlStep_s of [1 / 60, 1 / 20, 0.1]) {
      (await openBatch(withTiming(controlStep_s), { envs: 1 })).free();
    }
  });
});

describe("rows", () => {
  it("are as wide as the table of groups says", async () => {
    const batch = await openBatch(findScene("push-cross"), { envs: 1 });
    // the active object, the anchor, three obstacles and the reference
    const objects = 6;
    expect(batch.rowSizes).toMatchObject({
      "keypoints:fov": objects * 4 * 3,
      "poses:fov": objects * 10,
      proprioception: 2,
      goal: 4,
      lastSeen: 5 * 4,
      layers: 3 * 64 * 64,
    });
    expect(roleNames(batch.scene)).toEqual(["active", "anchor", "obstacle"]);
    batch.free();
  });
});

describe("roles that only some stages have", () => {
  it("are hidden in the others", async () => {
    const batch = await openTiny();
    const columns = keypointLayout(tinyScene.assemble({ budgetSteps: 12 }));
    const at = columns.at as Readonly<Record<string, number>>;
    const width = columns.width as Readonly<Record<string, number>>;
    const shown = (role: string) =>
      [...batch.groups["keypoints:global"].subarray(at[role], at[role] + width[role])].some(
        (x) => x !== HIDDEN,
      );
    const roles = ["active", "anchor", "obstacles", "reference"];
    expect(roles.map(shown)).toEqual([true, true, false, true]);
    while (batch.stageOf(0) === 0) batch.step(Float32Array.of(1, 0));
    expect(roles.map(shown)).toEqual([true, false, true, false]);
    const { at: p } = privilegedLayout;
    const target = batch.groups.privileged.slice(p.target, p.anchor + 2);
    expect([...target].every((x) => x === 0)).toBe(true);
    batch.free();
  });
});

it("stops when it is no longer finite, and keeps the start and the actions that led there", async () => {
  const reports: string[] = [];
  const batch = await openTiny({
    envs: 3,
    firstEnv: 4,
    saveReport: (report) => {
      reports.push(report);
      return "runs/diverged-1.json";
    },
  });
  const start = new Float32Array(batch.world.bodies.length * 7);
  batch.poses(1, start);
  batch.step(Float32Array.of(0, 0, 0.5, -0.25, 0, 0));
  batch.world.place(1, 1, Number.NaN, 0, 0);
  const broken = () => batch.step(Float32Array.of(0, 0, 0.75, 1, 0, 0));
  expect(broken).toThrow(SimulationDivergedError);
  expect(broken).toThrow(
    /^Scene "tiny" stopped being finite in environment 5, episode 0, step 1\. /,
  );
  const report = JSON.parse(reports[0]);
  expect(report).toMatchObject({ scene: "tiny", environment: 5, episode: 0, step: 1 });
  expect(report.actions).toEqual([0.5, -0.25, 0.75, 1]);
  report.start.forEach(({ x_m, y_m }: { x_m: number; y_m: number }, body: number) => {
    expect(start[body * 7]).toBeCloseTo(x_m, 6);
    expect(start[body * 7 + 1]).toBeCloseTo(y_m, 6);
  });
  batch.free();
});

it("refuses actions that are too few or not finite before anything moves, and goes on after", async () => {
  const [batch, other] = [await openTiny({ envs: 2 }), await openTiny({ envs: 2 })];
  expect(() => batch.step(Float32Array.of(0, 0))).toThrow(
    new ShapeError("Expected 2 actions for each of 2 environments, got 2 in all."),
  );
  expect(() => batch.step(Float32Array.of(1, 0, 0.5, Number.NaN))).toThrow(
    /^Expected finite actions, but environment 1 was given \[0\.5, NaN\]\./,
  );
  for (const each of [batch, other]) each.step(Float32Array.of(1, 0, 0.5, 0));
  expect(batch.world.states).toEqual(other.world.states);
  for (const each of [batch, other]) each.free();
});

describe("a batch refuses", () => {
  const opened = (options: object) => openBatch(tinyScene, { envs: 2, ...options });

  it.each(["keypoints:occluded", "keypoint:global", "nonsense", "layer"])(
    "an observation group %s, which there is not",
    async (group) => {
      const opening = opened({ groups: ["keypoints:fov", group] });
      await expect(opening).rejects.toThrow(ConfigError);
      await expect(opening).rejects.toThrow(`Unknown observation group "${group}".`);
    },
  );

  it("a delay that would read the actions of the next environment, and a range upside down", async () => {
    const late = opened({ randomization: { ...exact, actionDelaySteps: [6, 6] } });
    await expect(late).rejects.toThrow(/^Invalid configuration in randomization:\n.*<=5/s);
    const turned = opened({ randomization: { ...exact, massScale: [2, 1] } });
    await expect(turned).rejects.toThrow(ConfigError);
  });

  it("to step before it was reset, and to begin an episode of no number", async () => {
    const batch = await opened({ groups: ["proprioception"] });
    expect(() => batch.step(new Float32Array(4))).toThrow("Reset a batch before its first step.");
    for (const episode of [-1, 1.5, Number.NaN]) {
      expect(() => batch.reset(episode)).toThrow(
        new ConfigError(`Expected the number of an episode, 0 or more, got ${episode}.`),
      );
    }
    batch.reset(0);
    batch.step(new Float32Array(4));
    batch.free();
  });
});

it("keeps its randomization when the caller's changes", async () => {
  const given = { ...exact, actionDelaySteps: [2, 2] as [number, number] };
  const batch = await openBatch(tinyScene, { envs: 1, randomization: given });
  given.actionDelaySteps[0] = 0;
  given.actionDelaySteps[1] = 0;
  batch.reset();
  batch.step(Float32Array.of(1, 0));
  expect(batch.groups.privileged[privilegedLayout.at.robotTwist]).toBe(0);
  batch.free();
});

it("shows what an ended episode saw last where that is wanted, not where the next one begins", async () => {
  const config = { budgetSteps: 7 };
  const batch = await openTiny({ envs: 2, config, finalImages: true });
  const size = batch.rowSizes.layers;
  let before = batch.groups.layers.slice();
  while (batch.ends.length === 0) {
    before = batch.groups.layers.slice();
    batch.step(Float32Array.of(0, 0.1, 0, 0.1));
  }
  const { layers } = batch.finalGroups;
  const apart = (a: Float32Array, b: Float32Array) =>
    a.reduce((sum, x, i) => sum + Math.abs(x - b[i]), 0) / a.length;
  for (let env = 0; env < 2; env++) {
    const [last, previous, next] = [layers, before, batch.groups.layers].map((rows) =>
      rows.subarray(env * size, (env + 1) * size),
    );
    expect(apart(last, previous)).toBeGreaterThan(0);
    // a control step of slow turning changes little, a new start much
    expect(apart(last, previous)).toBeLessThan(apart(last, next) / 2);
  }
  batch.free();
});

it("gives a group the same noise whatever else is asked for", async () => {
  const rows = async (groups: readonly GroupName[]) => {
    const batch = await openBatch(findScene("push-cross"), { envs: 4, groups });
    batch.reset();
    for (let t = 0; t < 3; t++) batch.step(new Float32Array(8).fill(0.5));
    const found = batch.groups["keypoints:fov"].slice();
    batch.free();
    return found;
  };
  const alone = await rows(["keypoints:fov"]);
  expect(alone.some((x) => x !== HIDDEN)).toBe(true);
  expect(await rows(["poses:fov", "keypoints:objects+gate", "keypoints:fov"])).toEqual(alone);
});

it("has at the end of an episode remembered what the last image shows", async () => {
  const groups = ["layers", "lastSeen"] as const;
  const open = (finalImages: boolean, budgetSteps: number) =>
    openBatch(findScene("push-cross"), {
      ...{ envs: 8, groups, finalImages },
      config: { reward: { budgetSteps } },
    });
  const [ends, goesOn] = [await open(true, 12), await open(false, 300)];
  for (const batch of [ends, goesOn]) {
    batch.reset();
    for (let t = 0; t < 12; t++) batch.step(new Float32Array(16).map((_, i) => (i % 2) * 0.5));
  }
  expect(ends.ends).toHaveLength(8);
  expect(ends.finalGroups.layers).toEqual(goesOn.groups.layers);
  expect(ends.finalGroups.lastSeen).toEqual(goesOn.groups.lastSeen);
  for (const batch of [ends, goesOn]) batch.free();
});
