/** Training as a whole, on two updates: what is the same, what is kept, what is refused. */

import { existsSync, readFileSync } from "node:fs";
import path from "node:path";
import { afterAll, beforeAll, describe, expect, it, vi } from "vitest";
import { ConfigError, FileError, TrainingDivergedError } from "../../core/errors.ts";
import { createRng } from "../../core/rng.ts";
import { sizeOf } from "../../nn/tensor.ts";
import { readCheckpoint } from "../../policies/checkpoint.ts";
import { teacherNetwork } from "../../policies/networks/teacher.ts";
import { Collector, WorkerPool } from "../../rollout/pool.ts";
import { findScene } from "../../sim/scenes/index.ts";
import { readTeacher, type TeacherProgress } from "../../teacher/checkpoint.ts";
import { type Teacher, type TeacherRun, trainTeacher } from "../../teacher/ppo.ts";
import { hashOf } from "../support/hash.ts";
import { watchSessions } from "../support/open-sessions.ts";
import { temporaryFolder } from "../support/temporary-folder.ts";
import { simulationOf, tinyTeacher } from "../support/tiny-runs.ts";

const simulation = simulationOf("reach-box", { config: { budgetSteps: 6 } });
const temporary = temporaryFolder();

async function train(pool: WorkerPool, changes: Partial<TeacherRun> = {}) {
  const logged: TeacherProgress[] = [];
  const teacher = await trainTeacher({
    simulation,
    config: tinyTeacher,
    pool,
    log: (progress) => void logged.push(progress),
    ...changes,
  });
  return { ...teacher, logged };
}

it("gives the same weights whatever the number of workers, and others by another seed", async () => {
  const hashes: string[] = [];
  for (const workers of [1, 2]) {
    const pool = new WorkerPool(workers);
    hashes.push(hashOf([(await train(pool)).theta]));
    if (workers === 2) {
      const other = await train(pool, { simulation: { ...simulation, seed: 6 } });
      expect(hashOf([other.theta])).not.toBe(hashes[0]);
    }
    await pool.close();
  }
  expect(hashes[1]).toBe(hashes[0]);
});

it("learns nothing from credit that is nothing", async () => {
  const pool = new WorkerPool(1);
  // what is left beside the advantages is silenced, so that every gradient is zero
  const config = { ...tinyTeacher, valueCoef: 0, entropyCoef: 0, finalEntropyCoef: 0 };
  const { spec, theta } = await train(pool, { config, credit: () => {} });
  const rng = createRng(simulation.seed).split("teacher").split("weights");
  expect(theta).toEqual(teacherNetwork(spec).params.init(rng));
  expect((await train(pool, { config })).theta).not.toEqual(theta);
  await pool.close();
});

it("says which settings of a teacher make its batch larger than its roll-outs", async () => {
  const pool = new WorkerPool(1);
  const large = train(pool, { config: { ...tinyTeacher, batch: 129 } });
  await expect(large).rejects.toThrow(
    "A teacher's batch must be at most the 128 rows of a roll-out, 8 steps of 16 environments, got 129.",
  );
  await pool.close();
});

