import { appendFileSync, readFileSync, writeFileSync } from "node:fs";
import path from "node:path";
import { describe, expect, it } from "vitest";
import { ConfigError, FileError, WireError } from "../../core/errors.ts";
import { createRng } from "../../core/rng.ts";
import {
  applyCorrection,
  readCorrections,
  stagesFor,
} from "../../llm-planner/execution/corrections.ts";
import {
  type Estimator,
  HeadEstimator,
  trueState,
} from "../../llm-planner/execution/estimators.ts";
import { PlanExecution } from "../../llm-planner/execution/execution.ts";
import { executeInSimulation } from "../../llm-planner/execution/simulated.ts";
import { StageMonitor } from "../../llm-planner/execution/stage-monitor.ts";
import { createSituation, rowsOf, type Situation } from "../../llm-planner/language/situation.ts";
import { viewNow, worldOf } from "../../llm-planner/make-plan.ts";
import { type PlannedStage, plannedStages } from "../../llm-planner/planned-stage.ts";
import type { Planner } from "../../llm-planner/planner.ts";
import { recordedPlanner } from "../../llm-planner/providers/recorded.ts";
import { asScene, sceneFromPlan } from "../../llm-planner/scene.ts";
import { compileStage } from "../../llm-planner/stages.ts";
import type { WorldView } from "../../llm-planner/world-view.ts";
import { Ground } from "../../sim/ground.ts";
import { SceneBatch } from "../../sim/scene-batch.ts";
import { temporaryFolder } from "../support/temporary-folder.ts";
import { assembled, canByCube, cast, situation, stagesOf } from "./support.ts";

const folder = temporaryFolder();

/** The can so far before its target, with the pusher so far behind the can. */
const at = (toTarget_m: number, toPusher_m: number, yaw = 0): Situation => {
  const found = situation({
    robot: [0, 0],
    cube: [1, 1],
    can: [0.145 + toPusher_m, 0, yaw],
    target: [0.145 + toPusher_m + toTarget_m, 0],
    pusher: [0.145, 0],
  });
  found.robotToActive_m = toPusher_m;
  found.activeToTarget_m = toTarget_m;
  return found;
};

describe("a stage's monitor", () => {
  const stage = compileStage(stagesOf({ name: "can", ...canByCube, budgetSteps: 60 })[0], cast);
  const config = { benefitLooks: 5, stallSteps: 20, closer_m: 0.02 };

  it("sees a stage done, and one that runs out of time", () => {
    const monitor = new StageMonitor(stage, config);
    expect(monitor.look(at(0.3, 0.1))).toBe("under way");
    expect(monitor.look(at(0.02, 0.1))).toBe("done");
    const slow = new StageMonitor(stage, config);
    // three centimetres closer in each step is progress, but sixty steps are all there are
    const states = Array.from({ length: 60 }, (_, t) => slow.look(at(3 - 0.03 * t, 0.1)));
    expect(states.indexOf("out of time")).toBe(59);
    expect(states).not.toContain("stalled");
  });

  it("sees a stage stalled once nothing gets closer, whatever the jitter", () => {
    const monitor = new StageMonitor(stage, config);
    const rng = createRng(1);
    const states = Array.from({ length: 30 }, () =>
      monitor.look(at(0.5 + 0.005 * rng.uniform(-1, 1), 0.1)),
    );
    // the first look is the closest so far; twenty more bring nothing
    expect(states.indexOf("stalled")).toBe(20);
  });

  it("gives unknown parts the benefit of the doubt only where the rest has agreed for a while", () => {
    const unseen = (toTarget_m: number) => {
      const found = at(toTarget_m, 0.1);
      // the speed of the can is not known
      found.things[2 * 5 + 3] = Number.NaN;
      return found;
    };
    const monitor = new StageMonitor(stage, config);
    const near = Array.from({ length: 5 }, () => monitor.look(unseen(0.02)));
    expect(near).toEqual(["under way", "under way", "under way", "under way", "done"]);
    const far = new StageMonitor(stage, config);
    for (let i = 0; i < 10; i++) expect(far.look(unseen(0.2))).toBe("under way");
    const blind = new StageMonitor(stage, config);
    const nothing = createSituation(rowsOf(cast.bodies.map(({ name }) => name)));
    for (let i = 0; i < 10; i++) expect(blind.look(nothing)).toBe("under way");
  });

  it.each([
    "yaw_error(active, target) < 15 deg",
    "clearance(active, anchor) < 12 cm and speed(active) < 5 cm/s",
    "visible(wedge) and contact(active, anchor)",
  ])("takes nothing on trust of which no length is known: %s", (done) => {
    const asked = { name: "can", ...canByCube, active: "red-cube", done };
    const place = { anchor: "tall can", x_m: 0.3, y_m: 0 };
    const monitor = new StageMonitor(compileStage(stagesOf({ ...asked, place })[0], cast), config);
    // as a head tells it: the cube stands still a metre and a half away, headings are not known
    const seen = situation({
      robot: [0, 0],
      cube: [1, 0.5, Number.NaN],
      can: [2.5, 0, Number.NaN],
    });
    seen.robotToActive_m = 1;
    seen.activeToTarget_m = 1.8;
    for (let i = 0; i < 10; i++) expect(monitor.look(seen)).toBe("under way");
  });

  it("waits for what is not known without calling that a standstill", () => {
    const monitor = new StageMonitor(stage, config);
    const unseen = at(Number.NaN, Number.NaN);
    for (let i = 0; i < 50; i++) expect(monitor.look(unseen)).toBe("under way");
    const states = Array.from({ length: 9 }, () => monitor.look(at(0.5, 0.5)));
    expect(states).not.toContain("stalled");
  });
});

