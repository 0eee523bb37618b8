/** Distillation as a whole, on two updates: what is the same, what is kept, what is refused. */

import path from "node:path";
import { afterAll, beforeAll, describe, expect, it, vi } from "vitest";
import { ConfigError } from "../../core/errors.ts";
import { Collector, WorkerPool } from "../../rollout/pool.ts";
import { randomization } from "../../sim/randomization.ts";
import { readStudent, type StudentProgress } from "../../student/checkpoint.ts";
import { decayedRate, distillStudent, type StudentRun } from "../../student/distill.ts";
import { studentActor } from "../../student/student.ts";
import { hashOf } from "../support/hash.ts";
import { watchSessions } from "../support/open-sessions.ts";
import { temporaryFolder } from "../support/temporary-folder.ts";
import { freshTeacher, simulationOf, tinyStudent } from "../support/tiny-runs.ts";

const simulation = simulationOf("push-pair");

async function distill(pool: WorkerPool, changes: Partial<StudentRun> = {}) {
  const logged: StudentProgress[] = [];
  const student = await distillStudent({
    simulation,
    teacher: freshTeacher(simulation),
    config: tinyStudent,
    pool,
    log: (progress) => void logged.push(progress),
    ...changes,
  });
  return { ...student, logged };
}

it("gives the same weights whatever the number of workers, and others by another seed", async () => {
  const hashes: string[] = [];
  for (const workers of [1, 2]) {
    const pool = new WorkerPool(workers);
    hashes.push(hashOf([(await distill(pool)).theta]));
    if (workers === 2) {
      const other = await distill(pool, { simulation: { ...simulation, seed: 6 } });
      expect(hashOf([other.theta])).not.toBe(hashes[0]);
    }
    await pool.close();
  }
  expect(hashes[1]).toBe(hashes[0]);
});

