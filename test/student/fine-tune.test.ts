/** Fine-tuning on next to nothing: what it begins with, what it changes, what is kept, what is refused. */

import { existsSync, readFileSync } from "node:fs";
import path from "node:path";
import { afterAll, beforeAll, describe, expect, it, vi } from "vitest";
import { ConfigError } from "../../core/errors.ts";
import { createRng } from "../../core/rng.ts";
import { Actor } from "../../nn/engine.ts";
import { sizeOf } from "../../nn/tensor.ts";
import { studentNetwork } from "../../policies/networks/student.ts";
import { teacherNetwork } from "../../policies/networks/teacher.ts";
import { Collector, WorkerPool } from "../../rollout/pool.ts";
import type { Rollout } from "../../rollout/rollout.ts";
import { actorCriticOf, criticSpecOf, firstWeights } from "../../student/actor-critic.ts";
import { readStudent, type StudentProgress } from "../../student/checkpoint.ts";
import { fineTuneConfig } from "../../student/config.ts";
import { distillStudent } from "../../student/distill.ts";
import { type FineTuneRun, fineTuneStudent } from "../../student/fine-tune.ts";
import { Reference } from "../../student/reference.ts";
import { studentActor, studentSpec } from "../../student/student.ts";
import { hashOf } from "../support/hash.ts";
import { watchSessions } from "../support/open-sessions.ts";
import { temporaryFolder } from "../support/temporary-folder.ts";
import { freshTeacher, simulationOf, tinyFineTune, tinyStudent } from "../support/tiny-runs.ts";
import { randomImages, randomRows } from "./tiny-student.ts";

const simulation = simulationOf("reach-box");
const config = { ...tinyStudent, channels: [], joint: 8 };
const spec = studentSpec(simulation, config);
const progress = { iteration: 4, environmentSteps: 1000, metrics: {} };
const fresh = { spec, config, theta: studentNetwork(spec).params.init(createRng(3)), progress };
const teacher = freshTeacher(simulation);

const folder = temporaryFolder();
let pool: WorkerPool;
beforeAll(() => {
  pool = new WorkerPool(1);
});
afterAll(async () => {
  await pool.close();
});

async function fineTune(changes: Partial<FineTuneRun> = {}) {
  const logged: StudentProgress[] = [];
  const student = await fineTuneStudent({
    simulation,
    student: fresh,
    teacher,
    config: tinyFineTune,
    pool,
    log: (progress) => void logged.push(progress),
    ...changes,
  });
  return { ...student, logged };
}

