import { describe, expect, it } from "vitest";
import { createRng } from "../../core/rng.ts";
import { StageMachine } from "../../credit/stage.ts";
import { trueState } from "../../llm-planner/execution/estimators.ts";
import { PlanExecution } from "../../llm-planner/execution/execution.ts";
import { createSituation, rowsOf, type Situation } from "../../llm-planner/language/situation.ts";
import type { Plan } from "../../llm-planner/plan.ts";
import { asScene, planScene, sceneFromPlan } from "../../llm-planner/scene.ts";
import { bonus, compileStage, stageOf } from "../../llm-planner/stages.ts";
import { Ground } from "../../sim/ground.ts";
import type { EpisodeEnd } from "../../sim/scene-batch.ts";
import { SceneBatch } from "../../sim/scene-batch.ts";
import { findScene } from "../../sim/scenes/index.ts";
import { assembled, canByCube, cast, situation, stagesOf } from "./support.ts";

/** The place that push-line and push-pair share: in front of the anchor. */
const inFront = (offset_m: number) => ({ anchor: "anchor", x_m: offset_m, y_m: 0 });

describe("a scene from a plan", () => {
  it("pays what the hand-written stage pays, term by term, for the same episode", async () => {
    // EgoPush's stage with the potentials of the preset, over one object at a fixed place
    const reward = { slow: 0.005, align: 3, behind: 1, detour: 4 };
    const config = { reward, assignment: "fixed" };
    const written = assembled("push-cross", config);
    const front = { name: "first", active: "object 1", place: inFront(0.25) };
    const planned = sceneFromPlan(written, { stages: stagesOf(front) }, "none");
    const ends = await Promise.all(
      [asScene(planned), findScene("push-cross")].map((scene, i) =>
        firstEnds(scene, i === 0 ? {} : config, 12),
      ),
    );
    let compared = 0;
    for (const { start, byTerm } of ends[0]) {
      const other = ends[1].find((end) => end.start === start);
      // episodes end alike unless the hand-written scene ends one for touching an obstacle
      if (!other || other.steps !== ends[0][start].steps) continue;
      compared++;
      const pairs = [
        ["reached", "reach"],
        ["done", "place"],
        ["smooth", "smooth"],
        ["factor approach", "approach"],
        ["factor transport", "transport"],
        ["factor behind", "behind"],
        ["factor align", "align"],
        ["factor slow", "slow"],
      ];
      for (const [ours, theirs] of pairs) {
        const paid = byTerm[`first/${ours}`];
        expect(paid, `${ours} of start ${start}`).toBeCloseTo(
          other.byTerm[`place-object-1/${theirs}`],
          // "behind" keeps 21 cm off others where a plan keeps the two outlines' radii, 21.2 cm
          ours === "factor behind" ? 2 : 4,
        );
      }
    }
    expect(compared).toBeGreaterThan(3);
  });

  it("may be simulated by name, from its plan alone", async () => {
    const plan: Plan = {
      format: 1,
      scene: "push-pair",
      instruction: "",
      stages: [...stagesOf({ name: "first", active: "object", place: inFront(0.25) })],
    };
    const ends = await firstEnds(planScene, { base: "push-pair", plan }, 4);
    expect(ends).toHaveLength(4);
    expect(Object.keys(ends[0].byTerm)).toContain("first/factor transport");
  });

  it("starts at later stages with the earlier ones done, where a curriculum asks for it", () => {
    const places = [0, 1, 2].map((i) => ({
      name: `stage-${i + 1}`,
      active: `object ${i + 1}`,
      place: { anchor: "anchor", x_m: [0.25, 0, -0.25][i], y_m: [0, 0.25, 0][i] },
    }));
    const planned = sceneFromPlan(assembled("push-cross"), { stages: stagesOf(...places) });
    const rng = createRng(3);
    let later = 0;
    for (let i = 0; i < 30; i++) {
      const drawn = planned.episode?.(rng.split(`episode ${i}`), { progress: 0.9, close: true });
      if (!drawn || drawn.firstStage === 0) continue;
      later++;
      expect(drawn.firstStage).toBe(2);
      const [, anchor, first, second, third] = drawn.poses;
      for (const [pose, x_m, y_m] of [
        [first, 0.25, 0],
        [second, 0, 0.25],
      ] as const) {
        const [c, s] = [Math.cos(anchor.yaw_rad), Math.sin(anchor.yaw_rad)];
        const [dx, dy] = [pose.x_m - anchor.x_m, pose.y_m - anchor.y_m];
        expect(Math.hypot(c * dx + s * dy - x_m, c * dy - s * dx - y_m)).toBeLessThan(0.05);
      }
      const target = [-0.25, 0];
      const [c, s] = [Math.cos(anchor.yaw_rad), Math.sin(anchor.yaw_rad)];
      const [dx, dy] = [third.x_m - anchor.x_m, third.y_m - anchor.y_m];
      expect(Math.hypot(c * dx + s * dy - target[0], c * dy - s * dx)).toBeLessThan(0.6);
    }
    expect(later).toBeGreaterThan(20);
  });
});