describe("a checkpoint", () => {
  let checkpoint: string;
  let pool: WorkerPool;
  let first: Awaited<ReturnType<typeof train>>;
  beforeAll(async () => {
    checkpoint = path.join(temporary, "teacher.ckpt");
    pool = new WorkerPool(1);
    first = await train(pool, { checkpoint });
  });
  afterAll(async () => {
    await pool.close();
  });

  it("holds the teacher, and what it was trained to see", () => {
    const teacher = readTeacher(checkpoint);
    expect(teacher.theta).toEqual(first.theta);
    expect(teacher.spec).toEqual(first.spec);
    expect(teacher).toMatchObject({ observability: "fov", simulation, config: tinyTeacher });
    expect(teacher.progress).toMatchObject({ iteration: 2, environmentSteps: 2 * 16 * 8 });
  });

  it("of a finished run trains no further", async () => {
    const again = await train(pool, { checkpoint });
    expect(again.logged).toEqual([]);
    expect(again.theta).toEqual(first.theta);
  });

  it("goes on with weights, optimizer, learning rate and count", async () => {
    const config = { ...tinyTeacher, iterations: 4 };
    const more = await train(pool, { checkpoint, config });
    expect(more.logged.map(({ iteration }) => iteration)).toEqual([3, 4]);
    expect(more.progress.environmentSteps).toBe(4 * 16 * 8);
    expect(more.theta).not.toEqual(first.theta);
    // 4 iterations of 2 epochs of 128 / 32 minibatches
    const { progress } = readCheckpoint(checkpoint, { kind: "teacher" });
    expect(progress).toMatchObject({ optimizerSteps: 32 });
  });

  it("keeps over how many roll-outs its mean is, and none where none is wanted", async () => {
    const file = path.join(temporary, "mean.ckpt");
    const upTo = async (iterations: number, averageOver: number) => {
      await train(pool, { checkpoint: file, config: { ...tinyTeacher, iterations, averageOver } });
      return readCheckpoint(file, { kind: "teacher" }).arrays;
    };
    const first = await upTo(1, 1);
    expect(first).not.toHaveProperty("average");
    const second = await upTo(2, 100);
    expect(second.average).toEqual(second.theta);
    const third = await upTo(3, 100);
    const mean = second.theta.map((x, i) => (x + third.theta[i]) / 2);
    expect([...third.average]).toEqual([...mean].map((x) => expect.closeTo(x, 6)));
    const fourth = await upTo(4, 1);
    expect(fourth).not.toHaveProperty("average");
    expect(readTeacher(file).theta).toEqual(fourth.theta);
  });

  it.each([
    ["seed", { simulation: { ...simulation, seed: 6 } }, "seed is 5, not 6"],
    [
      "setting of its scene",
      { simulation: { ...simulation, config: { budgetSteps: 7 } } },
      "scene.budgetSteps is 6, not 7",
    ],
    [
      "contact",
      { simulation: { ...simulation, contact: "coulomb" as const } },
      'contact is "planar", not "coulomb"',
    ],
    ["discount", { config: { ...tinyTeacher, gamma: 0.5 } }, "teacher.gamma is 0.99, not 0.5"],
  ])("of another %s is refused", async (_, changes, difference) => {
    const other = train(pool, { checkpoint, ...changes });
    await expect(other).rejects.toThrow(ConfigError);
    await expect(other).rejects.toThrow(`holds another training, whose ${difference}. Give`);
  });

  it("that began with another teacher is refused", async () => {
    const from = await train(pool);
    const file = path.join(temporary, "onward.ckpt");
    await train(pool, { checkpoint: file, from });
    expect((await train(pool, { checkpoint: file, from })).logged).toEqual([]);
    const other = train(pool, {
      checkpoint: file,
      from: { ...from, theta: from.theta.map((x) => x + 1) },
    });
    await expect(other).rejects.toThrow(
      /whose predecessor\.teacher is "[0-9a-f]+", not "[0-9a-f]+"/,
    );
  });

  it("is gone on with under defaults that are written out now and were not then", async () => {
    const { seed, scene } = simulation;
    const spelt = { seed, scene, config: findScene(scene).config.parse(simulation.config) };
    expect((await train(pool, { checkpoint, simulation: spelt })).logged).toEqual([]);
  });

  it("of another network is refused", async () => {
    const other = train(pool, { checkpoint, config: { ...tinyTeacher, hidden: 8 } });
    await expect(other).rejects.toThrow(FileError);
    await expect(other).rejects.toThrow(/has another layout: parameter \d+ is /);
  });

  it("is written when somebody has had enough", async () => {
    const early = path.join(temporary, "early.ckpt");
    await train(pool, { checkpoint: early, enough: () => true });
    expect(readTeacher(early).progress.iteration).toBe(1);
  });
});