describe("an execution", () => {
  const plan = {
    stages: stagesOf(
      { name: "can", ...canByCube },
      { name: "wedge", active: "wedge", place: { anchor: "red-cube", x_m: -0.3, y_m: 0 } },
    ),
  };

  /** What a test says the scene looks like. */
  class Told implements Estimator {
    toTarget_m = 1;
    loose: string[] = [];

    estimate(stage: PlannedStage, out: Situation): void {
      const now = at(this.toTarget_m, 0.1);
      const row = stage.active * 5;
      out.things.set(now.things);
      out.things.set(now.things.subarray(10, 15), row);
      out.robotToActive_m = 0.1;
      out.activeToTarget_m = this.toTarget_m;
    }

    undone(stages: readonly PlannedStage[], current: number): readonly PlannedStage[] {
      return stages
        .slice(0, current)
        .filter(({ compiled }) => this.loose.includes(compiled.plan.name));
    }
  }

  const config = {
    monitor: { benefitLooks: 5, stallSteps: 10, closer_m: 0.02 },
    undoneLooks: 3,
    attempts: 2,
    undoings: 4,
  };
  const open = () => {
    const told = new Told();
    return { told, execution: new PlanExecution(plan, cast, told, config) };
  };
  const lookUntil = (execution: PlanExecution, kind: string): number => {
    for (let looks = 1; looks < 500; looks++) {
      if (execution.look().some((event) => event.kind === kind)) return looks;
    }
    throw new Error(`no "${kind}"`);
  };

  it("goes through the stages in order and finishes", () => {
    const { told, execution } = open();
    told.toTarget_m = 0.01;
    expect(execution.remaining).toEqual(["can", "wedge"]);
    expect(execution.look().map(({ kind }) => kind)).toEqual(["done"]);
    expect(execution.look().map(({ kind }) => kind)).toEqual(["done", "finished"]);
    expect(execution.subgoal).toBeUndefined();
  });

  it("takes up again what has come undone, once three looks agree", () => {
    const { told, execution } = open();
    told.toTarget_m = 0.01;
    execution.look();
    told.toTarget_m = 1;
    told.loose = ["can"];
    expect(lookUntil(execution, "undone")).toBe(3);
    expect(execution.remaining).toEqual(["can", "wedge"]);
  });

  it("is not finished while an earlier place is known not to hold", () => {
    const { told, execution } = open();
    told.toTarget_m = 0.01;
    execution.look();
    told.loose = ["can"];
    expect(execution.look()).toEqual([]);
    expect(execution.look()).toEqual([]);
    expect(execution.look().map(({ kind }) => kind)).toEqual(["undone"]);
    told.loose = [];
    lookUntil(execution, "finished");
    expect(execution.events.slice(2).map(({ stage }) => stage)).toEqual(["can", "wedge", "wedge"]);
  });

  it("gives up what comes undone too often", () => {
    const { told, execution } = open();
    for (let i = 0; i < config.undoings; i++) {
      expect(execution.subgoal).toBeDefined();
      told.toTarget_m = 0.01;
      told.loose = [];
      execution.look();
      told.toTarget_m = 1;
      told.loose = ["can"];
      lookUntil(execution, "undone");
    }
    expect(execution.events.at(-1)).toMatchObject({ kind: "given up", stage: "can" });
    expect(execution.remaining).toEqual(["can", "wedge"]);
  });

  it("does not postpone a stage until after another of the same object", () => {
    const [can, wedge] = plan.stages;
    const again = { ...can, name: "again", place: { anchor: "red-cube", x_m: 0, y_m: 0.3 } };
    const stages = stagesOf(can, wedge, again);
    const execution = new PlanExecution({ stages }, cast, new Told(), config);
    lookUntil(execution, "given up");
    expect(execution.remaining).toEqual(["can", "wedge", "again"]);
  });

  it("retries what stalls, postpones it, and gives up where nothing else is left to try", () => {
    const { execution } = open();
    lookUntil(execution, "retried");
    lookUntil(execution, "postponed");
    expect(execution.remaining).toEqual(["wedge", "can"]);
    lookUntil(execution, "postponed");
    expect(execution.remaining).toEqual(["can", "wedge"]);
    lookUntil(execution, "given up");
    expect(execution.subgoal).toBeUndefined();
    expect(execution.finished).toBe(false);
  });

  it("does not postpone what others wait for", () => {
    const [can, wedge] = plan.stages;
    const waiting = { stages: [can, { ...wedge, after: ["can"] }] };
    const execution = new PlanExecution(waiting, cast, new Told(), config);
    lookUntil(execution, "given up");
    expect(execution.remaining).toEqual(["can", "wedge"]);
  });

  it("puts a correction first and takes up the rest afterwards", () => {
    const { execution } = open();
    const instead = {
      name: "mend",
      active: "wedge",
      place: { anchor: "red-cube", x_m: 0, y_m: 0.3 },
    };
    execution.correct({ stages: stagesOf(instead) }, "no, to the left");
    expect(execution.remaining).toEqual(["mend", "can"]);
  });

  it("goes on with the stage of an object that a correction only visits", () => {
    const { told, execution } = open();
    const touch = { name: "touch", active: "tall can", done: "contact(robot, active)" };
    execution.correct({ stages: stagesOf(touch) }, "touch the can first");
    expect(execution.remaining).toEqual(["touch", "can", "wedge"]);
    told.toTarget_m = 0.01;
    const other = { ...canByCube, name: "other", place: { anchor: "red-cube", x_m: 0, y_m: 0.3 } };
    execution.correct({ stages: stagesOf(other) }, "no, to its left");
    // it is to be touched all the same
    expect(execution.remaining).toEqual(["other", "touch", "wedge"]);
  });

  it("does again what was achieved beside an object that a correction or another plan moves", () => {
    const away = { name: "away", active: "red-cube", place: { anchor: "wedge", x_m: 1, y_m: 0 } };
    for (const how of ["correct", "replan"] as const) {
      const { told, execution } = open();
      told.toTarget_m = 0.01;
      execution.look();
      expect(execution.remaining).toEqual(["wedge"]);
      execution[how]({ stages: stagesOf(away) }, "the cube over there");
      // the wedge was to stand beside the cube, which is to stand beside the wedge: the newest wish wins
      expect(execution.remaining).toEqual(["away", "can"]);
      expect(execution.achieved).toEqual([]);
    }
  });

  it("forgets where an object was placed that another plan places elsewhere", () => {
    const { told, execution } = open();
    told.toTarget_m = 0.01;
    execution.look();
    const behind = { ...canByCube, name: "behind" };
    execution.replan({ stages: stagesOf(plan.stages[1], behind) }, "another way");
    told.loose = ["can"];
    lookUntil(execution, "finished");
    expect(execution.achieved.map(({ compiled }) => compiled.plan.name)).toEqual([
      "wedge",
      "behind",
    ]);
  });

  it("waits, and calls nothing stalled, where an estimator knows poses and no more", () => {
    const poses: Estimator = {
      estimate(_, out) {
        out.things.set(at(1, 0.1).things);
      },
      undone: () => [],
    };
    const execution = new PlanExecution(plan, cast, poses, config);
    for (let looks = 0; looks < 50; looks++) expect(execution.look()).toEqual([]);
  });
});