describe("a place that was achieved", () => {
  const base = assembled("push-cross");
  const near = "distance(active, target) < 12 cm and speed(active) < 5 cm/s";
  const stages = (done: string | null) =>
    stagesOf(
      { name: "one", active: "object 1", place: inFront(0.3), done },
      { name: "two", active: "object 2", place: inFront(-0.3) },
    );

  /** What becomes of the second stage where the first one's object stands so far from its place, turned so much. */
  async function outcomes(done: string | null, off_m: number, turned_rad: number) {
    const planned = sceneFromPlan(base, { stages: stages(done) });
    const batch = await SceneBatch.create({
      scene: asScene(planned),
      envs: 1,
      seed: 1,
      purpose: "evaluation",
      groups: ["proprioception"],
    });
    batch.reset();
    batch.world.place(0, 1, 0, 0, 0);
    batch.world.place(0, 2, 0.3 + off_m, 0, turned_rad);
    const ground = new Ground(batch.world);
    ground.markStart();
    const execution = new PlanExecution(
      { stages: stages(done) },
      base.cast,
      trueState(ground, base.cast),
    );
    const kinds = Array.from({ length: 8 }, () => execution.look().map(({ kind }) => kind)).flat();
    const failure = planned.failure(ground, 1);
    batch.free();
    return { kinds, failure };
  }

  it.each([
    // by the usual condition: 5 cm and 15 degrees, 0.26 rad
    [null, 0.04, 0.2, true],
    [null, 0.1, 0, false],
    [null, 0, 0.4, false],
    // by one of its own, which asks for no heading
    [near, 0.1, 0.4, true],
    [near, 0.13, 0, false],
  ])("is kept by what completed it: %s, %f m off, %f rad", async (done, off, turned, kept) => {
    const { kinds, failure } = await outcomes(done, off, turned);
    expect(kinds).toEqual(kept ? ["done"] : []);
    expect(failure).toBe(kept ? undefined : "something placed was moved");
  });
});