describe("a training that fails", () => {
  let pool: WorkerPool;
  beforeAll(() => {
    pool = new WorkerPool(1);
  });
  afterAll(async () => {
    await pool.close();
  });

  it("because its losses are no longer finite leaves the last good checkpoint as it was", async () => {
    const checkpoint = path.join(temporary, "good.ckpt");
    await train(pool, { checkpoint });
    const good = readFileSync(checkpoint);
    const longer = { ...tinyTeacher, iterations: 4 };
    // more than a float32 holds, once squared
    const wild: TeacherRun["credit"] = (_, __, returns) => void returns.fill(1e30);
    const failing = train(pool, { checkpoint, config: longer, credit: wild, saveEvery: 1 });
    await expect(failing).rejects.toThrow(TrainingDivergedError);
    // 16 updates came before
    await expect(failing).rejects.toThrow(/^The training diverged in update 17: its loss is /);
    expect(readFileSync(checkpoint).equals(good)).toBe(true);
  });

  it.each(["by its seed", "in the middle"])("%s leaves nothing open", async (where) => {
    const checkpoint = path.join(temporary, `${where}.ckpt`);
    const config = { ...tinyTeacher, informedBy: "fov" as const };
    await train(pool, { checkpoint, config });
    const changes: Partial<TeacherRun> =
      where === "by its seed"
        ? { simulation: { ...simulation, seed: 6 } }
        : {
            config: { ...config, iterations: 3 },
            log() {
              throw new ConfigError("The log is full.");
            },
          };
    const sessions = watchSessions();
    const closed = vi.spyOn(Collector.prototype, "close");
    try {
      await expect(train(pool, { checkpoint, config, ...changes })).rejects.toThrow(ConfigError);
      expect(sessions.open.size).toBe(0);
      expect(closed).toHaveBeenCalledTimes(where === "by its seed" ? 0 : 1);
    } finally {
      sessions.stop();
      closed.mockRestore();
    }
  });
});

describe("a training in spans", () => {
  it("that is interrupted within one comes to what was saved, or to nothing", async () => {
    const config = { ...tinyTeacher, iterations: 5, spanIterations: 2 };
    const pool = new WorkerPool(1);
    const stopAt = (last: number, checkpoint?: string) =>
      train(pool, {
        config,
        ...(checkpoint ? { checkpoint } : {}),
        enough: ({ iteration }) => iteration === last,
      });
    const checkpoint = path.join(temporary, "spans.ckpt");
    const none = await stopAt(1, checkpoint);
    expect([none.progress.iteration, existsSync(checkpoint)]).toEqual([0, false]);
    const first = await stopAt(3, checkpoint);
    expect(first.progress).toMatchObject({ iteration: 2, environmentSteps: 2 * 16 * 8 });
    expect(first.theta).toEqual(readTeacher(checkpoint).theta);
    // one more that comes to no end of a span
    const second = await stopAt(3, checkpoint);
    expect(second.logged.map(({ iteration }) => iteration)).toEqual([3]);
    expect([second.progress, second.theta]).toEqual([
      expect.objectContaining({ iteration: 2 }),
      first.theta,
    ]);
    // who saves nothing has what it learnt
    const unsaved = await stopAt(3);
    expect(unsaved.progress.iteration).toBe(3);
    expect(unsaved.theta).not.toEqual(first.theta);
    await pool.close();
  });

  const spans = { iterations: 5, spanIterations: 2 };
  const scene = simulationOf("push-cross", { config: { reward: { budgetSteps: 12 } } });

  it.each([undefined, "fov"] as const)(
    "that is killed and resumed gives the weights of one that was not (informed by %s)",
    async (informedBy) => {
      const config = {
        ...tinyTeacher,
        ...spans,
        failureShare: 0.5,
        averageOver: 3,
        observability: "global" as const,
        informedBy,
      };
      const checkpoint = path.join(temporary, `resumed-${informedBy}.ckpt`);
      const pool = new WorkerPool(2);
      const whole = await train(pool, { simulation: scene, config });
      // killed in its second span
      const enough = ({ iteration }: TeacherProgress) => iteration === 3;
      await train(pool, { simulation: scene, config, checkpoint, enough });
      expect(readTeacher(checkpoint).progress.iteration).toBe(2);
      const rest = await train(pool, { simulation: scene, config, checkpoint });
      expect(rest.logged.map(({ iteration }) => iteration)).toEqual([3, 4, 5]);
      expect(hashOf([rest.theta])).toBe(hashOf([whole.theta]));
      // what comes out is the mean, what goes on are the weights
      const { average, theta } = readCheckpoint(checkpoint, { kind: "teacher" }).arrays;
      expect(average).not.toEqual(theta);
      expect([rest.theta, readTeacher(checkpoint).theta]).toEqual([average, average]);
      // without spans the environments begin their first episodes again, and learn something else
      const endless = { ...config, spanIterations: 0 };
      const other = await train(pool, { simulation: scene, config: endless });
      expect(hashOf([other.theta])).not.toBe(hashOf([whole.theta]));
      await pool.close();
    },
  );
});