describe("a student", () => {
  const folder = temporaryFolder();
  let pool: WorkerPool;
  let checkpoint: string;
  let first: Awaited<ReturnType<typeof distill>>;
  beforeAll(async () => {
    checkpoint = path.join(folder, "student.ckpt");
    pool = new WorkerPool(1);
    first = await distill(pool, { checkpoint });
  });
  afterAll(async () => {
    await pool.close();
  });

  it("comes back from its checkpoint, and drives", async () => {
    const student = readStudent(checkpoint);
    expect(student.theta).toEqual(first.theta);
    expect(student).toMatchObject({ spec: first.spec, simulation, config: tinyStudent });
    expect(student.progress).toMatchObject({ iteration: 2, environmentSteps: 2 * 8 * 4 });
    const { spec, theta } = student;
    const short = { ...simulation, config: { reward: { budgetSteps: 10 } } };
    const driven = { simulation: short, actor: studentActor(spec), theta, episodes: 2 };
    expect(await pool.evaluate(driven)).toHaveLength(2);
  });

  it("goes on where it stopped", async () => {
    const again = await distill(pool, { checkpoint });
    expect([again.logged, again.theta]).toEqual([[], first.theta]);
    const more = await distill(pool, { checkpoint, config: { ...tinyStudent, iterations: 3 } });
    expect(more.logged.map(({ iteration }) => iteration)).toEqual([3]);
    expect(more.theta).not.toEqual(first.theta);
  });

  it("does not go on with another seed, and leaves nothing open then", async () => {
    const sessions = watchSessions();
    const closed = vi.spyOn(Collector.prototype, "close");
    try {
      const other = distill(pool, { checkpoint, simulation: { ...simulation, seed: 6 } });
      await expect(other).rejects.toThrow(ConfigError);
      await expect(other).rejects.toThrow(/holds another training, whose seed is 5, not 6/);
      expect(sessions.open.size).toBe(0);
      expect(closed).toHaveBeenCalledOnce();
    } finally {
      sessions.stop();
      closed.mockRestore();
    }
  });

  it.each([{ cameraPitch_deg: [-5, 5] }, { cameraHeight_m: [-0.1, 0] }])(
    "does not leave out rows in which %j makes things show",
    async (off) => {
      const shaken = { ...simulation, randomization: randomization.parse(off) };
      await expect(distill(pool, { simulation: shaken })).rejects.toThrow(
        /Set student\.belowHorizon=false/,
      );
      const config = { ...tinyStudent, belowHorizon: false };
      expect((await distill(pool, { simulation: shaken, config })).logged).toHaveLength(2);
    },
  );

  it("does not go on with another teacher", async () => {
    const { theta, ...teacher } = freshTeacher(simulation);
    const other = distill(pool, {
      checkpoint,
      teacher: { ...teacher, theta: theta.map((x) => -x) },
    });
    await expect(other).rejects.toThrow(/whose predecessor\.teacher is "/);
  });

  it.each([true, false])(
    "has latents as wide as its teacher's (warm start: %s)",
    async (warmStart) => {
      const other = distill(pool, { config: { ...tinyStudent, latent: 12, warmStart } });
      await expect(other).rejects.toThrow(ConfigError);
      await expect(other).rejects.toThrow(/latent 8/);
    },
  );

  it("whose teacher drives learns from other states, the teacher's own", async () => {
    const shown = await distill(pool, { config: { ...tinyStudent, driver: "teacher" } });
    expect(Number.isFinite(shown.logged[1].metrics.actionLoss)).toBe(true);
    expect(hashOf([shown.theta])).not.toBe(hashOf([first.theta]));
    // a student that does not drive cannot change where it learns, so another start of its weights sees the same episodes
    const other = await distill(pool, {
      config: { ...tinyStudent, driver: "teacher", warmStart: false },
    });
    const episodes = ({ logged }: typeof shown) => logged.map(({ metrics }) => metrics.episodes);
    expect(episodes(other)).toEqual(episodes(shown));
  });

  it("that is killed in a span and resumed has the weights of one that was not", async () => {
    const config = { ...tinyStudent, iterations: 5, spanIterations: 2, averageOver: 3 };
    const whole = await distill(pool, { config });
    const killed = path.join(folder, "killed.ckpt");
    const enough = ({ iteration }: StudentProgress) => iteration === 3;
    const kept = await distill(pool, { config, checkpoint: killed, enough });
    expect(readStudent(killed).progress.iteration).toBe(2);
    expect(kept).toMatchObject({ progress: { iteration: 2 }, theta: readStudent(killed).theta });
    const rest = await distill(pool, { config, checkpoint: killed });
    expect(hashOf([rest.theta])).toBe(hashOf([whole.theta]));
    expect(readStudent(killed).theta).toEqual(rest.theta);
    const last = await distill(pool, { config: { ...config, averageOver: 1 } });
    expect(hashOf([last.theta])).not.toBe(hashOf([whole.theta]));
  });

  it("goes on with another's weights, which it keeps where nothing is learnt, and counts on from its steps", async () => {
    const config = { ...tinyStudent, learningRate: 1e-12, finalLearningRate: 1e-12 };
    const another = { ...simulation, seed: 6 };
    const onward = await distill(pool, { simulation: another, config, from: first });
    expect(onward.theta).not.toBe(first.theta);
    onward.theta.forEach((weight, i) => void expect(weight).toBeCloseTo(first.theta[i], 8));
    expect(onward.logged.map(({ environmentSteps }) => environmentSteps)).toEqual([96, 128]);
  });

  it("does not go on with another network", async () => {
    const other = distill(pool, { config: { ...tinyStudent, joint: 7 }, from: first });
    await expect(other).rejects.toThrow(ConfigError);
    await expect(other).rejects.toThrow(/another network: .*"joint":/);
  });

  it("with memory learns and drives too", async () => {
    const config = { ...tinyStudent, memory: 4, burnIn: 1, batch: 4 };
    const { spec, theta, logged } = await distill(pool, { config });
    expect(Number.isFinite(logged[1].metrics.loss)).toBe(true);
    const short = { ...simulation, config: { reward: { budgetSteps: 10 } } };
    const driven = { simulation: short, actor: studentActor(spec), theta, episodes: 2 };
    expect(await pool.evaluate(driven)).toHaveLength(2);
  });
});

describe("decayedRate", () => {
  it("falls linearly from the first to the last iteration", () => {
    const config = { iterations: 5, learningRate: 1e-3, finalLearningRate: 1e-4 };
    const rates = [0, 2, 4].map((iteration) => decayedRate(config, iteration));
    expect(rates).toEqual([1e-3, 5.5e-4, 1e-4].map((rate) => expect.closeTo(rate, 12)));
    expect(decayedRate({ ...config, iterations: 1 }, 0)).toBe(1e-3);
  });
});
