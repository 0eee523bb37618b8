/** Carrying plans out by a policy, and asking the planner anew where a stage was given up. */

import { describe, expect, it } from "vitest";
import { ConfigError, FileError, WireError } from "../../core/errors.ts";
import type { Estimator } from "../../llm-planner/execution/estimators.ts";
import { PlanExecution } from "../../llm-planner/execution/execution.ts";
import { Replanner } from "../../llm-planner/execution/replanning.ts";
import { executeInSimulation } from "../../llm-planner/execution/simulated.ts";
import { worldOf } from "../../llm-planner/make-plan.ts";
import { planSchema } from "../../llm-planner/plan.ts";
import type { Planner, PlanRequest } from "../../llm-planner/planner.ts";
import { manifestFormat, parseManifest } from "../../policies/manifest.ts";
import type { PolicyRuntime, Rows } from "../../policies/runtime/runtime.ts";
import { roleNames } from "../../sim/observations.ts";
import { posesOutput } from "../../student/interface.ts";
import { provenance } from "../policies/tiny-policies.ts";
import { assembled, stagesOf } from "./support.ts";

const base = assembled("push-cross");
const roles = roleNames(base);
const plan = {
  stages: stagesOf(
    ...[0.25, -0.25].map((x_m, i) => ({
      name: `stage-${i + 1}`,
      active: `object ${i + 1}`,
      place: { anchor: "anchor", x_m, y_m: 0 },
    })),
  ),
};

/** Writes down what it is shown, and stands still. `poses` is where it believes the roles to be, if it says so. */
class Witness implements PolicyRuntime {
  readonly manifest;
  readonly seen: Rows[] = [];
  readonly #poses: ((goal: Float32Array) => readonly number[]) | undefined;

  constructor(layers = roles.length, poses?: (goal: Float32Array) => readonly number[]) {
    const columns = [
      { name: "forward", width: 1, unit: "m/s", scale: 0.4 },
      { name: "turn", width: 1, unit: "rad/s", scale: 2.8 },
    ];
    const manifest = parseManifest(
      {
        format: manifestFormat,
        name: "witness",
        scene: "push-arrangement",
        controlStep_s: 0.1,
        inputs: [
          { name: "layers", shape: [layers, 64, 64], dtype: "float32" },
          { name: "goal", shape: [4], dtype: "float32" },
        ],
        output: { name: "action", shape: [2], low: -1, high: 1, columns },
        provenance,
        onnx: { bytes: 1, sha256: "0".repeat(64) },
      },
      "the test",
    );
    this.manifest = poses ? { ...manifest, poses: posesOutput(["active", "anchor"]) } : manifest;
    this.#poses = poses;
  }