describe("the gate", () => {
  const parking = {
    name: "park",
    ...canByCube,
    factors: [
      {
        name: "near",
        kind: "level",
        value: "max(0, 1 - distance(active, target) / 1 m)",
        weight: 1,
      },
    ],
  };
  const near = situation({
    robot: [0.1, 0],
    cube: [0, 0.5],
    can: [0.4, 0],
    target: [0.5, 0],
    pusher: [0.25, 0],
  });
  const there = situation({
    robot: [0.2, 0],
    cube: [0, 0.5],
    can: [0.49, 0],
    target: [0.5, 0],
    pusher: [0.35, 0],
  });

  /** What an episode pays that stays near for so many steps and then completes or not. */
  const paid = (gate: "outcome" | "none", steps: number, completes: boolean): number => {
    const compiled = compileStage(stagesOf(parking)[0], cast);
    const rows = rowsOf(cast.bodies.map(({ name }) => name));
    const machine = new StageMachine<Situation>(
      [stageOf(compiled, gate)],
      createSituation(rows, 1),
    );
    machine.reset();
    const copy = (s: Situation): Situation => ({ ...s, held: new Float64Array(1) });
    let [before, total] = [copy(near), 0];
    for (let t = 0; t < steps; t++) {
      const now = copy(completes && t === steps - 1 ? there : near);
      total += machine.advance(before, now).reward;
      before = now;
    }
    return total;
  };

  it("pays nothing for staying near without ever completing, a plain sum does", () => {
    // within 10 cm of the target each step is worth 0.9; reaching pays 1
    expect(paid("none", 100, false)).toBeCloseTo(1 + 100 * 0.9, 6);
    expect(paid("outcome", 100, false)).toBeCloseTo(1, 6);
  });

  it("pays at the end what was held, up to its limit", () => {
    // one step near (0.9), one at 1 cm (0.99), and the bonus after one step of 300
    const done = bonus.done * (299 / 300);
    expect(paid("outcome", 2, true)).toBeCloseTo(1 + 0.9 + 0.99 + done, 6);
    // 99 steps of 0.9 are more than half of what completing pays after 99 of 300 steps
    expect(paid("outcome", 100, true)).toBeCloseTo(1 + 1.5 * bonus.done * (201 / 300), 6);
  });

  it.each([
    // the can reaches 7.5 cm towards a wall at 1.5 m: 2 cm away from it, 1 cm, then nothing to divide by
    ["1 cm / clearance(active, walls)", "progress", [1.405, 1.415, 1.425, 1.425, 1.405]],
    ["1 cm / clearance(active, walls)", "level", [1.405, 1.425, 1.43, 1.425]],
    // 0 / 0 against the wall
    ["clearance(active, walls) / clearance(active, walls)", "progress", [1.4, 1.425, 1.4]],
  ] as const)("pays a bounded number whatever a factor does: %s, %s", (value, kind, xs) => {
    const factor = { name: "odd", kind, value, weight: 5 };
    const compiled = compileStage(stagesOf({ ...parking, factors: [factor] })[0], cast);
    const machine = new StageMachine<Situation>(
      [stageOf(compiled, "none")],
      createSituation(rowsOf(cast.bodies.map(({ name }) => name))),
    );
    machine.reset();
    const places = xs.map((x) =>
      situation({ robot: [0, 0], cube: [-1, -1], can: [x, 0], target: [0, 0], pusher: [0, 0] }),
    );
    const paid = places.slice(1).map((now, i) => machine.advance(places[i], now).reward);
    for (const reward of paid) expect(Math.abs(reward)).toBeLessThanOrEqual(20);
    // there and back is worth nothing
    if (kind === "progress") expect(paid.reduce((a, b) => a + b)).toBeCloseTo(0, 9);
  });

  it("makes finishing worth more than parking", () => {
    expect(paid("outcome", 40, true)).toBeGreaterThan(paid("outcome", 300, false));
    expect(paid("none", 40, true)).toBeLessThan(paid("none", 300, false));
  });
});

/** Drives every environment through its first episode by the same random actions. */
async function firstEnds(
  scene: Parameters<typeof asScene>[0] | ReturnType<typeof asScene>,
  config: object,
  envs: number,
) {
  const batch = await SceneBatch.create({
    scene: scene as ReturnType<typeof asScene>,
    config,
    envs,
    seed: 5,
    purpose: "evaluation",
    groups: ["keypoints:global"],
  });
  const points = batch.groups["keypoints:global"];
  const size = batch.rowSizes["keypoints:global"];
  const actions = new Float32Array(envs * 2);
  const ends = new Map<number, EpisodeEnd>();
  batch.reset();
  while (ends.size < envs) {
    for (let env = 0; env < envs; env++) {
      const [ahead_m, left_m] = points.subarray(env * size);
      actions[env * 2] = ahead_m > 0 ? 0.8 : -0.2;
      actions[env * 2 + 1] = Math.atan2(left_m, ahead_m);
    }
    batch.step(actions);
    for (const end of batch.ends) if (!ends.has(end.env)) ends.set(end.env, end);
  }
  const { termNames } = batch;
  batch.free();
  return [...ends.values()]
    .sort((a, b) => a.env - b.env)
    .map(({ env, steps, ledger, outcome }) => ({
      start: env,
      steps,
      outcome,
      byTerm: Object.fromEntries(termNames.map((name, i) => [name, ledger[i]])),
    }));
}