describe("fine-tuning", () => {
  it("begins with the student, and with its teacher's spread of actions", async () => {
    const still = { ...tinyFineTune, minLearningRate: 1e-12, learningRate: 1e-12 };
    const { theta, logged } = await fineTune({ config: { ...still, maxLearningRate: 1e-12 } });
    expect([...theta].every((x, i) => Math.abs(x - fresh.theta[i]) < 1e-6)).toBe(true);
    // exp(-0.5), a fresh teacher's
    expect(logged[0].metrics.stdTurn).toBeCloseTo(Math.exp(-0.5), 5);
  });

  it("learns nothing from credit that is nothing", async () => {
    // what is left beside the advantages is silenced, so that every gradient is zero
    const config = { ...tinyFineTune, imitationWeight: 0, valueCoef: 0, entropyCoef: 0 };
    const { theta } = await fineTune({ config, credit: () => {} });
    expect(theta).toEqual(fresh.theta);
    expect((await fineTune({ config })).theta).not.toEqual(fresh.theta);
  });

  it("lets the critic learn before the student, of what the student does as it is", async () => {
    const still = { minLearningRate: 1e-12, maxLearningRate: 1e-12, learningRate: 1e-12 };
    const config = { ...tinyFineTune, ...still, gamma: 0, imitationWeight: 0 };
    const told = async (criticIterations: number) => {
      const { logged, theta, progress } = await fineTune({
        config: { ...config, criticIterations, criticLearningRate: 3e-3 },
      });
      expect([...theta].every((x, i) => Math.abs(x - fresh.theta[i]) < 1e-6)).toBe(true);
      const tuned = logged.filter(({ iteration }) => iteration > 0);
      expect(logged.length - tuned.length).toBe(criticIterations);
      const steps = logged.map(({ environmentSteps }) => environmentSteps);
      expect(steps).toEqual(steps.map((_, i) => steps[0] + i * 8 * 4));
      return { valueLoss: tuned[1].metrics.valueLoss, steps: progress.environmentSteps };
    };
    const [unprepared, prepared] = [await told(0), await told(30)];
    expect(prepared.valueLoss).toBeLessThan(0.2 * unprepared.valueLoss);
    // eight environments, four steps each
    expect(prepared.steps - unprepared.steps).toBe(30 * 8 * 4);
  });

  it("without a teacher begins with the spread it is told, and is held to what it did before", async () => {
    const { teacher: _, ...alone } = { simulation, student: fresh, pool, teacher };
    const { params, act, inputs } = studentNetwork(spec);
    const rows = 64;
    const seen = {
      layers: randomImages(rows * spec.roles.length * spec.width * spec.height, 4),
      proprioception: randomRows(rows * 2, 5),
    };
    const actor = await Actor.create({
      params,
      forward: act,
      inputs,
      outputs: ["mean"],
      batch: rows,
    });
    const actionsOf = async (theta: Float32Array) => (await actor.run(theta, seen)).mean.slice();
    const before = await actionsOf(fresh.theta);
    const driven = { ...tinyFineTune, std: 0.2, learningRate: 3e-3, maxLearningRate: 3e-3 };
    /** How far its actions are from what they were. */
    const moved = async (imitationWeight: number) => {
      const logged: StudentProgress["metrics"][] = [];
      const { theta } = await fineTuneStudent({
        ...alone,
        config: { ...driven, imitationWeight, iterations: 12, targetKl: 10 },
        log: ({ metrics }) => void logged.push(metrics),
      });
      expect(logged[0]).toMatchObject({ stdForward: expect.closeTo(0.2, 6) });
      expect(logged[0]).toMatchObject({ stdTurn: expect.closeTo(0.2, 6) });
      const after = await actionsOf(theta);
      return Math.hypot(...after.map((action, i) => action - before[i]));
    };
    const [free, held] = [await moved(0), await moved(10)];
    await actor.close();
    expect(held).toBeGreaterThan(0);
    expect(free).toBeGreaterThan(2 * held);
  });

  it("is told by the student itself what the student would do", async () => {
    const reference = await Reference.create(spec, fresh.theta, 5);
    const { params, act, inputs } = studentNetwork(spec);
    const observed = {
      layers: randomImages(12 * spec.roles.length * spec.width * spec.height, 4),
      proprioception: randomRows(12 * 2, 5),
    };
    const labels = await reference.labelRollout({
      ...{ steps: 3, envs: 4 },
      groups: observed,
    } as unknown as Rollout);
    const outputs = ["mean", "latents", "poses"];
    const actor = await Actor.create({ params, forward: act, inputs, outputs, batch: 12 });
    const { mean, latents, poses } = await actor.run(fresh.theta, observed);
    const near = (numbers: Float32Array) => [...numbers].map((x) => expect.closeTo(x, 5));
    expect([...labels.actions]).toEqual(near(mean));
    expect([...labels.latents]).toEqual(near(latents));
    const sure = poses.map((x, i) => (i % 3 === 0 ? 1 / (1 + Math.exp(-x)) : x));
    expect([...labels.poses]).toEqual(near(sure));
    await Promise.all([actor.close(), reference.close()]);
  });

  it("goes on in another scene that gives the same, and names what is different in one that does not", async () => {
    const line = simulationOf("push-line");
    const cross = simulationOf("push-cross");
    const pusher = studentSpec(cross, config);
    const theta = studentNetwork(pusher).params.init(createRng(3));
    const student = { ...fresh, spec: pusher, theta };
    const { teacher: _, ...run } = { simulation: line, student, pool, teacher };
    const byReward = { ...tinyFineTune, imitationWeight: 0 };
    expect((await fineTuneStudent({ ...run, config: byReward })).theta).not.toEqual(theta);
    await expect(fineTuneStudent({ ...run, simulation, config: byReward })).rejects.toThrow(
      'The student does not fit scene "reach-box": it reads images of active, anchor, obstacle; proprioception [2]; goal [4], the scene gives images of active; proprioception [2].',
    );
  });

  it("refuses a camera that shows things where the student does not look", async () => {
    const pair = simulationOf("push-pair");
    const spec = studentSpec(pair, config);
    const student = { ...fresh, spec, theta: studentNetwork(spec).params.init(createRng(3)) };
    const byReward = { ...tinyFineTune, imitationWeight: 0 };
    const seenBy = (pitch_deg: number) => {
      const simulation = { ...pair, config: { robot: { camera: { pitch_deg } } } };
      return fineTune({ simulation, student, config: byReward });
    };
    // 12 degrees leave 15 rows, 30 none
    await expect(seenBy(30)).rejects.toThrow(
      "leaves out the upper 16 rows of its images, and this camera may show things in all but 0 of them",
    );
    await expect(seenBy(12)).rejects.toThrow("all but 15 of them");
    expect((await seenBy(10)).logged).toHaveLength(2);
  });

  it("refuses a student with a GRU", async () => {
    const withGru = { ...fresh, spec: { ...spec, memory: 4 } };
    await expect(fineTune({ student: withGru })).rejects.toThrow(ConfigError);
  });

  it("that is interrupted while its critic learns is the student as it was, and begins anew", async () => {
    const checkpoint = path.join(folder, "unprepared.ckpt");
    const config = { ...tinyFineTune, criticIterations: 3 };
    let asked = 0;
    const stopped = await fineTune({ config, checkpoint, enough: () => ++asked > 2 });
    expect(stopped.logged.map(({ iteration }) => iteration)).toEqual([0, 0]);
    expect(stopped.progress).toEqual(
      expect.objectContaining({ iteration: 0, environmentSteps: 1000 }),
    );
    expect([stopped.theta, existsSync(checkpoint)]).toEqual([fresh.theta, false]);
    const [again, whole] = [await fineTune({ config, checkpoint }), await fineTune({ config })];
    expect(again.logged).toEqual(whole.logged);
    expect(hashOf([again.theta])).toBe(hashOf([whole.theta]));
  });

  it.each([0, 1])("that fails in roll-out %s leaves nothing open", async (iteration) => {
    const config = { ...tinyFineTune, criticIterations: 1 };
    const sessions = watchSessions();
    const closed = vi.spyOn(Collector.prototype, "close");
    const log = (progress: StudentProgress) => {
      if (progress.iteration === iteration) throw new ConfigError("The log is full.");
    };
    try {
      await expect(fineTune({ config, log })).rejects.toThrow("The log is full.");
      expect(sessions.open.size).toBe(0);
      expect(closed).toHaveBeenCalledOnce();
    } finally {
      sessions.stop();
      closed.mockRestore();
    }
  });

  it("goes on where it was killed, to the bit, from a file that is a student's", async () => {
    const whole = { ...tinyFineTune, iterations: 4, spanIterations: 2, averageOver: 3 };
    const checkpoint = path.join(folder, "tuned.ckpt");
    const unbroken = await fineTune({ config: whole });
    const enough = ({ iteration }: StudentProgress) => iteration === 3;
    await fineTune({ config: whole, checkpoint, enough });
    expect(readStudent(checkpoint)).toMatchObject({ spec, config, progress: { iteration: 2 } });
    expect(readStudent(checkpoint).progress.environmentSteps).toBe(1000 + 2 * 8 * 4);
    const rest = await fineTune({ config: whole, checkpoint });
    expect(rest.logged.map(({ iteration }) => iteration)).toEqual([3, 4]);
    expect(hashOf([rest.theta])).toBe(hashOf([unbroken.theta]));
    expect(readStudent(checkpoint).theta).toEqual(rest.theta);
    const last = await fineTune({ config: { ...whole, averageOver: 1 } });
    expect(hashOf([last.theta])).not.toBe(hashOf([unbroken.theta]));
  });

  it("does not go on with another seed, or with another critic", async () => {
    const checkpoint = path.join(folder, "seeded.ckpt");
    await fineTune({ checkpoint });
    const other = fineTune({ checkpoint, simulation: { ...simulation, seed: 6 } });
    await expect(other).rejects.toThrow(ConfigError);
    await expect(other).rejects.toThrow(/holds another training, whose seed is 5, not 6/);
    // without a teacher it has 128 units instead of 16
    const alone = { simulation, student: fresh, pool, config: tinyFineTune, checkpoint };
    await expect(fineTuneStudent(alone)).rejects.toThrow(/was fine-tuned with another critic/);
  });

  it("does not write over a student that was distilled, nor distillation over one that was fine-tuned", async () => {
    const files = { distilled: path.join(folder, "d.ckpt"), tuned: path.join(folder, "t.ckpt") };
    const distillInto = (checkpoint: string) =>
      distillStudent({ simulation, teacher, pool, config, checkpoint });
    const student = await distillInto(files.distilled);
    await fineTune({ student, checkpoint: files.tuned });
    const before = Object.values(files).map((file) => readFileSync(file));
    const tuning = fineTune({ student, checkpoint: files.distilled });
    await expect(tuning).rejects.toThrow(ConfigError);
    await expect(tuning).rejects.toThrow(/was distilled and not fine-tuned\. Give another file/);
    const distilling = distillInto(files.tuned);
    await expect(distilling).rejects.toThrow(ConfigError);
    await expect(distilling).rejects.toThrow(/was fine-tuned, so its distillation cannot go on/);
    expect(Object.values(files).map((file) => readFileSync(file))).toEqual(before);
  });

  it("refuses a teacher of other latents or of another scene before anybody drives, unless it imitates nobody", async () => {
    const wide = freshTeacher(simulation, { latent: 12 });
    const log = vi.fn();
    const critical = { ...tinyFineTune, criticIterations: 1 };
    const imitating = fineTune({ teacher: wide, config: critical, log });
    await expect(imitating).rejects.toThrow(ConfigError);
    await expect(imitating).rejects.toThrow(
      /latents are 8 wide, the teacher's 12\. Give the teacher/,
    );
    const elsewhere = freshTeacher(simulationOf("push-cross"));
    const reading = fineTune({ teacher: elsewhere, config: critical, log });
    await expect(reading).rejects.toThrow(ConfigError);
    await expect(reading).rejects.toThrow(
      /does not fit scene "reach-box": it reads \d+ keypoints, the scene gives 4\. Give the teacher/,
    );
    expect(log).not.toHaveBeenCalled();
    for (const other of [wide, elsewhere]) {
      const byReward = { ...critical, imitationWeight: 0 };
      const { progress } = await fineTune({ teacher: other, config: byReward });
      expect(progress.iteration).toBe(2);
    }
  });

  it("takes a critic that reads other rows for what it is: none to begin with", () => {
    // the privileged row of five objects is longer than that of one
    const elsewhere = freshTeacher(simulationOf("push-cross"));
    const run = { simulation, student: fresh, pool, config: tinyFineTune };
    const params = actorCriticOf(spec, criticSpecOf({ ...run, teacher }));
    const part = (theta: Float32Array, name: string) => {
      const { at, shape } = params.offsetOf(name);
      return theta.slice(at, at + sizeOf(shape));
    };
    const theirs = teacherNetwork(teacher.spec).params.offsetOf("critic.2.w");
    const own = firstWeights({ ...run, teacher }, params);
    expect(part(own, "critic.2.w")).toEqual(
      teacher.theta.slice(theirs.at, theirs.at + sizeOf(theirs.shape)),
    );
    const spread = (fill: number) => {
      const { at } = teacherNetwork(elsewhere.spec).params.offsetOf("logStd");
      return { ...elsewhere, theta: elsewhere.theta.map((x, i) => (i < at ? x : fill)) };
    };
    const mixed = firstWeights({ ...run, teacher: spread(-2) }, params);
    const none = params.init(createRng(simulation.seed).split("critic"));
    for (const name of ["critic.1.w", "critic.2.w", "critic.value.b"]) {
      expect(part(mixed, name), name).toEqual(part(none, name));
    }
    expect([...part(mixed, "logStd")]).toEqual([-2, -2]);
  });

  it("by reward alone makes a student that knows nothing reach the box it sees", async () => {
    const large = { ...config, joint: 32, latent: 16, hidden: 32 };
    const eyed = studentSpec(simulation, large);
    const first = studentNetwork(eyed).params.init(createRng(3));
    const { theta } = await fineTuneStudent({
      simulation,
      student: { ...fresh, spec: eyed, config: large, theta: first },
      pool,
      config: fineTuneConfig.parse({
        ...{ iterations: 20, envs: 32, shardEnvs: 16, rolloutSteps: 32, epochs: 4, batch: 256 },
        ...{
          imitationWeight: 0,
          criticIterations: 0,
          std: 0.6,
          practiceShare: 0.5,
          practiceUntil: 1,
        },
        ...{ learningRate: 1e-3, maxLearningRate: 3e-3, targetKl: 0.02 },
      }),
    });
    const share = async (weights: Float32Array) => {
      const driven = { simulation, actor: studentActor(eyed), theta: weights, episodes: 32 };
      const ends = await pool.evaluate(driven);
      return ends.filter(({ outcome }) => outcome === "success").length / ends.length;
    };
    expect(await share(first)).toBeLessThan(0.3);
    expect(await share(theta)).toBeGreaterThan(0.8);
  }, 60_000);
});