  async step(inputs: Rows) {
    this.seen.push({ layers: inputs.layers.slice(), goal: inputs.goal.slice() });
    const actions = new Float32Array(2);
    if (!this.#poses) return { actions, state: {} };
    return { actions, state: {}, poses: Float32Array.from(this.#poses(inputs.goal)) };
  }

  async act(inputs: Rows) {
    return (await this.step(inputs)).actions;
  }

  reset(): void {}

  async close() {}
}

/** One image of all roles: what is seen of anything, whoever it is. */
const anything = ({ layers }: Rows) => {
  const pixels = layers.length / roles.length;
  return Array.from({ length: pixels }, (_, p) =>
    roles.reduce((sum, _role, r) => sum + layers[r * pixels + p], 0),
  );
};
const active = ({ layers }: Rows) => layers.slice(0, layers.length / roles.length);

describe("a policy that carries a plan out", () => {
  it("is shown the parts of the stage it works on, and told its goal", async () => {
    const policy = new Witness();
    const instead = stagesOf({
      name: "mend",
      active: "object 2",
      place: { anchor: "anchor", x_m: 0, y_m: 0.4 },
    });
    let before = 0;
    await executeInSimulation({
      base,
      plan,
      policy,
      seed: 0,
      maxSteps: 4,
      meanwhile({ step, execution, batch, ground }) {
        if (step === 0) {
          // both objects in front of the robot, the anchor behind them
          const yaw = ground.yaw_rad(0);
          const ahead = (row: number, x: number, y: number) =>
            batch.world.place(
              0,
              row,
              ground.x_m(0) + x * Math.cos(yaw) - y * Math.sin(yaw),
              ground.y_m(0) + x * Math.sin(yaw) + y * Math.cos(yaw),
              0,
            );
          ahead(1, 1.1, 0);
          ahead(2, 0.6, 0.2);
          ahead(3, 0.6, -0.2);
        }
        if (step !== 2) return;
        before = policy.seen.length;
        execution.correct({ stages: instead }, "the other one");
      },
    });
    const goals = policy.seen.map(({ goal }) => Math.hypot(goal[0], goal[1]));
    expect(goals.slice(0, before)).toEqual(
      goals.slice(0, before).map(() => expect.closeTo(0.25, 5)),
    );
    expect(goals.slice(before)).toEqual(goals.slice(before).map(() => expect.closeTo(0.4, 5)));
    // the same moment, seen once more with other parts
    const [first, second] = [policy.seen[before - 1], policy.seen[before]];
    expect(anything(second)).toEqual(anything(first));
    expect(Math.max(...active(first))).toBeGreaterThan(0);
    expect(active(second)).not.toEqual(active(first));
  });

  it("is judged by where it believes things to be, where it says so", async () => {
    // the active object at its target, and the anchor a metre ahead
    const policy = new Witness(roles.length, ([x, y]) => [1, 1 + x, y, 1, 1, 0]);
    const { events, success } = await executeInSimulation({
      base,
      plan,
      policy,
      seed: 0,
      maxSteps: 60,
    });
    expect(events.map(({ kind }) => kind)).toEqual(["done", "done", "finished"]);
    // it stood still: the true state disagrees
    expect(success).toBe(false);
  });

  it("is refused where the scene does not show what it wants to see", async () => {
    const strange = new Witness(roles.length + 1);
    await expect(
      executeInSimulation({ base, plan, policy: strange, seed: 0, maxSteps: 2 }),
    ).rejects.toThrow(ConfigError);
  });
});

describe("another plan", () => {
  const whole = planSchema.parse({ format: 1, scene: "push-cross", instruction: "go", ...plan });
  const [first, second] = plan.stages;

  /** The first stage is done at once, and none after it. */
  const onlyFirst: Estimator = {
    estimate(stage, out) {
      const done = stage.compiled.plan.name === first.name;
      out.things.fill(0);
      out.robotToActive_m = 0.1;
      out.activeToTarget_m = done ? 0 : 1;
      const away = out.things.length - 10;
      // the target's row is the last but one
      if (!done) out.things[away] = 1;
    },
    undone: () => [],
  };

  const giveUp = (execution: PlanExecution) => {
    for (let looks = 0; execution.subgoal && looks < 100; looks++) execution.look();
    expect(execution.events.at(-1)?.kind).toBe("given up");
  };

  function stuck() {
    const execution = new PlanExecution(plan, base.cast, onlyFirst, {
      monitor: { benefitLooks: 5, stallSteps: 5, closer_m: 0.02 },
      undoneLooks: 3,
      attempts: 1,
      undoings: 3,
    });
    giveUp(execution);
    return execution;
  }

  function answering(...answers: readonly object[]) {
    const requests: PlanRequest[] = [];
    const planner: Planner = {
      name: "answers of the test",
      propose(request) {
        requests.push({ ...request, refusals: [...request.refusals] });
        const answer = answers[requests.length - 1] ?? { stages: [] };
        return Promise.resolve({ answer: JSON.stringify(answer) });
      },
      close() {},
    };
    return { planner, requests };
  }

  const world = worldOf("push-cross", base, 1);

  it("is asked for with what failed, and leaves out what is done", async () => {
    const execution = stuck();
    const other = { ...second, name: "from-behind", place: { anchor: "anchor", x_m: 0, y_m: 0.3 } };
    const { planner, requests } = answering({ stages: [first, { ...other, after: [first.name] }] });
    const { event } = await new Replanner().replan({
      execution,
      planner,
      base,
      plan: whole,
      world,
      seed: 1,
    });
    expect(event).toMatchObject({ kind: "replanned", stage: "from-behind" });
    expect(execution.remaining).toEqual(["from-behind"]);
    expect(requests[0].refusals).toHaveLength(1);
    expect(requests[0].refusals[0].reasons[0]).toMatch(/^Stage "stage-2" was given up: stalled/);
    expect(JSON.parse(requests[0].refusals[0].answer).stages).toHaveLength(2);
  });

  const x_m = (first.place?.x_m ?? 0) + 0.01;
  const otherwise = { done: "speed(active) < 1 cm/s" };
  const to = (place: object) => ({ place: { ...first.place, ...place } });
  it.each([
    ["as it was", {}, []],
    ["nearer than anybody means", to({ x_m, yaw_deg: -2 }), []],
    ["with any heading", to({ yaw_deg: null }), []],
    ["with another heading", to({ yaw_deg: 30 }), ["stage-1"]],
    ["until something else holds", otherwise, ["stage-1"]],
  ])("leaves out what is done where it is asked for again %s", async (_, changes, again) => {
    const execution = stuck();
    const { planner } = answering({
      stages: [
        { ...first, ...changes },
        { ...second, name: "other" },
      ],
    });
    await new Replanner().replan({ execution, planner, base, plan: whole, world, seed: 1 });
    expect(execution.remaining).toEqual([...again, "other"]);
  });

  it("that fails, too, is told with its own reason, once for each time that it failed", async () => {
    const execution = stuck();
    const via = (name: string, y_m: number) => ({
      stages: [{ ...second, name, place: { anchor: "anchor", x_m: 0, y_m }, after: [] }],
    });
    const nothing = { stages: [{ ...second, active: "the moon" }] };
    // an answer that does not pass is asked for three times
    const answers = [via("left", 0.3), nothing, nothing, nothing, via("right", -0.3)];
    const { planner, requests } = answering(...answers);
    const replanner = new Replanner();
    const asked = { execution, planner, base, plan: whole, world, seed: 1 };
    const told = () =>
      requests
        .at(-1)
        ?.refusals.map(({ answer, reasons }) => [
          JSON.parse(answer).stages.map(({ name }: { name: string }) => name),
          reasons,
        ]);
    const gaveUp = (stage: string) =>
      expect.stringMatching(new RegExp(`^Stage "${stage}" was given up: stalled`));
    await replanner.replan(asked);
    expect(told()).toEqual([[[first.name, second.name], [gaveUp("stage-2")]]]);
    giveUp(execution);
    await replanner.replan(asked);
    const before = [[first.name, second.name], [gaveUp("stage-2")]];
    expect(requests[1].refusals).toHaveLength(2);
    expect(requests[1].refusals[1].reasons).toEqual([gaveUp("left")]);
    await replanner.replan(asked);
    // how many there are tells a planner how often it was asked
    expect(told()).toEqual([before, [["left"], [gaveUp("left")]], [["left"], [gaveUp("left")]]]);
    expect(execution.subgoal?.compiled.plan.name).toBe("right");
  });

  it("that does not exist changes nothing, and says why", async () => {
    const execution = stuck();
    const { planner } = answering({ stages: [{ ...second, active: "the moon" }] });
    const { event, reasons } = await new Replanner().replan({
      execution,
      planner,
      base,
      plan: whole,
      world,
      seed: 1,
    });
    expect(event).toBeUndefined();
    expect(reasons.length).toBeGreaterThan(0);
    expect(execution.subgoal).toBeUndefined();
  });

  it.each([new WireError("Nobody is there."), new FileError("The disk is full.")])(
    "that cannot be asked for changes nothing, either: %s",
    async (error) => {
      const execution = stuck();
      const planner: Planner = { name: "away", propose: () => Promise.reject(error), close() {} };
      const asked = { execution, planner, base, plan: whole, world, seed: 1 };
      expect(await new Replanner().replan(asked)).toEqual({ reasons: [error.message] });
      expect(execution.subgoal).toBeUndefined();
    },
  );
});