describe("a teacher to begin with", () => {
  it("gives its weights to the first roll-out", async () => {
    const pool = new WorkerPool(1);
    const from = await train(pool);
    const still = { ...tinyTeacher, iterations: 1, learningRate: 1e-12, minLearningRate: 1e-12 };
    const next = await train(pool, { from, config: { ...still, maxLearningRate: 1e-12 } });
    const furthest = Math.max(...next.theta.map((x, i) => Math.abs(x - from.theta[i])));
    expect(furthest).toBeLessThan(1e-6);
    await pool.close();
  });

  it("tries things anew where it is told to, and is otherwise the same", async () => {
    const pool = new WorkerPool(1);
    const from = await train(pool);
    const spreads: number[][] = [];
    for (const std of [undefined, 0.3]) {
      const config = { ...tinyTeacher, iterations: 1, ...(std ? { std } : {}) };
      const rates = { learningRate: 1e-12, minLearningRate: 1e-12, maxLearningRate: 1e-12 };
      const { theta, spec, progress } = await train(pool, {
        from,
        config: { ...config, ...rates },
      });
      const { at, shape } = teacherNetwork(spec).params.offsetOf("logStd");
      const differs = [...theta.keys()].filter((i) => Math.abs(theta[i] - from.theta[i]) > 1e-6);
      expect(differs).toEqual(std ? [at, at + shape[0] - 1] : []);
      spreads.push([progress.metrics.stdForward, progress.metrics.stdTurn]);
    }
    expect(spreads[0][0]).toBeGreaterThan(0.5);
    expect(spreads[1]).toEqual([expect.closeTo(0.3, 6), expect.closeTo(0.3, 6)]);
    await pool.close();
  });

  it("of a scene with more objects gives its actor, and leaves the critic to be learnt", async () => {
    const pool = new WorkerPool(1);
    const rates = { learningRate: 1e-12, minLearningRate: 1e-12, maxLearningRate: 1e-12 };
    const config = { ...tinyTeacher, iterations: 1, ...rates };
    const lineOf = (objects: number, seed: number) =>
      simulationOf("push-line", { config: { objects }, seed });
    const from = await train(pool, { simulation: lineOf(3, 1), config });
    const next = await train(pool, { simulation: lineOf(2, 2), config, from });
    const weights = ({ spec, theta }: Pick<Teacher, "spec" | "theta">, name: string) => {
      const { at, shape } = teacherNetwork(spec).params.offsetOf(name);
      return [...theta.subarray(at, at + sizeOf(shape))];
    };
    for (const name of ["point.1.w", "head.1.w", "head.mean.b"]) {
      const expected = weights(from, name).map((x) => expect.closeTo(x, 6));
      expect(weights(next, name), name).toEqual(expected);
    }
    expect(weights(next, "critic.2.w")).not.toEqual(weights(from, "critic.2.w"));
    await pool.close();
  });

  it("that read less is the same teacher at first: what is new has no weight yet", async () => {
    const pool = new WorkerPool(1);
    const rates = { learningRate: 1e-12, minLearningRate: 1e-12, maxLearningRate: 1e-12 };
    const config = { ...tinyTeacher, iterations: 1, ...rates, lastSeen: true };
    const line = simulationOf("push-line", { config: { objects: 2 } });
    const from = await train(pool, { simulation: line, config: { ...config, near: false } });
    const next = await train(pool, { simulation: line, config, from });
    const read = ({ spec, theta }: Pick<Teacher, "spec" | "theta">) => {
      const { at, shape } = teacherNetwork(spec).params.offsetOf("head.1.w");
      return [...theta.subarray(at, at + sizeOf(shape))];
    };
    const [before, after] = [read(from), read(next)];
    expect(after.length).toBeGreaterThan(before.length);
    const expected = [...before, ...Array(after.length - before.length).fill(0)];
    expect(after).toEqual(expected.map((x) => expect.closeTo(x, 6)));
    await pool.close();
  });

  it("keeps its goal where a memory comes before it, and is refused where it knows more", async () => {
    const pool = new WorkerPool(1);
    const rates = { learningRate: 1e-12, minLearningRate: 1e-12, maxLearningRate: 1e-12 };
    const config = { ...tinyTeacher, iterations: 1, ...rates, goal: true };
    const line = simulationOf("push-line");
    const from = await train(pool, { simulation: line, config });
    const more = { simulation: line, config: { ...config, lastSeen: true } };
    const next = await train(pool, { ...more, from });
    const { hidden, goal = 0, lastSeen = 0, near = 0 } = next.spec;
    const rows = ({ spec, theta }: Pick<Teacher, "spec" | "theta">, after: number) => {
      const { at, shape } = teacherNetwork(spec).params.offsetOf("head.1.w");
      const last = at + sizeOf(shape) - after * hidden;
      return [...theta.subarray(last - goal * hidden, last)];
    };
    expect(rows(next, near)).toEqual(rows(from, 0).map((x) => expect.closeTo(x, 6)));
    expect(lastSeen).toBeGreaterThan(0);
    const less = train(pool, { simulation: line, config, from: next });
    await expect(less).rejects.toThrow(/another network: its "head.1.w"/);
    await pool.close();
  });

  it("of another network is refused in a sentence", async () => {
    const pool = new WorkerPool(1);
    const from = await train(pool);
    const other = train(pool, { from, config: { ...tinyTeacher, hidden: 8 } });
    await expect(other).rejects.toThrow(/another network: its ".+" is \[\d.*\], not \[\d/);
    await expect(other).rejects.toThrow(ConfigError);
    await pool.close();
  });
});

it("reports finite losses, the share of successes where full episodes ended, and the same again from its file", async () => {
  const pool = new WorkerPool(1);
  const checkpoint = path.join(temporary, "reports.ckpt");
  const { logged } = await train(pool);
  const practised = await train(pool, {
    checkpoint,
    config: { ...tinyTeacher, practiceShare: 1, practiceUntil: 1 },
  });
  for (const { metrics } of [...logged, ...practised.logged]) {
    for (const name of ["loss", "policyLoss", "valueLoss", "approxKl", "gradNorm", "stdTurn"]) {
      expect(Number.isFinite(metrics[name]), name).toBe(true);
    }
    expect(metrics.success >= 0).toBe(metrics.episodes > 0);
  }
  expect(practised.logged.some(({ metrics }) => metrics.episodes === 0)).toBe(true);
  expect(readTeacher(checkpoint).progress.metrics).toEqual(practised.logged.at(-1)?.metrics);
  await pool.close();
});
