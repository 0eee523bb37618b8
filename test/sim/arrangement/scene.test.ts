/** What ends an episode of an arrangement, brought about by hand. */

import { describe, expect, it } from "vitest";
import type { PushReading } from "../../../credit/ego-push.ts";
import type { StageStep } from "../../../credit/stage.ts";
import { arrangementOf } from "../../../sim/arrangement/arrangement.ts";
import {
  type ArrangementScene,
  arrangementConfig,
  arrangementScene,
} from "../../../sim/arrangement/scene.ts";
import { exact } from "../../../sim/randomization.ts";
import type { SceneBatch } from "../../../sim/scene-batch.ts";
import { findScene } from "../../../sim/scenes/index.ts";
import { bodyState } from "../../../sim/world.ts";
import { openBatch } from "../../support/conformance.ts";

/** push-cross with `done` objects in place: the batch, and an environment of it that began so. */
async function crossWith(done: number, config = {}): Promise<{ batch: SceneBatch; env: number }> {
  const batch = await openBatch(findScene("push-cross"), {
    envs: 24,
    config,
    groups: ["goal"],
    randomization: exact,
  });
  batch.stageShare = 1;
  batch.reset();
  const env = Array.from({ length: batch.envs }, (_, i) => i).find(
    (i) => batch.stageOf(i) === done,
  );
  if (env === undefined) throw new Error("internal: no environment begins at that stage.");
  return { batch, env };
}

const CORNER = [-1.35, -1.35, 0] as const;
/** From the robot's centre to the middle of a cube at its pusher's face. */
const FACE_TO_FACE_m = 0.145 + 0.075;

function poseOf(batch: SceneBatch, env: number, row: number) {
  const at = (env * batch.world.bodies.length + row) * bodyState.size;
  const [x_m, y_m] = batch.world.states.subarray(at, at + 2);
  return { x_m, y_m };
}

/** The outcome after one step, undefined while the episode goes on. */
function outcomeOf(batch: SceneBatch, env: number, forward = 0): string | undefined {
  const actions = new Float32Array(batch.envs * 2);
  actions[env * 2] = forward;
  batch.step(actions);
  return batch.ends.find((end) => end.env === env)?.outcome;
}

/** Puts the active object to where it belongs. */
function placeActive(batch: SceneBatch, env: number): void {
  const target = batch.targetOf(env);
  if (!target) throw new Error("internal: no target");
  const row = batch.stageOf(env) + 2;
  batch.world.place(env, row, target.x_m, target.y_m, target.yaw_rad);
}

/** Puts the robot in front of an object, its pusher at the object's face. */
function faceTo(batch: SceneBatch, env: number, row: number): void {
  const { x_m, y_m } = poseOf(batch, env, row);
  batch.world.place(env, row, x_m, y_m, 0);
  batch.world.place(env, 0, x_m - FACE_TO_FACE_m, y_m, 0);
}

