import { once } from "node:events";
import { readFileSync } from "node:fs";
import type { Worker } from "node:worker_threads";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import {
  ConfigError,
  DeviceError,
  FileError,
  ShapeError,
  SimulationDivergedError,
} from "../../core/errors.ts";
import { type CollectorOptions, WorkerPool } from "../../rollout/pool.ts";
import { divergingScene } from "../support/diverging-scene.ts";
import { temporaryFolder } from "../support/temporary-folder.ts";
import { freshTeacher, simulationOf } from "../support/tiny-runs.ts";

const simulation = simulationOf("reach-box");
const { actor, theta } = freshTeacher(simulation);

it("says that it was closed, whatever it is asked then, and is closed once", async () => {
  const closed = new WorkerPool(1);
  await closed.close();
  await closed.close();
  const asked = closed.evaluate({ simulation, actor, theta, episodes: 1 });
  await expect(asked).rejects.toThrow(
    new ConfigError("The threads that were asked to evaluate had been closed. Open new ones."),
  );
});

describe("a pool of workers", () => {
  const home = process.cwd();
  const folder = temporaryFolder();
  let pool: WorkerPool;
  beforeAll(() => {
    process.chdir(folder);
    pool = new WorkerPool(2);
  });
  afterAll(async () => {
    await pool.close();
    process.chdir(home);
  });

  const open = (changes: Partial<CollectorOptions> = {}) =>
    pool.openCollector({
      simulation,
      actor,
      envs: 4,
      shardEnvs: 2,
      steps: 3,
      groups: ["proprioception"],
      finals: [],
      ...changes,
    });

  it("hands errors of workers on as their class, with the sentence", async () => {
    const nowhere = open({ simulation: { ...simulation, scene: "nope" } });
    await expect(nowhere).rejects.toThrow(ConfigError);
    await expect(nowhere).rejects.toThrow(/^Unknown scene "nope"\. Scenes: /);
    const missing = pool.evaluate({
      simulation,
      actor: { kind: "bundle", folder: "/no/such/bundle" },
      episodes: 2,
    });
    await expect(missing).rejects.toThrow(FileError);
    await expect(missing).rejects.toThrow(/"\/no\/such\/bundle/);
  });

  it("refuses environments that shards do not divide", async () => {
    await expect(open({ envs: 5 })).rejects.toThrow(
      "The number of environments must be a multiple of the shard size 2, got 5.",
    );
  });

  it.each([0, -1, 1.5, Number.NaN])("refuses %s workers and episodes", async (count) => {
    expect(() => new WorkerPool(count)).toThrow(
      new ConfigError(`Expected a whole number of workers from 1 on, got ${count}.`),
    );
    await expect(pool.evaluate({ simulation, actor, theta, episodes: count })).rejects.toThrow(
      new ConfigError(`Expected a whole number of episodes from 1 on, got ${count}.`),
    );
  });

  it("refuses what cannot go to a worker, and works on", async () => {
    const config = { budgetSteps: () => 3 };
    await expect(open({ simulation: { ...simulation, config } })).rejects.toThrow(
      "could not be cloned",
    );
    const collector = await open();
    expect(await collector.collect(theta, {})).toEqual([]);
    await collector.close();
  });

  it("says where the report of a diverged simulation lies", async () => {
    const module = new URL("../support/diverging-scene.ts", import.meta.url).href;
    const pool = new WorkerPool(1, [module]);
    const simulation = simulationOf(divergingScene.name);
    const { actor, theta } = freshTeacher(simulation);
    const collector = await pool.openCollector({
      simulation,
      actor,
      ...{ envs: 4, shardEnvs: 2, steps: 3, groups: ["proprioception"], finals: [] },
    });
    const error = await collector.collect(theta, {}).catch((reason: unknown) => reason);
    expect(error).toBeInstanceOf(SimulationDivergedError);
    const { message, statePath } = error as SimulationDivergedError;
    expect(message).toMatch(/^Scene "diverging" stopped being finite in environment \d, episode 0/);
    expect(message).toContain(statePath);
    const { scene, start } = JSON.parse(readFileSync(statePath, "utf8"));
    expect([scene, start[1].x_m, start[2].x_m]).toEqual(["diverging", 1e300, 1]);
    await pool.close();
  });

  it("does not blame the physics for weights that are finite no longer", async () => {
    const collector = await open();
    const broken = new Float32Array(theta.length).fill(Number.NaN);
    const collect = collector.collect(broken, {});
    await expect(collect).rejects.toThrow(ShapeError);
    await expect(collect).rejects.toThrow(/^Expected finite actions, but environment \d was given/);
    await collector.close();
  });

  it("works on after errors, and a new collector takes the place of one that was left open", async () => {
    // of other environments, which must not write into the next one's roll-out
    await open({ envs: 8, simulation: { ...simulation, seed: 99 } });
    const collector = await open({ groups: ["privileged"] });
    const ends = await collector.collect(theta, { std: [0.5, 0.5] });
    expect(ends).toEqual([]);
    const fresh = new WorkerPool(1);
    const alone = await fresh.openCollector({
      simulation,
      actor,
      envs: 4,
      shardEnvs: 2,
      steps: 3,
      groups: ["privileged"],
      finals: [],
    });
    await alone.collect(theta, { std: [0.5, 0.5] });
    expect(collector.rollout.groups.privileged.slice()).toEqual(
      alone.rollout.groups.privileged.slice(),
    );
    await fresh.close();
    await collector.close();
  });

  it("keeps an earlier collector away from the environments of a later one", async () => {
    const [earlier, later] = [await open(), await open({ steps: 200 })];
    const closed =
      "The collector is closed: it was closed itself, or another was opened in its pool. Open a new one.";
    await expect(earlier.collect(theta, {})).rejects.toThrow(new ConfigError(closed));
    await earlier.close();
    const before = later.rollout.last.proprioception.slice();
    await later.collect(theta, { std: [0.5, 0.5] });
    expect(later.rollout.last.proprioception).not.toEqual(before);
    await later.close();
    await later.close();
    await expect(later.collect(theta, {})).rejects.toThrow(closed);
  });

  it("finishes what it was asked for before it closes", async () => {
    const collector = await open({ steps: 200 });
    const collecting = collector.collect(theta, { std: [0.5, 0.5] });
    const closing = collector.close();
    await expect(collecting).resolves.toBeInstanceOf(Array);
    await closing;
    expect(collector.rollout.last.proprioception.some((x) => x !== 0)).toBe(true);
  });
});

describe("a worker thread that dies", () => {
  /** A pool of one worker, and that worker's thread. */
  async function poolOfOne(): Promise<{ pool: WorkerPool; thread: Worker }> {
    const opened = once(process, "worker");
    const pool = new WorkerPool(1);
    const [thread] = (await opened) as [Worker];
    return { pool, thread };
  }
  const start = (pool: WorkerPool) =>
    pool.openCollector({
      simulation,
      actor,
      envs: 4,
      shardEnvs: 2,
      steps: 100_000,
      groups: ["proprioception"],
      finals: [],
    });

  it("fails what it was asked for, and what it is asked for later, at once", async () => {
    const { pool, thread } = await poolOfOne();
    const refused = expect(start(pool)).rejects.toThrow(
      "internal: a worker thread ended when it was asked to open: its exit code was",
    );
    await thread.terminate();
    await refused;
    await expect(pool.evaluate({ simulation, actor, theta, episodes: 2 })).rejects.toThrow(
      "internal: a worker thread ended when it was asked to evaluate",
    );
    await pool.close();
  });

  it("says where in the thread it died", async () => {
    const { pool, thread } = await poolOfOne();
    const reason = start(pool).catch((error: unknown) => error as Error);
    const death = new TypeError("x is not a function");
    thread.emit("error", death);
    await thread.terminate();
    const { stack } = (await reason) as Error;
    expect(stack).toContain(death.stack);
    expect(stack).toContain("internal: a worker thread ended when it was asked to open: x is not");
    await pool.close();
  });

  it("says so when memory was the reason", async () => {
    const { pool, thread } = await poolOfOne();
    const reason = start(pool).catch((error: unknown) => error);
    // as Node does it: the error first, then the end
    thread.emit("error", Object.assign(new Error(), { code: "ERR_WORKER_OUT_OF_MEMORY" }));
    await thread.terminate();
    expect(await reason).toEqual(
      new DeviceError(
        "A worker thread ran out of memory when it was asked to open. Use fewer environments or fewer workers.",
      ),
    );
    await pool.close();
  });
});