describe("the relative-pose head", () => {
  it("tells the monitor the distances that are true, and no headings", async () => {
    const base = assembled("push-pair");
    const front = {
      name: "front",
      active: "object",
      place: { anchor: "anchor", x_m: 0.25, y_m: 0 },
    };
    const planned = sceneFromPlan(base, { stages: stagesOf(front) });
    const [stage] = plannedStages({ stages: stagesOf(front) }, base.cast);
    const batch = await SceneBatch.create({
      scene: asScene(planned),
      envs: 4,
      seed: 1,
      purpose: "evaluation",
      groups: ["proprioception"],
    });
    batch.reset();
    const ground = new Ground(batch.world);
    const rows = rowsOf(base.cast.bodies.map(({ name }) => name));
    const [seen, true_] = [createSituation(rows), createSituation(rows)];
    for (let env = 0; env < 4; env++) {
      ground.env = env;
      const yaw = ground.yaw_rad(0);
      const inBase = (x: number, y: number): [number, number] => [
        Math.cos(yaw) * x + Math.sin(yaw) * y,
        Math.cos(yaw) * y - Math.sin(yaw) * x,
      ];
      const from = (row: number) =>
        inBase(ground.x_m(row) - ground.x_m(0), ground.y_m(row) - ground.y_m(0));
      const turn = ground.yaw_rad(1);
      const head = new HeadEstimator(base.cast, 0.1);
      head.report({
        poses: Float32Array.of(1, ...from(2), 1, ...from(1)),
        roles: ["active", "anchor"],
        goal: inBase(0.25 * Math.cos(turn), 0.25 * Math.sin(turn)),
      });
      head.estimate(stage, seen);
      trueState(ground, base.cast).estimate(stage, true_);
      const distance = (s: Situation) =>
        compileStage(stagesOf({ ...front, factors: [] })[0], base.cast).reached.evaluate(s);
      expect(distance(seen)).toBe(distance(true_));
      expect(seen.activeToTarget_m).toBeCloseTo(true_.activeToTarget_m, 5);
      expect(seen.robotToActive_m).toBeCloseTo(true_.robotToActive_m, 5);
      // far from the target "done" is false although heading and speed are not known
      expect(stage.compiled.done.evaluate(seen)).toBe(0);
      head.report({ poses: new Float32Array(6), roles: ["active", "anchor"], goal: [0.25, 0] });
      head.estimate(stage, seen);
      expect(stage.compiled.done.evaluate(seen)).toBeNaN();
    }
    batch.free();
  });
});

