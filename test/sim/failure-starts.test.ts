import { describe, expect, it } from "vitest";
import { createRng } from "../../core/rng.ts";
import { FailureStarts, type Moment } from "../../sim/failure-starts.ts";
import { Ground } from "../../sim/ground.ts";
import { SceneBatch } from "../../sim/scene-batch.ts";
import { pushCross } from "../../sim/scenes/push-cross.ts";

const moment = (x_m: number): Moment => ({
  episode: { poses: [{ x_m, y_m: 0, yaw_rad: 0 }], firstStage: 0, stages: 1, plan: undefined },
  starts: [],
  recollection: undefined,
});
const placeOf = (found: Moment | undefined) => found?.episode.poses[0].x_m;

describe("moments before failures", () => {
  it("are kept of episodes that failed, not of others", () => {
    const starts = new FailureStarts(2);
    starts.hold(0, 8, moment(1));
    starts.end(0, undefined, createRng(1));
    expect(starts.draw(createRng(2))).toBeUndefined();
    starts.hold(0, 8, moment(2));
    starts.hold(1, 8, moment(3));
    starts.end(0, 20, createRng(1));
    for (let seed = 0; seed < 8; seed++) expect(placeOf(starts.draw(createRng(seed)))).toBe(2);
  });

  it("are neither the last steps nor long ago", () => {
    const found = new Set<number | undefined>();
    for (let seed = 0; seed < 200; seed++) {
      const starts = new FailureStarts(1);
      for (let step = 8; step <= 80; step += 8) starts.hold(0, step, moment(step));
      // the step at 80 is 2 before the end
      starts.end(0, 82, createRng(seed));
      found.add(placeOf(starts.draw(createRng(seed))));
    }
    expect([...found].sort()).toEqual([48, 56, 64, 72]);
  });
});

describe("a batch that begins where it has failed", () => {
  async function open(purpose: "training" | "evaluation") {
    const batch = await SceneBatch.create({
      scene: pushCross,
      config: { reward: { budgetSteps: 40 } },
      envs: 8,
      seed: 3,
      purpose,
      groups: ["lastSeen", "privileged"],
    });
    batch.failureShare = 1;
    batch.reset();
    return batch;
  }

  it("puts robots where others were, and calls that practice", async () => {
    const batch = await open("training");
    const actions = new Float32Array(16).map((_, i) => (i % 2 === 0 ? 0.6 : 0.2));
    const poses = new Float32Array(batch.world.bodies.length * 7);
    const been = new Set<string>();
    const place = (env: number) => {
      batch.poses(env, poses);
      return [...poses].map((x) => x.toFixed(3)).join();
    };
    /** Episodes that began where some earlier one had been. */
    const again = new Set<string>();
    let practised = 0;
    for (let step = 0; step < 200; step++) {
      batch.step(actions);
      for (const { env, episode, practice } of batch.ends) {
        // the first episode has nothing before it; of the others, a rounded pose may be missed
        if (episode === 0) expect(practice).toBe(false);
        if (!again.has(`${env} ${episode}`)) continue;
        expect(practice, `episode ${episode} of ${env}`).toBe(true);
        practised++;
      }
      for (const { env, episode } of batch.ends)
        if (been.has(place(env))) again.add(`${env} ${episode + 1}`);
      for (let env = 0; env < 8; env++) if (batch.boundaries[env] === 0) been.add(place(env));
    }
    // bodies stand at rest and upright where they moved before: to a millimetre the same
    expect(again.size).toBeGreaterThan(10);
    expect(practised).toBeGreaterThan(10);
    batch.free();
  });

  it("does not begin where an episode was that a reset has broken off", async () => {
    const batch = await open("training");
    const xs = () => {
      const poses = new Float32Array(batch.world.bodies.length * 7);
      return Array.from({ length: 8 }, (_, env) => {
        batch.poses(env, poses);
        return poses[0];
      });
    };
    const drive = new Float32Array(16).map((_, i) => (i % 2 === 0 ? 0.5 : 0.3));
    for (let step = 0; step < 8; step++) batch.step(drive);
    const abandoned = xs();
    batch.reset();
    const own = xs();
    while (batch.ends.length === 0) batch.step(new Float32Array(16));
    // the robots stood still: where the failed ones began is where the next ones do
    for (const x_m of xs()) {
      const gap_m = (others: number[]) => Math.min(...others.map((other) => Math.abs(other - x_m)));
      expect(gap_m(own)).toBeLessThan(1e-6);
      expect(gap_m(abandoned)).toBeGreaterThan(1e-3);
    }
    batch.free();
  });

  it("remembers there what was remembered", async () => {
    const batch = await open("training");
    const known = () => {
      const rows = batch.groups.lastSeen;
      const each = batch.rowSizes.lastSeen;
      return Array.from({ length: 8 }, (_, env) => {
        let count = 0;
        for (let i = 0; i < each; i += 4) count += rows[env * each + i];
        return count;
      });
    };
    // turning on the spot shows them everything
    const turn = new Float32Array(16).map((_, i) => i % 2);
    let most = 0;
    for (let step = 0; step < 60; step++) {
      batch.step(turn);
      for (const { env, episode } of batch.ends)
        if (episode === 0) most = Math.max(most, known()[env]);
    }
    expect(most).toBe(5);
    batch.free();
  });

  it("knows there how far the anchor had been moved", async () => {
    const batch = await open("training");
    const ground = new Ground(batch.world);
    // every anchor is 8 cm off where its episode began
    const anchors = () =>
      Array.from({ length: 8 }, (_, env) => {
        ground.env = env;
        return ground.pose(1);
      });
    anchors().forEach(({ x_m, y_m, yaw_rad }, env) => {
      batch.world.place(env, 1, x_m + 0.08, y_m, yaw_rad);
    });
    const still = new Float32Array(16);
    while (batch.ends.length === 0) batch.step(still);
    // they go on from there: two centimetres more were allowed, three are not
    expect(batch.ends.map(({ outcome }) => outcome)).toEqual(Array(8).fill("timed out"));
    anchors().forEach(({ x_m, y_m, yaw_rad }, env) => {
      batch.world.place(env, 1, x_m + (env < 4 ? 0.03 : 0.01), y_m, yaw_rad);
    });
    batch.step(still);
    expect(batch.ends.map(({ env, outcome }) => [env, outcome])).toEqual(
      [0, 1, 2, 3].map((env) => [env, "anchor moved"]),
    );
    batch.free();
  });

  it("has full starts where it is evaluated", async () => {
    const batch = await open("evaluation");
    const actions = new Float32Array(16).map((_, i) => (i % 2 === 0 ? 1 : 0.1));
    for (let step = 0; step < 150; step++) {
      batch.step(actions);
      for (const end of batch.ends) expect(end.practice).toBe(false);
    }
    batch.free();
  });
});