describe("an episode of push-cross", () => {
  it("succeeds once the last object is in its place", async () => {
    const { batch, env } = await crossWith(3);
    batch.world.place(env, 0, ...CORNER);
    expect(outcomeOf(batch, env)).toBeUndefined();
    placeActive(batch, env);
    expect(outcomeOf(batch, env)).toBe("success");
    batch.free();
  });

  it("goes on to the next stage, with its own target, when an earlier one is done", async () => {
    const { batch, env } = await crossWith(1);
    batch.world.place(env, 0, ...CORNER);
    const before = batch.targetOf(env);
    placeActive(batch, env);
    expect(outcomeOf(batch, env)).toBeUndefined();
    expect(batch.stageOf(env)).toBe(2);
    const after = batch.targetOf(env);
    const apart = Math.hypot(
      (after?.x_m ?? 0) - (before?.x_m ?? 0),
      (after?.y_m ?? 0) - (before?.y_m ?? 0),
    );
    // neighbours of a cross are 0.35 m apart, opposites 0.5 m
    expect([0.354, 0.5].some((range) => Math.abs(range - apart) < 0.002)).toBe(true);
    batch.free();
  });

  it("fails when something placed is moved out of place, even as the last one is placed", async () => {
    const { batch, env } = await crossWith(3);
    batch.world.place(env, 0, ...CORNER);
    placeActive(batch, env);
    const [first, anchor] = [poseOf(batch, env, 2), poseOf(batch, env, 1)];
    const away = Math.atan2(first.y_m - anchor.y_m, first.x_m - anchor.x_m);
    const [dx, dy] = [0.1 * Math.cos(away), 0.1 * Math.sin(away)];
    batch.world.place(env, 2, first.x_m + dx, first.y_m + dy, 0);
    expect(outcomeOf(batch, env)).toBe("placed object out of place");
    batch.free();
  });

  it.each([
    ["the last object is placed while the robot touches one placed before", 3, 2],
    ["an object is placed while the robot touches the one whose turn comes next", 1, 4],
  ])("fails, and earns nothing but what that costs, when %s", async (_, done, touched) => {
    const { batch, env } = await crossWith(done, { reward: { failure: 2 } });
    placeActive(batch, env);
    const [object, anchor] = [poseOf(batch, env, touched), poseOf(batch, env, 1)];
    // from the side away from the anchor
    const bearing = Math.atan2(object.y_m - anchor.y_m, object.x_m - anchor.x_m);
    const x_m = object.x_m + FACE_TO_FACE_m * Math.cos(bearing);
    const y_m = object.y_m + FACE_TO_FACE_m * Math.sin(bearing);
    batch.world.place(env, 0, x_m, y_m, bearing + Math.PI);
    expect(outcomeOf(batch, env)).toBe("robot touched an obstacle");
    const end = batch.ends.find((found) => found.env === env);
    expect(end).toMatchObject({ stagesDone: done, return: -2 });
    expect([batch.rewards[env], batch.discounts[env]]).toEqual([-2, 0]);
    batch.free();
  });

  it("fails when the robot touches an object whose turn has not come", async () => {
    const { batch, env } = await crossWith(0);
    faceTo(batch, env, 4);
    expect(outcomeOf(batch, env, 0.3)).toBe("robot touched an obstacle");
    batch.free();
  });

  it("lets the robot touch what it has just placed, but nothing placed before", async () => {
    const { batch, env } = await crossWith(2);
    const outward = (row: number, out_m: number) => {
      const [object, anchor] = [poseOf(batch, env, row), poseOf(batch, env, 1)];
      const bearing = Math.atan2(object.y_m - anchor.y_m, object.x_m - anchor.x_m);
      const x_m = object.x_m + out_m * Math.cos(bearing);
      const y_m = object.y_m + out_m * Math.sin(bearing);
      batch.world.place(env, 0, x_m, y_m, bearing + Math.PI);
    };
    // placed objects face the anchor to within 11 degrees, so that a corner may touch a little earlier
    outward(3, FACE_TO_FACE_m);
    expect(outcomeOf(batch, env)).toBeUndefined();
    outward(2, FACE_TO_FACE_m);
    expect(outcomeOf(batch, env)).toBe("robot touched an obstacle");
    batch.free();
  });

  it("fails when the object being pushed touches another", async () => {
    const { batch, env } = await crossWith(0);
    batch.world.place(env, 0, ...CORNER);
    const { x_m, y_m } = poseOf(batch, env, 3);
    batch.world.place(env, 3, x_m, y_m, 0);
    batch.world.place(env, 2, x_m + 0.15, y_m, 0);
    expect(outcomeOf(batch, env)).toBe("object touched an obstacle");
    batch.free();
  });

  it("counts an episode that began later as practice, and begins none later in evaluation", async () => {
    const { batch, env } = await crossWith(3);
    batch.world.place(env, 0, ...CORNER);
    placeActive(batch, env);
    outcomeOf(batch, env);
    const end = batch.ends.find((found) => found.env === env);
    expect(end).toMatchObject({ practice: true, firstStage: 3, stagesDone: 4 });
    batch.free();
    const evaluation = await openBatch(findScene("push-cross"), {
      envs: 16,
      groups: ["goal"],
      purpose: "evaluation",
    });
    evaluation.stageShare = 1;
    evaluation.reset();
    for (let i = 0; i < 16; i++) expect(evaluation.stageOf(i)).toBe(0);
    evaluation.free();
  });
});

describe("stages of one's own", () => {
  /** One object in front of an anchor, judged as `stages` says. */
  const pushOne = (stages: ArrangementScene<typeof arrangementConfig>["stages"]) =>
    arrangementScene({
      name: "push-one",
      summary: "Push one object in front of an anchor.",
      config: arrangementConfig,
      arrangement: () => arrangementOf({ objects: [{ x_m: 0.3, y_m: 0 }] }),
      ...(stages ? { stages } : {}),
    });

  it("pay a term of one's own on top of the usual ones", async () => {
    const mine = ({ now }: StageStep<PushReading>) => 3 * now.turn;
    const scene = pushOne((_config, usual) =>
      usual.map((stage) => ({ ...stage, terms: { ...stage.terms, mine } })),
    );
    const options = { envs: 1, groups: ["goal"], randomization: exact } as const;
    const [usual, changed] = await Promise.all(
      [pushOne(undefined), scene].map((of) => openBatch(of, options)),
    );
    expect(changed.termNames).toEqual(usual.termNames.toSpliced(-1, 0, "place-object-1/mine"));
    for (const batch of [usual, changed]) {
      batch.reset();
      batch.step(Float32Array.of(0, 0.5));
    }
    expect(changed.rewards[0] - usual.rewards[0]).toBeCloseTo(1.5, 5);
    for (const batch of [usual, changed]) batch.free();
  });

  it("are refused where they are not one an object", async () => {
    const opened = openBatch(
      pushOne(() => []),
      { envs: 1 },
    );
    await expect(opened).rejects.toThrow(
      '"stages" of scene "push-one" to give one stage an object, 1 in all, got 0.',
    );
  });
});

describe("a random arrangement", () => {
  it("ends with its last object, and keeps what it does without out of sight", async () => {
    const batch = await openBatch(findScene("push-arrangement"), {
      envs: 24,
      groups: ["keypoints:global", "privileged"],
      randomization: exact,
    });
    batch.reset();
    const single = Array.from({ length: 24 }, (_, i) => i).find(
      (i) => poseOf(batch, i, 3).x_m > 10,
    );
    if (single === undefined) throw new Error("internal: no arrangement of one object.");
    const size = batch.rowSizes["keypoints:global"];
    const points = batch.groups["keypoints:global"].subarray(single * size, (single + 1) * size);
    // active, anchor, three obstacles, reference: 12 numbers each
    expect([...points.subarray(24, 60)]).toEqual(Array(36).fill(-10));
    expect(points[60]).not.toBe(-10);
    expect(Math.max(...batch.groups.privileged.map(Math.abs))).toBeLessThan(10);
    batch.world.place(single, 0, ...CORNER);
    placeActive(batch, single);
    expect(outcomeOf(batch, single)).toBe("success");
    batch.free();
  });
});