describe("in simulation", () => {
  const base = assembled("push-cross");
  const plan = {
    stages: stagesOf(
      ...[0.25, -0.25].map((x_m, i) => ({
        name: `stage-${i + 1}`,
        active: `object ${i + 1}`,
        place: { anchor: "anchor", x_m, y_m: 0 },
      })),
    ),
  };

  it.each(["push-pair", "push-arrangement"])(
    "begins where a plan of the same seed was made for: %s",
    async (name) => {
      const scene = assembled(name);
      const expected = worldOf(name, scene, 4);
      const { name: active } = scene.cast.bodies[1];
      let world: WorldView | undefined;
      await executeInSimulation({
        base: scene,
        plan: {
          stages: stagesOf({ name: "a", active, place: { anchor: "anchor", x_m: 0.3, y_m: 0 } }),
        },
        seed: 4,
        maxSteps: 1,
        driver: {
          groups: ["proprioception"],
          act(ground) {
            world = viewNow(name, scene, ground);
            return [0, 0];
          },
          begin() {},
        },
      });
      // the simulation's numbers are float32
      const placed = expected.objects.map(({ name, x_m }) => ({
        name,
        x_m: expect.closeTo(x_m, 5),
      }));
      expect(world).toMatchObject({
        robot: { y_m: expect.closeTo(expected.robot.y_m, 5) },
        objects: placed,
      });
    },
  );

  it("is driven by a driver of one's own, which is given the subgoal", async () => {
    const asked: string[] = [];
    const { steps, success } = await executeInSimulation({
      base,
      plan,
      seed: 1,
      maxSteps: 3,
      driver: {
        groups: ["proprioception"],
        act(_, { compiled }) {
          asked.push(compiled.plan.name);
          return [0, 1];
        },
        begin() {},
      },
      meanwhile({ ground }) {
        expect(viewNow("push-cross", base, ground).robot.yaw_rad).toBe(ground.yaw_rad(0));
      },
    });
    expect({ steps, success, asked }).toEqual({
      steps: 3,
      success: false,
      asked: ["stage-1", "stage-1", "stage-1"],
    });
  });

  it("an object that is dragged away is noticed and put back", async () => {
    let mended = 0;
    for (let seed = 0; seed < 4; seed++) {
      let dragged = false;
      const { events, success } = await executeInSimulation({
        base,
        plan,
        seed,
        maxSteps: 1800,
        meanwhile({ events: now, batch }) {
          if (dragged || !now.some(({ kind }) => kind === "done")) return;
          dragged = true;
          batch.world.place(0, 2, 1.2, 1.2, 0.3);
        },
      });
      if (dragged && success && events.some(({ kind }) => kind === "undone")) mended++;
    }
    expect(mended).toBeGreaterThan(0);
  });

  it("a correction may ask for a contact that the plan does not", async () => {
    const touch = { name: "touch", active: "object 1", done: "contact(robot, active)" };
    const { events } = await executeInSimulation({
      base,
      plan,
      seed: 3,
      maxSteps: 400,
      meanwhile({ step, execution }) {
        if (step === 2) execution.correct({ stages: stagesOf(touch) }, "touch it");
      },
    });
    expect(events).toContainEqual(expect.objectContaining({ kind: "done", stage: "touch" }));
  });

  it("a correction overrides the subgoal and is logged; words without a plan change nothing", async () => {
    const file = path.join(folder, "corrections.jsonl");
    const answers: Record<string, object> = {
      "the other side": {
        stages: [
          { name: "mend", active: "object 1", place: { anchor: "anchor", x_m: 0, y_m: 0.25 } },
        ],
      },
      nonsense: { stages: [{ name: "a", active: "the moon" }] },
    };
    const planner: Planner = {
      name: "answers of the test",
      propose: ({ instruction }) =>
        Promise.resolve({ answer: JSON.stringify(answers[instruction]) }),
      close() {},
    };
    const subgoals: (string | undefined)[] = [];
    await executeInSimulation({
      base,
      plan,
      seed: 3,
      maxSteps: 12,
      async meanwhile({ step, execution }) {
        const words = { 4: "nonsense", 8: "the other side" }[step];
        if (words) {
          await applyCorrection({
            execution,
            planner,
            base,
            scene: "push-cross",
            instruction: "make a line",
            words,
            world: worldOf("push-cross", base, 3),
            step,
            seed: 3,
            file,
          });
        }
        subgoals.push(execution.subgoal?.compiled.plan.name);
      },
    });
    expect(subgoals.slice(0, 8)).toEqual(Array.from({ length: 8 }, () => "stage-1"));
    expect(subgoals.slice(8)).toEqual(Array.from({ length: 4 }, () => "mend"));
    const [first, second] = readCorrections(file);
    expect(first).toMatchObject({ words: "nonsense", step: 4, stages: null });
    expect(first.reasons[0]).toMatch(/not in the scene/);
    expect(second).toMatchObject({ words: "the other side", stage: "stage-1", step: 8 });
    expect(second.stages).toMatchObject([{ active: "object 1" }]);
    expect(second.world.objects.map(({ name }) => name)).toContain("anchor");
    appendFileSync(file, "{}\n");
    expect(() => readCorrections(file)).toThrow(FileError);
    expect(() => readCorrections(file)).toThrow(/Line 3/);
    expect(readFileSync(file, "utf8").trimEnd().split("\n")).toHaveLength(3);
  });

  it("a correction that has no answer in a record is logged, and ends nothing", async () => {
    const answers = path.join(folder, "answers.json");
    const record = { format: 1, answers: [{ instruction: "hello", answers: [{ stages: [] }] }] };
    writeFileSync(answers, JSON.stringify(record));
    const world = worldOf("push-cross", base, 3);
    const asked = { base, scene: "push-cross", words: "the other side", world, seed: 3 };
    const found = await stagesFor({ planner: recordedPlanner(answers), ...asked });
    expect(found.stages).toBeNull();
    expect(found.reasons.join()).toMatch(/^No answer to "the other side" is recorded/);
  });

  it("a correction that nobody wants to wait for any longer is not waited for", async () => {
    const planner: Planner = {
      name: "thinks until it is interrupted",
      propose: (_, signal) =>
        new Promise((_, reject) => {
          signal.addEventListener("abort", () => reject(new WireError("it was interrupted.")));
        }),
      close() {},
    };
    const world = worldOf("push-cross", base, 3);
    const asked = { base, scene: "push-cross", words: "the other side", world, seed: 3 };
    const signal = AbortSignal.timeout(20);
    const found = await stagesFor({ planner, ...asked, signal });
    expect(found).toEqual({ stages: null, reasons: ["it was interrupted."] });
  });

  it("a correction that nobody can be asked about is logged, and one that no log takes is refused", async () => {
    const file = path.join(folder, "unheard.jsonl");
    const planner: Planner = {
      name: "nobody",
      propose: () => Promise.reject(new WireError("nobody gave no plan: there is no connection.")),
      close() {},
    };
    const remarks: (readonly string[])[] = [];
    const { events } = await executeInSimulation({
      base,
      plan,
      seed: 3,
      maxSteps: 6,
      async meanwhile({ step, execution }) {
        if (step !== 4) return;
        const world = worldOf("push-cross", base, 3);
        const asked = { execution, planner, base, scene: "push-cross", instruction: "make a line" };
        const said = (words: string) => {
          return applyCorrection({ ...asked, words, world, step, seed: 3, file });
        };
        await expect(said("  ")).rejects.toThrow(ConfigError);
        await expect(said("  ")).rejects.toThrow(/has no words/);
        await expect(said("a".repeat(1001))).rejects.toThrow(ConfigError);
        await expect(said("a".repeat(1001))).rejects.toThrow(/1001 characters; at most 1000/);
        const { event, correction } = await said("the other side");
        expect(event).toBeUndefined();
        remarks.push(correction.reasons);
      },
    });
    const reasons = ["nobody gave no plan: there is no connection."];
    expect(remarks).toEqual([reasons]);
    expect(events.map(({ kind }) => kind)).not.toContain("corrected");
    expect(readCorrections(file)).toMatchObject([
      { words: "the other side", stages: null, reasons },
    ]);
  });
});
